//! `events doctor`.

use std::collections::BTreeMap;
use std::fs::{self, File};

use serde_json::Value;

use crate::lake::{Finished, Lake, small};
use crate::s3_server::{Refusing, S3};

/// What each check came to; of several of one name, in their order.
struct Checks {
    finished: Finished,
    checks: Vec<Value>,
}

impl Checks {
    fn of(finished: Finished) -> Self {
        let checks: Vec<Value> = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
        assert!(!finished.stdout.contains("canary") && !finished.stderr.contains("canary"), "{finished:?}");
        Self { finished, checks }
    }

    fn named(&self, name: &str) -> &Value {
        self.checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {:?}", self.finished))
    }

    /// Asserts what a check came to, and that it says all of these texts.
    fn is(&self, name: &str, verdict: &str, texts: &[&str]) {
        let check = self.named(name);
        assert_eq!(check["verdict"], verdict, "{check}");
        for text in texts {
            assert!(check.to_string().contains(text), "`{text}` is not in {check}");
        }
        // Whatever is wrong can be mended.
        assert_eq!(check.get("mend").is_some(), ["warning", "failed"].contains(&verdict), "{check}");
    }

    fn names(&self) -> Vec<&str> {
        self.checks.iter().map(|check| check["name"].as_str().unwrap()).collect()
    }

    /// How many came to that.
    fn count(&self, verdict: &str) -> usize {
        self.checks.iter().filter(|check| check["verdict"] == verdict).count()
    }
}

fn doctor(lake: &Lake, arguments: &str, code: i32) -> Checks {
    doctor_with(lake, arguments, &[], code)
}

fn doctor_with(lake: &Lake, arguments: &str, variables: &[(&str, &str)], code: i32) -> Checks {
    let mut command = lake.command(&format!("doctor --output json {arguments}"));
    let finished = Finished::of(command.envs(variables.iter().copied()));
    assert_eq!(finished.code, code, "{finished:?}");
    Checks::of(finished)
}

/// All files, and all folders with nothing in them.
fn everything(lake: &Lake) -> BTreeMap<String, Vec<u8>> {
    let mut all = lake.files("");
    let mut folders = vec![lake.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                all.insert(format!("{}/", entry.path().display()), Vec::new());
                folders.push(entry.path());
            }
        }
    }
    all
}

#[test]
fn finds_nothing_wrong_with_a_lake_that_works_and_leaves_it_as_it_is() {
    let (lake, _) = Lake::with(&small());
    for arguments in ["", "", "--read-only"] {
        let before = everything(&lake);
        let checks = doctor(&lake, &format!("--root lake {arguments}"), 0);
        assert_eq!(checks.count("failed"), 0, "{:?}", checks.finished);
        checks.is("table", "ok", &["no commit yet"]);
        checks.is("trusted", "ok", &["`lake/trusted` can be listed", "a run makes the folder"]);
        assert_eq!(everything(&lake), before);
    }
    lake.report("run --root lake", 0);
    let before = everything(&lake);
    let checks = doctor(&lake, "--root lake --durability commit", 0);
    assert_eq!(everything(&lake), before);
    checks.is("landing", "ok", &["listed, written to, read and erased"]);
    checks.is("stage", "ok", &["listed, written to, read and erased"]);
    checks.is("trusted", "ok", &["listed, written to, read and erased"]);
    checks.is("table", "ok", &["commit 1: ", " rows in "]);
    checks.is("unfinished", "ok", &[]);
    checks.is("lease", "ok", &["nobody has the lock"]);
    checks.is("small-files", "ok", &["0 of "]);
    checks.is("conditional-writes", "skipped", &["a lock keeps runs apart"]);
    checks.is("credentials", "skipped", &["no zone is in a bucket"]);
    checks.is("renames", "ok", &[]);
    checks.is("clock", "ok", &[]);
    checks.is("program", "ok", &[env!("CARGO_PKG_VERSION")]);
    doctor(&lake, "--root lake --read-only", 0).is("clock", "skipped", &["--read-only"]);
    let checks = doctor(&lake, "--root memory:///", 0);
    checks.is("conditional-writes", "ok", &["created over another"]);
    checks.is("lease", "ok", &["nobody holds it"]);
}

