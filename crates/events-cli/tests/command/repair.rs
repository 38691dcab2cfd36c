//! `events repair`.

use std::io::{Read, Write};
use std::process::Stdio;

use events_core::json::RepairKind::{
    ArrayEnvelope, MissingRecordSeparator, PythonLiteral, SingleQuotes, TrailingComma,
};
use events_core::json::{Level, Repair};
use events_core::run::RejectLine;
use serde::Deserialize;

use crate::lake::{Finished, Lake};

/// A line of a report.
#[derive(Debug, Deserialize)]
struct RepairLine {
    source: String,
    #[serde(flatten)]
    repair: Repair,
    level: Level,
}

/// What comes out for that standard input.
fn piped(lake: &Lake, arguments: &str, input: &[u8]) -> Finished {
    let mut command = lake.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let finished = Finished::from(child.wait_with_output().unwrap());
    writer.join().unwrap().unwrap();
    finished
}

fn write(lake: &Lake, name: &str, bytes: &[u8]) {
    std::fs::write(lake.path(name), bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lines<T: for<'de> Deserialize<'de>>(lake: &Lake, name: &str) -> Vec<T> {
    let text = std::fs::read_to_string(lake.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn makes_lines_of_every_layout() {
    let lake = Lake::nowhere();
    let lines = "{\"a\":1}\n{\"b\":[1, 2]}\n{\"c\":\"}{\"}\n";
    for input in [
        "{\"a\":1}\n{\"b\":[1, 2]}\n{\"c\":\"}{\"}",
        "{\"a\":1}{\"b\":[1, 2]}{\"c\":\"}{\"}",
        "[{\"a\":1},{\"b\":[1, 2]},\n{\"c\":\"}{\"}]",
        "\u{1e}{\"a\":1}\n\u{1e}{\"b\":[1, 2]}\n\u{1e}{\"c\":\"}{\"}\n",
        "\u{feff}{\r\n\"a\": 1\r\n}, {\"b\":[1, 2]} {\n  \"c\": \"}{\"\n}",
    ] {
        let finished = piped(&lake, "repair", input.as_bytes());
        assert_eq!((finished.code, finished.stdout.as_str()), (0, lines), "{input}: {finished:?}");
        assert!(finished.stderr.starts_with("3 records, 0 changed; "), "{finished:?}");
        assert_eq!(piped(&lake, "repair -", finished.stdout.as_bytes()).stdout, lines);
    }
}

#[test]
fn mends_as_far_as_the_level_goes() {
    let lake = Lake::nowhere();
    let output = |level: &str, code| {
        let finished =
            piped(&lake, &format!("repair --level {level} --quiet"), b"{'a': True,}\n{\"b\":2} ERROR {\"c\":[3");
        assert_eq!((finished.code, finished.stderr.as_str()), (code, ""), "{finished:?}");
        finished.stdout
    };
    assert_eq!(output("framing", 3), "{\"b\":2}\n");
    assert_eq!(output("lenient", 3), "{\"a\": true}\n{\"b\":2}\n");
    assert_eq!(output("guess", 0), "{\"a\": true}\n{\"b\":2}\n{\"c\":[3]}\n");
}

#[test]
fn reads_compressed_files_whatever_their_names() {
    let lake = Lake::nowhere();
    let members = [gzip(b"{\"a\":1}{\"b\""), gzip(b":2}")].concat();
    write(&lake, "a.json", &members);
    write(&lake, "b.json", &zstd::encode_all(&b"[{\"c\":3}]"[..], 3).unwrap());
    let finished = lake.events("repair a.json b.json");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"), "{finished:?}");
    assert_eq!(piped(&lake, "repair --quiet", &members).stdout, "{\"a\":1}\n{\"b\":2}\n");
}

#[test]
fn gives_the_good_part_of_a_damaged_compressed_file() {
    let lake = Lake::nowhere();
    let line = |number: u32| format!("{{\"n\":{}}}\n", number.wrapping_mul(2_654_435_761));
    let text = (0..5000).map(line).collect::<Vec<_>>().concat();
    for (name, stored) in [("a.gz", gzip(text.as_bytes())), ("a.zst", zstd::encode_all(text.as_bytes(), 1).unwrap())] {
        write(&lake, name, &stored[..stored.len() - 30]);
        let finished = lake.events(&format!("repair {name} --rejects rejects.jsonl"));
        assert_eq!(finished.code, 3, "{finished:?}");
        assert!(text.starts_with(&finished.stdout), "{finished:?}");
        let rejects = std::fs::read_to_string(lake.path("rejects.jsonl")).unwrap();
        let reject: RejectLine<'_> = serde_json::from_str(rejects.lines().last().unwrap()).unwrap();
        assert_eq!((reject.reason.to_string().as_str(), reject.length), ("damaged_compression", 0));
        assert!(reject.offset >= finished.stdout.len() as u64);
        let place = format!("error: `{name}` at byte {}: the compressed input is damaged", reject.offset);
        assert!(finished.stderr.contains(&place), "{place} is not in {finished:?}");
    }
}

#[test]
fn stops_at_limits_of_decompression() {
    let lake = Lake::nowhere();
    write(&lake, "a.gz", &gzip(&b"{\"a\":1}\n".repeat(1 << 18)));
    let finished = lake.events("repair a.gz --decompressed-max 1MiB");
    assert_eq!((finished.code, finished.stdout.len()), (3, 1 << 20), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("`a.gz` at byte 1048576: the compressed input grows beyond"),
        "{}",
        finished.stderr
    );
    assert_eq!(lake.events("repair a.gz --decompressed-max 2MiB").code, 0);
    lake.events("repair a.gz --decompressed-max 1kB").fails(2, &["decompressed_bytes_max", "at least 1 MiB"]);
}

#[test]
fn keeps_to_limits_of_records() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{\"a\":{\"b\":[]},\"c\":\"ddddddddddddddddddddddd\"}\n{\"e\":1}");
    for (option, reason) in
        [("record-max 20B", "too_long"), ("depth-max 2", "too_deep"), ("keys-max 2", "too_many_keys")]
    {
        let finished = lake.events(&format!("repair a.json --{option}"));
        assert_eq!((finished.code, finished.stdout.as_str()), (3, "{\"e\":1}\n"), "{option}: {finished:?}");
        assert!(finished.stderr.contains(&format!("({reason} ")), "{option}: {finished:?}");
    }
}

#[test]
fn tells_each_repair_where_it_was_done_and_where_it_went() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{\"a\":1}{'b':2,}");
    lake.write("b.json", "[{\"c\":True}]");
    let finished = lake.events("repair a.json b.json --report report.jsonl");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "{\"a\":1}\n{\"b\":2}\n{\"c\":true}\n"), "{finished:?}");
    let report: Vec<RepairLine> = lines(&lake, "report.jsonl");
    let kinds: Vec<_> = report.iter().map(|line| line.repair.kind).collect();
    assert_eq!(kinds, [MissingRecordSeparator, SingleQuotes, TrailingComma, ArrayEnvelope, PythonLiteral]);
    for line in &report {
        assert_eq!(line.level, line.repair.kind.level());
        let input = std::fs::read(lake.path(&line.source)).unwrap();
        let at = |text: &[u8], offset: u64, length: usize| text[offset as usize..][..length].to_vec();
        assert_eq!(at(&input, line.repair.offset, line.repair.before.len()), line.repair.before, "{line:?}");
        let output = finished.stdout.as_bytes();
        assert_eq!(at(output, line.repair.output_offset, line.repair.after.len()), line.repair.after, "{line:?}");
    }
    assert_eq!((report[4].source.as_str(), report[4].repair.offset, report[4].repair.output_offset), ("b.json", 6, 21));
}

