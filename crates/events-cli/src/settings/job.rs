//! What a run is to do.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use chrono::{DateTime, Utc};
use events_catalog::TableName;
use events_core::config::Config;
use events_core::run::{DateRange, Expected, Job, RejectFilter, RunId, Split, Start, WorkItem};
use events_stores::ZoneUrls;

use super::{catalog, plan, quarantine, read, zones};
use crate::error::{Error, Result};
use crate::options::{
    AttemptOptions, DistributeOptions, DryRunOptions, Durability, EngineOptions, HorizonOptions, MaintainOptions,
    ParseOptions, PrepareOptions, ReadOptions, RebuildOptions, ReprocessOptions, RetryOptions, RunOptions,
    StartOptions, TableOptions, WorkOptions, ZoneOptions,
};

/// The least memory of a run, whatever its threads.
const MEMORY_BYTES_MIN: usize = 64 << 20;
/// What a thread needs to work without waiting for scratch files.
const MEMORY_BYTES_A_THREAD: usize = 32 << 20;

/// A job, and all that it needs to know.
#[derive(Debug, Clone)]
pub(crate) struct JobSettings {
    pub(crate) task: Task,
    pub(crate) zones: ZoneUrls,
    pub(crate) start: Start,
    pub(crate) config: Config,
    /// Where the folder for scratch files is made; the system knows a place when this does not.
    pub(crate) scratch: Option<PathBuf>,
    pub(crate) dry_run: bool,
    /// People are told what threads did.
    pub(crate) profile: bool,
    /// What the run is to find and to decide, or else to do nothing.
    pub(crate) expected: Option<Expected>,
    /// How long to wait for another run to end.
    pub(crate) wait: Duration,
    /// How long a commit in which rows move waits for readers that are under way.
    pub(crate) reader_grace: Duration,
    /// Nobody else writes to the table, whatever its store can do.
    pub(crate) single_writer: bool,
    /// What writes to local zones wait for.
    pub(crate) durability: Durability,
    /// The table in the catalog that is told of each commit.
    pub(crate) catalog: Option<TableName>,
}

/// A run over several processes, and this one's part of it.
#[derive(Debug, Clone)]
pub(crate) struct WorkSettings {
    pub(crate) task: WorkTask,
    pub(crate) job: JobSettings,
}

/// What a process does for a run over several.
#[derive(Debug, Clone)]
pub(crate) enum WorkTask {
    Prepare(Split),
    /// One item, or all that are left, under a name that no other process has.
    Work {
        item: Option<WorkItem>,
        worker: RunId,
    },
}

/// What a job is to do, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    /// Those rejects once more.
    Retry(RejectFilter),
    /// The inputs of those days once more.
    Reprocess(DateRange),
    Compact,
    Rebuild,
    Parse,
    Distribute,
}

impl Task {
    /// The job as reports name it.
    pub(crate) fn job(&self) -> Job {
        match self {
            Self::Run => Job::Run,
            Self::Retry(_) => Job::Retry,
            Self::Reprocess(_) => Job::Reprocess,
            Self::Compact => Job::Compact,
            Self::Rebuild => Job::Rebuild,
            Self::Parse => Job::Parse,
            Self::Distribute => Job::Distribute,
        }
    }
}

pub(super) fn resolve_run(options: RunOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let RunOptions { zones, start, table, read, engine, dry, plan_file } = options;
    if let Some(file) = plan_file {
        if is_dry(&dry) {
            let problem = "a planned run is shown by `events plan`: --dry-run is not for --plan";
            return Err(Error::Missing { problem: problem.to_owned() });
        }
        return plan::resolve_run(&file, zones, start, &table, &read, engine, now);
    }
    let config = resolve_config(&table, &read, &engine);
    Ok(JobSettings { dry_run: is_dry(&dry), ..resolve(Task::Run, &zones, start, config, engine, now)? })
}

