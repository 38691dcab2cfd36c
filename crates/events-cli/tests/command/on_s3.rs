//! Whole runs over HTTP, on a server of S3.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};

use bytes::Bytes;
use events_cli::generate::GenerateConfig;
use events_core::run::Report;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use serde_json::Value;

use crate::lake::{Finished, Lake, small};
use crate::s3_server::{Bucket, Refusing, S3};

const DATE: &str = "2026-01-31";

fn event(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","timestamp":"2021-01-14T08:45:37Z","domain":"card","event_type":"issued","data":{{"id":1}}}}"#
    )
}

fn events(server: &S3, arguments: &str) -> Finished {
    let lake = Lake::nowhere();
    Finished::of(server.lead(&mut lake.command(arguments)))
}

/// A run that must end with that code; its report, and what else is told of it.
fn report(server: &S3, arguments: &str, code: i32) -> (Report, Value) {
    let finished = events(server, &format!("{arguments} --output json --date {DATE}"));
    assert_eq!(finished.code, code, "{finished:?}");
    assert!(!finished.stdout.contains("canary") && !finished.stderr.contains("canary"), "{finished:?}");
    (serde_json::from_str(&finished.stdout).unwrap(), serde_json::from_str(&finished.stdout).unwrap())
}

/// The ids of all rows below a folder of a table; each must be there once.
fn ids(bucket: &Bucket<'_>, table: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for name in bucket.list(table).into_keys() {
        let file = SerializedFileReader::new(Bytes::from(bucket.get(&format!("{table}{name}")))).unwrap();
        let column =
            file.metadata().file_metadata().schema().get_fields().iter().position(|field| field.name() == "event_id");
        for row in file.get_row_iter(None).unwrap() {
            let id = row.unwrap().get_string(column.unwrap()).unwrap().clone();
            assert!(ids.insert(id.clone()), "`{id}` is there twice");
        }
    }
    ids
}

/// Puts the inputs of a lake in a folder into a bucket.
fn upload(lake: &Lake, bucket: &Bucket<'_>) -> usize {
    let inputs = lake.files("lake/landing/pending");
    for (name, content) in &inputs {
        bucket.put(&format!("lake/landing/pending/{name}"), std::str::from_utf8(content).unwrap());
    }
    inputs.len()
}

#[test]
fn makes_the_table_that_a_folder_gets() {
    let Some(server) = S3::shared() else { return };
    let (lake, _) = Lake::with(&small());
    let bucket = server.bucket();
    let inputs = upload(&lake, &bucket);
    let in_folder = lake.report(&format!("run --root lake --date {DATE} --run-id same"), 0);
    let (in_bucket, told) = report(server, &format!("run --root {}/lake --run-id same", bucket.url()), 0);
    assert_eq!(in_bucket.totals, in_folder.totals);
    assert_eq!((in_bucket.partitions, in_bucket.inputs.len()), (in_folder.partitions, inputs));
    for (name, content) in lake.files("lake/trusted/events") {
        assert_eq!(bucket.get(&format!("lake/trusted/events/{name}")), content, "{name}");
    }
    assert!(bucket.list("lake/landing/pending/").is_empty() && bucket.list("lake/stage/").is_empty());
    assert_eq!(bucket.list(&format!("lake/landing/processed/date={DATE}/")).len(), inputs);
    // What was asked is told, by kind.
    let requests = &told["requests"];
    for kind in ["get", "head", "put", "list", "delete"] {
        assert!(requests[kind].as_u64().unwrap() > 0, "{requests}");
    }
    let (again, told) = report(server, &format!("run --root {}/lake", bucket.url()), 0);
    assert_eq!((again.commit, again.inputs.len()), (None, 0));
    assert!(told["requests"]["list"].as_u64().unwrap() < requests["list"].as_u64().unwrap() + 10, "{told}");
}