#[test]
fn keeps_rejects_byte_for_byte() {
    let lake = Lake::nowhere();
    write(&lake, "a.json", b"{\"a\":1}\nERROR\n{\"b\":\"\xff\"}\n{\"c\":[");
    let finished = lake.events("repair a.json --rejects rejects.jsonl");
    assert_eq!((finished.code, finished.stdout.as_str()), (3, "{\"a\":1}\n"), "{finished:?}");
    let input = std::fs::read(lake.path("a.json")).unwrap();
    let text = std::fs::read_to_string(lake.path("rejects.jsonl")).unwrap();
    let rejects: Vec<RejectLine<'_>> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons: Vec<_> = rejects.iter().map(|reject| reject.reason.to_string()).collect();
    assert_eq!(reasons, ["stray_text", "invalid_utf8", "truncated"]);
    for reject in &rejects {
        assert_eq!(reject.source, "a.json");
        assert_eq!(reject.bytes().unwrap(), &input[reject.offset as usize..][..reject.length as usize]);
    }
}

#[test]
fn ends_with_6_at_the_first_damage_when_strict() {
    let lake = Lake::nowhere();
    for clean in ["", "{\"a\":1}", "{\"a\":1}\n{\"b\":2}\n", "[{\"a\":1},\n {\"b\":2}]\n", "{\n\"a\":1}\n"] {
        let finished = piped(&lake, "repair --level strict --check", clean.as_bytes());
        assert_eq!((finished.code, finished.stdout.as_str()), (0, ""), "{clean}: {finished:?}");
    }
    for (damaged, place) in [
        ("{\"a\":1}\n{'b':2}", "byte 8"),
        ("{\"a\":1}{\"b\":2}", "byte 7"),
        ("[{\"a\":1},{\"b\":2},]", "byte 16"),
        ("[{\"a\":1}][{\"b\":2}]", "byte 9"),
        ("{\"a\":1}\n[{\"b\":2}]", "byte 8"),
        ("{\"a\":1}\n{\"b\":", "byte 8"),
    ] {
        let finished = piped(&lake, "repair --level strict", damaged.as_bytes());
        assert_eq!(finished.code, 6, "{damaged}: {finished:?}");
        assert!(finished.stderr.contains(&format!("`<stdin>` at {place}: ")), "{damaged}: {finished:?}");
        assert!(finished.stderr.contains("hint: --diff"), "{finished:?}");
    }
    write(&lake, "a.gz", &gzip(b"{\"a\":1}")[..20]);
    let finished = lake.events("repair --level strict a.gz");
    assert!(finished.code == 6 && finished.stderr.contains("`a.gz` at byte"), "{finished:?}");
}

