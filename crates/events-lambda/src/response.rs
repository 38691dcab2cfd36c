//! The answer to an invocation.

use std::collections::BTreeMap;

use events_core::run::Report;
use serde::Serialize;

use crate::request::{BatchAnswer, Notices};
use crate::shared::{Planned, Worked};

/// The longest list in an answer. Entries stay below 3 kB, and Lambda takes answers of 6 MB.
const ENTRIES_MAX: usize = 1000;

/// The answer to an invocation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// There was a run.
    Done(Box<Done>),
    /// There is a plan for a run that many invocations share.
    Planned(Planned),
    /// An item of such a run is done.
    Worked(Worked),
    /// There was nothing to run for.
    Ignored(Ignored),
    /// To messages of a queue.
    Batch(BatchAnswer),
}

/// Notifications of which none is about an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// What they are about.
    pub notices: Notices,
}

/// A run's report, short enough for Lambda and without excerpts of records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// The report. A list that was too long is empty; the totals are of everything.
    #[serde(flatten)]
    pub report: Report,
    /// What the notifications were about that asked for the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notices: Option<Notices>,
    /// The lengths of the lists that were left out, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub omitted: BTreeMap<&'static str, usize>,
}

impl Done {
    /// The totals alone, because a state machine takes no answer above 256 KiB.
    pub(crate) fn totals_of(mut report: Report) -> Self {
        let (inputs, partitions) = (std::mem::take(&mut report.inputs), std::mem::take(&mut report.partitions));
        report.repairs = Vec::new();
        let omitted = BTreeMap::from([("inputs", inputs.len()), ("partitions", partitions.len())]);
        Self { report, notices: None, omitted }
    }

    pub(crate) fn of(mut report: Report, notices: Option<Notices>) -> Self {
        let mut omitted = BTreeMap::new();
        // Their excerpts are content of records, and answers end in logs and histories of executions.
        report.repairs = Vec::new();
        if report.inputs.len() > ENTRIES_MAX {
            omitted.insert("inputs", std::mem::take(&mut report.inputs).len());
        }
        if report.refused.len() > ENTRIES_MAX {
            omitted.insert("refused", std::mem::take(&mut report.refused).len());
        }
        if report.partitions.len() > ENTRIES_MAX {
            omitted.insert("partitions", std::mem::take(&mut report.partitions).len());
        }
        Self { report, notices, omitted }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use events_core::run::{Counts, InputReport, Job, PartitionReport, REPORT_VERSION};
    use serde_json::{Value, json};

    use super::*;

    /// The longest key that S3 has.
    const KEY_BYTES_MAX: usize = 1024;

    pub(crate) fn report(inputs: usize, partitions: usize) -> Report {
        let counts = Counts { bytes: u64::MAX, records: u64::MAX, ..Counts::default() };
        let path = "p".repeat(KEY_BYTES_MAX);
        Report {
            version: REPORT_VERSION,
            run: "r".parse().unwrap(),
            job: Job::Run,
            date: "2026-11-23".parse().unwrap(),
            commit: Some(1),
            recovered: Vec::new(),
            superseded: 0,
            doubled: 0,
            files_emptied: 0,
            left: 0,
            totals: counts.clone(),
            repairs: Vec::new(),
            inputs: vec![InputReport { key: path.clone(), counts }; inputs],
            refused: Vec::new(),
            partitions: vec![PartitionReport { path, rows: 1, bytes: 1, files: 1 }; partitions],
            elapsed: Vec::new(),
        }
    }

    fn json_of(report: Report) -> Value {
        serde_json::to_value(Done::of(report, None)).unwrap()
    }

    #[test]
    fn is_the_report_when_its_lists_are_short() {
        let report = report(ENTRIES_MAX, ENTRIES_MAX);
        assert_eq!(json_of(report.clone()), serde_json::to_value(&report).unwrap());
    }

    #[test]
    fn leaves_out_a_list_that_is_too_long_and_says_so() {
        let response = json_of(report(ENTRIES_MAX + 1, 2));
        assert_eq!(response["omitted"], json!({"inputs": ENTRIES_MAX + 1}));
        assert_eq!(response["inputs"], json!([]));
        assert_eq!(response["partitions"].as_array().unwrap().len(), 2);
        assert_eq!(json_of(report(0, ENTRIES_MAX + 1))["omitted"], json!({"partitions": ENTRIES_MAX + 1}));
    }

    #[test]
    fn fits_the_limit_of_lambda() {
        let longest = serde_json::to_vec(&Done::of(report(ENTRIES_MAX, ENTRIES_MAX), None)).unwrap();
        assert!(longest.len() < 6_000_000, "{}", longest.len());
    }
}