#[test]
fn asks_for_exactly_what_was_planned() {
    let Some(server) = S3::shared() else { return };
    let (lake, _) = Lake::with(&small());
    let bucket = server.bucket();
    upload(&lake, &bucket);
    // More than what goes through memory, which is copied in parts.
    bucket.put("lake/landing/pending/large.json", &format!("{}{}", event("a"), " ".repeat(9 << 20)));
    let run = |arguments: &str| {
        // Several threads meet by chance, and what each has of small files is an object of the stage.
        let mut command = lake.command(&format!("{arguments} --threads 1 --output json"));
        let finished = Finished::of(server.lead(&mut command));
        assert_eq!(finished.code, 0, "{finished:?}");
        serde_json::from_str::<Value>(&finished.stdout).unwrap()
    };
    for (round, alone) in ["", "", " --unsafe-single-writer"].into_iter().enumerate() {
        let before = bucket.list("");
        let plan = run(&format!("plan --root {}/lake --out plan.json{alone}", bucket.url()));
        assert_eq!(bucket.list(""), before);
        let done = run(&format!("run --plan plan.json{alone}"));
        assert_eq!(done["commit"], round as u64 + 1);
        assert_eq!(done["requests"], plan["requests"], "round {round}");
        // The next ones find rows that they have, and others.
        bucket.put("lake/landing/pending/again.json", &[event("a"), event(&round.to_string())].concat());
    }
    assert!(plan_reads_only(&run(&format!("plan --root {}/lake", bucket.url()))["asked"]));
}

/// Whether nothing but questions was asked.
fn plan_reads_only(asked: &Value) -> bool {
    ["put", "delete", "copy", "multipart"].iter().all(|kind| asked[kind] == 0) && asked["get"].as_u64() > Some(0)
}

#[test]
fn makes_the_same_files_in_two_halves_and_a_bucket_a_zone() {
    let Some(server) = S3::shared() else { return };
    let (lake, _) = Lake::with(&GenerateConfig { damage: 0.05, ..small() });
    let [landing, stage, trusted] = [server.bucket(), server.bucket(), server.bucket()];
    for (name, content) in lake.files("lake/landing/pending") {
        landing.put(&format!("pending/{name}"), &String::from_utf8_lossy(&content));
    }
    // What is not UTF-8 would be other bytes in the bucket.
    let folder = Lake::new();
    for (name, content) in lake.files("lake/landing/pending") {
        folder.write(&format!("lake/landing/pending/{name}"), &String::from_utf8_lossy(&content));
    }
    let run = folder.report(&format!("run --root lake --date {DATE} --run-id same"), 3);
    let zones = format!("--landing {} --stage {} --trusted {}/x", landing.url(), stage.url(), trusted.url());
    report(server, &format!("parse {zones} --run-id same"), 3);
    assert!(trusted.list("x/events/").is_empty());
    let (distributed, _) = report(server, &format!("distribute {zones}"), 3);
    assert_eq!(distributed.totals, run.totals);
    for (name, content) in folder.files("lake/trusted/events") {
        assert_eq!(trusted.get(&format!("x/events/{name}")), content, "{name}");
    }
    let rejects = folder.files(&format!("lake/landing/quarantine/date={DATE}/run=same"));
    let names = landing.list(&format!("quarantine/date={DATE}/run=same/"));
    assert!(names.keys().eq(rejects.keys()), "{names:?}");
    assert!(stage.list("").is_empty());
}

#[test]
fn takes_inputs_of_any_name_and_tells_of_those_that_no_run_can_ask_for() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    let sound = ["a b", "a+b", "a%2Fb", "é/ü", "k=v/x=1&y", "~", "a/b/c", "100%", "'\"()!*", "tür#1?x"];
    for (number, name) in sound.iter().enumerate() {
        bucket.put(&format!("landing/pending/{name}"), &event(&format!("sound {number}")));
    }
    // Consoles make them for folders.
    bucket.put("landing/pending/", "");
    bucket.put("landing/pending/a/", "");
    let refused = ["a//b", "./x", "x/../y", "full/"];
    for name in refused {
        bucket.put(&format!("landing/pending/{name}"), &event(name));
    }
    let root = format!("--root {}", bucket.url());
    let plan = events(server, &format!("run {root} --dry-run"));
    assert!(
        plan.code == 0 && plan.stdout.contains("landing/pending/a//b`, which has a name with two slashes"),
        "{plan:?}"
    );

    let (done, _) = report(server, &format!("run {root}"), 3);
    assert_eq!(done.inputs.len(), sound.len());
    assert_eq!(done.totals.rows, sound.len() as u64);
    let told: BTreeSet<_> = done.refused.iter().map(|refused| refused.key.as_str()).collect();
    assert_eq!(told, BTreeSet::from(refused));
    // They stay, and whoever runs again is told again.
    let left: BTreeSet<_> = bucket.list("landing/pending/").into_keys().collect();
    let stay = refused.iter().chain(&["", "a/"]).map(|&name| name.to_owned());
    assert_eq!(left, stay.collect());
    let processed: BTreeSet<_> = bucket.list(&format!("landing/processed/date={DATE}/")).into_keys().collect();
    assert_eq!(processed.len(), sound.len(), "{processed:?}");
    let again = events(server, &format!("run {root}"));
    assert!(again.code == 3 && again.stdout.contains("nothing pending"), "{again:?}");
    for name in refused {
        assert!(again.stdout.contains(&format!("landing/pending/{name}`")), "{again:?}");
    }
    assert_eq!(ids(&bucket, "trusted/events/").len(), sound.len());
}