pub(super) fn resolve_parse(options: ParseOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let ParseOptions { zones, start, read, engine, dry } = options;
    let config = resolve_config(&TableOptions::default(), &read, &engine);
    Ok(JobSettings { dry_run: is_dry(&dry), ..resolve(Task::Parse, &zones, start, config, engine, now)? })
}

pub(super) fn resolve_distribute(options: DistributeOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let DistributeOptions { zones, start, table, engine } = options;
    let config = resolve_config(&table, &ReadOptions::default(), &engine);
    resolve(Task::Distribute, &zones, start, config, engine, now)
}

pub(super) fn resolve_prepare(options: PrepareOptions, now: DateTime<Utc>) -> Result<WorkSettings> {
    let PrepareOptions { zones, start, item_size, input_max, table, read, engine } = options;
    let config = resolve_config(&table, &read, &engine);
    let split = Split { item_bytes: item_size.map(|size| size.0), input_bytes_max: input_max.map(|size| size.0) };
    Ok(WorkSettings { task: WorkTask::Prepare(split), job: resolve(Task::Run, &zones, start, config, engine, now)? })
}

pub(super) fn resolve_work(options: WorkOptions, now: DateTime<Utc>) -> Result<WorkSettings> {
    let WorkOptions { zones, attempt, item, engine } = options;
    if attempt.run_id.is_none() {
        let problem = "no run to work on: name the one that `events prepare` has printed with --run-id";
        return Err(Error::Missing { problem: problem.to_owned() });
    }
    let config = resolve_config(&TableOptions::default(), &ReadOptions::default(), &engine);
    let task = WorkTask::Work { item, worker: new_run_id(now) };
    let job = resolve(Task::Run, &zones, StartOptions { date: None, attempt }, config, engine, now)?;
    Ok(WorkSettings { task, job })
}

pub(super) fn resolve_retry(options: RetryOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let RetryOptions { zones, filter, start, table, read, engine } = options;
    let config = resolve_config(&table, &read, &engine);
    resolve(Task::Retry(quarantine::resolve_filter(filter)), &zones, start, config, engine, now)
}

pub(super) fn resolve_reprocess(options: ReprocessOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let ReprocessOptions { zones, days_read, attempt, table, read, engine } = options;
    let Some(days) = days_read else {
        let problem = "no days to read again: name them with --date, such as 2026-01-31 or 2026-01-01..2026-01-31";
        return Err(Error::Missing { problem: problem.to_owned() });
    };
    let config = resolve_config(&table, &read, &engine);
    resolve(Task::Reprocess(days), &zones, StartOptions { date: None, attempt }, config, engine, now)
}

pub(super) fn resolve_compact(options: MaintainOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    resolve_maintenance(Task::Compact, options, HorizonOptions::default(), now)
}

pub(super) fn resolve_rebuild(options: RebuildOptions, now: DateTime<Utc>) -> Result<JobSettings> {
    let RebuildOptions { maintain, horizon } = options;
    resolve_maintenance(Task::Rebuild, maintain, horizon, now)
}

fn resolve_maintenance(
    task: Task,
    options: MaintainOptions,
    horizon: HorizonOptions,
    now: DateTime<Utc>,
) -> Result<JobSettings> {
    let MaintainOptions { zones, attempt, files, engine } = options;
    let table = TableOptions { files, horizon, ..TableOptions::default() };
    let config = resolve_config(&table, &ReadOptions::default(), &engine);
    resolve(task, &zones, StartOptions { date: None, attempt }, config, engine, now)
}

/// The job of a demo, the same for everybody: nothing of it is an option.
pub(super) fn resolve_demo(root: String, now: DateTime<Utc>) -> Result<JobSettings> {
    let zones = ZoneOptions { root: Some(root), ..ZoneOptions::default() };
    let engine = EngineOptions::default();
    let config = resolve_config(&TableOptions::default(), &ReadOptions::default(), &engine);
    resolve(Task::Run, &zones, StartOptions::default(), config, engine, now)
}

