//! What can stop a generation.

use std::io;
use std::path::PathBuf;

/// An error from [`generate`](super::generate()).
///
/// Objects written before the error stay in the folder: nothing of the caller's is ever erased.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A setting is out of its bounds; nothing was written.
    #[error("invalid `{field}`: {reason}")]
    Config {
        /// The field of [`GenerateConfig`](super::GenerateConfig).
        field: &'static str,
        /// The bound that it breaks.
        reason: String,
    },

    /// An object of that name is already there; choose an empty folder or erase it first.
    #[error("`{}` already exists; generate into an empty folder", path.display())]
    Exists {
        /// The object that would have been overwritten.
        path: PathBuf,
    },

    /// The file system refused an operation.
    #[error("{operation} `{}`", path.display())]
    Io {
        /// The operation, to be read after "failed to".
        operation: &'static str,
        /// What it was for.
        path: PathBuf,
        /// The reason of the file system.
        #[source]
        source: io::Error,
    },
}