#[test]
fn takes_more_inputs_than_a_listing_has_on_a_page() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    // A page has 1,000 entries.
    for number in 0..2_500 {
        bucket.put(&format!("landing/pending/{number}.json"), &event(&number.to_string()));
    }
    bucket.put("landing/pending/1//2", "");
    let root = format!("--root {}", bucket.url());
    let plan = events(server, &format!("run {root} --dry-run --output json"));
    assert_eq!(plan.code, 0, "{plan:?}");
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["plan"]["inputs"].as_array().unwrap().len(), 2_500);
    assert_eq!(plan["plan"]["refused"].as_array().unwrap().len(), 1);

    let (run, _) = report(server, &format!("run {root}"), 3);
    assert_eq!((run.totals.rows, run.inputs.len()), (2_500, 2_500));
    assert_eq!(ids(&bucket, "trusted/events/").len(), 2_500);
    assert_eq!(bucket.list(&format!("landing/processed/date={DATE}/")).len(), 2_500);
    assert_eq!(bucket.list("landing/pending/").into_keys().collect::<Vec<_>>(), ["1//2"]);
}

#[test]
fn of_two_runs_at_once_each_id_gets_one_row() {
    let Some(server) = S3::shared() else { return };
    let mut codes = Vec::new();
    for _ in 0..3 {
        let bucket = server.bucket();
        for input in 0..4 {
            let lines: Vec<_> = (0..50).map(|id| event(&format!("{}", input * 25 + id))).collect();
            bucket.put(&format!("landing/pending/{input}.json"), &lines.join("\n"));
        }
        let lake = Lake::nowhere();
        let start = || -> Child {
            let mut command = lake.command(&format!("run --root {}", bucket.url()));
            server.lead(&mut command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs = [start(), start()].map(|child| Finished::from(child.wait_with_output().unwrap()));
        for run in &runs {
            assert!(matches!(run.code, 0 | 7), "{run:?}");
        }
        assert!(runs.iter().any(|run| run.code == 0), "{runs:?}");
        codes.extend(runs.iter().map(|run| run.code));
        assert_eq!(events(server, &format!("run --root {} --wait 90", bucket.url())).code, 0);
        assert_eq!(ids(&bucket, "trusted/events/").len(), 125);
        assert!(bucket.list("landing/pending/").is_empty() && bucket.list("stage/").is_empty());
    }
    println!("codes: {codes:?}");
}

#[test]
fn copies_a_large_input_in_parts_so_that_nothing_is_replaced() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    // More than what goes through memory.
    let large = format!("{}{}", event("a"), " ".repeat(9 << 20));
    bucket.put("landing/pending/large.json", &large);
    let (_, told) = report(server, &format!("run --root {}", bucket.url()), 0);
    assert_eq!((&told["requests"]["multipart"], &told["requests"]["copy"]), (&3.into(), &0.into()), "{told}");
    let processed = bucket.list(&format!("landing/processed/date={DATE}/"));
    assert_eq!(processed.into_iter().collect::<Vec<_>>(), [("large.json".to_owned(), large.len() as u64)]);
    // Alone, one request does.
    bucket.put("landing/pending/large.json", &large);
    let (_, told) = report(server, &format!("run --root {} --unsafe-single-writer", bucket.url()), 0);
    assert_eq!(told["requests"]["multipart"], 0, "{told}");
}

#[test]
fn encrypts_as_the_variables_say() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    bucket.put("landing/pending/a.json", &event("a"));
    let lake = Lake::nowhere();
    let mut command = lake.command(&format!("run --root {}", bucket.url()));
    server.lead(&mut command).env("AWS_SERVER_SIDE_ENCRYPTION", "aws:kms").env("AWS_SSE_KMS_KEY_ID", "key-1");
    let finished = Finished::of(command.env("AWS_SSE_BUCKET_KEY_ENABLED", "true"));
    assert_eq!(finished.code, 0, "{finished:?}");
    let objects = bucket.list("trusted/");
    assert!(objects.len() > 3, "{objects:?}");
    for name in objects.keys() {
        let head = bucket.head(&format!("trusted/{name}"));
        assert!(head.contains("x-amz-server-side-encryption: aws:kms"), "{name}: {head}");
        assert!(head.contains("x-amz-server-side-encryption-aws-kms-key-id: key-1"), "{name}: {head}");
        assert!(head.contains("x-amz-server-side-encryption-bucket-key-enabled: true"), "{name}: {head}");
    }
}

