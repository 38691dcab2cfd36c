use proptest::prelude::*;

use super::*;
use crate::table::{partition_schema, table_schema};

const PLACE: &str = "s3://lake/trusted/events/";

fn table(projection: Option<&Projection>) -> TableDdl<'_> {
    TableDdl { database: "clicks", table: "events", location: PLACE, projection }
}

/// The statements that declare the table with registered partitions, as a text.
fn script(dialect: Dialect) -> String {
    table(None).statements(dialect).join(";\n\n") + ";\n"
}

#[test]
fn declares_it_for_athena() {
    let expected = "\
CREATE DATABASE IF NOT EXISTS `clicks`;

CREATE EXTERNAL TABLE IF NOT EXISTS `clicks`.`events` (
  `event_id` string,
  `timestamp` timestamp,
  `domain` string,
  `event_type` string,
  `data` string,
  `extra` string,
  `repairs` string
)
PARTITIONED BY (
  `domain_event_type` string,
  `year` int,
  `month` int,
  `day` int
)
STORED AS PARQUET
LOCATION 's3://lake/trusted/events/'
TBLPROPERTIES (
  'classification' = 'parquet'
);

MSCK REPAIR TABLE `clicks`.`events`;

CREATE OR REPLACE VIEW \"clicks\".\"events_latest\" AS
SELECT \"event_id\", \"timestamp\", \"domain\", \"event_type\", \"data\", \"extra\", \"repairs\", \"domain_event_type\", \"year\", \"month\", \"day\"
FROM (SELECT *, row_number() OVER (PARTITION BY \"event_id\" ORDER BY \"timestamp\" DESC) AS \"place\" FROM \"clicks\".\"events\")
WHERE \"place\" = 1;
";
    assert_eq!(script(Dialect::Athena), expected);
}

#[test]
fn declares_it_for_athena_with_partitions_that_are_computed() {
    let properties = |values: &str| {
        format!(
            "TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
{values}
  'projection.year.type' = 'integer',
  'projection.year.range' = '2015,2035',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'storage.location.template' = 's3://lake/trusted/events/domain_event_type=${{domain_event_type}}/year=${{year}}/month=${{month}}/day=${{day}}'
)"
        )
    };
    let injected = Projection { years: (2015, 2035), names: Vec::new() };
    let statements = table(Some(&injected)).statements(Dialect::Athena);
    assert_eq!(statements.len(), 2, "no partitions to look for, and no query without their names: {statements:?}");
    let values = "  'projection.domain_event_type.type' = 'injected',";
    assert!(statements[1].ends_with(&properties(values)), "{}", statements[1]);

    let named = Projection { names: vec!["card-issued".to_owned(), "a%2Fb-c".to_owned()], ..injected };
    let statements = table(Some(&named)).statements(Dialect::Athena);
    let values = "  'projection.domain_event_type.type' = 'enum',
  'projection.domain_event_type.values' = 'card-issued,a%2Fb-c',";
    assert!(statements[1].ends_with(&properties(values)), "{}", statements[1]);
    assert_eq!(statements[2..], table(None).statements(Dialect::Athena)[3..]);
}

#[test]
fn declares_it_for_spark() {
    let expected = "\
CREATE DATABASE IF NOT EXISTS `clicks`;

CREATE TABLE IF NOT EXISTS `clicks`.`events` (
  `event_id` string,
  `timestamp` timestamp,
  `domain` string,
  `event_type` string,
  `data` string,
  `extra` string,
  `repairs` string,
  `domain_event_type` string,
  `year` int,
  `month` int,
  `day` int
)
USING PARQUET
PARTITIONED BY (`domain_event_type`, `year`, `month`, `day`)
LOCATION 's3://lake/trusted/events/';

ALTER TABLE `clicks`.`events` RECOVER PARTITIONS;

CREATE OR REPLACE VIEW `clicks`.`events_latest` AS
SELECT `event_id`, `timestamp`, `domain`, `event_type`, `data`, `extra`, `repairs`, `domain_event_type`, `year`, `month`, `day`
FROM (SELECT *, row_number() OVER (PARTITION BY `event_id` ORDER BY `timestamp` DESC) AS `place` FROM `clicks`.`events`)
WHERE `place` = 1;
";
    assert_eq!(script(Dialect::Spark), expected);
}

#[test]
fn declares_it_for_duckdb() {
    let expected = r#"CREATE SCHEMA IF NOT EXISTS "clicks";

CREATE OR REPLACE VIEW "clicks"."events" AS
SELECT "event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs", "domain_event_type", "year", "month", "day"
FROM read_parquet(
  's3://lake/trusted/events/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'domain_event_type': VARCHAR, 'year': INTEGER, 'month': INTEGER, 'day': INTEGER}
);

CREATE OR REPLACE VIEW "clicks"."events_latest" AS
SELECT "event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs", "domain_event_type", "year", "month", "day"
FROM "clicks"."events"
QUALIFY row_number() OVER (PARTITION BY "event_id" ORDER BY "timestamp" DESC) = 1;
"#;
    assert_eq!(script(Dialect::DuckDb), expected);
}

#[test]
fn declares_it_for_trino() {
    let expected = r#"CREATE SCHEMA IF NOT EXISTS "clicks";

CREATE TABLE IF NOT EXISTS "clicks"."events" (
  "event_id" varchar,
  "timestamp" timestamp(6),
  "domain" varchar,
  "event_type" varchar,
  "data" varchar,
  "extra" varchar,
  "repairs" varchar,
  "domain_event_type" varchar,
  "year" integer,
  "month" integer,
  "day" integer
)
WITH (
  format = 'PARQUET',
  external_location = 's3://lake/trusted/events/',
  partitioned_by = ARRAY['domain_event_type', 'year', 'month', 'day']
);

CALL system.sync_partition_metadata('clicks', 'events', 'ADD');

CREATE OR REPLACE VIEW "clicks"."events_latest" AS
SELECT "event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs", "domain_event_type", "year", "month", "day"
FROM (SELECT *, row_number() OVER (PARTITION BY "event_id" ORDER BY "timestamp" DESC) AS "place" FROM "clicks"."events")
WHERE "place" = 1;
"#;
    assert_eq!(script(Dialect::Trino), expected);
}

const STAGE: StageDdl<'_> = StageDdl { database: "clicks", table: "stage", location: "s3://lake/stage/events/" };

#[test]
fn declares_the_stage_for_athena() {
    let expected = "\
CREATE EXTERNAL TABLE IF NOT EXISTS `clicks`.`stage` (
  `event_id` string,
  `timestamp` timestamp,
  `domain` string,
  `event_type` string,
  `data` string,
  `extra` string,
  `repairs` string
)
PARTITIONED BY (
  `run` string
)
STORED AS PARQUET
LOCATION 's3://lake/stage/events/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.run.type' = 'injected',
  'storage.location.template' = 's3://lake/stage/events/run=${run}/rows'
)";
    let statements = STAGE.statements(Dialect::Athena).unwrap();
    assert_eq!(statements, ["CREATE DATABASE IF NOT EXISTS `clicks`", expected]);
}

