//! What to try next.

use std::path::Path;

/// Commands for what people do with a table; each works as it stands, but for the bucket's name.
pub(crate) fn steps(folder: &Path) -> String {
    let root = folder.display();
    // As it was called, it can be called again.
    let events = std::env::args().next().unwrap_or_else(|| "events".to_owned());
    format!(
        r#"5. What to try next
   Again, which finds nothing to do; then with more events
     {events} run --root {root}
     {events} generate --out {root}/landing/pending --seed 2 && {events} run --root {root}
   Query it with DuckDB or Polars
     duckdb -c "select domain_event_type, count(*) from read_parquet('{root}/trusted/events/**/*.parquet', hive_partitioning=true) group by 1"
     python3 -c "import polars; print(polars.scan_parquet('{root}/trusted/events', hive_partitioning=True).group_by('year', 'month', 'day').len().collect())"
   Athena, when the zones lie in a bucket ({events} run --root s3://BUCKET)
     CREATE EXTERNAL TABLE events (event_id string, `timestamp` timestamp, domain string, event_type string,
       data string, extra string, repairs string) PARTITIONED BY (domain_event_type string, year int, month int, day int)
       STORED AS PARQUET LOCATION 's3://BUCKET/trusted/events/'   and then   MSCK REPAIR TABLE events
"#
    )
}
