//! The catalog of AWS Glue, on a server that has one.

use std::collections::BTreeMap;
use std::process::Stdio;

use events_core::table::Dialect;
use serde_json::{Value, json};

use crate::lake::{Finished, Lake};
use crate::s3_server::{Bucket, Refusing, S3};

fn event(id: &str, kind: &str, day: u32) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":"2021-01-{day:02}T08:45:37Z","domain":"card","event_type":"{kind}"}}"#)
}

/// A table of a test's own, and its name in the catalog.
struct Table<'a> {
    server: &'a S3,
    bucket: Bucket<'a>,
    database: String,
}

impl<'a> Table<'a> {
    fn new(server: &'a S3) -> Self {
        let bucket = server.bucket();
        Self { server, database: bucket.name.replace('-', "_"), bucket }
    }

    fn pend(&self, name: &str, events: &[String]) {
        self.bucket.put(&format!("lake/landing/pending/{name}"), &events.join("\n"));
    }

    fn location(&self) -> String {
        format!("{}/lake/trusted/events/", self.bucket.url())
    }

    /// A command on the table that must end with that code, and what it has told the catalog.
    fn events(&self, arguments: &str, code: i32) -> (Finished, Value) {
        let lake = Lake::nowhere();
        let arguments =
            format!("{arguments} --root {}/lake --glue-database {} --output json", self.bucket.url(), self.database);
        let finished = Finished::of(self.server.lead(&mut lake.command(&arguments)));
        assert_eq!(finished.code, code, "{finished:?}");
        let told = serde_json::from_str(&finished.stdout).map_or(Value::Null, |told: Value| told["catalog"].clone());
        (finished, told)
    }

    fn described(&self) -> Value {
        self.server.glue("GetTable", &json!({ "DatabaseName": self.database, "Name": "events" }))["Table"].clone()
    }

    /// The partitions by their locations below the table's.
    fn partitions(&self) -> BTreeMap<String, Value> {
        let request = json!({ "DatabaseName": self.database, "TableName": "events" });
        let answer = self.server.glue("GetPartitions", &request);
        let partitions = answer["Partitions"].as_array().unwrap();
        let named = partitions.iter().map(|partition| {
            let location = partition["StorageDescriptor"]["Location"].as_str().unwrap();
            (location.strip_prefix(&self.location()).unwrap().to_owned(), partition.clone())
        });
        let by_location: BTreeMap<_, _> = named.collect();
        assert_eq!(by_location.len(), partitions.len(), "{partitions:?}");
        by_location
    }

    /// Writes a table over the one that is there.
    fn update(&self, change: impl FnOnce(&mut Value)) {
        let mut table = self.described();
        for field in ["DatabaseName", "CreateTime", "UpdateTime", "VersionId", "CatalogId"] {
            table.as_object_mut().unwrap().remove(field);
        }
        change(&mut table);
        self.server.glue("UpdateTable", &json!({ "DatabaseName": self.database, "TableInput": table }));
    }
}

fn told(created: bool, columns_changed: bool, partitions: u64) -> Value {
    json!({ "created": created, "columns_changed": columns_changed, "partitions": partitions })
}

/// What was done is told all the same.
fn told_and_failed(finished: &Finished, code: i32, texts: &[&str]) {
    assert_eq!(finished.code, code, "{finished:?}");
    let words: Vec<_> = finished.stdout.split_whitespace().collect();
    assert!(words.windows(2).any(|pair| pair == ["rows", "1"]), "{finished:?}");
    for text in texts {
        assert!(finished.stderr.contains(text), "`{text}` is not in {finished:?}");
    }
}

