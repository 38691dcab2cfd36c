//! `events compact` and `events rebuild`.

use std::fs;

use crate::lake::Lake;

/// An event with that number, of one kind and day.
fn event(number: u32) -> String {
    format!(
        r#"{{"event_id":"event {number}","timestamp":"2026-01-10T10:18:57","domain":"card","event_type":"issued"}}"#
    )
}

/// A lake after so many runs, each of one event in a file of its own.
fn of_runs(count: u32) -> Lake {
    let lake = Lake::new();
    for number in 0..count {
        run(&lake, number, "--fold-below 0");
    }
    assert_eq!(lake.files("lake/trusted/events").len(), count as usize);
    lake
}

/// A run of that event; how many rows it makes.
fn run(lake: &Lake, number: u32, options: &str) -> u64 {
    lake.write("lake/landing/pending/a.json", &event(number));
    lake.report(&format!("run --root lake {options}"), 0).totals.rows
}

/// The line of a summary that begins so, in words.
fn line(summary: &str, label: &str) -> String {
    let line = summary.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn merges_the_files_of_many_runs() {
    let lake = of_runs(20);
    let finished = lake.events("compact --root lake --run-id small");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.starts_with("compact small, commit 21 of the table\n"), "{finished:?}");
    assert_eq!(line(&finished.stdout, "partitions"), "partitions 1 in `lake/trusted/events`");
    let files = line(&finished.stdout, "files");
    assert!(files.starts_with("files 1 ") && files.ends_with("B, with the rows of 19 others"), "{files}");
    assert_eq!(lake.files("lake/trusted/events").len(), 1);
    let again = lake.events("compact --root lake --run-id again");
    let text = "compact again: no files to merge, the table is as it was\n";
    assert_eq!((again.code, again.stdout.as_str()), (0, text));
    // What was merged is still known, and the table goes on.
    assert_eq!((run(&lake, 7, ""), run(&lake, 20, "")), (0, 1));
    assert_eq!(lake.report("rebuild --root lake", 0).partitions[0].rows, 21);
    assert!(lake.files("lake/stage").is_empty());
}

#[test]
fn makes_anew_what_a_table_says_about_itself() {
    let lake = of_runs(5);
    let table = lake.files("lake/trusted/events");
    fs::remove_dir_all(lake.path("lake/trusted/control")).unwrap();
    lake.write("lake/landing/pending/a.json", &event(3));
    lake.events("run --root lake").fails(2, &["the table has no log", "events rebuild"]);
    let finished = lake.events("rebuild --root lake --run-id anew");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.starts_with("rebuild anew, commit "), "{finished:?}");
    assert!(line(&finished.stdout, "files").starts_with("files 5 "), "{finished:?}");
    assert_eq!(line(&finished.stdout, "rows"), "rows 5");
    assert_eq!(line(&finished.stdout, "events"), "events 5 in the index");
    assert!(line(&finished.stdout, "gave way").starts_with("gave way 0 "), "{finished:?}");
    assert_eq!(lake.files("lake/trusted/events"), table);
    // An event that comes again is dropped, and a run goes on.
    assert_eq!((run(&lake, 3, ""), run(&lake, 5, "")), (0, 1));
    assert!(lake.files("lake/stage").is_empty());
}

#[test]
fn leaves_one_row_of_an_event_that_several_files_have() {
    let lake = of_runs(3);
    for (name, content) in lake.files("lake/trusted/events") {
        let copy = name.replacen("part-0000000", "part-0000009", 1);
        assert_ne!(copy, name);
        fs::write(lake.path(&format!("lake/trusted/events/{copy}")), content).unwrap();
    }
    let finished = lake.events("rebuild --root lake");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(line(&finished.stdout, "rows"), "rows 6");
    assert_eq!(line(&finished.stdout, "events"), "events 3 in the index");
    assert!(line(&finished.stdout, "gave way").starts_with("gave way 3 "), "{finished:?}");
    let again = lake.events("rebuild --root lake");
    assert_eq!(line(&again.stdout, "rows"), "rows 3");
    assert_eq!((run(&lake, 0, ""), run(&lake, 3, "")), (0, 1));
}

#[test]
fn takes_no_options_of_inputs() {
    let lake = Lake::new();
    for option in ["--date 2026-01-31", "--repair guess", "--dry-run", "--fold-below 1"] {
        let name = option.split(' ').next().unwrap();
        lake.events(&format!("compact --root lake {option}")).fails(2, &[name]);
        lake.events(&format!("rebuild --root lake {option}")).fails(2, &[name]);
    }
    lake.events("compact --root lake --dedup-horizon 1").fails(2, &["--dedup-horizon"]);
    assert_eq!(lake.events("compact --root lake --compression snappy --wait 1").code, 0);
}
