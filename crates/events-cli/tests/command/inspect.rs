//! `events inspect`.

use std::io::Write;
use std::process::Stdio;

use events_cli::generate::GenerateConfig;
use serde_json::Value;

use crate::lake::{Finished, Lake, small};
use crate::s3_server::S3;

/// The document of a look that must end with that code.
fn document(lake: &Lake, arguments: &str, code: i32) -> Value {
    let finished = lake.events(&format!("inspect {arguments} --output json"));
    assert_eq!(finished.code, code, "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

fn event(id: &str, day: &str, data: &str) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":"{day}T10:18:57","domain":"card","event_type":"issued","data":{data}}}"#)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A lake after a run on inputs with damage.
fn run() -> Lake {
    let (lake, _) = Lake::with(&GenerateConfig { damage: 0.05, ..small() });
    assert_eq!(lake.events("run --root lake --run-id first").code, 3);
    lake
}

#[test]
fn shows_a_table_wherever_it_is_named() {
    let lake = run();
    let before = lake.files("");
    let shown = Finished::of(lake.command("inspect --root lake").env("LC_ALL", "C"));
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    for part in ["table `lake/trusted/events`, commit 1", "rows by kind", "rows by day", "largest partitions", "#"] {
        assert!(shown.stdout.contains(part), "{part} is not in {}", shown.stdout);
    }
    assert!(shown.stdout.contains("fields of data\n  ") && !shown.stdout.contains("█"), "{}", shown.stdout);
    let unicode = Finished::of(lake.command("inspect --root lake").env("LC_ALL", "C.UTF-8"));
    assert!(unicode.stdout.contains("█"), "{}", unicode.stdout);
    for place in ["lake", "./lake/trusted", "lake/trusted/events", "--trusted lake/trusted"] {
        let finished = Finished::of(lake.command(&format!("inspect {place}")).env("LC_ALL", "C"));
        let told = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((finished.code, told(&finished.stdout)), (0, told(&shown.stdout)), "{place}: {finished:?}");
    }
    assert_eq!(lake.files(""), before, "a look changes nothing");
}

#[test]
fn tells_machines_what_the_report_of_the_run_tells() {
    let (lake, _) = Lake::with(&GenerateConfig { damage: 0.05, ..small() });
    let inputs = document(&lake, "lake/landing/pending", 0);
    let report = lake.report("run --root lake", 3);
    let told = serde_json::to_value(&report.totals).unwrap();
    assert_eq!((&inputs["inspected"], &inputs["version"]), (&"inputs".into(), &1.into()));
    for count in ["bytes", "text_bytes", "records", "events", "repaired", "rejects", "repairs"] {
        assert_eq!(inputs["totals"][count], told[count], "{count}");
    }
    assert_eq!(inputs["ids"]["count"], report.totals.rows);
    assert_eq!(inputs["inputs"].as_array().unwrap().len(), report.inputs.len());

    let table = document(&lake, "lake", 0);
    assert_eq!((&table["inspected"], &table["version"], &table["commit"]), (&"table".into(), &1.into(), &1.into()));
    assert_eq!(table["rows"], report.totals.rows);
    let partitions = table["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), report.partitions.len());
    for (partition, written) in partitions.iter().zip(&report.partitions) {
        assert_eq!((&partition["path"], &partition["rows"]), (&written.path.as_str().into(), &written.rows.into()));
        assert_eq!(partition["files"].as_array().unwrap().len() as u64, written.files);
        assert_eq!(partition["bytes"], written.bytes);
    }
    let sum = |value: &Value| value.as_object().unwrap().values().map(|rows| rows.as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum(&table["days"]), report.totals.rows);
    // A row of each kind has the fields that its events had.
    for kind in table["kinds"].as_array().unwrap() {
        let of_inputs = inputs["kinds"].as_array().unwrap().iter().find(|other| other["kind"] == kind["kind"]).unwrap();
        let paths = |kind: &Value| {
            let fields = kind["fields"].as_array().unwrap();
            let mut paths: Vec<_> = fields.iter().map(|field| field["path"].as_str().unwrap().to_owned()).collect();
            paths.sort();
            paths
        };
        assert!(!paths(kind).is_empty());
        assert_eq!(paths(kind), paths(of_inputs));
        assert_eq!(kind["sampled"], kind["rows"]);
    }
}

#[test]
fn shows_an_empty_table_and_says_that_there_is_none() {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.json", "oops");
    lake.events("inspect --root lake").fails(2, &["`lake/trusted/events` holds no table"]);
    lake.events("inspect lake").fails(2, &["`lake/trusted/events` holds no table"]);
    lake.events("inspect").fails(2, &["no trusted zone", "--root"]);
    assert_eq!(lake.events("run --root lake").code, 3);
    let finished = lake.events("inspect --root lake");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.starts_with("table `lake/trusted/events`, commit 1\n\nrows        0\n"), "{finished:?}");
    assert_eq!(document(&lake, "lake", 0)["kinds"].as_array().unwrap().len(), 0);
}

#[test]
fn reads_a_table_that_has_lost_its_log_or_a_file() {
    let lake = run();
    let whole = document(&lake, "lake", 0);
    std::fs::remove_dir_all(lake.path("lake/trusted/control")).unwrap();
    let listed = document(&lake, "lake/trusted/events", 0);
    assert!(listed["log_problem"].as_str().unwrap().contains("no log"), "{listed}");
    for same in ["rows", "bytes", "partitions", "days", "kinds"] {
        assert_eq!(listed[same], whole[same], "{same}");
    }
    let first = &listed["partitions"][0];
    let (path, name) = (first["path"].as_str().unwrap(), first["files"][0]["name"].as_str().unwrap());
    lake.write(&format!("lake/trusted/events/{path}/{name}"), "damaged");
    let finished = lake.events("inspect lake");
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(finished.stderr.starts_with("error: ") && finished.stderr.contains(name), "{}", finished.stderr);
    assert!(finished.stdout.contains("its log cannot be read") && finished.stdout.contains("fields of data"));
    let rest = document(&lake, "lake", 4);
    assert_eq!(rest["rows"].as_u64().unwrap() + first["rows"].as_u64().unwrap(), whole["rows"].as_u64().unwrap());
    assert_eq!(rest["unread"].as_array().unwrap().len(), 1, "each file is told once");
}

#[test]
fn shows_what_inputs_hold_with_their_damage() {
    let lake = Lake::nowhere();
    let lines = [event("a", "2021-01-14", "{\"to\":\"Oslo\"}"), event("b", "2021-01-15", "{\"to\":null}")].join("\n");
    lake.write("in/a.jsonl", &lines);
    lake.write("in/deep/b.json", &format!("[{},\n{}]", event("a", "2021-01-14", "{}"), event("c", "1970-01-01", "7")));
    std::fs::write(
        lake.path("in/c.gz"),
        gzip(&format!("{}{{'event_id':7}}{{\"cut", event("d", "2021-01-14", "{'x':1}"))),
    )
    .unwrap();
    let finished = lake.events("inspect in");
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    let words: Vec<Vec<&str>> = finished.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let line = |first: &str| words.iter().find(|words| words.first() == Some(&first)).cloned().unwrap_or_default();
    assert_eq!(line("records")[1..], ["7", "read", "at", "level", "lenient"]);
    assert_eq!(line("events")[1..], ["5", "4", "different", "ids,", "1", "of", "them", "more", "than", "once"]);
    assert_eq!(line("rejects")[1], "2");
    assert_eq!(line("repaired")[1..], ["1", "event"]);
    for part in [
        "array 1, concatenated 1, lines 1",
        "in/c.gz",
        "gzip, concatenated: 1 event, 2 rejects",
        "1970-01-01",
        "improbable days: 1 event on 1 day before 2000",
        "truncated: `in/c.gz` at byte",
        "    | {\"cut",
        "\"Oslo\"",
    ] {
        assert!(finished.stdout.contains(part), "{part} is not in {}", finished.stdout);
    }
    let masked = Finished::of(lake.command("inspect in").env("EVENTS_MASK", "true"));
    assert_eq!(masked.code, 0, "{masked:?}");
    assert!(!masked.stdout.contains("Oslo") && !masked.stdout.contains("| {"), "{}", masked.stdout);

    let document = document(&lake, "in/deep in/c.gz", 0);
    assert_eq!(document["inputs"][1]["compression"], "gzip");
    assert_eq!(document["totals"]["layouts"]["array"], 2);
    assert_eq!(document["totals"]["first"], "1970-01-01T10:18:57Z");
    assert_eq!(
        (&document["warnings"][0]["warning"], &document["rejects"][0]["source"]),
        (&"improbable_days".into(), &"in/c.gz".into())
    );
}

#[test]
fn reads_standard_input_with_the_settings_of_runs() {
    let lake = Lake::nowhere();
    let piped = |arguments: &str| {
        let mut command = lake.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let text = event("a", "2021-01-14", "{}").replace('"', "'") + &event("b", "2021-01-14", "{}");
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let finished = Finished::from(child.wait_with_output().unwrap());
        assert_eq!(finished.code, 0, "{finished:?}");
        serde_json::from_str::<Value>(&finished.stdout).unwrap()
    };
    let document = piped("inspect - --output json");
    assert_eq!((&document["totals"]["events"], &document["totals"]["repaired"]), (&2.into(), &1.into()));
    assert_eq!(document["inputs"][0]["name"], "<stdin>");
    assert_eq!(piped("inspect - --output json --level framing")["totals"]["rejects"]["invalid_json"], 1);
    assert_eq!(piped("inspect - --output json --keys-max 4")["totals"]["rejects"]["too_many_keys"], 2);
    assert_eq!(piped("inspect - --output json --sample 0")["kinds"][0]["sampled"], 0);
}

#[test]
fn shows_the_rest_when_an_input_cannot_be_read() {
    let lake = Lake::nowhere();
    lake.write("a.json", &event("a", "2021-01-14", "{}"));
    lake.write("b.parquet", "PAR1 and so on");
    let finished = lake.events("inspect a.json none.json b.parquet");
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(finished.stderr.contains("reading `none.json`") && finished.stderr.contains("`b.parquet` is Parquet"));
    assert!(finished.stdout.contains("card-issued"), "{finished:?}");
    let unread = document(&lake, "none.json a.json", 4);
    assert_eq!((unread["unread"].as_array().unwrap().len(), &unread["totals"]["events"]), (1, &1.into()));
    // What comes before damage of the compression is told, and the damage is no error.
    let stored = gzip(&(0..2000).map(|id| event(&id.to_string(), "2021-01-14", "{}")).collect::<String>());
    std::fs::write(lake.path("c.gz"), &stored[..stored.len() - 50]).unwrap();
    let damaged = document(&lake, "c.gz", 0);
    assert_eq!(damaged["totals"]["rejects"]["damaged_compression"], 1);
    assert!(damaged["totals"]["events"].as_u64().unwrap() > 1000);
}

#[test]
fn recommends_what_removes_files_without_rows() {
    let lake = Lake::new();
    let run = |id: &str, day: &str, options: &str| {
        lake.write(&format!("lake/landing/pending/{id}-{day}.json"), &event(id, day, "{}"));
        lake.report(&format!("run --root lake {options}"), 0);
    };
    run("a", "2021-01-14", "");
    run("a", "2021-02-15", "");
    // Alone in its partition, it stays whatever is done.
    let alone = lake.events("inspect lake").stdout;
    assert!(alone.contains("empty files: 1; new rows of their partitions go to them") && !alone.contains("compact"));
    assert_eq!(document(&lake, "lake", 0)["warnings"][0]["removable"], 0);
    lake.events("compact --root lake");
    assert_eq!(lake.events("inspect lake").stdout, alone);

    run("b", "2021-02-15", "--fold-below 0");
    run("a", "2021-03-16", "");
    let beside = lake.events("inspect lake").stdout;
    assert!(beside.contains("empty files: 2; `events compact` removes 1 of them, and "), "{beside}");
    assert_eq!(lake.report("compact --root lake", 0).files_emptied, 1);
    assert!(lake.events("inspect lake").stdout.contains("empty files: 1; new rows"));
}

#[test]
fn what_is_told_as_a_part_adds_up_to_its_whole() {
    let lake = Lake::nowhere();
    lake.write("in/a.json", "/* a */ {\"x\":1} // c\n");
    lake.write("in/b.json", "oops");
    lake.write("in/c.json", "");
    let text = lake.events("inspect in").stdout;
    let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0][..2], ["inputs", "3"]);
    assert_eq!(words[1].join(" "), "layouts no records 1, nothing but rejects 1, one record 1", "{text}");
    let part = |first: &str| words.iter().find(|words| words[..].first() == Some(&first)).unwrap()[1..].join(" ");
    assert_eq!(part("records"), "2 read at level lenient");
    assert_eq!((part("events"), part("rejects")), ("0".to_owned(), "2 stray_text 1, missing_field 1".to_owned()));
    assert_eq!((part("repaired"), part("repairs")), ("0 events".to_owned(), "2 comment 2".to_owned()));
}

