//! What can keep an invocation from its report.

use events_core::ErrorKind;

/// An error of an invocation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A variable is not what it must be. The problem does not repeat the value, which may hold a secret.
    #[error("variable `{variable}`: {problem}")]
    Setting { variable: &'static str, problem: String },
    /// A zone cannot be opened, or another run is at work on a table in a file system.
    #[error(transparent)]
    Stores(#[from] events_stores::Error),
    /// The payload is none that this function takes.
    #[error("request refused: {problem}")]
    Request { problem: String },
    /// There is no folder for scratch files.
    #[error("creating a folder for scratch files")]
    Scratch {
        #[source]
        source: std::io::Error,
    },
    /// The host would have ended the run.
    #[error("stopped shortly before the time limit of the function; nothing was published")]
    TimeLimit,
    /// The run took no more at once than fits into its time. It is an error where nobody would see the answer, so that the
    /// host invokes the function again.
    #[error("inputs done: {done}, left for another invocation: {left}")]
    Left { done: usize, left: usize },
    /// The run is done, and the catalog was not told. The next run tells it.
    #[error(transparent)]
    Catalog(#[from] events_catalog::Error),
    /// The same, because the time of the invocation was over.
    #[error(
        "the catalog was not told within the time limit of the function; the commit stands, and the next run tells it"
    )]
    CatalogTime,
    /// The run failed.
    #[error(transparent)]
    Run(events_core::Error),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether another run is at work on the table: nothing is wrong.
    pub(crate) fn is_busy(&self) -> bool {
        self.type_name() == "Busy"
    }

    /// What to do about it, as a word that retry rules of a workflow can name.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "Configuration",
            Self::Request { .. } => "Request",
            Self::Scratch { .. } => "Storage",
            Self::Left { .. } => "Left",
            Self::TimeLimit | Self::CatalogTime => "TimeLimit",
            Self::Stores(error) => name_of(error.kind()),
            // Another run has committed: trying the same again is in vain.
            Self::Run(events_core::Error::Conflict { .. }) => "Conflict",
            Self::Run(error) => name_of(error.kind()),
            Self::Catalog(error) => name_of(error.kind()),
        }
    }
}

fn name_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Configuration => "Configuration",
        ErrorKind::Storage => "Storage",
        ErrorKind::Unfinished => "Unfinished",
        ErrorKind::Busy => "Busy",
        ErrorKind::Data => "Data",
        _ => "Bug",
    }
}

impl From<events_core::Error> for Error {
    fn from(error: events_core::Error) -> Self {
        match error.kind() {
            // Nobody but the time limit interrupts a run here.
            ErrorKind::Interrupted => Self::TimeLimit,
            _ => Self::Run(error),
        }
    }
}
