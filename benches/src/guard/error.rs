//! What can stop a guard.

use std::path::PathBuf;

use events_benches::workload;
use events_cli::generate::GenerateError;

/// An error of the guard itself: nothing is known of the code then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the figures are those of the dev profile, and this is another build: run `benches/guard`")]
    Profile,
    #[error("making a temporary folder")]
    Folder(#[source] std::io::Error),
    #[error("making samples")]
    Generate(#[from] GenerateError),
    #[error("working")]
    Work(#[from] workload::Error),
    #[error("{operation} `{}`", path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("reading `{}`", path.display())]
    Figures {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("starting valgrind")]
    Valgrind(#[source] std::io::Error),
    #[error("counting the instructions of `{workload}`: valgrind says\n{said}")]
    Uncounted { workload: String, said: String },
}

/// The result of everything here.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
