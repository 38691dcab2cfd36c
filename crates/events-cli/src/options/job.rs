//! The options of `run`, of its two halves and of the other jobs on a table, in the groups that they share.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use events_core::Horizon;
use events_core::run::{DateRange, RunId, WorkItem};
use events_core::table::Codec;

use super::{GlueOptions, ReadOptions, date, date_range};
use crate::units::{Seconds, Size};

/// `events run`
#[derive(Debug, Clone, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
    #[command(flatten)]
    pub(crate) dry: DryRunOptions,
    /// Do exactly what `events plan` has saved in this file, or nothing: with exit code 8 when an input, the table or a
    /// setting is another by now. Zones, settings, name and day are those of the plan; inputs that came since stay pending
    // Its name differs from that of a setting, because it is none.
    #[arg(long = "plan", value_name = "FILE", conflicts_with = "dry_run", help_heading = "Run")]
    pub(crate) plan_file: Option<PathBuf>,
}

/// `events plan`
#[derive(Debug, Clone, Args)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
    /// Save the plan to this file too, for `events run --plan`: the document of --output json
    // Its name differs from that of a setting of the generator.
    #[arg(long = "out", value_name = "FILE", help_heading = "Run")]
    pub(crate) plan_out: Option<PathBuf>,
}

/// `events parse`
#[derive(Debug, Clone, Args)]
pub(crate) struct ParseOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
    #[command(flatten)]
    pub(crate) dry: DryRunOptions,
}

/// `events distribute`
#[derive(Debug, Clone, Args)]
pub(crate) struct DistributeOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// `events reprocess`
#[derive(Debug, Clone, Args)]
pub(crate) struct ReprocessOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// The days whose inputs are read again, by the folders of `processed`: one, or the first and the last of several
    // Its name differs from that of the day of other commands, which can be set in a lower layer.
    #[arg(long = "date", value_name = "YYYY-MM-DD[..YYYY-MM-DD]", value_parser = date_range, help_heading = "Inputs")]
    pub(crate) days_read: Option<DateRange>,
    #[command(flatten)]
    pub(crate) attempt: AttemptOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// `events rebuild`
#[derive(Debug, Clone, Args)]
pub(crate) struct RebuildOptions {
    #[command(flatten)]
    pub(crate) maintain: MaintainOptions,
    #[command(flatten)]
    pub(crate) horizon: HorizonOptions,
}

/// `events compact`
#[derive(Debug, Clone, Args)]
pub(crate) struct MaintainOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) attempt: AttemptOptions,
    #[command(flatten)]
    pub(crate) files: FileOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// `events prepare`
#[derive(Debug, Clone, Args)]
pub(crate) struct PrepareOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    /// The bytes of inputs that an item of work is about, such as 256MiB: what is lost when a worker fails, and what its
    /// memory and time must have room for [default: 256MiB, or what gives about 512 items]
    #[arg(long, value_name = "SIZE", help_heading = "Run")]
    pub(crate) item_size: Option<Size>,
    /// The most bytes of inputs that the run takes, such as 2TB; the rest stays pending for another [default: all]
    #[arg(long, value_name = "SIZE", help_heading = "Run")]
    pub(crate) input_max: Option<Size>,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// `events work`
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) attempt: AttemptOptions,
    /// Do this item and nothing else, such as parse-00000: for whatever hands out the items of the lists that `prepare` names.
    /// Without it, the command takes items as long as the run has any, beside others that do the same
    #[arg(long, value_name = "ITEM", help_heading = "Run")]
    pub(crate) item: Option<WorkItem>,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// Where the zones are: `--root`, or each on its own, or a root and those that lie elsewhere.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Zones")]
pub(crate) struct ZoneOptions {
    /// The place that holds `landing`, `stage` and `trusted`: a folder, `file:///folder`, `s3://bucket/prefix` (set up by the
    /// usual AWS_* variables) or `memory:///`
    #[arg(long, value_name = "URL")]
    pub(crate) root: Option<String>,
    /// Where inputs lie, in `pending`
    #[arg(long, value_name = "URL")]
    pub(crate) landing: Option<String>,
    /// Where a run writes before it commits
    #[arg(long, value_name = "URL")]
    pub(crate) stage: Option<String>,
    /// Where the table is, in `events`
    #[arg(long, value_name = "URL")]
    pub(crate) trusted: Option<String>,
}

