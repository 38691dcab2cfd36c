//! Where the value of an option comes from.

use crate::lake::{Finished, Lake};

/// The plan of a run, which says what the options came to.
fn plan(lake: &Lake, arguments: &str, variables: &[(&str, &str)]) -> serde_json::Value {
    let mut command = lake.command(&format!("run --dry-run --output json {arguments}"));
    let finished = Finished::of(command.envs(variables.iter().copied()));
    assert_eq!(finished.code, 0, "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

#[test]
fn prefers_options_to_variables_to_the_file() {
    let lake = Lake::new();
    assert!(plan(&lake, "--root lake", &[])["run"].as_str().unwrap().contains('T'));
    lake.write("events.toml", "root = 'lake'\nrun-id = 'of-the-file'\ndate = 2026-01-31\nthreads = 3\nquiet = true\n");
    let variable = ("EVENTS_RUN_ID", "of-the-variable");
    assert_eq!(plan(&lake, "", &[])["run"], "of-the-file");
    assert_eq!(plan(&lake, "", &[])["date"], "2026-01-31");
    assert_eq!(plan(&lake, "", &[("EVENTS_RUN_ID", "")])["run"], "of-the-file");
    assert_eq!(plan(&lake, "", &[variable])["run"], "of-the-variable");
    assert_eq!(plan(&lake, "--run-id typed", &[variable])["run"], "typed");
}

#[test]
fn prefers_a_root_to_zones_set_in_a_lower_place() {
    let lake = Lake::new();
    lake.write("events.toml", "root = 'elsewhere'\ntrusted = 's3://production/table'\n");
    assert_eq!(plan(&lake, "--root lake", &[])["trusted"], "lake/trusted");
    assert_eq!(plan(&lake, "--landing lake/landing --stage s", &[])["trusted"], "s3://production/table");
    let plan = plan(&lake, "--trusted table", &[("EVENTS_ROOT", "lake")]);
    assert_eq!((&plan["landing"], &plan["trusted"]), (&"lake/landing".into(), &"table".into()));
}

#[test]
fn switches_can_be_set_and_unset_anywhere() {
    let lake = Lake::new();
    lake.write("events.toml", "dry-run = true\noutput = 'json'\n");
    assert!(lake.events("run --root lake").stdout.contains("\"dry_run\":true"));
    assert!(!lake.events("run --root lake --dry-run=false").stdout.contains("dry_run"));
    let mut command = lake.command("run --root lake");
    let finished = Finished::of(command.env("EVENTS_DRY_RUN", "no"));
    assert!(finished.code == 0 && !finished.stdout.contains("dry_run"), "{finished:?}");
}

#[test]
fn reads_the_file_that_is_named() {
    let lake = Lake::new();
    lake.write("one.toml", "run-id = 'one'");
    lake.write("two.toml", "run-id = 'two'");
    assert_eq!(plan(&lake, "--root lake --config one.toml", &[("EVENTS_CONFIG", "two.toml")])["run"], "one");
    assert_eq!(plan(&lake, "--root lake", &[("EVENTS_CONFIG", "two.toml")])["run"], "two");
    lake.events("run --root lake --config none.toml").fails(2, &["settings file `none.toml`"]);
}

#[test]
fn takes_level_and_limits_from_any_layer() {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.json", "{'event_id':'a','timestamp':1,'domain':'d','event_type':'t'}");
    let copy = || lake.write("lake/landing/pending/b.json", "{}");
    let code = |arguments: &str, variables: &[(&str, &str)]| {
        copy();
        Finished::of(lake.command(&format!("parse --root lake {arguments}")).envs(variables.iter().copied())).code
    };
    lake.write("events.toml", "repair = 'strict'\nkeys-max = 100\npartitions-max = 5\n");
    assert_eq!(code("", &[]), 6);
    assert_eq!(code("", &[("EVENTS_REPAIR", "guess"), ("EVENTS_DEPTH_MAX", "128")]), 2);
    assert_eq!(code("--level strict", &[("EVENTS_REPAIR", "guess")]), 6);
    assert_eq!(code("", &[("EVENTS_REPAIR", "framing"), ("EVENTS_RECORD_MAX", "1kB")]), 3);
    assert_eq!(lake.files("lake/landing/quarantine").len(), 2);
    let mut command = lake.command("run --root lake");
    Finished::of(command.env("EVENTS_REPAIR", "brave"))
        .fails(2, &["variable `EVENTS_REPAIR`", "brave", "strict, framing"]);
}

#[test]
fn takes_horizon_and_folding_from_any_layer() {
    let lake = Lake::new();
    let count = |id: &str, day: &str, arguments: &str, variables: &[(&str, &str)]| {
        let event = format!(r#"{{"event_id":"{id}","timestamp":"{day}T00:00:00Z","domain":"d","event_type":"t"}}"#);
        lake.write("lake/landing/pending/a.json", &event);
        let finished =
            Finished::of(lake.command(&format!("run --root lake {arguments}")).envs(variables.iter().copied()));
        assert_eq!(finished.code, 0, "{finished:?}");
        lake.files("lake/trusted/events").len()
    };
    lake.write("events.toml", "dedup-horizon = 3\nfold-below = 0\n");
    assert_eq!(count("a", "2026-01-01", "", &[]), 1);
    assert_eq!(count("b", "2026-01-01", "", &[]), 2);
    // Further away than the horizon, it is another event.
    assert_eq!(count("a", "2026-01-09", "", &[]), 3);
    assert_eq!(count("c", "2026-01-09", "", &[("EVENTS_FOLD_BELOW", "1MiB")]), 3);
    let mut command = lake.command("run --root lake --dedup-horizon all");
    Finished::of(command.env("EVENTS_DEDUP_HORIZON", "0")).fails(2, &["a horizon of 3 days, and `all`"]);
    assert_eq!(count("a", "2026-01-11", "", &[("EVENTS_DEDUP_HORIZON", "0")]), 4);
    lake.events("run --root lake").fails(2, &["a horizon of 0 days, and `3`", "key `dedup-horizon` of `events.toml`"]);
    let mut command = lake.command("run --root lake");
    Finished::of(command.env("EVENTS_DEDUP_HORIZON", "week")).fails(2, &["variable `EVENTS_DEDUP_HORIZON`", "week"]);
    lake.write("events.toml", "fold-below = 'x'\n");
    lake.events("run --root lake").fails(2, &["key `fold-below` of `events.toml`", "`x`"]);
}

#[cfg(target_os = "linux")]
#[test]
fn takes_durability_from_any_layer_and_for_each_job() {
    let lake = Lake::new();
    let event = r#"{"event_id":"a","timestamp":1,"domain":"d","event_type":"t"}"#;
    let log = |arguments: &str, variables: &[(&str, &str)]| {
        lake.write("lake/landing/pending/a.json", event);
        let finished = Finished::of(lake.command(arguments).envs(variables.iter().copied()));
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(lake.files("lake/landing/pending").is_empty(), "{finished:?}");
        finished.stderr
    };
    assert!(log("run --root lake", &[]).contains("durability=None"));
    assert!(log("run --root lake --durability commit", &[]).contains("durability=Commit"));
    lake.write("events.toml", "durability = 'commit'\n");
    assert!(log("parse --root lake", &[]).contains("durability=Commit"));
    assert!(log("run --root lake", &[("EVENTS_DURABILITY", "none")]).contains("durability=None"));
    assert!(log("run --root lake --durability commit", &[("EVENTS_DURABILITY", "none")]).contains("durability=Commit"));
    for job in ["distribute", "compact", "rebuild", "reprocess --date 2026-01-01..2100-01-01"] {
        let finished = lake.events(&format!("{job} --root lake"));
        assert!(finished.code == 0 && finished.stderr.contains("durability=Commit"), "{job}: {finished:?}");
    }
    assert!(lake.files("lake/stage").is_empty());
    let mut command = lake.command("run --root lake");
    Finished::of(command.env("EVENTS_DURABILITY", "all")).fails(2, &["variable `EVENTS_DURABILITY`", "none, commit"]);
    lake.write("events.toml", "durability = true\n");
    lake.events("run --root lake").fails(2, &["key `durability` of `events.toml`", "none, commit"]);
}

#[test]
fn takes_the_grace_of_readers_from_any_layer() {
    let lake = Lake::new();
    let mut day = 0;
    // Each run brings a newer version, in another day.
    let mut waits = |arguments: &str, variables: &[(&str, &str)]| {
        day += 1;
        let event =
            format!(r#"{{"event_id":"a","timestamp":"2026-01-{day:02}T00:00:00Z","domain":"d","event_type":"t"}}"#);
        lake.write("lake/landing/pending/a.json", &event);
        let mut command = lake.command(&format!("run --root lake {arguments}"));
        let finished = Finished::of(command.envs(variables.iter().copied()));
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.stderr.contains("waiting for readers")
    };
    assert!(!waits("--reader-grace 0.01", &[]), "nothing moves");
    assert!(waits("--reader-grace 0.01", &[]));
    assert!(waits("", &[("EVENTS_READER_GRACE", "0.01")]));
    lake.write("events.toml", "reader-grace = 0.01\n");
    assert!(waits("", &[]));
    assert!(!waits("--reader-grace 0", &[]));
    lake.events("run --root lake --reader-grace 1s").fails(2, &["--reader-grace", "`1s` is not a number of seconds"]);
}

#[test]
fn names_the_key_and_the_file_of_a_wrong_setting() {
    let lake = Lake::new();
    let refused = |toml: &str, texts: &[&str]| {
        lake.write("events.toml", toml);
        lake.events("run --root lake").fails(2, texts);
    };
    refused("thraeds = 2", &["key `thraeds` of `events.toml`", "unknown", "threads"]);
    refused("config = 'x'", &["key `config` of `events.toml`", "unknown"]);
    refused("[generate]\nroot = 'x'", &["key `generate.root` of `events.toml`", "unknown"]);
    refused("memory = '12x'", &["key `memory` of `events.toml`", "12x"]);
    refused("threads = [2]", &["key `threads` of `events.toml`", "one value"]);
    refused("output = 'xml'", &["key `output` of `events.toml`", "`xml` is not one of human, json"]);
    refused("root = 'lake'\nthreads = = 2", &["line 2 of `events.toml`"]);
}

#[test]
fn names_the_variable_of_a_wrong_setting() {
    let lake = Lake::new();
    let mut command = lake.command("run --root lake");
    Finished::of(command.env("EVENTS_MEMORY", "12x")).fails(2, &["variable `EVENTS_MEMORY`", "12x"]);
}

#[test]
fn keeps_settings_of_the_generator_apart() {
    let lake = Lake::new();
    lake.write("events.toml", "compression = 'snappy'\n[generate]\nout = 'inputs'\nbytes = '10kB'\nfiles = 1\n");
    let mut command = lake.command("generate --output json");
    let finished = Finished::of(command.env("EVENTS_GENERATE_COMPRESSION", "gzip").env("EVENTS_COMPRESSION", "lz4"));
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(lake.files("inputs").into_keys().collect::<Vec<_>>(), ["events-00000.json.gz"]);
}

#[test]
fn every_command_names_variables_that_are_nearly_settings_and_never_their_values() {
    let lake = Lake::new();
    let with = |arguments: &str| {
        let mut command = lake.command(arguments);
        let variables =
            [("EVENTS_THREDS", "canary"), ("EVENTS_SOMETHING_ELSE", "canary"), ("EVENTS_INPUT_BYTES_MAX", "1")];
        Finished::of(command.envs(variables).env("EVENTS_DAYS", ""))
    };
    for arguments in [
        "run --root lake",
        "runs --root lake",
        "quarantine list --root lake",
        "repair events.json",
        "generate --out more",
    ] {
        lake.write("events.json", "{}");
        let finished = with(arguments);
        let told: Vec<_> =
            finished.stderr.lines().filter(|line| line.contains("this variable is no setting")).collect();
        assert_eq!((finished.code, told.len()), (0, 1), "{arguments}: {finished:?}");
        assert!(told[0].contains("WARN"), "{told:?}");
        assert!(told[0].contains("\"EVENTS_THREDS\" meant=\"EVENTS_THREADS\""), "{told:?}");
        assert!(!finished.stderr.contains("canary"), "{finished:?}");
    }
    // Also when the command fails, perhaps because of it.
    let finished = with("run");
    finished.fails(2, &["EVENTS_THREDS", "no landing zone"]);
    assert_eq!(with("runs --root lake -q").stderr, "");
    assert_eq!(with("completions bash").stderr, "");
    assert!(!with("doctor --root lake").stderr.contains("EVENTS_THREDS"), "the doctor has a check for it");
    let json = with("runs --root lake --log-format json");
    assert!(json.stderr.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{json:?}");
}
