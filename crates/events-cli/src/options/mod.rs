//! The command line: exactly what was typed, nothing decided.
//!
//! Most options are optional here, because their values may also come from a variable or from the settings file (see
//! `layers`, which also names those that can only be typed). The help of an option is its doc comment.

mod catalog;
mod ddl;
mod doctor;
mod generate;
mod help;
mod inspect;
mod job;
mod past;
mod quarantine;
mod read;
mod repair;
mod shell;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use events_core::run::DateRange;
use tracing::level_filters::LevelFilter;

pub(crate) use catalog::{CatalogCommand, CatalogOptions, GlueOptions, SyncOptions};
pub(crate) use ddl::{DdlOptions, DeclaredZone};
pub(crate) use doctor::DoctorOptions;
pub(crate) use generate::GenerateOptions;
pub(crate) use help::command_line;
pub(crate) use inspect::InspectOptions;
pub(crate) use job::{
    AttemptOptions, DistributeOptions, DryRunOptions, Durability, EngineOptions, HorizonOptions, MaintainOptions,
    ParseOptions, PlanOptions, PrepareOptions, RebuildOptions, ReprocessOptions, RunOptions, StartOptions,
    TableOptions, WorkOptions, ZoneOptions,
};
pub(crate) use past::{ReportOptions, RunsOptions, TraceOptions};
pub(crate) use quarantine::{FilterOptions, QuarantineCommand, QuarantineOptions, RetryOptions};
pub(crate) use read::{LimitOptions, ReadOptions};
pub(crate) use repair::RepairOptions;
pub(crate) use shell::{CompletionsOptions, ManOptions};

use crate::exit;

/// JSON events become a clean, deduplicated, partitioned Parquet table.
#[derive(Debug, Clone, Parser)]
#[command(name = "events", version, max_term_width = 110, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Make rows of the table from all pending inputs
    #[command(after_help = RUN_LAYERS_HELP)]
    Run(RunOptions),
    /// What `run` would do now, to the last file and request, without doing it; `run --plan` then does exactly that
    #[command(after_help = PLAN_HELP)]
    Plan(PlanOptions),
    /// The first half of `run` alone: pending inputs to the stage zone
    #[command(after_help = LAYERS_HELP)]
    Parse(ParseOptions),
    /// The second half of `run` alone: a parsed stage to the table
    #[command(after_help = LAYERS_HELP)]
    Distribute(DistributeOptions),
    /// Divide `run` into items of work for several processes, on one host or many, that share nothing but the zones
    #[command(after_help = PREPARE_HELP)]
    Prepare(PrepareOptions),
    /// Do items of a run that `prepare` has divided: all that are left, beside others, or one
    #[command(after_help = WORK_HELP)]
    Work(WorkOptions),
    /// Read processed inputs once more, with the rules of now: the table changes only where they give other rows
    #[command(after_help = REPROCESS_LAYERS_HELP)]
    Reprocess(ReprocessOptions),
    /// Make fewer, larger files of the small ones of each partition; the rows stay the same
    #[command(after_help = LAYERS_HELP)]
    Compact(MaintainOptions),
    /// Make the log and the index of a table anew from its files, when those in `control` are lost or damaged; no other run
    /// may be at work
    #[command(after_help = LAYERS_HELP)]
    Rebuild(RebuildOptions),
    /// Show the history of a table: the last runs that have committed
    #[command(after_help = RUNS_LAYERS_HELP)]
    Runs(RunsOptions),
    /// Write what runs have done as a page: charts of rows, duplicates, repairs, rejects, files and time
    #[command(after_help = REPORT_HELP)]
    Report(ReportOptions),
    /// Show where the rows of events come from: the inputs, the places in them, their bytes, and what gave way to the rows
    #[command(after_help = TRACE_HELP)]
    Trace(TraceOptions),
    /// Look at rejects, and try them again
    Quarantine(QuarantineOptions),
    /// Print the statements that declare the table to a query engine, and a view of it with one row an event
    #[command(after_help = LAYERS_HELP)]
    Ddl(DdlOptions),
    /// Keep the table of AWS Glue in step
    Catalog(CatalogOptions),
    /// A filter: damaged JSON of any layout in, one record a line out
    #[command(after_help = REPAIR_HELP)]
    Repair(RepairOptions),
    /// Look at a table or at inputs: what is in it, by kind and day, and which fields `data` has; changes nothing
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectOptions),
    /// Write realistic inputs, and the exact counts that the table made of them must show
    #[command(after_help = GENERATE_LAYERS_HELP)]
    Generate(GenerateOptions),
    /// See it work: a small messy landing zone, a run, its report, some rows, and what to try next
    Demo(DemoOptions),
    /// Check what a run needs, and say how to mend what is wrong
    #[command(after_help = DOCTOR_HELP)]
    Doctor(DoctorOptions),
    /// Print what lets a shell complete these commands and their options
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsOptions),
    /// Print the manual page of `events`, or write one for each command
    #[command(after_help = MAN_HELP)]
    Man(ManOptions),
}

