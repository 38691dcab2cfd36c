//! What can stop a benchmark.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use events_cli::generate::GenerateError;
use events_core::json::Level;
use parquet::errors::ParquetError;

/// An error of a benchmark. There is nothing to do about one but to read it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{operation} `{}`", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("starting the runtime")]
    Runtime(#[source] std::io::Error),
    #[error("generating the input")]
    Generate(#[from] GenerateError),
    #[error("opening the store")]
    Store(#[from] object_store::Error),
    #[error("running the job")]
    Job(#[from] events_core::Error),
    #[error("encoding the rows of the table again")]
    Floor(#[from] ParquetError),
    #[error("child `{errand}` ended with {status}")]
    Child { errand: &'static str, status: std::process::ExitStatus },
    #[error("reading what child `{errand}` says")]
    Answer {
        errand: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// The job did something else than what it is measured for.
    #[error("{what} of case `{case}`: {actual} where {expected} must be")]
    Mismatch { case: &'static str, what: &'static str, expected: u64, actual: u64 },
    /// Repair has broken a promise.
    #[error("{what}: {actual} where {expected} must be, in {layout} at {level}")]
    Recovery { what: &'static str, layout: &'static str, level: Level, expected: u64, actual: u64 },
    #[error("finding `{}`: build it with `cargo build --release -p events-cli`", path.display())]
    Unbuilt { path: PathBuf },
}

/// The result of everything here.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For `map_err`: an operation of the file system that failed.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn StdError), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
