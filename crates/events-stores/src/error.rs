//! What keeps a run from its zones.

use std::fmt;
use std::path::PathBuf;

use events_core::ErrorKind;

/// An error from opening or locking a table, when no request was made to a store, or from a service beside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A zone is not where, or what, it must be.
    #[error("{place} {problem}")]
    Zone {
        /// What names the zone.
        place: Place,
        /// What is wrong with it. It does not repeat what names the zone.
        problem: String,
    },
    /// A store cannot be set up: a setting of it is wrong.
    #[error("opening {place}")]
    Store {
        /// What names the zone.
        place: Place,
        /// What the library said.
        #[source]
        source: Box<object_store::Error>,
    },
    /// A profile of AWS cannot be used.
    #[error("profile `{name}` {problem}")]
    Profile {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A variable of AWS is not what it must be. The problem does not repeat its value, which may be a secret.
    #[error("variable `{name}` {problem}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There are no credentials for buckets, or whoever is to give some does not.
    #[error("finding credentials")]
    Credentials {
        /// What the library said.
        #[source]
        source: Box<object_store::Error>,
    },
    /// A service of AWS beside S3 cannot be set up: a setting is wrong.
    #[error("setting {service} up")]
    ServiceSetting {
        /// Its name.
        service: &'static str,
        /// What the library said.
        #[source]
        source: Box<object_store::Error>,
    },
    /// The file system refused an operation.
    #[error("{operation} `{}`", path.display())]
    Io {
        /// What was tried, as a gerund.
        operation: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A service of AWS beside S3 cannot be asked.
    #[error("asking {service} at `{endpoint}`")]
    Service {
        /// Its name.
        service: &'static str,
        /// Where it was asked.
        endpoint: String,
        /// What the library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another run is at work on the table in a folder.
    #[error("another run is at work on the table in `{table}`; nothing was done")]
    Busy {
        /// The URL of the trusted zone.
        table: String,
    },
    /// Somebody has stopped the wait for another run.
    #[error("interrupted before anything was done")]
    Interrupted,
}

/// The result of what is done before a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Zone { .. }
            | Self::Store { .. }
            | Self::Profile { .. }
            | Self::Variable { .. }
            | Self::Credentials { .. }
            | Self::ServiceSetting { .. } => ErrorKind::Configuration,
            Self::Io { .. } | Self::Service { .. } => ErrorKind::Storage,
            Self::Busy { .. } => ErrorKind::Busy,
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }
}

/// What names a zone to whoever has to correct it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The URL, as somebody has typed it.
    Url(String),
    /// The variable that holds the URL. Its text may be a secret that somebody has put there by mistake, and whoever reads
    /// the message need not be who may read the variable.
    Variable(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(text) => write!(formatter, "zone `{text}`"),
            Self::Variable(name) => write!(formatter, "the zone of variable `{name}`"),
        }
    }
}