#[test]
fn makes_every_check_whatever_fails_before() {
    let lake = Lake::new();
    let all = doctor(&lake, "--root lake", 0);
    let without = doctor(&lake, "", 2);
    assert_eq!(without.names(), all.names());
    without.is("zones", "failed", &["no landing zone", "--root", "EVENTS_ROOT", "events demo"]);
    without.is("threads", "ok", &[]);
    without.is("table", "skipped", &["no zones"]);

    let missing = doctor(&lake, "--root nowhere", 2);
    assert_eq!(missing.names(), all.names());
    missing.is("landing", "failed", &["zone `nowhere` does not exist", "mkdir -p 'nowhere/landing/pending'"]);
    missing.is("stage", "ok", &["a run makes the folder"]);
    assert!(!lake.path("nowhere").exists());
    let same = doctor(&lake, "--root lake --stage lake/trusted", 2);
    same.is("zones", "failed", &["is the same place as", "a place of its own"]);
}

#[test]
fn tells_of_a_zone_that_is_no_folder_and_goes_on() {
    let lake = Lake::new();
    lake.write("lake/stage", "");
    let checks = doctor(&lake, "--root lake", 2);
    checks.is("stage", "failed", &["zone `lake/stage` is a file, not a folder"]);
    checks.is("landing", "ok", &[]);
    checks.is("table", "ok", &["no commit yet"]);
    lake.write("file", "");
    let checks = doctor(&lake, "--root lake --stage stage --trusted file", 2);
    checks.is("trusted", "failed", &["zone `file` is a file, not a folder"]);
    checks.is("table", "skipped", &["the trusted zone has failed"]);
    checks.is("clock", "skipped", &["the trusted zone has failed"]);
    let checks = doctor(&lake, "--root lake --stage stage --scratch nowhere", 2);
    checks.is("scratch", "failed", &["`nowhere` does not exist", "--scratch"]);
}

#[cfg(target_os = "linux")]
#[test]
fn tells_of_a_folder_that_nobody_can_write_to() {
    let lake = Lake::new();
    // The kernel takes no file there, not even from root.
    let checks = doctor(&lake, "--root lake --stage /proc/tty --scratch /proc/tty", 4);
    checks.is("stage", "failed", &["writing `/proc/tty/events/probe/"]);
    checks.is("scratch", "failed", &["/proc/tty"]);
    checks.is("landing", "ok", &[]);
    checks.is("renames", "warning", &["copies"]);
    assert_eq!(doctor(&lake, "--root lake --stage /proc/tty --read-only", 0).named("stage")["verdict"], "ok");
}

#[test]
fn warns_of_what_a_machine_has_not() {
    let lake = Lake::new();
    let checks = doctor(&lake, "--root lake --threads 1000 --memory 64MiB", 0);
    checks.is("threads", "warning", &["1000, and ", "--threads "]);
    let checks = doctor(&lake, "--root lake --threads 0", 2);
    checks.is("settings", "failed", &["between 1 and 1024", "EVENTS_THREADS"]);
    if cfg!(target_os = "linux") {
        let checks = doctor(&lake, "--root lake --memory 1000TB", 2);
        checks.is("memory", "failed", &["1.00 PB for rows", "--memory "]);
    }
}

#[test]
fn names_the_variable_that_was_meant() {
    let lake = Lake::new();
    let variables = [("EVENTS_THREDS", "1"), ("EVENTS_ROOT", "lake"), ("EVENTS_INPUT_BYTES_MAX", "1")];
    let checks = doctor_with(&lake, "", &variables, 0);
    checks.is("variables", "warning", &["`EVENTS_THREDS` is no setting", "is EVENTS_THREADS meant?"]);
    assert_eq!(checks.count("warning"), doctor(&lake, "--root lake", 0).count("warning") + 1);
    checks.is("settings", "ok", &["no settings file; EVENTS_ROOT"]);
    let checks = doctor_with(&lake, "--root lake", &[("EVENTS_SOMETHING_ELSE", "1")], 0);
    checks.is("variables", "warning", &["EVENTS_SOMETHING_ELSE", "it is ignored: `events run --help`"]);
}

