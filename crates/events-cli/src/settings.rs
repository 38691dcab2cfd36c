//! What the command line means: every default filled in, every name resolved, nothing done.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use events_core::config::Config;
use events_core::run::{Job, RunId, Start};
use tracing::level_filters::LevelFilter;

use crate::error::{Error, Result};
use crate::generate::GenerateConfig;
use crate::options::{
    Command, CommonOptions, EngineOptions, GenerateOptions, LogForm, OutputForm, StartOptions, ZoneOptions,
};
use crate::places::{LANDING, STAGE, TRUSTED};
use crate::store::ZoneUrls;
use crate::zone_url::ZoneUrl;

/// The least memory of a run, whatever its threads.
const MEMORY_BYTES_MIN: usize = 128 << 20;
/// What a thread needs to work without waiting for scratch files.
const MEMORY_BYTES_A_THREAD: usize = 64 << 20;

/// A command with all that it needs to know.
#[derive(Debug, Clone)]
pub(crate) enum Settings {
    Job(JobSettings),
    Generate(GenerateSettings),
    /// The folder to make, and the job to show; its zones are below the folder.
    Demo {
        folder: PathBuf,
        job: JobSettings,
    },
}

/// A run, or one of its halves.
#[derive(Debug, Clone)]
pub(crate) struct JobSettings {
    pub(crate) job: Job,
    pub(crate) zones: ZoneUrls,
    pub(crate) start: Start,
    pub(crate) config: Config,
    /// Where the folder for scratch files is made; the system knows a place when this does not.
    pub(crate) scratch: Option<PathBuf>,
    pub(crate) dry_run: bool,
}

/// A generation.
#[derive(Debug, Clone)]
pub(crate) struct GenerateSettings {
    pub(crate) folder: PathBuf,
    /// Where the counts go; `None` for the place beside the folder.
    pub(crate) expected: Option<PathBuf>,
    pub(crate) config: GenerateConfig,
}

/// What the command may write, and where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsoleSettings {
    pub(crate) output: OutputForm,
    pub(crate) log_level: LevelFilter,
    pub(crate) log_form: LogForm,
    /// Whether standard error shows a display that moves.
    pub(crate) progress: bool,
    /// Whether log lines may be coloured.
    pub(crate) color: bool,
    pub(crate) quiet: bool,
}

/// Resolves the options of a command. `now` is what "today" and the name of a run are made from.
///
/// # Errors
/// [`Error::Missing`] and [`Error::Zone`].
pub(crate) fn resolve(command: Command, now: DateTime<Utc>) -> Result<Settings> {
    let (job, zones, start, table, engine, plan) = match command {
        Command::Run(options) => {
            (Job::Run, options.zones, options.start, Some(options.table), options.engine, Some(options.plan))
        }
        Command::Parse(options) => (Job::Parse, options.zones, options.start, None, options.engine, Some(options.plan)),
        Command::Distribute(options) => {
            (Job::Distribute, options.zones, options.start, Some(options.table), options.engine, None)
        }
        Command::Generate(options) => return resolve_generation(options).map(Settings::Generate),
        Command::Demo(options) => return resolve_demo(options.folder, now),
    };
    Ok(Settings::Job(JobSettings {
        job,
        zones: resolve_zones(&zones)?,
        start: resolve_start(start, now),
        scratch: engine.scratch.clone(),
        config: Config {
            compression: table.and_then(|table| table.compression).unwrap_or_default(),
            ..resolve_engine(&engine)
        },
        dry_run: plan.and_then(|plan| plan.dry_run).unwrap_or_default(),
    }))
}

/// A zone that is named itself lies there, any other below the root.
fn resolve_zones(options: &ZoneOptions) -> Result<ZoneUrls> {
    let root = options.root.as_deref().map(ZoneUrl::parse).transpose()?;
    let zone = |name: &str, url: &Option<String>| match (url, &root) {
        (Some(url), _) => ZoneUrl::parse(url),
        (None, Some(root)) => Ok(root.below(name)),
        (None, None) => Err(Error::Missing {
            problem: format!("no {name} zone: name it with --{name}, or the place of all three with --root"),
        }),
    };
    Ok(ZoneUrls {
        landing: zone(LANDING, &options.landing)?,
        stage: zone(STAGE, &options.stage)?,
        trusted: zone(TRUSTED, &options.trusted)?,
    })
}

fn resolve_start(options: StartOptions, now: DateTime<Utc>) -> Start {
    Start { run: options.run_id.unwrap_or_else(|| new_run_id(now)), date: options.date.unwrap_or(now.date_naive()) }
}