// Paragraphs are one line each: their width is the terminal's to choose.
const LAYERS_HELP: &str = "\
Each option can also be set as a variable (EVENTS_RUN_ID for --run-id) and as a key of the settings file (run-id). \
An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower place.";

const RUN_LAYERS_HELP: &str = "\
Each option but --plan can also be set as a variable (EVENTS_RUN_ID for --run-id) and as a key of the settings file \
(run-id). An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower \
place.";

const RUNS_LAYERS_HELP: &str = "\
The zones can also be set as variables (EVENTS_ROOT for --root) and as keys of the settings file (root). An option wins \
over a variable, a variable over the file; a --root wins over zones that were set in a lower place.";

const QUARANTINE_LAYERS_HELP: &str = "\
Each option but those about which rejects are meant can also be set as a variable (EVENTS_ROOT for --root) and as a key \
of the settings file (root). An option wins over a variable, a variable over the file; a --root wins over zones that were \
set in a lower place.";

const REPORT_HELP: &str = "\
The page needs nothing else and asks for nothing: it can be mailed, printed and read on a phone. It is made from the reports \
that runs leave in the control zone; of a run that was killed at its end only the totals are known.

Over several runs each record counts once, as what it was in the run that took it first. What a retry or a reprocess made of \
it later is told beside that: its rows, and how many rejects were recovered.

The zones can also be set as variables (EVENTS_ROOT for --root) and as keys of the settings file (root). An option wins over \
a variable, a variable over the file; a --root wins over zones that were set in a lower place.";

const TRACE_HELP: &str = "\
Nothing is kept for it: the inputs are read again, those in which an id may stand, with the level and the limits of now. On \
much data name the days with --date.

Ends with 0 when something is known of each id, and with 9 when nothing is known of one or more; those that are known are \
shown all the same.

Each option but --date can also be set as a variable (EVENTS_ROOT for --root) and as a key of the settings file (root). An \
option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower place.";

const PLAN_HELP: &str = "\
The run is carried out on a view of the zones: it reads what a run reads, takes as long, and keeps what it would write \
among the scratch files. In the zones nothing is written, created or locked. It does not count requests that a store \
refuses and that are sent again, nor what a catalog is told.

Each option but --out can also be set as a variable (EVENTS_RUN_ID for --run-id) and as a key of the settings file \
(run-id). An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower \
place.";

const PREPARE_HELP: &str = "\
The settings hold for all workers, but for those of their machines: threads, memory and scratch. Nothing is in the table \
before all items are done; a plan that nobody carries out is in nobody's way, and its inputs stay pending. No other run \
may commit meanwhile: of two that take the same inputs only the first does.

Each option can also be set as a variable (EVENTS_ITEM_SIZE for --item-size) and as a key of the settings file \
(item-size). An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower \
place.";

const WORK_HELP: &str = "\
Start it as often as there are processors to use, with the name that `events prepare` has printed as --run-id; start it again \
when one was killed. Each ends when the run is over.

Each option but --item can also be set as a variable (EVENTS_RUN_ID for --run-id) and as a key of the settings file \
(run-id). An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower \
place.";

const REPROCESS_LAYERS_HELP: &str = "\
Inputs stay where they are, and rejects are only counted: the quarantine is as it was, and the exit code is 0.

Each option but --date can also be set as a variable (EVENTS_RUN_ID for --run-id) and as a key of the settings file \
(run-id). An option wins over a variable, a variable over the file; a --root wins over zones that were set in a lower \
place.";

const REPAIR_HELP: &str = "\
Ends with 0 whatever was mended, with 3 when there are rejects, with 4 when a file could not be read, with 6 when the \
level is strict and something is damaged.

Records are JSON, one a line, whatever --output says; with --check, --output json prints what each input has, and --diff, \
which is for people, refuses it.

The level and the limits can also be set as variables (EVENTS_REPAIR, EVENTS_RECORD_MAX) and as keys of the settings \
file (repair, record-max), where they are those of runs too.";

const INSPECT_HELP: &str = "\
Ends with 0 whatever is damaged, because it is a look, and with 4 when something could not be read; the rest is shown. \
Examples of values may be personal: --mask, or EVENTS_MASK=true for all calls, leaves them out.

The options but TABLE|FILE can also be set as variables (EVENTS_SAMPLE for --sample, EVENTS_REPAIR for --level) and as \
keys of the settings file (sample, repair).";