pub(super) fn resolve(
    task: Task,
    zones: &ZoneOptions,
    start: StartOptions,
    config: Config,
    engine: EngineOptions,
    now: DateTime<Utc>,
) -> Result<JobSettings> {
    let StartOptions { date, attempt } = start;
    let AttemptOptions { run_id, wait, reader_grace, unsafe_single_writer, durability, glue } = attempt;
    Ok(JobSettings {
        task,
        zones: zones::resolve(zones)?,
        wait: Duration::from_secs(wait.unwrap_or_default()),
        reader_grace: reader_grace.map_or(Duration::ZERO, |seconds| seconds.0),
        single_writer: unsafe_single_writer.unwrap_or_default(),
        durability: durability.unwrap_or_default(),
        catalog: catalog::resolve_name(glue)?,
        start: Start { run: run_id.unwrap_or_else(|| new_run_id(now)), date: date.unwrap_or_else(|| now.date_naive()) },
        config,
        profile: engine.profile.unwrap_or_default(),
        scratch: engine.scratch,
        dry_run: false,
        expected: None,
    })
}

fn is_dry(dry: &DryRunOptions) -> bool {
    dry.dry_run.unwrap_or_default()
}

/// The configuration of a command that only reads inputs.
pub(super) fn resolve_reading(read: &ReadOptions, engine: &EngineOptions) -> Config {
    resolve_config(&TableOptions::default(), read, engine)
}

pub(super) fn resolve_config(table: &TableOptions, read: &ReadOptions, engine: &EngineOptions) -> Config {
    resolve_config_over(&Config::default(), table, read, engine)
}

/// The configuration that was given, and where nothing was, that of `base`.
pub(super) fn resolve_config_over(
    base: &Config,
    table: &TableOptions,
    read: &ReadOptions,
    engine: &EngineOptions,
) -> Config {
    let Config { threads, memory_bytes, .. } = resolve_engine(engine);
    let config = Config {
        threads,
        memory_bytes,
        compression: table.files.compression.unwrap_or(base.compression),
        dedup_horizon_days: table.horizon.dedup_horizon.or(base.dedup_horizon_days),
        fold_below_bytes: table.fold_below.map_or(base.fold_below_bytes, |size| size.0),
        partitions_max: table.partitions_max.unwrap_or(base.partitions_max),
        ..base.clone()
    };
    read::resolve(read.repair, &read.limits, &config)
}

/// Sorts by time, and two runs of one second differ with near certainty.
pub(super) fn new_run_id(now: DateTime<Utc>) -> RunId {
    // The standard library's only source of chance: the keys that it draws for each new state.
    let chance = RandomState::new().hash_one(now) as u32;
    let name = format!("{}-{chance:08x}", now.format("%Y%m%dT%H%M%SZ"));
    name.parse().expect("digits, letters and hyphens are the name of a run")
}

pub(super) fn resolve_engine(options: &EngineOptions) -> Config {
    let threads =
        options.threads.unwrap_or_else(|| available_parallelism().map_or(Config::DEFAULT_THREADS, usize::from));
    let memory = options.memory.map(|memory| usize::try_from(memory.0).unwrap_or(usize::MAX));
    let default_memory = MEMORY_BYTES_MIN.max(MEMORY_BYTES_A_THREAD.saturating_mul(threads));
    Config { threads, memory_bytes: memory.unwrap_or(default_memory), ..Config::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    #[test]
    fn gives_each_thread_memory() {
        let memory = |threads, memory: Option<&str>| {
            let memory = memory.map(|text| text.parse::<Size>().unwrap());
            resolve_engine(&EngineOptions { threads: Some(threads), memory, ..EngineOptions::default() }).memory_bytes
        };
        assert_eq!(memory(1, None), 64 << 20);
        assert_eq!(memory(8, None), 256 << 20);
        assert_eq!(memory(8, Some("100MB")), 100_000_000);
    }

    #[test]
    fn names_runs_by_time_and_chance() {
        let now = "2026-11-23T10:15:30Z".parse().unwrap();
        let (one, two) = (new_run_id(now), new_run_id(now));
        assert!(one.as_str().starts_with("20261123T101530Z-"), "{one}");
        assert_ne!(one, two);
    }
}
