//! What keeps a table from being registered.

use events_core::ErrorKind;

use crate::name::TableName;

/// An error from registering. The table itself is whole, and the next run registers what this one could not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Glue cannot be asked.
    #[error(transparent)]
    Service(#[from] events_stores::Error),
    /// The table cannot be listed.
    #[error(transparent)]
    Table(#[from] events_core::Error),
    /// There is nothing that could be registered.
    #[error("the table at `{location}` has no commit yet: nothing is to be registered")]
    Empty {
        /// Where the table would be.
        location: String,
    },
    /// Glue has refused.
    #[error("Glue refused {operation}: {code}: {message}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// Glue's name of the error.
        code: String,
        /// What Glue said.
        message: String,
    },
    /// An answer is none of Glue's.
    #[error("the answer to {operation} is none of Glue")]
    Answer {
        /// What was asked.
        operation: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Under the name of the table is something else.
    #[error("table {name} of the catalog {problem}")]
    Other {
        /// Its name.
        name: TableName,
        /// What is different.
        problem: String,
    },
    /// Others have changed the catalog's table at each try.
    #[error("table {name} of the catalog was changed by others {tries} times meanwhile")]
    Contended {
        /// Its name.
        name: TableName,
        /// How often it was tried.
        tries: usize,
    },
}

/// The result of registering.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Service(error) => error.kind(),
            Self::Table(error) => error.kind(),
            Self::Other { .. } | Self::Empty { .. } => ErrorKind::Configuration,
            Self::Refused { .. } | Self::Answer { .. } | Self::Contended { .. } => ErrorKind::Storage,
        }
    }
}