/// Sorts by time, and two runs of one second differ with near certainty.
fn new_run_id(now: DateTime<Utc>) -> RunId {
    // The standard library's only source of chance: the keys that it draws for each new state.
    let chance = RandomState::new().hash_one(now) as u32;
    let name = format!("{}-{chance:08x}", now.format("%Y%m%dT%H%M%SZ"));
    name.parse().expect("digits, letters and hyphens are the name of a run")
}

fn resolve_engine(options: &EngineOptions) -> Config {
    let threads =
        options.threads.unwrap_or_else(|| available_parallelism().map_or(Config::DEFAULT_THREADS, usize::from));
    let memory = options.memory.map(|memory| usize::try_from(memory.0).unwrap_or(usize::MAX));
    let default_memory = MEMORY_BYTES_MIN.max(MEMORY_BYTES_A_THREAD.saturating_mul(threads));
    Config { threads, memory_bytes: memory.unwrap_or(default_memory), ..Config::default() }
}

fn resolve_generation(options: GenerateOptions) -> Result<GenerateSettings> {
    let Some(folder) = options.out else {
        return Err(Error::Missing { problem: "no folder to fill: name it with --out".to_owned() });
    };
    let default = GenerateConfig::default();
    let config = GenerateConfig {
        seed: options.seed.unwrap_or(default.seed),
        bytes: options.bytes.map_or(default.bytes, |bytes| bytes.0),
        files: options.files.unwrap_or(default.files),
        days: options.days.unwrap_or(default.days),
        start_date: options.start_date.unwrap_or(default.start_date),
        layout: options.layout.unwrap_or(default.layout),
        compression: options.compression.map_or(default.compression, Into::into),
        duplicates: options.duplicates.unwrap_or(default.duplicates),
        damage: options.damage.unwrap_or(default.damage),
        kinds: options.kinds.unwrap_or(default.kinds),
    };
    Ok(GenerateSettings { folder, expected: options.expected, config })
}

/// A demo is the same for everybody: nothing of its job is an option.
fn resolve_demo(folder: PathBuf, now: DateTime<Utc>) -> Result<Settings> {
    let Some(text) = folder.to_str().filter(|text| !text.contains("://")) else {
        return Err(Error::Folder { path: folder, problem: "cannot be named in the demo: choose another".to_owned() });
    };
    let engine = EngineOptions { threads: None, memory: None, scratch: None };
    let job = JobSettings {
        job: Job::Run,
        zones: resolve_zones(&ZoneOptions { root: Some(text.to_owned()), ..ZoneOptions::default() })?,
        start: resolve_start(StartOptions { date: None, run_id: None }, now),
        scratch: None,
        config: resolve_engine(&engine),
        dry_run: false,
    };
    Ok(Settings::Demo { folder, job })
}

/// Resolves what the command may write.
pub(crate) fn resolve_console(options: &CommonOptions) -> ConsoleSettings {
    let is_terminal = std::io::stderr().is_terminal();
    let quiet = options.quiet.unwrap_or_default();
    let progress = is_terminal && !quiet && !options.no_progress.unwrap_or_default();
    // A display says what the lines of `info` would; a person who asks for them gets both.
    let usual = if progress { LevelFilter::WARN } else { LevelFilter::INFO };
    let log_level = options.log_level.unwrap_or(usual);
    ConsoleSettings {
        output: options.output.unwrap_or_default(),
        log_level: if quiet { log_level.min(LevelFilter::ERROR) } else { log_level },
        log_form: options.log_format.unwrap_or_default(),
        progress,
        // https://no-color.org: any value but the empty one.
        color: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn zones(root: Option<&str>, trusted: Option<&str>) -> ZoneOptions {
        let text = |text: &str| text.to_owned();
        ZoneOptions { root: root.map(text), trusted: trusted.map(text), ..ZoneOptions::default() }
    }

    #[test]
    fn puts_zones_below_the_root_unless_they_are_named() {
        let urls = resolve_zones(&zones(Some("lake/"), Some("s3://bucket/table"))).unwrap();
        let texts = [&urls.landing, &urls.stage, &urls.trusted].map(|url| url.text.as_str());
        assert_eq!(texts, ["lake/landing", "lake/stage", "s3://bucket/table"]);
    }

    #[test]
    fn names_the_zone_that_is_missing() {
        let error = resolve_zones(&zones(None, Some("table"))).unwrap_err().to_string();
        assert!(error.contains("landing") && error.contains("--root"), "{error}");
    }

    #[test]
    fn gives_each_thread_memory() {
        let memory = |threads, memory: Option<&str>| {
            let memory = memory.map(|text| text.parse::<Size>().unwrap());
            resolve_engine(&EngineOptions { threads: Some(threads), memory, scratch: None }).memory_bytes
        };
        assert_eq!(memory(1, None), 128 << 20);
        assert_eq!(memory(8, None), 512 << 20);
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