/// A named pipe, which nobody writes to.
#[cfg(unix)]
fn pipe(lake: &Lake, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(lake.path(name)).status();
    assert!(made.unwrap().success());
}

#[cfg(unix)]
#[test]
fn waits_for_nobody_to_write_to_a_pipe() {
    let lake = Lake::nowhere();
    lake.write("in/a.json", &event("a", "2021-01-14", "{}"));
    pipe(&lake, "in/pipe");
    let finished = lake.events("inspect in/pipe");
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(finished.stderr.starts_with("error: `in/pipe` is a named pipe, not a file: `-` reads"), "{finished:?}");
    let rest = document(&lake, "in", 4);
    assert_eq!((&rest["totals"]["events"], rest["unread"].as_array().unwrap().len()), (&1.into(), 1));
    // What a shell has opened is read.
    let mut command = lake.command("inspect /dev/stdin --output json");
    let read = Finished::of(command.stdin(std::fs::File::open(lake.path("in/a.json")).unwrap()));
    assert_eq!(read.code, 0, "{read:?}");
}

#[cfg(unix)]
#[test]
fn a_run_names_what_is_no_file_among_its_inputs() {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.json", &event("a", "2021-01-14", "{}"));
    lake.write("lake/landing/pending/deep/b.json", &event("b", "2021-01-14", "{}"));
    pipe(&lake, "lake/landing/pending/deep/pipe");
    let _socket = std::os::unix::net::UnixListener::bind(lake.path("lake/landing/pending/socket")).unwrap();
    std::os::unix::fs::symlink("nowhere", lake.path("lake/landing/pending/link")).unwrap();
    std::os::unix::fs::symlink("../../../events.toml", lake.path("lake/landing/pending/file")).unwrap();
    lake.write("events.toml", "");
    for (arguments, code) in [("plan", 0), ("run --dry-run", 0), ("run", 0), ("run", 0)] {
        let finished = lake.events(&format!("{arguments} --root lake"));
        assert_eq!(finished.code, code, "{finished:?}");
        let told: Vec<_> = finished.stderr.lines().filter(|line| line.contains("no regular file")).collect();
        assert_eq!(told.len(), 3, "{arguments}: {finished:?}");
        for (line, parts) in told.iter().zip([
            ["pending/deep/pipe", "a named pipe"],
            ["pending/link", "a link to nothing"],
            ["pending/socket", "a socket"],
        ]) {
            assert!(parts.iter().all(|part| line.contains(part)), "{line}");
        }
    }
    assert_eq!(lake.events("run --root lake --quiet").stderr, "");
    assert!(lake.path("lake/landing/pending/deep/pipe").exists());
}

