//! What `events plan` is to do, and what a plan says to `events run`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::job::{self, JobSettings, Task};
use crate::error::{Error, Result};
use crate::options::{EngineOptions, PlanOptions, ReadOptions, StartOptions, TableOptions, ZoneOptions};
use crate::plan_file::{self, PlannedZones};

/// A run that is only planned.
#[derive(Debug, Clone)]
pub(crate) struct PlanSettings {
    pub(crate) job: JobSettings,
    /// Where the plan is saved.
    pub(crate) out: Option<PathBuf>,
}

pub(super) fn resolve(options: PlanOptions, now: DateTime<Utc>) -> Result<PlanSettings> {
    let PlanOptions { zones, start, table, read, engine, plan_out } = options;
    let config = job::resolve_config(&table, &read, &engine);
    Ok(PlanSettings { job: job::resolve(Task::Run, &zones, start, config, engine, now)?, out: plan_out })
}

/// A run as it was planned. What is set otherwise is refused: zones, name and day here, settings before the run begins.
///
/// # Errors
/// [`Error::Plan`] for a file that is no plan, and for one of another run.
pub(super) fn resolve_run(
    file: &Path,
    zones: ZoneOptions,
    mut start: StartOptions,
    table: &TableOptions,
    read: &ReadOptions,
    engine: EngineOptions,
    now: DateTime<Utc>,
) -> Result<JobSettings> {
    let planned = plan_file::read(file)?;
    let refused = |what: &str, planned: &str, set: &str| Error::Plan {
        path: file.to_owned(),
        problem: format!("is for the {what} `{planned}`, and not for `{set}`"),
    };
    if let Some(date) = start.date.filter(|date| *date != planned.date) {
        return Err(refused("day", &planned.date.to_string(), &date.to_string()));
    }
    if let Some(run) = start.attempt.run_id.as_ref().filter(|run| **run != planned.run) {
        return Err(refused("run", planned.run.as_str(), run.as_str()));
    }
    (start.date, start.attempt.run_id) = (Some(planned.date), Some(planned.run));
    let is_named = [&zones.root, &zones.landing, &zones.stage, &zones.trusted].iter().any(|zone| zone.is_some());
    let zones = if is_named { zones } else { planned.zones.options() };
    let config = job::resolve_config_over(&planned.expected.config, table, read, &engine);
    let settings = job::resolve(Task::Run, &zones, start, config, engine, now)?;
    let named = PlannedZones::of(&settings.zones)?;
    for ((what, planned), (_, set)) in planned.zones.each().into_iter().zip(named.each()) {
        if planned != set {
            return Err(refused(what, planned, set));
        }
    }
    Ok(JobSettings { expected: Some(planned.expected), ..settings })
}