/// What makes a run this run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct StartOptions {
    /// The day under which inputs and rejects are filed [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    pub(crate) date: Option<NaiveDate>,
    #[command(flatten)]
    pub(crate) attempt: AttemptOptions,
}

/// The name of a run, what it does about others, and what it waits for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct AttemptOptions {
    /// The name of the run, new for each [default: time and chance]
    #[arg(long, value_name = "NAME")]
    pub(crate) run_id: Option<RunId>,
    /// How long to wait for another run on the table to end, in seconds; one that was killed counts as ended at once in a
    /// local folder, and in a bucket when it has been silent for a minute [default: 0]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
    /// How long a commit waits between putting rows into new places and taking them from old ones, in seconds such as 30 or
    /// 0.5: a reader whose scans are shorter never misses an event that it has seen. Only commits in which rows move wait,
    /// and the table is locked meanwhile; without it, a scan at the wrong moment can miss one until the next scan
    /// [default: 0, as many tables are read between runs]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) reader_grace: Option<Seconds>,
    /// Go on although the store does not keep conditions: only one run at a time may then write to the table, and nothing
    /// sees to it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) unsafe_single_writer: Option<bool>,
    /// What a run waits for in zones on local disks: with commit, a loss of power takes nothing of a commit, for some 50 ms
    /// a run and 0.6 s a GB of input where it was measured; buckets keep what they acknowledge and ignore it
    /// [default: none]
    #[arg(long, value_name = "WHEN")]
    pub(crate) durability: Option<Durability>,
    #[command(flatten)]
    pub(crate) glue: GlueOptions,
}

/// What writes wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durability {
    /// For nothing: the system writes within seconds what a run has left to it, also when the run is killed
    // What was measured for the choice is in `docs/RELIABILITY.md`.
    #[default]
    None,
    /// For the disk: before and behind each commit, and before what it was made from is erased
    Commit,
}

/// How files of the table are written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct FileOptions {
    /// The compression of the table: zstd, zstd:1 to zstd:22, snappy, lz4 or none [default: zstd]
    #[arg(long, value_name = "CODEC")]
    pub(crate) compression: Option<Codec>,
}

/// What becomes of rows, and how files of the table are written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct TableOptions {
    #[command(flatten)]
    pub(crate) files: FileOptions,
    #[command(flatten)]
    pub(crate) horizon: HorizonOptions,
    /// Files smaller than this get the new rows of their partition, instead of another file beside them: more means fewer
    /// files and more rewriting, 0 a file of its own for each run [default: 64MiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) fold_below: Option<Size>,
    /// The most partitions to write to; with more, nothing is written [default: 20000]
    #[arg(long, value_name = "N", help_heading = "Repair and limits")]
    pub(crate) partitions_max: Option<usize>,
}

/// Which events of one id are versions of one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct HorizonOptions {
    /// How many days before and after its own an event is held against others of its id: one that comes again further away
    /// is a second row, so this is for producers that use ids again, and costs no less; 0 for its own partition only, all
    /// for everything the table ever took. A table keeps the least that it was told, and refuses more
    /// [default: what the table has, else all]
    #[arg(long, value_name = "DAYS")]
    pub(crate) dedup_horizon: Option<Horizon>,
}

/// What a run may take of this machine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Resources")]
pub(crate) struct EngineOptions {
    /// Threads that compute [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Memory for rows and keys, such as 512MiB or 1GB; what it has no room for goes to scratch files
    /// [default: 32MiB for each thread, at least 64MiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Size>,
    /// The folder for scratch files, which are gone after the run [default: the system's for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// Tell of each phase what its threads did with their time; --output json always does
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) profile: Option<bool>,
}

/// Whether to act.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct DryRunOptions {
    /// Only show the inputs and what would happen, and touch nothing
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) dry_run: Option<bool>,
}