/// A run at a server that refuses it, with those files in `~/.aws` and those variables; and the first head that the server got.
fn refused_with(files: &[(&str, &str)], variables: &[(&str, &str)]) -> (Finished, String) {
    let server = Refusing::start("canary");
    let lake = Lake::nowhere();
    for (name, content) in files {
        lake.write(&format!(".aws/{name}"), content);
    }
    let mut command = lake.command("run --root s3://bucket/lake --log-level trace");
    command.env("HOME", lake.path("")).env("AWS_ENDPOINT_URL", &server.endpoint).env("NO_PROXY", "127.0.0.1");
    command.envs(variables.iter().copied());
    let finished = Finished::of(&mut command);
    assert!(!finished.stdout.contains("canary") && !finished.stderr.contains("canary"), "{finished:?}");
    (finished, server.heads().first().cloned().unwrap_or_default().to_ascii_lowercase())
}

#[test]
fn a_refusal_ends_with_4_a_hint_and_no_secret() {
    let variables =
        [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "canary-2"), ("AWS_SESSION_TOKEN", "canary")];
    let (finished, head) = refused_with(&[], &variables);
    finished.fails(4, &["s3://bucket/lake", "<Token-0>…</Token-0>", "hint: the credentials do not allow it"]);
    assert!(head.contains("credential=id/"), "{head}");
}

#[test]
fn takes_keys_and_region_of_a_profile() {
    let config = ("config", "[profile work]\nregion = eu-central-1\n");
    let keys = "[work]\naws_access_key_id = OFWORK\naws_secret_access_key = canary-2\naws_session_token = canary\n";
    let (finished, head) = refused_with(&[config, ("credentials", keys)], &[("AWS_PROFILE", "work")]);
    finished.fails(4, &["<Token-0>…</Token-0>"]);
    assert!(head.contains("credential=ofwork/") && head.contains("/eu-central-1/s3/"), "{head}");
    // What a variable says comes first.
    let variables = [
        ("AWS_PROFILE", "work"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
        ("AWS_REGION", "eu-west-1"),
    ];
    let (_, head) = refused_with(&[config, ("credentials", keys)], &variables);
    assert!(head.contains("credential=id/") && head.contains("/eu-west-1/s3/"), "{head}");
}

#[test]
fn takes_what_the_command_of_a_profile_prints() {
    let config = "[default]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"PRINTED\",\
        \"SecretAccessKey\":\"canary-2\",\"SessionToken\":\"canary\"}'\n";
    let (finished, head) = refused_with(&[("config", config)], &[]);
    finished.fails(4, &["<Token-0>…</Token-0>"]);
    assert!(head.contains("credential=printed/") && head.contains("x-amz-security-token: canary"), "{head}");
}

#[test]
fn refuses_a_profile_that_is_not_there() {
    let (finished, head) = refused_with(&[], &[("AWS_PROFILE", "nobody")]);
    finished.fails(2, &["profile `nobody` is in no file"]);
    assert_eq!(head, "");
}

#[test]
fn sends_nothing_without_tls_where_that_is_forbidden() {
    let variables = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "canary"), ("AWS_ALLOW_HTTP", "false")];
    let (finished, head) = refused_with(&[], &variables);
    assert_eq!((finished.code, head.as_str()), (4, ""), "{finished:?}");
}
