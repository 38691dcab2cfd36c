//! What can go wrong, and what to do about it.

use std::path::PathBuf;

use object_store::path::Path;

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
    /// Finish by hand what the run has committed and not carried out: running again would add its rows a second time.
    Unfinished,
    /// Mend the data, or let repair go further: the run was to stop at the first damage, and did before anything was
    /// published.
    Data,
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
    #[error("more than {partitions_max} partitions; nothing was published")]
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
    /// Another run committed to the same table at the same time. Running again is safe.
    #[error("another run committed `{entry}` first; nothing was published, run again")]
    Conflict {
        /// The entry of the log that both wanted.
        entry: Path,
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
    /// A run failed after its commit. What is left to do is in the entry of the log: files to publish, inputs to move.
    #[error(
        "the run is committed as `{entry}`, but was not carried out to its end; running again would add its rows a second time"
    )]
    Unfinished {
        /// The URL of the entry of the log.
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

/// The result of everything that a run does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } | Self::NoStage { .. } | Self::TooManyPartitions { .. } => ErrorKind::Configuration,
            Self::Damaged { .. } => ErrorKind::Data,
            Self::Storage { .. } | Self::InputChanged { .. } | Self::Scratch { .. } | Self::Conflict { .. } => {
                ErrorKind::Storage
            }
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Unfinished { .. } => ErrorKind::Unfinished,
            Self::Stage { .. } | Self::Ledger { .. } | Self::Parquet { .. } | Self::Panic { .. } => ErrorKind::Bug,
        }
    }

    pub(crate) fn encoding(source: parquet::errors::ParquetError) -> Self {
        Self::Parquet { operation: "encoding", source: Box::new(source) }
    }
}