#[cfg(unix)]
#[test]
fn a_run_and_the_doctor_name_what_keeps_inputs_from_being_listed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    for (name, link, what) in [
        (&b"two\nlines.json"[..], None, "a name with a control character"),
        (b"x\xff.json", None, "a name that is not UTF-8"),
        (b"loop", Some("loop"), "a link that leads nowhere"),
        (b"up", Some(".."), "a link to a folder that it lies in"),
    ] {
        let lake = Lake::new();
        lake.write("lake/landing/pending/a.json", &event("a", "2021-01-14", "{}"));
        let path = lake.path("lake/landing/pending").join(OsStr::from_bytes(name));
        match link {
            None => std::fs::write(&path, event("b", "2021-01-14", "{}")).unwrap(),
            Some(target) => symlink(target, &path).unwrap(),
        }
        let finished = lake.events("run --root lake");
        assert_eq!(finished.code, 4, "{finished:?}");
        let told = finished.stderr.lines().filter(|line| line.contains("no run can list the folder"));
        assert_eq!(told.filter(|line| line.contains(what)).count(), 1, "{finished:?}");
        let looked = lake.events("doctor --root lake --output json");
        assert_ne!(looked.code, 0, "{looked:?}");
        assert!(looked.stdout.contains(what), "{looked:?}");
        std::fs::remove_file(path).unwrap();
        assert_eq!(lake.events("run --root lake").code, 0);
    }
}