#[test]
fn registers_each_partition_once() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    // A table without a commit is none yet.
    assert_eq!(table.events("run", 0).1, told(false, false, 0));
    table.pend("a", &[event("1", "issued", 1), event("2", "a/b é", 2)]);
    assert_eq!(table.events("run", 0).1, told(true, false, 2));
    table.pend("b", &[event("3", "issued", 1), event("4", "issued", 3)]);
    assert_eq!(table.events("run", 0).1, told(false, false, 1));
    assert_eq!(table.events("run", 0).1, told(false, false, 0));

    let described = table.described();
    assert_eq!(described["StorageDescriptor"]["Location"], table.location());
    let columns = |of: &Value| -> Vec<(String, String)> {
        let text = |column: &Value, field: &str| column[field].as_str().unwrap().to_owned();
        of.as_array().unwrap().iter().map(|column| (text(column, "Name"), text(column, "Type"))).collect()
    };
    let ours = |columns: Vec<events_core::table::TypedColumn>| -> Vec<(String, String)> {
        columns.into_iter().map(|column| (column.name, column.type_name.to_owned())).collect()
    };
    assert_eq!(columns(&described["StorageDescriptor"]["Columns"]), ours(Dialect::Athena.file_columns()));
    assert_eq!(columns(&described["PartitionKeys"]), ours(Dialect::Athena.path_columns()));

    let partitions = table.partitions();
    let folders: Vec<_> = partitions.keys().map(String::as_str).collect();
    assert_eq!(
        folders,
        [
            "domain_event_type=card-a%2Fb%20%C3%A9/year=2021/month=1/day=2/",
            "domain_event_type=card-issued/year=2021/month=1/day=1/",
            "domain_event_type=card-issued/year=2021/month=1/day=3/",
        ]
    );
    let first = &partitions[folders[0]];
    assert_eq!(first["Values"], json!(["card-a/b é", "2021", "1", "2"]));
    assert_eq!(columns(&first["StorageDescriptor"]["Columns"]), ours(Dialect::Athena.file_columns()));
    for folder in folders {
        assert!(
            !table.bucket.list(&format!("lake/trusted/events/{}", folder.replace('%', "%25"))).is_empty(),
            "{folder}"
        );
    }
}

#[test]
fn makes_good_what_earlier_runs_have_not_told() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    let run = format!("run --root {}/lake", table.bucket.url());
    for (number, day) in [1, 2].into_iter().enumerate() {
        table.pend("a", &[event(&number.to_string(), "issued", day)]);
        assert_eq!(Finished::of(server.lead(&mut Lake::nowhere().command(&run))).code, 0);
    }
    // A run that has nothing to do.
    assert_eq!(table.events("run", 0).1, told(true, false, 2));
    table.pend("a", &[event("3", "issued", 3)]);
    assert_eq!(Finished::of(server.lead(&mut Lake::nowhere().command(&run))).code, 0);
    table.pend("a", &[event("4", "issued", 4)]);
    assert_eq!(table.events("run", 0).1, told(false, false, 2));
    // What is taken out of the catalog comes back when it is asked for.
    let request = json!({
        "DatabaseName": table.database, "TableName": "events", "PartitionValues": ["card-issued", "2021", "1", "2"],
    });
    server.glue("DeletePartition", &request);
    assert_eq!(table.events("run", 0).1, told(false, false, 0));
    assert_eq!(table.events("catalog sync", 0).1, told(false, false, 1));
    assert_eq!(table.partitions().len(), 4);
}

#[test]
fn mends_columns_and_keeps_what_others_have_written() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    table.pend("a", &[event("1", "issued", 1)]);
    table.events("run", 0);
    table.update(|table| {
        table["Parameters"]["owner"] = "somebody".into();
        table["StorageDescriptor"]["Columns"] =
            json!([{ "Name": "event_id", "Type": "string" }, { "Name": "own", "Type": "date" }]);
    });
    assert_eq!(table.events("run", 0).1, told(false, true, 0));
    let described = table.described();
    assert_eq!(described["Parameters"]["owner"], "somebody");
    let columns = described["StorageDescriptor"]["Columns"].as_array().unwrap();
    assert_eq!(columns[1], json!({ "Name": "own", "Type": "date" }));
    assert_eq!(columns.len(), Dialect::Athena.file_columns().len() + 1);
    // Where Athena computes partitions there is nothing to register.
    table.update(|table| table["Parameters"]["projection.enabled"] = "true".into());
    table.pend("b", &[event("2", "issued", 2)]);
    assert_eq!(table.events("run", 0).1, told(false, false, 0));
    assert_eq!(table.partitions().len(), 1);
}

#[test]
fn leaves_the_table_of_somebody_else_alone() {
    let Some(server) = S3::shared() else { return };
    let (table, other) = (Table::new(server), Table::new(server));
    other.pend("a", &[event("1", "issued", 1)]);
    other.events("run", 0);
    table.pend("a", &[event("1", "issued", 1)]);
    let lake = Lake::nowhere();
    let run = format!("run --root {}/lake --glue-database {}", table.bucket.url(), other.database);
    let finished = Finished::of(server.lead(&mut lake.command(&run)));
    told_and_failed(&finished, 2, &["is at `s3://", "not at `s3://", "error: table `"]);
    assert_eq!(other.partitions().len(), 1);
}

