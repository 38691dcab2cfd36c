//! What a run is told by whoever starts it.

use chrono::NaiveDate;

use super::layout::RunId;

/// What makes a run this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name, new for each run.
    pub run: RunId,
    /// The day under which inputs and rejects are filed.
    pub date: NaiveDate,
}