#[test]
fn refuses_what_it_cannot_look_at() {
    let lake = run();
    lake.write("a.json", "{}");
    lake.events("inspect lake a.json").fails(2, &["`lake` holds a table", "alone"]);
    lake.events("inspect a.json --threads 2").fails(2, &["--threads"]);
    lake.events("inspect a.json --sample many").fails(2, &["--sample", "many"]);
    lake.events("inspect ftp://host/lake").fails(2, &["unknown scheme"]);
    std::fs::rename(lake.path("lake/trusted/events"), lake.path("moved")).unwrap();
    lake.events("inspect moved").fails(2, &["`moved` holds partitions", "`events`"]);
}

#[test]
fn looks_at_what_lies_in_a_bucket() {
    let Some(server) = S3::shared() else { return };
    let (lake, _) = Lake::with(&small());
    let bucket = server.bucket();
    for (name, content) in lake.files("lake/landing/pending") {
        bucket.put(&format!("lake/landing/pending/{name}"), &String::from_utf8_lossy(&content));
    }
    let events = |arguments: &str| Finished::of(server.lead(&mut lake.command(arguments)));
    let look = |place: &str, code: i32| -> Value {
        let finished = events(&format!("inspect {place} --output json"));
        assert_eq!(finished.code, code, "{finished:?}");
        serde_json::from_str(&finished.stdout).unwrap()
    };
    let url = format!("{}/lake", bucket.url());
    let here = document(&lake, "lake/landing", 0);
    let there = look(&format!("{url}/landing"), 0);
    assert_eq!((&there["totals"], &there["kinds"]), (&here["totals"], &here["kinds"]));
    let name = there["inputs"][0]["name"].as_str().unwrap();
    assert_eq!(look(name, 0)["inputs"][0], there["inputs"][0], "an object by itself");
    let finished = events(&format!("inspect {url}/none.json"));
    assert!(finished.code == 4 && finished.stderr.contains("/lake/none.json`"), "{finished:?}");

    events(&format!("inspect {url}")).fails(2, &["/lake/trusted/events` holds no table"]);
    assert_eq!(events(&format!("run --root {url}")).code, 0);
    let tables = ["", "/trusted", "/trusted/events"].map(|below| look(&format!("{url}{below}"), 0));
    assert!(tables[0]["rows"].as_u64().unwrap() > 100, "{}", tables[0]);
    assert!(tables[0]["requests"]["get"].as_u64().unwrap() <= 2 + 8 * 4, "{}", tables[0]["requests"]);
    for table in &tables {
        assert_eq!((&table["partitions"], &table["kinds"]), (&tables[0]["partitions"], &tables[0]["kinds"]));
    }
}
