//! `events ddl`: what is told to query engines. The whole texts are tested where they are made.

use std::fs;
use std::path::Path;

use events_core::table::{Dialect, Projection, StageDdl, TypedColumn};

use crate::lake::{Finished, Lake};

fn statements(lake: &Lake, arguments: &str) -> String {
    let finished = lake.events(&format!("ddl {arguments}"));
    assert_eq!(finished.code, 0, "{finished:?}");
    finished.stdout
}

#[test]
fn declares_the_table_of_the_trusted_zone() {
    let lake = Lake::nowhere();
    let text = statements(&lake, "--dialect athena --root s3://lake/x");
    assert!(text.contains("EXISTS `events`.`events` (") && text.contains("LOCATION 's3://lake/x/trusted/events/'"));
    let text = statements(&lake, "--dialect trino --trusted s3://table --database clicks --table all");
    assert!(text.contains(r#"EXISTS "clicks"."all" ("#) && text.contains("external_location = 's3://table/events/'"));
    assert!(text.contains(r#"VIEW "clicks"."all_latest""#));
}

#[test]
fn names_a_folder_so_that_it_can_be_found_from_anywhere() {
    let lake = Lake::nowhere();
    let folder = lake.path("lake/trusted/events/").canonicalize().unwrap_or_else(|_| lake.path("lake/trusted/events/"));
    let folder = folder.to_str().unwrap().to_owned();
    let text = statements(&lake, "--dialect spark --root lake");
    assert!(text.contains(&format!("LOCATION 'file://{folder}'")), "{text}");
    let text = statements(&lake, "--dialect duckdb --root lake");
    assert!(text.contains(&format!("'{folder}**/*.parquet'")), "{text}");
    assert!(!lake.path("lake").exists(), "it touches nothing");
}

#[test]
fn gives_each_statement_to_machines() {
    let lake = Lake::nowhere();
    let text = statements(&lake, "--dialect athena --root s3://lake --projection --years 2020..2030 --output json");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["dialect"], &document["location"]), (&"athena".into(), &"s3://lake/trusted/events/".into()));
    let statements = document["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 2);
    assert!(statements[1].as_str().unwrap().contains("'projection.year.range' = '2020,2030'"));
}

#[test]
fn declares_the_rows_of_the_stage_zone() {
    let lake = Lake::nowhere();
    let text = statements(&lake, "--zone stage --dialect athena --stage s3://between");
    assert!(
        text.contains("EXISTS `events`.`events_stage` (") && text.contains("'s3://between/events/run=${run}/rows'"),
        "{text}"
    );
    let text = statements(&lake, "--zone stage --dialect duckdb --root lake --table parsed");
    assert!(text.contains(r#"VIEW "events"."parsed" AS"#) && text.contains("/lake/stage/events/run=*/rows/"), "{text}");
    let fails = |arguments: &str, texts: &[&str]| {
        lake.events(&format!("ddl --zone stage {arguments}")).fails(2, texts);
    };
    fails("--dialect athena", &["no stage zone", "--stage"]);
    fails("--dialect spark --root s3://lake", &["--zone stage is for --dialect athena or duckdb"]);
    fails("--dialect athena --root s3://lake --years 2020..2021", &["--years", "are for the table"]);
}

#[test]
fn says_what_is_missing_or_wrong() {
    let lake = Lake::nowhere();
    let fails = |arguments: &str, texts: &[&str]| lake.events(&format!("ddl {arguments}")).fails(2, texts);
    fails("--root s3://lake", &["--dialect", "athena, spark, duckdb, trino"]);
    fails("--root s3://lake --dialect hive", &["unknown dialect `hive`"]);
    fails("--dialect spark", &["no trusted zone"]);
    fails("--dialect spark --root s3://lake --projection", &["--projection is for --dialect athena"]);
    fails("--dialect athena --root s3://lake --projection --event-types a/b", &["`a/b` is no value of a path"]);
    fails("--dialect athena --root s3://lake --years 2020..2021", &["--years and --event-types are for --projection"]);
    fails("--dialect athena --root s3://lake --table=", &["--table"]);
    fails("--dialect duckdb --root file:///a#b", &["`%3F` and `%23`"]);
    let mut command = lake.command("ddl --root s3://lake");
    let finished = Finished::of(command.env("EVENTS_DIALECT", "duckdb").env("EVENTS_TABLE", "clicks"));
    assert!(finished.stdout.contains(r#"VIEW "events"."clicks" AS"#), "{finished:?}");
}

/// The columns of a list of the module, as `{ name = "…", type = "…" …}` on lines of their own.
fn columns_of(text: &str, list: &str) -> Vec<(String, String)> {
    let (_, list) = text.split_once(&format!("\n  {list} = [\n")).unwrap();
    let (list, _) = list.split_once("\n  ]\n").unwrap();
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("{key} = \"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    list.lines().map(|line| (value(line, "name"), value(line, "type"))).collect()
}

#[test]
fn agrees_with_the_terraform_module() {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../terraform");
    let text = fs::read_to_string(module.join("catalog.tf")).unwrap();
    let pairs = |columns: Vec<TypedColumn>| {
        columns.into_iter().map(|column| (column.name, column.type_name.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(columns_of(&text, "columns"), pairs(Dialect::Athena.file_columns()));
    assert_eq!(columns_of(&text, "partition_columns"), pairs(Dialect::Athena.path_columns()));

    for names in [vec![], vec!["a-b".to_owned()]] {
        let properties = Projection { years: (2015, 2035), names }.properties("s3://lake/events/");
        for (name, value) in properties {
            let quoted = format!("\"{name}\"");
            let line = text.lines().filter(|line| line.contains(&quoted));
            let is_written = match name.as_str() {
                "storage.location.template" | "projection.year.range" | "projection.domain_event_type.values" => {
                    line.count() == 1
                }
                _ => line.filter(|line| line.ends_with(&format!("= \"{value}\""))).count() == 1,
            };
            assert!(is_written, "`{name}` is `{value}`");
        }
    }
    let text = fs::read_to_string(module.join("stage.tf")).unwrap();
    assert!(
        text.contains("name          = \"${var.table_name}_stage\"") && text.contains("for_each = local.columns\n")
    );
    let stage = StageDdl { database: "", table: "", location: "${local.stage_location}/" };
    let statement = stage.statements(Dialect::Athena).unwrap().remove(1);
    let properties: Vec<_> = statement.lines().filter_map(|line| line.split_once(" = ")).collect();
    assert_eq!(properties.len(), 4, "{statement}");
    for (name, value) in properties {
        let name = name.trim().trim_matches('\'');
        // A `$` of the template is the module's own unless it is doubled.
        let value = value.trim_end_matches(',').trim_matches('\'').replace("${run}", "$${run}");
        let is_written = |line: &str| line.contains(name) && line.ends_with(&format!("= \"{value}\""));
        assert!(text.lines().any(is_written), "`{name}` is `{value}`");
    }

    let variables = fs::read_to_string(module.join("variables.tf")).unwrap();
    assert!(variables.contains("first = 2015\n    last  = 2035\n"), "the years that queries see when nobody says");
}