#[test]
fn tells_of_all_settings_that_are_wrong_and_goes_on_without_them() {
    let lake = Lake::new();
    lake.write("events.toml", "root = 'lake'\nrepair = 'brave'\ncolour = true\nthreads = 1\n");
    let variables = [("EVENTS_KEYS_MAX", "many"), ("EVENTS_MEMORY", "much")];
    let checks = doctor_with(&lake, "", &variables, 2);
    let of_settings: Vec<_> = checks.checks.iter().filter(|check| check["name"] == "settings").collect();
    assert_eq!(of_settings.len(), 4, "{of_settings:?}");
    for text in ["key `repair` of", "key `colour` of", "EVENTS_KEYS_MAX", "EVENTS_MEMORY"] {
        assert!(of_settings.iter().any(|check| check["seen"].as_str().unwrap().contains(text)), "{text}");
    }
    // What is sound in them counts.
    checks.is("landing", "ok", &["`lake/landing`"]);
    checks.is("threads", "ok", &["1 of "]);
    lake.events("run").fails(2, &["key `", "hint: `events doctor`"]);
    lake.write("events.toml", "root = \n");
    doctor(&lake, "--root lake", 2).is("settings", "failed", &["line 1 of `events.toml`"]);
    doctor(&lake, "--root lake --config none.toml", 2).is("settings", "failed", &["settings file `none.toml`"]);
    lake.write("events.toml", "root = 'lake'\n");
    doctor(&lake, "", 0).is("settings", "ok", &["1 in `events.toml`"]);
    lake.events("doctor --root lake --thread 2").fails(2, &["--threads"]);
}

#[test]
fn tells_what_a_run_has_left_and_what_is_damaged() {
    let (lake, _) = Lake::with(&small());
    lake.report("run --root lake", 0);
    fs::remove_file(lake.path("lake/trusted/control/log/00000000000000000001.done")).unwrap();
    let before = everything(&lake);
    let checks = doctor(&lake, "--root lake", 0);
    checks.is("unfinished", "warning", &["commit 1", "`events run` finishes it"]);
    assert_eq!(everything(&lake), before);
    lake.report("run --root lake", 0);
    doctor(&lake, "--root lake", 0).is("unfinished", "ok", &[]);

    lake.write("lake/trusted/control/log/00000000000000000001.json", "{}");
    let checks = doctor(&lake, "--root lake", 2);
    checks.is("table", "failed", &["00000000000000000001.json", "`events rebuild`"]);
    checks.is("unfinished", "skipped", &["cannot be read"]);
    fs::remove_dir_all(lake.path("lake/trusted/control/log")).unwrap();
    doctor(&lake, "--root lake", 2).is("table", "failed", &["the table has no log", "events rebuild"]);
}

#[test]
fn says_that_a_run_is_at_work() {
    let lake = Lake::new();
    lake.report("run --root lake", 0);
    let lock = File::open(lake.path("lake/trusted/control/lock")).unwrap();
    lock.lock().unwrap();
    doctor(&lake, "--root lake", 0).is("lease", "warning", &["a run has the lock", "--wait 60"]);
    drop(lock);
    doctor(&lake, "--root lake", 0).is("lease", "ok", &[]);
}

#[test]
fn prints_signs_that_the_terminal_can_show() {
    let lake = Lake::new();
    let shown = |locale: &str| Finished::of(lake.command("doctor --root nowhere").env("LC_ALL", locale)).stdout;
    let (plain, text) = (shown("C"), shown("C.UTF-8"));
    assert!(plain.is_ascii(), "{plain}");
    assert!(plain.contains("\nx landing") && plain.contains("-> `mkdir -p 'nowhere/landing/pending'`"), "{plain}");
    assert!(text.contains("\n✗ landing") && text.contains("✓ threads") && text.contains("→ "), "{text}");
    assert!(plain.lines().last().unwrap().contains(" checks: 1 failed, "), "{plain}");
}

/// A command at a server of S3, which must end with that code.
fn at(server: &S3, arguments: &str, code: i32) -> Checks {
    let lake = Lake::nowhere();
    let finished = Finished::of(server.lead(&mut lake.command(&format!("doctor --output json {arguments}"))));
    assert_eq!(finished.code, code, "{finished:?}");
    Checks::of(finished)
}

