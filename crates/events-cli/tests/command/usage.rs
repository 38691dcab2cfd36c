//! What a person gets wrong: exit code 2 and one clear message.

use crate::lake::Lake;

#[test]
fn refuses_what_is_no_option() {
    let lake = Lake::new();
    lake.events("run --root lake --thread 2").fails(2, &["--thread", "--threads"]);
    lake.events("ran").fails(2, &["ran", "run"]);
    lake.events("run --root lake --threads two").fails(2, &["--threads", "two"]);
    lake.events("run --root lake --threads 0").fails(2, &["threads", "between 1 and 1024"]);
    lake.events("run --root lake --run-id a/b").fails(2, &["a/b", "letters"]);
    lake.events("run --root lake --compression zip").fails(2, &["zip", "zstd"]);
    lake.events("run --root lake --repair hard").fails(2, &["hard", "strict, framing, lenient, guess"]);
    lake.events("compact --root lake --durability always").fails(2, &["always", "none, commit"]);
    lake.events("distribute --root lake --repair guess").fails(2, &["--repair"]);
    lake.events("repair --partitions-max 1").fails(2, &["--partitions-max"]);
}

#[test]
fn refuses_a_size_or_a_date_that_is_none() {
    let lake = Lake::new();
    lake.events("run --root lake --memory 12x").fails(2, &["12x", "512MiB"]);
    lake.events("run --root lake --memory 1MB").fails(2, &["memory", "at least 8 MiB"]);
    lake.events("run --root lake --record-max 2GB").fails(2, &["record_bytes_max", "1 GiB"]);
    lake.events("run --root lake --keys-max 0").fails(2, &["keys_max", "at least 1"]);
    lake.events("run --root lake --ratio-max many").fails(2, &["--ratio-max", "many"]);
    lake.events("run --root lake --fold-below few").fails(2, &["few", "512MiB"]);
    lake.events("run --root lake --dedup-horizon 1.5").fails(2, &["1.5", "a number of days nor `all`"]);
    lake.events("parse --root lake --fold-below 0").fails(2, &["--fold-below"]);
    lake.events("run --root lake --date 2026-02-30").fails(2, &["2026-02-30", "2026-01-31"]);
    lake.events("run --root lake --date 2026-1-5").fails(2, &["2026-1-5"]);
}

#[test]
fn names_the_zone_that_is_missing_or_wrong() {
    let lake = Lake::new();
    lake.write("file", "");
    lake.write("half/stage/x", "");
    lake.write("mixed/landing", "");
    lake.write("blocked/landing/pending/x", "");
    lake.write("blocked/stage", "");
    lake.events("run").fails(2, &["no landing zone", "--root"]);
    lake.events("run --landing lake/landing --stage s").fails(2, &["no trusted zone"]);
    lake.events("run --root ./nowhere").fails(2, &["zone `./nowhere` does not exist"]);
    lake.events("run --root half").fails(2, &["zone `half/landing` does not exist"]);
    lake.events("run --root file").fails(2, &["zone `file` is a file, not a folder"]);
    lake.events("run --root mixed").fails(2, &["zone `mixed/landing` is a file, not a folder"]);
    lake.events("run --root blocked").fails(2, &["zone `blocked/stage` is a file, not a folder"]);
    lake.events("run --root lake --trusted file").fails(2, &["zone `file` is a file, not a folder"]);
    lake.events("run --root lake --stage lake/./trusted --trusted lake/trusted").fails(2, &["is the same place as"]);
}

#[test]
fn refuses_a_url_that_names_no_place() {
    let lake = Lake::new();
    lake.events("run --root ftp://host/lake").fails(2, &["ftp://host/lake", "unknown scheme"]);
    lake.events("run --root s3://").fails(2, &["names no bucket"]);
    lake.events("run --root lake --trusted s3:///x").fails(2, &["names no bucket"]);
    let finished = lake.events("run --root s3://key:canary@bucket/x");
    finished.fails(2, &["holds credentials"]);
    assert!(!finished.stderr.contains("canary"));
}

#[test]
fn refuses_to_distribute_without_a_stage() {
    let lake = Lake::new();
    lake.events("distribute --root lake").fails(2, &["no complete stage in `lake/stage`", "parse"]);
}

#[test]
fn refuses_to_generate_over_anything() {
    let lake = Lake::new();
    lake.write("out/events-00003.json", "mine");
    lake.events("generate").fails(2, &["--out"]);
    lake.events("generate --out out").fails(2, &["events-00003.json", "already exists"]);
    lake.events("generate --out new --kinds 9").fails(2, &["kinds", "1 to 8"]);
    lake.events("generate --out new --expected new/counts.json").fails(2, &["take it for an input"]);
    assert!(!lake.path("new").exists());
}

#[test]
fn refuses_a_scratch_folder_that_does_not_exist() {
    Lake::new().events("run --root lake --scratch nowhere").fails(2, &["folder `nowhere`", "does not exist"]);
}

#[test]
fn lists_exit_codes_in_the_help() {
    let lake = Lake::nowhere();
    let help = lake.events("--help");
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for code in ["  0 ", "  1 ", "  2 ", "  3 ", "  4 ", "  5 ", "  6 ", "  8 ", "130 "] {
        assert!(help.stdout.contains(code), "{code} is not in {}", help.stdout);
    }
    let run = lake.events("run --help");
    assert_eq!(run.code, 0);
    for default in ["[default: what the table has, else all]", "[default: 64MiB]"] {
        let words: Vec<_> = run.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(default), "{run:?}");
    }
    assert_eq!(lake.events("--version").stdout, concat!("events ", env!("CARGO_PKG_VERSION"), "\n"));
}