#[test]
fn checks_and_writes_nothing() {
    let lake = Lake::nowhere();
    lake.write("clean.json", "{\"a\":1}\n{\"b\":\n2}\n");
    lake.write("glued.json", "{\"a\":1}{\"b\":2}");
    lake.write("damaged.json", "{\"a\":1,}\nERROR");
    let finished = lake.events("repair --check clean.json");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, ""), "{finished:?}");
    assert_eq!(finished.stderr, "clean.json: 0 repairs; 0 rejects\n");
    let finished = lake.events("repair --check clean.json glued.json damaged.json");
    assert_eq!((finished.code, finished.stdout.as_str()), (3, ""), "{finished:?}");
    assert_eq!(
        finished.stderr,
        "clean.json: 0 repairs; 0 rejects\n\
        glued.json: 1 repair (missing_record_separator 1); 0 rejects\n\
        damaged.json: 1 repair (trailing_comma 1); 1 reject (stray_text 1)\n"
    );
    let quiet = lake.events("repair --check --quiet glued.json");
    assert_eq!((quiet.code, quiet.stdout + &quiet.stderr), (3, String::new()));
    lake.events("repair --check --diff clean.json").fails(2, &["--check", "--diff"]);
    let told = lake.events("repair --check clean.json damaged.json none.json --output json");
    assert_eq!(told.code, 4, "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let names: Vec<_> =
        told["inputs"].as_array().unwrap().iter().map(|input| input["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["clean.json", "damaged.json", "none.json"]);
    for count in ["records", "repaired"] {
        let sum: u64 = told["inputs"].as_array().unwrap().iter().map(|input| input[count].as_u64().unwrap()).sum();
        assert_eq!(told["totals"][count], sum, "{count}");
    }
    assert_eq!(told["inputs"][1]["repairs"], told["totals"]["repairs"], "{told}");
    assert_eq!(told["unread"].as_array().unwrap().len(), 1);
}

#[test]
fn shows_what_changes_and_nothing_else() {
    let lake = Lake::nowhere();
    write(&lake, "a.json", b"{\"a\":1}{\"b\":2}\n{'c':\n3,}\nERROR \x1b7\n{\"d\":\"\x00\"}");
    let finished = lake.events("repair --diff a.json");
    assert_eq!(finished.code, 3, "{finished:?}");
    let (rejects, records): (Vec<_>, Vec<_>) = finished.stdout.lines().partition(|line| line.starts_with('!'));
    assert_eq!(
        records,
        [
            "a.json:15",
            "- {'c':",
            "- 3,}",
            "+ {\"c\":3}",
            "  trailing_comma,single_quotes",
            "a.json:25",
            "a.json:34",
            "- {\"d\":\"\\x00\"}",
            "+ {\"d\":\"\\u0000\"}",
            "  control_character",
        ]
    );
    assert!(rejects[0].starts_with("! stray_text: ") && rejects[1] == "! ERROR \\x1b7", "{rejects:?}");
    assert_eq!(finished.stderr, "");
    let dropped = lake.events("repair --diff --level guess a.json");
    assert!(dropped.code == 0 && dropped.stdout.contains("- ERROR \\x1b7\n  stray_text\n"), "{dropped:?}");
}

#[test]
fn goes_on_with_the_other_files_when_one_cannot_be_read() {
    let lake = Lake::nowhere();
    lake.write("folder/x", "");
    lake.write("a.json", "{\"a\":1}{\"b\"");
    lake.write("b.json", "{\"b\":2}");
    let finished = lake.events("repair a.json none.json folder b.json");
    assert_eq!((finished.code, finished.stdout.as_str()), (4, "{\"a\":1}\n{\"b\":2}\n"), "{finished:?}");
    assert!(finished.stderr.contains("error: reading `none.json`: caused by "), "{finished:?}");
    assert!(finished.stderr.contains("error: reading `folder`: caused by "), "{finished:?}");
    let checked = lake.events("repair --check none.json b.json");
    assert!(checked.code == 4 && !checked.stderr.contains("none.json: 0"), "{checked:?}");
    lake.events("repair b.json --report none/report.jsonl").fails(4, &["creating `none/report.jsonl`"]);
}

#[test]
fn refuses_to_write_what_it_reads() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{\"a\":1}");
    for option in ["--report", "--rejects"] {
        let place = format!("{option} `./a.json`");
        lake.events(&format!("repair a.json {option} ./a.json")).fails(2, &[&place, "is an input too"]);
    }
    lake.events("repair a.json --report x --rejects x").fails(2, &["`x`", "--rejects too"]);
    assert!(!lake.path("x").exists());
    assert_eq!(lake.files("")["a.json"], b"{\"a\":1}");
}

#[cfg(unix)]
#[test]
fn refuses_to_read_what_it_appends_to() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{\"a\":1}\n");
    let file = std::fs::File::options().append(true).open(lake.path("a.json")).unwrap();
    let finished = Finished::of(lake.command("repair a.json").stdout(file));
    finished.fails(2, &["standard output `a.json`"]);
    assert_eq!(lake.files("")["a.json"], b"{\"a\":1}\n");
}

