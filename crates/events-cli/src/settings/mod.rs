//! What the command line means: every default filled in, every name resolved, nothing done.

mod catalog;
mod console;
mod ddl;
mod doctor;
mod generation;
mod inspect;
mod job;
mod past;
mod plan;
mod quarantine;
mod read;
mod repair;
mod zones;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap_complete::Shell;

pub(crate) use catalog::SyncSettings;
pub(crate) use console::{ConsoleSettings, resolve_console};
pub(crate) use ddl::{DdlSettings, DeclaredRows};
pub(crate) use doctor::DoctorSettings;
pub(crate) use generation::GenerateSettings;
pub(crate) use inspect::{InspectSettings, Subject};
pub(crate) use job::{JobSettings, Task, WorkSettings, WorkTask};
pub(crate) use past::{ReportSettings, ReportedRuns, RunsSettings, TraceSettings};
pub(crate) use plan::PlanSettings;
pub(crate) use quarantine::{QuarantineSettings, View};
pub(crate) use repair::{DecompressionLimits, Product, RepairSettings, Source};

use crate::error::{Error, Result};
use crate::options::{CatalogCommand, Cli, Command, ManOptions, OutputForm, QuarantineCommand};

/// A command with all that it needs to know.
#[derive(Debug, Clone)]
pub(crate) enum Settings {
    Job(JobSettings),
    Plan(PlanSettings),
    Work(WorkSettings),
    Runs(RunsSettings),
    Report(ReportSettings),
    Trace(TraceSettings),
    Quarantine(QuarantineSettings),
    Ddl(DdlSettings),
    Catalog(SyncSettings),
    Repair(RepairSettings),
    Inspect(InspectSettings),
    Generate(GenerateSettings),
    /// The folder to make, and the job to show; its zones are below the folder.
    Demo {
        folder: PathBuf,
        job: JobSettings,
    },
    Doctor(DoctorSettings),
    Completions(Shell),
    /// The folder for a page of each command; without one, the page of all goes to standard output.
    Man(Option<PathBuf>),
}

/// Resolves what was typed. `now` is what "today" and the name of a run are made from.
///
/// # Errors
/// [`Error::Missing`], [`Error::Form`], [`Error::Stores`], and [`Error::Run`] for a limit that cannot be.
pub(crate) fn resolve(cli: Cli, now: DateTime<Utc>) -> Result<Settings> {
    let is_json = cli.common.output == Some(OutputForm::Json);
    match cli.command {
        Command::Run(options) => job::resolve_run(options, now).map(Settings::Job),
        Command::Plan(options) => plan::resolve(options, now).map(Settings::Plan),
        Command::Parse(options) => job::resolve_parse(options, now).map(Settings::Job),
        Command::Distribute(options) => job::resolve_distribute(options, now).map(Settings::Job),
        Command::Prepare(options) => job::resolve_prepare(options, now).map(Settings::Work),
        Command::Work(options) => job::resolve_work(options, now).map(Settings::Work),
        Command::Reprocess(options) => job::resolve_reprocess(options, now).map(Settings::Job),
        Command::Compact(options) => job::resolve_compact(options, now).map(Settings::Job),
        Command::Rebuild(options) => job::resolve_rebuild(options, now).map(Settings::Job),
        Command::Ddl(options) => ddl::resolve(options).map(Settings::Ddl),
        Command::Catalog(options) => match options.command {
            CatalogCommand::Sync(options) => catalog::resolve_sync(options).map(Settings::Catalog),
        },
        Command::Runs(options) => past::resolve_runs(options).map(Settings::Runs),
        Command::Report(options) => past::resolve_report(options, now).map(Settings::Report),
        Command::Trace(options) => past::resolve_trace(options).map(Settings::Trace),
        Command::Quarantine(options) => resolve_quarantine(options.command, now),
        Command::Repair(options) => repair::resolve(options, cli.common.output).map(Settings::Repair),
        Command::Inspect(options) => inspect::resolve(options, now).map(Settings::Inspect),
        Command::Generate(options) => generation::resolve(options).map(Settings::Generate),
        Command::Demo(options) => resolve_demo(options.folder, now),
        Command::Doctor(options) => Ok(Settings::Doctor(doctor::resolve(options, cli.common.config, now))),
        Command::Completions(_) if is_json => {
            Err(Error::Form { of: "`completions`", instead: "the script is the shell's" })
        }
        Command::Completions(options) => Ok(Settings::Completions(options.shell)),
        Command::Man(ManOptions { out: None }) if is_json => {
            Err(Error::Form { of: "the manual page", instead: "--out DIR writes all pages and lists them" })
        }
        Command::Man(options) => Ok(Settings::Man(options.out)),
    }
}

fn resolve_quarantine(command: QuarantineCommand, now: DateTime<Utc>) -> Result<Settings> {
    let look = |zones, filter, view| quarantine::resolve(zones, filter, view).map(Settings::Quarantine);
    match command {
        QuarantineCommand::List(options) => look(options.zones, options.filter, View::List),
        QuarantineCommand::Show(options) => look(options.zones, options.filter, View::Show { limit: options.limit }),
        QuarantineCommand::Retry(options) => job::resolve_retry(options, now).map(Settings::Job),
    }
}

fn resolve_demo(folder: PathBuf, now: DateTime<Utc>) -> Result<Settings> {
    let Some(text) = folder.to_str().filter(|text| !text.contains("://")) else {
        return Err(Error::Folder { path: folder, problem: "cannot be named in the demo: choose another".to_owned() });
    };
    let job = job::resolve_demo(text.to_owned(), now)?;
    Ok(Settings::Demo { folder, job })
}
