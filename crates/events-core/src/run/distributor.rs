//! The job.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use super::layout::RunId;
use super::plan::Plan;
use super::progress::Progress;
use super::report::Report;
use super::stop::Cancel;
use super::zone::Zones;
use crate::config::Config;
use crate::error::Result;

/// What makes a run this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name, new for each run.
    pub run: RunId,
    /// The day under which inputs and rejects are filed.
    pub date: NaiveDate,
}

/// Carries out runs on a table.
pub struct Distributor {}

impl Distributor {
    /// A distributor of a table. `scratch` is an existing local folder for what memory has no room for.
    ///
    /// # Errors
    /// [`crate::error::Error::Setting`] for a setting that cannot be.
    pub fn new(_zones: Zones, _scratch: PathBuf, _config: Config) -> Result<Self> {
        unimplemented!()
    }
    /// The time since some moment, for the durations in reports.
    #[must_use]
    pub fn with_clock(self, _clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        unimplemented!()
    }
    /// The switch that stops runs.
    #[must_use]
    pub fn with_cancel(self, _cancel: Cancel) -> Self {
        unimplemented!()
    }
    /// The counters to keep.
    #[must_use]
    pub fn with_progress(self, _progress: Arc<Progress>) -> Self {
        unimplemented!()
    }
    /// What [`Distributor::run`] would do now. Touches nothing.
    pub async fn plan(&self) -> Result<Plan> {
        unimplemented!()
    }
    /// Pending inputs to the table.
    pub async fn run(&self, _start: &Start) -> Result<Report> {
        unimplemented!()
    }
    /// Pending inputs to the stage zone.
    pub async fn parse(&self, _start: &Start) -> Result<Report> {
        unimplemented!()
    }
    /// The stage zone to the table.
    pub async fn distribute(&self, _start: &Start) -> Result<Report> {
        unimplemented!()
    }
}
