//! What `events runs`, `events report` and `events trace` are to show.

use std::collections::HashSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use events_core::config::Config;
use events_core::event::EventId;
use events_core::run::{DateRange, RunId};
use events_stores::ZoneUrls;

use super::{job, zones};
use crate::error::{Error, Result};
use crate::options::{ReportOptions, RunsOptions, TraceOptions};

/// How many runs people are shown when they do not say.
const RUNS_SHOWN: u32 = 20;

/// The history of a table.
#[derive(Debug, Clone)]
pub(crate) struct RunsSettings {
    pub(crate) zones: ZoneUrls,
    pub(crate) last: usize,
}

/// A page about runs.
#[derive(Debug, Clone)]
pub(crate) struct ReportSettings {
    pub(crate) zones: ZoneUrls,
    pub(crate) html: PathBuf,
    pub(crate) runs: ReportedRuns,
    pub(crate) show_values: bool,
    /// What the page calls now.
    pub(crate) made: DateTime<Utc>,
}

/// Which runs a page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportedRuns {
    Last(usize),
    Named(RunId),
}

/// Where events come from.
#[derive(Debug, Clone)]
pub(crate) struct TraceSettings {
    pub(crate) zones: ZoneUrls,
    pub(crate) ids: Vec<String>,
    pub(crate) dates: Option<DateRange>,
    pub(crate) config: Config,
}

pub(super) fn resolve_runs(options: RunsOptions) -> Result<RunsSettings> {
    let RunsOptions { zones, last } = options;
    Ok(RunsSettings { zones: zones::resolve_trusted(zones)?, last: count(last, RUNS_SHOWN) })
}

pub(super) fn resolve_report(options: ReportOptions, made: DateTime<Utc>) -> Result<ReportSettings> {
    let ReportOptions { zones, html, last, run, show_values } = options;
    let none = || missing("no file to write: name it with --html, such as --html report.html");
    Ok(ReportSettings {
        zones: zones::resolve(&zones)?,
        html: html.ok_or_else(none)?,
        runs: run.map_or_else(|| ReportedRuns::Last(count(last, 1)), ReportedRuns::Named),
        show_values: show_values.unwrap_or_default(),
        made,
    })
}

pub(super) fn resolve_trace(options: TraceOptions) -> Result<TraceSettings> {
    let TraceOptions { ids, zones, days_read, read, engine } = options;
    if ids.is_empty() {
        return Err(missing("no event to trace: name one or more by their `event_id`"));
    }
    // However it is spelled, an event is told of once.
    let mut seen = HashSet::new();
    let ids = ids.into_iter().filter(|id| seen.insert(EventId::new(id.into()).to_string())).collect();
    let config = job::resolve_reading(&read, &engine);
    Ok(TraceSettings { zones: zones::resolve(&zones)?, ids, dates: days_read, config })
}

fn count(asked: Option<u32>, default: u32) -> usize {
    usize::try_from(asked.unwrap_or(default)).unwrap_or(usize::MAX)
}

fn missing(problem: &str) -> Error {
    Error::Missing { problem: problem.to_owned() }
}