const GENERATE_LAYERS_HELP: &str = "\
Each option can also be set as a variable (EVENTS_GENERATE_DAYS for --days, EVENTS_QUIET for --quiet) and in the \
settings file (days in the table [generate], quiet at the top). An option wins over a variable, a variable over the file.";

const DOCTOR_HELP: &str = "\
Takes the same variables and settings file as the other commands, and tells of what is wrong in them instead of ending \
there. All checks are made; those that need what has failed are skipped. In each zone an object is written, read and \
erased, of a name that no job takes for anything.

Ends with 0 when nothing has failed, whatever the warnings, with 2 when settings or what is where must be corrected, and \
with 4 when a store or a disk has failed.";

const COMPLETIONS_HELP: &str = "  bash        source <(events completions bash)
  zsh         events completions zsh > \"${fpath[1]}/_events\"
  fish        events completions fish > ~/.config/fish/completions/events.fish
  elvish      eval (events completions elvish | slurp)
  powershell  events completions powershell | Out-String | Invoke-Expression

Reads neither variables nor the settings file, and has no other form: --output json is refused.";

const MAN_HELP: &str = "  events man | man -l -
  events man --out ~/.local/share/man/man1

Reads neither variables nor the settings file; with --out, --output json lists the pages.";

/// The options of all commands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CommonOptions {
    /// The form of what goes to standard output [default: human]
    #[arg(long, global = true, value_name = "FORM")]
    pub(crate) output: Option<OutputForm>,
    /// Log what is done in detail, also beside a progress display: --log-level debug
    #[arg(short, long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) verbose: Option<bool>,
    /// The least important lines to log to standard error: off, error, warn, info, debug or trace
    /// [default: info, beside a progress display warn]
    #[arg(long, global = true, value_name = "LEVEL", value_parser = level(), hide_possible_values = true)]
    pub(crate) log_level: Option<LevelFilter>,
    /// The form of log lines [default: text]
    #[arg(long, global = true, value_name = "FORM")]
    pub(crate) log_format: Option<LogForm>,
    /// Show no progress display; without a terminal there is none anyway
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) no_progress: Option<bool>,
    /// Write nothing but errors to standard error
    #[arg(short, long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) quiet: Option<bool>,
    /// The settings file [default: events.toml in the working folder, when it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The form of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputForm {
    /// For people
    #[default]
    Human,
    /// One JSON document and nothing else
    Json,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogForm {
    /// Time, level, message and fields
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// `events demo`
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoOptions {
    /// The folder to make; one of an earlier demo is replaced
    #[arg(default_value = "demo")]
    pub(crate) folder: PathBuf,
}

impl Command {
    /// The zones of a command that has some.
    pub(crate) fn zones_mut(&mut self) -> Option<&mut ZoneOptions> {
        match self {
            Self::Run(options) => Some(&mut options.zones),
            Self::Plan(options) => Some(&mut options.zones),
            Self::Parse(options) => Some(&mut options.zones),
            Self::Distribute(options) => Some(&mut options.zones),
            Self::Prepare(options) => Some(&mut options.zones),
            Self::Work(options) => Some(&mut options.zones),
            Self::Reprocess(options) => Some(&mut options.zones),
            Self::Compact(options) => Some(&mut options.zones),
            Self::Rebuild(options) => Some(&mut options.maintain.zones),
            Self::Runs(options) => Some(&mut options.zones),
            Self::Report(options) => Some(&mut options.zones),
            Self::Trace(options) => Some(&mut options.zones),
            Self::Quarantine(options) => Some(options.command.zones_mut()),
            Self::Ddl(options) => Some(&mut options.zones),
            Self::Catalog(options) => Some(options.command.zones_mut()),
            Self::Doctor(options) => Some(&mut options.zones),
            Self::Inspect(options) => Some(&mut options.zones),
            Self::Generate(_) | Self::Repair(_) | Self::Demo(_) | Self::Completions(_) | Self::Man(_) => None,
        }
    }
}

/// A date in the one spelling that folders have.
fn date(text: &str) -> Result<NaiveDate, String> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| format!("`{text}` is not a date such as 2026-01-31"))
}

/// A day, or the first and the last of several.
fn date_range(text: &str) -> Result<DateRange, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let problem = |_| format!("`{text}` is no day such as 2026-01-31 and no range such as 2026-01-01..2026-01-31");
    let range = DateRange { first: date(first).map_err(problem)?, last: date(last).map_err(problem)? };
    if range.first <= range.last { Ok(range) } else { Err(format!("`{text}` ends before it begins")) }
}

fn level() -> impl TypedValueParser<Value = LevelFilter> {
    clap::builder::PossibleValuesParser::new(["off", "error", "warn", "info", "debug", "trace"])
        .map(|name| name.parse().unwrap_or(LevelFilter::INFO))
}
