//! The answer to an invocation.

use std::collections::BTreeMap;

use events_core::run::{RefusedKey, Report, RunId, WorkItem, WorkPhase};
use serde::Serialize;

use crate::request::{BatchAnswer, Notices};

/// The most bytes that the lists of an answer take: Step Functions hands no more than 256 KiB from state to state.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const LISTS_BYTES_MAX: usize = 200_000;

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
    /// The report. Where its lists were too long the longest are empty; the totals are of everything.
    #[serde(flatten)]
    pub report: Report,
    /// What the notifications were about that asked for the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notices: Option<Notices>,
    /// The lengths of the lists that were left out, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub omitted: BTreeMap<&'static str, usize>,
}

/// The answer to `prepare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The run.
    pub run: RunId,
    /// How many inputs it has; with none, nothing is to be done.
    pub inputs: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// How many inputs are left for another run.
    pub left: u64,
    /// What is pending under names that no run can ask for, and stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedKey>,
    /// How many items each phase has, in the order of the phases.
    pub items: BTreeMap<WorkPhase, u32>,
    /// Where the lists of the items are. None where no bucket is the stage zone, and when nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<Lists>,
}

/// Lists of items as the item reader of a distributed map wants them: each an object with an array of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lists {
    /// The bucket of the stage zone.
    pub bucket: String,
    /// By phase: the key of its list.
    pub keys: BTreeMap<WorkPhase, String>,
}

/// The answer to `work`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worked {
    /// The run.
    pub run: RunId,
    /// The item.
    pub item: WorkItem,
    /// Whether it had been done before.
    pub again: bool,
    /// What the run did, once it is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Done>>,
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
        // Their excerpts are content of records, and answers end in logs and histories of executions.
        report.repairs = Vec::new();
        let mut lists = [
            (bytes(&report.inputs), "inputs"),
            (bytes(&report.partitions), "partitions"),
            (bytes(&report.refused), "refused"),
        ];
        lists.sort_unstable();
        let (mut omitted, mut sum) = (BTreeMap::new(), 0);
        for (bytes, name) in lists {
            sum += bytes;
            if sum > LISTS_BYTES_MAX {
                let entries = match name {
                    "inputs" => std::mem::take(&mut report.inputs).len(),
                    "partitions" => std::mem::take(&mut report.partitions).len(),
                    _ => std::mem::take(&mut report.refused).len(),
                };
                omitted.insert(name, entries);
            }
        }
        Self { report, notices, omitted }
    }
}

/// How long a list is in an answer.
fn bytes(list: &impl Serialize) -> usize {
    // A list that could not be written would be no answer: it is left out.
    serde_json::to_vec(list).map_or(usize::MAX / 4, |json| json.len())
}

#[cfg(test)]
pub(crate) mod tests {
    use events_core::run::REPORT_VERSION;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The longest key that S3 has.
    const KEY_BYTES_MAX: usize = 1024;

    pub(crate) fn report(inputs: usize, partitions: usize) -> Report {
        let path = "p".repeat(KEY_BYTES_MAX);
        let mut counts = json!({
            "bytes": u64::MAX, "text_bytes": 0, "records": u64::MAX, "events": 0, "rows": 0, "duplicates": {}, "rejects": {},
        });
        let totals = counts.clone();
        counts["key"] = path.clone().into();
        let partition = json!({ "path": path, "rows": 1, "bytes": 1, "files": 1 });
        let report = json!({
            "version": REPORT_VERSION, "run": "r", "job": "run", "date": "2026-11-23", "commit": 1, "totals": totals,
            "inputs": vec![counts; inputs], "partitions": vec![partition; partitions], "elapsed": [],
        });
        serde_json::from_value(report).unwrap()
    }

    fn json_of(report: Report) -> Value {
        serde_json::to_value(Done::of(report, None)).unwrap()
    }

    #[test]
    fn is_the_report_when_its_lists_are_short() {
        let report = report(50, 50);
        assert_eq!(json_of(report.clone()), serde_json::to_value(&report).unwrap());
    }

    #[test]
    fn leaves_out_lists_that_are_too_long_and_says_so() {
        let response = json_of(report(1001, 2));
        assert_eq!(response["omitted"], json!({"inputs": 1001}));
        assert_eq!(response["inputs"], json!([]));
        assert_eq!(response["partitions"].as_array().unwrap().len(), 2);
        assert_eq!(json_of(report(0, 1001))["omitted"], json!({"partitions": 1001}));
        // The shortest are kept.
        assert_eq!(json_of(report(100, 150))["omitted"], json!({"partitions": 150}));
        assert_eq!(json_of(report(1000, 1000))["omitted"], json!({"inputs": 1000, "partitions": 1000}));
    }

    proptest! {
        #[test]
        fn fits_into_the_state_of_a_workflow(inputs in 0_usize..300, partitions in 0_usize..300) {
            let answer = serde_json::to_vec(&Done::of(report(inputs, partitions), None)).unwrap();
            prop_assert!(answer.len() < 256 * 1024, "{}", answer.len());
        }
    }
}
