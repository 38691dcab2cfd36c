//! A figure counts only for a run that did its work.

use events_cli::generate::Expected;

use crate::case::Case;
use crate::error::{Error, Result};
use crate::floor::FloorRun;
use crate::job::JobRun;

/// Holds the counts of a run and of its floor against those of the generator, which owes nothing to the code measured.
pub(crate) fn check(case: Case, expected: &Expected, job: &JobRun, floor: &FloorRun) -> Result<()> {
    let counts = [
        ("bytes read", expected.stored_bytes, job.bytes),
        ("events", expected.records, job.events),
        ("rejects", expected.damaged_total, job.rejects),
        ("rows", expected.rows, job.rows),
        ("partitions", expected.partitions, job.partitions),
        ("files in the floor", job.files, floor.files),
        ("rows in the floor", job.rows, floor.rows),
    ];
    // Equal rows give equal bytes, which proves that job and floor have encoded the same with the same settings. In a
    // partition of several files the first is sized for the rows of all.
    let bytes = (job.files == job.partitions).then_some(("bytes in the floor", job.output_bytes, floor.bytes));
    match counts.into_iter().chain(bytes).find(|(_, expected, actual)| expected != actual) {
        Some((what, expected, actual)) => Err(Error::Mismatch { case: case.name(), what, expected, actual }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest input, and a run over it that did everything right.
    fn right() -> (Expected, JobRun, FloorRun) {
        let folder = tempfile::tempdir().unwrap();
        let config = Case::Seed.check_config();
        let expected = events_cli::generate::generate(&config, folder.path(), &mut |_| ()).unwrap();
        let (rows, partitions) = (expected.rows, expected.partitions);
        let job = JobRun {
            wall_ms: 1.0,
            cpu_ms: None,
            rss_peak_bytes: None,
            bytes: expected.stored_bytes,
            events: expected.records,
            rows,
            rejects: 0,
            partitions,
            files: partitions,
            output_bytes: 7,
            phases: Vec::new(),
        };
        let floor =
            FloorRun { wall_ms: 1.0, thread_ms: 1.0, floor_ms: 1.0, cpu_ms: None, files: partitions, rows, bytes: 7 };
        (expected, job, floor)
    }

    #[test]
    fn accepts_what_was_generated() {
        let (expected, job, floor) = right();
        check(Case::Seed, &expected, &job, &floor).unwrap();
    }

    #[test]
    fn names_the_count_that_is_wrong() {
        let (expected, job, floor) = right();
        let problem = |job, floor| check(Case::Seed, &expected, job, floor).unwrap_err().to_string();
        let rows = expected.rows;
        let fewer = JobRun { rows: rows - 1, ..job.clone() };
        assert_eq!(problem(&fewer, &floor), format!("rows of case `seed`: {} where {rows} must be", rows - 1));
        let other = FloorRun { bytes: 8, ..floor.clone() };
        assert_eq!(problem(&job, &other), "bytes in the floor of case `seed`: 8 where 7 must be");
    }
}