#[test]
fn several_register_at_once() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    let events: Vec<_> = (0..250).map(|number| event(&number.to_string(), &format!("kind{number}"), 1)).collect();
    table.pend("a", &events);
    let lake = Lake::nowhere();
    let run = format!("run --root {}/lake", table.bucket.url());
    assert_eq!(Finished::of(server.lead(&mut lake.command(&run))).code, 0);
    let sync = format!("catalog sync --root {}/lake --glue-database {}", table.bucket.url(), table.database);
    let start = |_| {
        let mut command = lake.command(&sync);
        server.lead(&mut command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..4).map(start).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(table.partitions().len(), events.len());
}

#[test]
fn workers_tell_the_catalog_when_the_run_is_over() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    table.pend("a", &[event("1", "issued", 1), event("2", "issued", 2)]);
    let (plan, _) = table.events("prepare --run-id shared", 0);
    assert!(plan.stdout.contains("\"items\""), "{plan:?}");
    assert_eq!(table.events("work --run-id shared", 0).1, told(true, false, 2));
    assert_eq!(table.events("work --run-id shared", 0).1, told(false, false, 0));
    assert_eq!(table.partitions().len(), 2);
}

#[test]
fn who_registers_before_a_commit_is_carried_out_leaves_nothing_out() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    table.pend("a", &[event("1", "issued", 1), event("2", "issued", 2)]);
    let (plan, _) = table.events("prepare --run-id shared", 0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let phases: Vec<_> = plan["phases"].as_array().unwrap().iter().map(|phase| phase["phase"].clone()).collect();
    assert!(phases.contains(&"commit".into()), "{plan}");
    for item in ["parse", "deduplicate", "compare", "write", "index", "commit"] {
        table.events(&format!("work --run-id shared --item {item}-00000"), 0);
    }
    assert!(table.bucket.list("lake/trusted/events/").is_empty());
    assert_eq!(table.events("catalog sync", 0).1, told(true, false, 2));
    assert_eq!(table.events("work --run-id shared", 0).1, told(false, false, 0));
    assert_eq!(table.partitions().len(), 2);
}

#[test]
fn settings_that_cannot_be_are_refused_before_the_run() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    table.pend("a", &[event("1", "issued", 1)]);
    let lake = Lake::nowhere();
    let run = format!("run --root {}/lake --glue-database {}", table.bucket.url(), table.database);
    for (variable, value) in [
        ("AWS_ENDPOINT_URL_GLUE", "/foo"),
        ("AWS_ENDPOINT_URL_GLUE", "http://u:canary@127.0.0.1:1"),
        ("AWS_SESSION_TOKEN", "canary\n"),
        ("AWS_REGION", "not a region"),
    ] {
        let finished = Finished::of(server.lead(&mut lake.command(&run)).env(variable, value));
        finished.fails(2, &[&format!("variable `{variable}`")]);
        assert!(!finished.stderr.contains("canary"), "{finished:?}");
    }
    assert_eq!(table.bucket.list("lake/landing/pending/").len(), 1);
    let (finished, _) = table.events("catalog sync", 2);
    assert!(finished.stderr.contains("has no commit yet"), "{finished:?}");
}

#[test]
fn says_what_was_done_when_the_catalog_refuses() {
    let Some(server) = S3::shared() else { return };
    let table = Table::new(server);
    table.pend("a", &[event("1", "issued", 1)]);
    let refusing = Refusing::start("canary-token");
    let lake = Lake::nowhere();
    let mut command =
        lake.command(&format!("run --root {}/lake --glue-database {}", table.bucket.url(), table.database));
    server.lead(&mut command).env("AWS_ENDPOINT_URL_GLUE", &refusing.endpoint);
    let finished = Finished::of(command.env("AWS_SESSION_TOKEN", "canary-token"));
    let texts = ["error: Glue refused GetTable: status 403: <Error><Code>InvalidToken", "hint: the table is whole"];
    told_and_failed(&finished, 4, &texts);
    assert!(!finished.stdout.contains("canary") && !finished.stderr.contains("canary"), "{finished:?}");
    assert!(refusing.heads().iter().all(|head| head.contains("/glue/aws4_request")), "{:?}", refusing.heads());
    assert_eq!(table.events("run", 0).1, told(true, false, 1));
}

#[test]
fn refuses_before_it_does_anything() {
    let (lake, _) = Lake::with(&crate::lake::small());
    let inputs = lake.files("lake/landing/pending");
    lake.events("run --root lake --glue-database clicks").fails(2, &["`clicks.events`", "which is in no bucket"]);
    lake.events("run --root lake --glue-table t").fails(2, &["--glue-database"]);
    lake.events("catalog sync --root lake").fails(2, &["--glue-database"]);
    assert_eq!(lake.files("lake/landing/pending"), inputs);
}
