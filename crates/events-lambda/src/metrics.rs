//! What is counted of a run: a line of the [embedded metric format][format] in the log.
//!
//! [format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use events_core::run::{Phase, Report};
use serde_json::{Map, Value, json};
use tracing::warn;

use crate::error::Error;

const NAMESPACE: &str = "EventDistributor";
const DIMENSION: &str = "FunctionName";

const COUNT: &str = "Count";
const BYTES: &str = "Bytes";
const MILLISECONDS: &str = "Milliseconds";

/// How a run went.
pub(crate) struct Outcome<'a> {
    pub(crate) function: &'a str,
    /// The URL of the trusted zone.
    pub(crate) table: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) elapsed: Duration,
    /// Requests to stores, when somebody has counted them.
    pub(crate) requests: Option<u64>,
    pub(crate) result: Result<&'a Report, &'a Error>,
}

/// A name, a unit and a value.
type Metric = (&'static str, &'static str, u64);

impl Outcome<'_> {
    /// Writes the line, past the log's own lines, which would put it into a field. A function without a name has no metrics.
    pub(crate) fn emit(&self, now: SystemTime) {
        if self.function.is_empty() {
            return;
        }
        let line = format!("{}\n", self.line(now));
        if let Err(error) = io::stdout().lock().write_all(line.as_bytes()) {
            warn!(%error, "the metrics of the run are lost");
        }
    }

    fn line(&self, now: SystemTime) -> Value {
        let metrics = self.metrics();
        let defined: Vec<_> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let timestamp_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": timestamp_ms,
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": defined}],
            }),
        );
        line.insert(DIMENSION.to_owned(), self.function.into());
        // What is no metric can be searched for in the log.
        line.insert("Table".to_owned(), self.table.into());
        line.insert("RequestId".to_owned(), self.request_id.into());
        match self.result {
            Ok(report) => {
                line.insert("Run".to_owned(), report.run.as_str().into());
                line.insert("Job".to_owned(), json!(report.job));
            }
            Err(error) => {
                line.insert("ErrorType".to_owned(), error.type_name().into());
            }
        }
        line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), value.into())));
        line.into()
    }

    fn metrics(&self) -> Vec<Metric> {
        let is_busy = self.result.is_err_and(Error::is_busy);
        let mut metrics = vec![
            ("RunsFailed", COUNT, u64::from(self.result.is_err() && !is_busy)),
            ("RunsBusy", COUNT, u64::from(is_busy)),
            ("Duration", MILLISECONDS, self.elapsed.as_millis() as u64),
        ];
        metrics.extend(self.requests.map(|requests| ("Requests", COUNT, requests)));
        if let Ok(report) = self.result {
            metrics.extend(of_report(report));
        }
        metrics
    }
}

fn of_report(report: &Report) -> impl Iterator<Item = Metric> {
    let (totals, partitions) = (&report.totals, &report.partitions);
    let counts = [
        ("Inputs", COUNT, report.inputs.len() as u64),
        ("InputsLeft", COUNT, report.left as u64),
        ("BytesRead", BYTES, totals.bytes),
        ("Records", COUNT, totals.records),
        ("Events", COUNT, totals.events),
        ("Repaired", COUNT, totals.repaired),
        ("Rows", COUNT, totals.rows),
        ("Duplicates", COUNT, totals.duplicates_total()),
        ("Superseded", COUNT, report.superseded),
        ("Rejects", COUNT, totals.rejects_total()),
        ("Partitions", COUNT, partitions.len() as u64),
        ("Files", COUNT, partitions.iter().map(|partition| partition.files).sum()),
        ("BytesWritten", BYTES, partitions.iter().map(|partition| partition.bytes).sum()),
    ];
    // A phase that a commit repeats for each of several recovered ones would be defined twice.
    let phases = Phase::ALL.into_iter().filter_map(|phase| {
        let mut parts = report.elapsed.iter().filter(|part| part.phase == phase).peekable();
        parts.peek()?;
        Some((duration_name(phase), MILLISECONDS, parts.map(|part| part.elapsed_ms).sum()))
    });
    counts.into_iter().chain(phases)
}

fn duration_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Plan => "PlanDuration",
        Phase::Parse => "ParseDuration",
        Phase::Deduplicate => "DeduplicateDuration",
        Phase::Write => "WriteDuration",
        Phase::Publish => "PublishDuration",
        Phase::Move => "MoveDuration",
        Phase::Erase => "EraseDuration",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use events_core::run::PhaseReport;

    use super::*;
    use crate::response::tests::report;

    fn line(result: Result<&Report, &Error>, requests: Option<u64>) -> Value {
        let elapsed = Duration::from_millis(1500);
        let outcome = Outcome { function: "events", table: "s3://lake", request_id: "id", elapsed, requests, result };
        outcome.line(UNIX_EPOCH + Duration::from_secs(2))
    }

    /// What the specification asks for, and the values by name.
    fn check(line: &Value) -> BTreeSet<String> {
        assert_eq!(line["_aws"]["Timestamp"], 2000);
        let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!() };
        assert_eq!(directive["Namespace"], "EventDistributor");
        for dimension in directive["Dimensions"][0].as_array().unwrap() {
            assert!(!line[dimension.as_str().unwrap()].as_str().unwrap().is_empty());
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        let names: BTreeSet<_> = metrics.iter().map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names.len(), metrics.len(), "a name is defined twice");
        for metric in metrics {
            assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
            assert!(["Count", "Bytes", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()));
        }
        names
    }

    #[test]
    fn counts_what_a_run_did() {
        let mut report = report(2, 3);
        report.left = 5;
        let phase = |phase, elapsed_ms| PhaseReport { phase, elapsed_ms, threads_ms: BTreeMap::new() };
        report.elapsed = vec![phase(Phase::Plan, 1), phase(Phase::Move, 2), phase(Phase::Move, 3)];
        let line = line(Ok(&report), Some(17));
        let names = check(&line);
        assert!(names.contains("PlanDuration") && !names.contains("ParseDuration"));
        let values =
            ["Inputs", "InputsLeft", "Partitions", "Files", "MoveDuration", "Requests", "Duration", "RunsFailed"];
        assert_eq!(values.map(|name| line[name].as_u64().unwrap()), [2, 5, 3, 3, 5, 17, 1500, 0]);
        assert_eq!((&line["FunctionName"], &line["Job"]), (&json!("events"), &json!("run")));
    }

    #[test]
    fn tells_a_failure_from_a_busy_table() {
        let (failed, busy) = (
            line(Err(&Error::TimeLimit), None),
            line(Err(&Error::Stores(events_stores::Error::Busy { table: "table".to_owned() })), None),
        );
        assert!(!check(&failed).contains("Requests") && !check(&busy).contains("Inputs"));
        assert_eq!(
            (&failed["RunsFailed"], &failed["RunsBusy"], &failed["ErrorType"]),
            (&json!(1), &json!(0), &json!("TimeLimit"))
        );
        assert_eq!((&busy["RunsFailed"], &busy["RunsBusy"]), (&json!(0), &json!(1)));
    }
}