#[test]
fn tries_a_bucket_and_leaves_nothing_there() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    bucket.put("lake/landing/pending/a.json", r#"{"event_id":"a","timestamp":1,"domain":"d","event_type":"t"}"#);
    let before = bucket.list("");
    let root = format!("--root {}/lake", bucket.url());
    let database = bucket.name.replace('-', "_");
    let checks = at(server, &format!("{root} --glue-database {database}"), 0);
    assert_eq!(bucket.list(""), before);
    checks.is("credentials", "ok", &["AWS_ACCESS_KEY_ID"]);
    checks.is("endpoint", "ok", &["http://127.0.0.1:"]);
    for zone in ["landing", "stage", "trusted"] {
        checks.is(zone, "ok", &["listed, written to, read and erased"]);
    }
    checks.is("conditional-writes", "ok", &["created over another"]);
    checks.is("clock", "ok", &["within "]);
    checks.is("lease", "ok", &["nobody holds it"]);
    checks.is("durability", "skipped", &[]);
    checks.is("catalog", "ok", &["is not there: the first commit makes it"]);

    let lake = Lake::nowhere();
    let run = Finished::of(server.lead(&mut lake.command(&format!("run {root} --glue-database {database}"))));
    assert_eq!(run.code, 0, "{run:?}");
    bucket.put("lake/trusted/control/lease.json", r#"{"version":1,"run":"other","writes":9}"#);
    let checks = at(server, &format!("{root} --glue-database {database}"), 0);
    checks.is("lease", "warning", &["run `other` holds it", "--wait 90"]);
    checks.is("table", "ok", &["commit 1: 1 row in 1 file of 1 partition"]);
    checks.is("catalog", "ok", &["is there"]);
    let before = bucket.list("");
    let checks = at(server, &format!("{root} --read-only"), 0);
    assert_eq!(bucket.list(""), before);
    checks.is("conditional-writes", "skipped", &["--read-only"]);
    checks.is("lease", "warning", &["other"]);
    at(server, &format!("{root} --unsafe-single-writer"), 0).is("conditional-writes", "skipped", &["goes on without"]);
}

#[test]
fn tells_of_a_bucket_that_is_not_there() {
    let Some(server) = S3::shared() else { return };
    let checks = at(server, "--root s3://no-such-bucket/lake", 4);
    checks.is("landing", "failed", &["the bucket does not exist"]);
    checks.is("conditional-writes", "skipped", &["the trusted zone has failed"]);
    assert_eq!(checks.count("failed"), 3, "{:?}", checks.finished);
}

#[test]
fn tells_of_credentials_that_are_refused_or_missing_and_never_what_they_are() {
    let server = Refusing::start("canary");
    let lake = Lake::nowhere();
    let refused = |more: &[(&str, &str)], code: i32| {
        let home = lake.path("");
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", server.endpoint.as_str()),
            ("NO_PROXY", "127.0.0.1"),
            ("HOME", home.to_str().unwrap()),
        ];
        variables.extend(more);
        doctor_with(&lake, "--root s3://bucket/lake --glue-database d", &variables, code)
    };
    let keys =
        [("AWS_ACCESS_KEY_ID", "canary-id"), ("AWS_SECRET_ACCESS_KEY", "canary-2"), ("AWS_SESSION_TOKEN", "canary")];
    let checks = refused(&keys, 4);
    checks.is("credentials", "ok", &["AWS_SESSION_TOKEN"]);
    for zone in ["landing", "stage", "trusted"] {
        checks.is(zone, "failed", &["s3://bucket/lake", "the credentials do not allow it"]);
    }
    checks.is("catalog", "skipped", &[]);

    let keys = "[work]\naws_access_key_id = id\naws_secret_access_key = canary-2\naws_session_token = canary\n";
    lake.write(".aws/credentials", keys);
    lake.write(".aws/config", "[profile work]\nregion = eu-central-1\n");
    let checks = refused(&[("AWS_PROFILE", "work")], 4);
    checks.is("credentials", "ok", &["the profile `work`"]);
    checks.is("endpoint", "ok", &["region eu-central-1"]);
    refused(&[("AWS_PROFILE", "nobody")], 2).is("credentials", "failed", &["profile `nobody` is in no file"]);

    let checks = refused(&[("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1"), ("AWS_ALLOW_HTTP", "true")], 2);
    checks.is("credentials", "failed", &["finding credentials", "no credentials were found"]);
    checks.is("landing", "skipped", &["there are no credentials"]);
    assert_eq!(checks.count("failed"), 1, "{:?}", checks.finished);
}
