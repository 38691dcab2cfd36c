//! What a run is told by whoever starts it.

use chrono::NaiveDate;

use super::layout::RunId;
use crate::error::Result;

/// What makes a run this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name, new for each run.
    pub run: RunId,
    /// The day under which inputs and rejects are filed.
    pub date: NaiveDate,
}

impl Start {
    /// That of a look, which files nothing and leaves nothing under its name.
    pub(crate) fn of_a_look() -> Result<Self> {
        Ok(Self { run: "look".parse()?, date: NaiveDate::default() })
    }
}
