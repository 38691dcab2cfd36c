//! What can go wrong, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// What whoever gets an [`Error`] can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Correct the settings, or what is where.
    Configuration,
    /// Run again, when the store answers: no input was lost.
    Storage,
    /// Somebody asked the run to stop, and it did before anything was published.
    Interrupted,
    /// Run again, when the store answers: the run is committed, and the next one carries out what is left of it.
    Unfinished,
    /// Mend the data, or let repair go further: the run was to stop at the first damage, and did before anything was
    /// published.
    Data,
    /// Wait: another run is at work on the table, and this one has done nothing.
    Busy,
    /// Plan again: what the run was to find or to decide is not so any more, and it has published nothing.
    Outdated,
    /// Report a bug: the run stopped before or while it broke a promise.
    Bug,
}

/// An error from a run. Bad data is never one: see [`crate::run::Report`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting has a value that it cannot have.
    #[error("setting `{name}`: {problem}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The store refused or failed an operation. Running again is safe.
    #[error("{operation} `{object}`")]
    Storage {
        /// What was tried, as a gerund.
        operation: &'static str,
        /// The URL of the object or the zone.
        object: String,
        /// What the store said.
        #[source]
        source: Box<object_store::Error>,
    },
    /// An input is not what it was when the run listed it.
    #[error("input `{object}` changed while it was read; inputs are written once and under a new name each time")]
    InputChanged {
        /// The URL of the input.
        object: String,
    },
    /// An input is damaged, and the run was to be strict.
    #[error("input `{object}` at byte {offset}: {problem}")]
    Damaged {
        /// The URL of the input.
        object: String,
        /// Where the damage is, in the decompressed input.
        offset: u64,
        /// What it is.
        problem: String,
    },
    /// The inputs would make more partitions than the run may write to.
    #[error("more than {partitions_max} partition{}; nothing was published", if *partitions_max == 1 { "" } else { "s" })]
    TooManyPartitions {
        /// The limit.
        partitions_max: usize,
    },
    /// The scratch folder cannot be used.
    #[error("{operation} scratch file in `{folder}`")]
    Scratch {
        /// What was tried, as a gerund.
        operation: &'static str,
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What was written could not be made to survive a loss of power.
    #[error("syncing what was written")]
    Sync {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing to distribute.
    #[error("no complete stage in `{zone}`: `parse` makes one")]
    NoStage {
        /// The URL of the stage zone.
        zone: String,
    },
    /// An object in the stage zone is not what a run writes there.
    #[error("stage object `{object}`: {problem}")]
    Stage {
        /// The URL of the object.
        object: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Other runs committed to the same table each time that this one was about to. Running again is safe.
    #[error("{} to `{table}` first; nothing was published", others(*attempts))]
    Conflict {
        /// The URL of the trusted zone.
        table: String,
        /// How often this run has begun.
        attempts: usize,
    },
    /// Another run holds the lease of the table.
    #[error(
        "another run is at work on the table in `{table}`: `{}`, whose lease was renewed {} s ago and ends in \
         {} s unless it is renewed again; nothing was done",
        run.as_deref().unwrap_or("unknown"), age.as_secs(), left.as_secs()
    )]
    Busy {
        /// The URL of the trusted zone.
        table: String,
        /// The name of that run, when its lease can be read.
        run: Option<String>,
        /// How long it has been silent, by the time of the store.
        age: Duration,
        /// How long until it counts as dead when it stays silent.
        left: Duration,
    },
    /// The run was to do exactly what was expected of it, and would have done something else: see
    /// [`Expected`](crate::run::Expected). Nothing of it was published, though what earlier runs have committed may be
    /// carried out by then.
    #[error("what was planned does not hold any more: {}; nothing was published", changes.join("; "))]
    Outdated {
        /// What is different, in one fragment each.
        changes: Vec<String>,
    },
    /// The store did not say whether it took the commit. Nothing is lost either way: the next run sees what holds, and
    /// goes on from there.
    #[error("whether the run is committed as `{entry}` is unknown; run again: the next run finds out")]
    Undecided {
        /// The URL of the entry of the log.
        entry: String,
        /// What failed.
        #[source]
        source: Box<Error>,
    },
    /// The store does not keep the conditions that keep several runs apart.
    #[error("the store of zone `{zone}` {problem}, so two runs at once could lose rows; make sure that only one runs")]
    Unconditional {
        /// The URL of the trusted zone.
        zone: String,
        /// What it did.
        problem: &'static str,
    },
    /// An object of the table is neither what a run has read nor what it was to become: somebody else has written to it.
    #[error("object `{object}` was changed by something else than a run")]
    Changed {
        /// The URL of the object.
        object: String,
    },
    /// What the table says about itself is not what a run writes there.
    #[error("table object `{object}`: {problem}")]
    Table {
        /// The URL of the object.
        object: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The counts of the run do not balance, so something would have been lost or doubled. Nothing was published.
    #[error("the ledger does not balance: {problem}")]
    Ledger {
        /// The sides that differ.
        problem: String,
    },
    /// Encoding or decoding Parquet failed.
    #[error("{operation} Parquet")]
    Parquet {
        /// What was tried, as a gerund.
        operation: &'static str,
        /// What the library said.
        #[source]
        source: Box<parquet::errors::ParquetError>,
    },
    /// A run failed after its commit. What is left to do is in the entry of the log, and the next run does it first.
    #[error("the run is committed as `{entry}`, but was not carried out to its end: the next run finishes it")]
    Unfinished {
        /// The URL of the entry of the log, or of a parsed stage what says that it is whole.
        entry: String,
        /// What failed.
        #[source]
        source: Box<Error>,
    },
    /// Somebody asked the run to stop.
    #[error("interrupted before anything was published")]
    Interrupted,
    /// A thread of the run panicked.
    #[error("a worker panicked: {message}")]
    Panic {
        /// What it said.
        message: String,
    },
}

/// Who was faster, each time that a run has begun.
fn others(attempts: usize) -> String {
    if attempts == 1 { "another run committed".to_owned() } else { format!("{attempts} times other runs committed") }
}

/// The result of everything that a run does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. }
            | Self::NoStage { .. }
            | Self::TooManyPartitions { .. }
            | Self::Unconditional { .. }
            | Self::Changed { .. }
            | Self::Table { .. } => ErrorKind::Configuration,
            Self::Damaged { .. } => ErrorKind::Data,
            Self::Storage { .. }
            | Self::InputChanged { .. }
            | Self::Scratch { .. }
            | Self::Sync { .. }
            | Self::Conflict { .. }
            | Self::Undecided { .. } => ErrorKind::Storage,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Busy { .. } => ErrorKind::Busy,
            Self::Outdated { .. } => ErrorKind::Outdated,
            Self::Unfinished { .. } => ErrorKind::Unfinished,
            Self::Stage { .. } | Self::Ledger { .. } | Self::Parquet { .. } | Self::Panic { .. } => ErrorKind::Bug,
        }
    }

    pub(crate) fn encoding(source: parquet::errors::ParquetError) -> Self {
        Self::Parquet { operation: "encoding", source: Box::new(source) }
    }
}