#[test]
fn ends_quietly_when_nobody_reads_on() {
    let lake = Lake::nowhere();
    write(&lake, "a.json", &b"{\"a\":1}\n".repeat(200_000));
    for arguments in ["repair a.json a.json", "repair --diff --level framing a.json a.json"] {
        let mut child = lake.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        if !arguments.contains("--diff") {
            stdout.read_exact(&mut [0; 8]).unwrap();
        }
        drop(stdout);
        let finished = Finished::from(child.wait_with_output().unwrap());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{arguments}");
    }
}

#[test]
fn takes_the_settings_of_runs_for_level_and_limits_and_no_others() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{'a':1}\n[[[0]]]");
    let code = |arguments: &str, variables: &[(&str, &str)]| {
        Finished::of(lake.command(&format!("repair {arguments} a.json")).envs(variables.iter().copied())).code
    };
    assert_eq!(code("", &[]), 0);
    assert_eq!(code("", &[("EVENTS_REPAIR", "framing")]), 3);
    assert_eq!(code("--level lenient", &[("EVENTS_REPAIR", "framing")]), 0);
    assert_eq!(code("", &[("EVENTS_DEPTH_MAX", "2")]), 3);
    assert_eq!(code("", &[("EVENTS_CHECK", "true"), ("EVENTS_LEVEL", "strict")]), 0);
    lake.write("events.toml", "root = 'lake'\nrepair = 'strict'\n");
    assert_eq!(code("", &[]), 6);
    assert_eq!(code("", &[("EVENTS_REPAIR", "lenient")]), 0);
    lake.write("events.toml", "check = true");
    lake.events("repair a.json").fails(2, &["key `check` of `events.toml`", "unknown"]);
}