#[test]
fn declares_the_stage_for_duckdb_and_for_nobody_who_would_find_nothing() {
    let expected = r#"CREATE OR REPLACE VIEW "clicks"."stage" AS
SELECT "event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs", "run"
FROM read_parquet(
  's3://lake/stage/events/run=*/rows/*/*.parquet',
  hive_partitioning = true,
  hive_types = {'run': VARCHAR}
)"#;
    let statements = STAGE.statements(Dialect::DuckDb).unwrap();
    assert_eq!(statements, [r#"CREATE SCHEMA IF NOT EXISTS "clicks""#, expected]);
    assert_eq!([Dialect::Spark, Dialect::Trino].map(|dialect| STAGE.statements(dialect)), [None, None]);
}

#[test]
fn has_a_type_for_every_column_in_every_dialect() {
    for dialect in Dialect::ALL {
        let names = |columns: Vec<TypedColumn>| columns.into_iter().map(|column| column.name).collect::<Vec<_>>();
        let of = |schema: arrow_schema::SchemaRef| {
            schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(dialect.file_columns()), of(table_schema()));
        assert_eq!(names(dialect.path_columns()), of(partition_schema()));
        assert_eq!(dialect.name().parse(), Ok(dialect));
    }
    assert!("hive".parse::<Dialect>().unwrap_err().contains("athena, spark, duckdb, trino"));
}

/// A piece of a statement, as an engine takes it apart.
#[derive(Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Other(char),
}

/// What a scanner of SQL makes of a statement. `None` when a quote is never closed.
fn tokens(statement: &str, has_backslashes: bool) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = statement.chars().peekable();
    while let Some(opened) = rest.next() {
        if !matches!(opened, '`' | '"' | '\'') {
            tokens.push(Token::Other(opened));
            continue;
        }
        let mut inside = String::new();
        loop {
            match rest.next()? {
                '\\' if has_backslashes && opened == '\'' => inside.push(rest.next()?),
                character if character != opened => inside.push(character),
                _ if rest.peek() == Some(&opened) && !(has_backslashes && opened == '\'') => {
                    inside.push(opened);
                    rest.next();
                }
                _ => break,
            }
        }
        tokens.push(if opened == '\'' { Token::Text(inside) } else { Token::Name(inside) });
    }
    Some(tokens)
}

proptest! {
    #[test]
    fn names_and_places_stay_what_they_are(
        database in r#"[a-z`"'\\; \-é$]{1,8}"#,
        name in r#"[a-z`"'\\; \-é$]{1,8}"#,
        folder in r#"[a-z`"'\\; \-é%]{1,8}"#,
    ) {
        let location = format!("s3://lake/{folder}/");
        let odd = TableDdl { database: &database, table: &name, location: &location, projection: None };
        for dialect in Dialect::ALL {
            let (odd, plain) = (odd.statements(dialect), table(None).statements(dialect));
            prop_assert_eq!(odd.len(), plain.len());
            for (place, (odd, plain)) in odd.iter().zip(&plain).enumerate() {
                // Athena's views are in another dialect than its tables.
                let backslashes = dialect == Dialect::Spark || dialect == Dialect::Athena && place < 3;
                let found = tokens(odd, backslashes);
                let expected = tokens(plain, backslashes).unwrap().into_iter().map(|token| {
                    let put = |text: String| match text.as_str() {
                        "clicks" => database.clone(),
                        "events" => name.clone(),
                        "events_latest" => format!("{name}_latest"),
                        text => text.replace(PLACE, &location),
                    };
                    match token {
                        Token::Name(text) => Token::Name(put(text)),
                        Token::Text(text) => Token::Text(put(text)),
                        other @ Token::Other(_) => other,
                    }
                });
                prop_assert_eq!(found, Some(expected.collect::<Vec<_>>()), "{}", odd);
            }
        }
    }
}
