//! What can stop a command, and what to do about it.

use std::path::PathBuf;

use events_core::error::ErrorKind;
use events_core::run::RunId;

use crate::generate::GenerateError;

/// An error of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What was typed is not a command line, or asks for help.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// A value that was set outside of the command line is not what it must be.
    #[error("{place}: {problem}")]
    Setting {
        /// The variable, or the key and its file.
        place: String,
        problem: String,
    },
    /// The settings file cannot be read.
    #[error("reading settings file `{}`", path.display())]
    Config {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file is no plan, or one of another run.
    #[error("plan `{}` {problem}", path.display())]
    Plan { path: PathBuf, problem: String },
    /// Something that the command needs was set nowhere.
    #[error("{problem}")]
    Missing { problem: String },
    /// Another run has committed what this one was planned behind: its workers have nothing more to do.
    #[error("run `{run}` can never commit: another run committed to `{table}` first; nothing of `{run}` was published")]
    Overtaken { run: RunId, table: String },
    /// What the command prints has no form for machines.
    #[error("{of} has no form for --output json: {instead}")]
    Form { of: &'static str, instead: &'static str },
    /// A zone that the command needs is named nowhere.
    #[error("no {name} zone: name it with --{name}, or the place of all three with --root")]
    NoZone {
        /// Its name below a root.
        name: &'static str,
    },
    /// A zone cannot be opened, or its table is at work.
    #[error(transparent)]
    Stores(#[from] events_stores::Error),
    /// A folder is not one that the command may use.
    #[error("folder `{}` {problem}", path.display())]
    Folder { path: PathBuf, problem: String },
    /// There is nothing to look at, or not what is looked for.
    #[error("`{place}` {problem}")]
    Place { place: String, problem: String },
    /// The file system refused an operation.
    #[error("{operation} `{}`", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Standard output, or something that the process needs from the system, failed.
    #[error("{operation}")]
    Process {
        operation: &'static str,
        #[source]
        source: std::io::Error,
    },
    /// A file of the table cannot be read back.
    #[error("reading `{}`", path.display())]
    Parquet {
        path: PathBuf,
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// An input is damaged, and the level is strict.
    #[error("`{name}` at byte {offset}: {problem}")]
    Damaged {
        name: String,
        /// Where the damage is, in the decompressed input.
        offset: u64,
        problem: String,
    },
    /// The run failed.
    #[error(transparent)]
    Run(#[from] events_core::error::Error),
    /// The catalog was not told. The table is whole.
    #[error(transparent)]
    Catalog(#[from] events_catalog::Error),
    /// The generation failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Usage(_)
            | Self::Setting { .. }
            | Self::Config { .. }
            | Self::Plan { .. }
            | Self::Missing { .. }
            | Self::Form { .. }
            | Self::NoZone { .. }
            | Self::Folder { .. }
            | Self::Place { .. }
            | Self::Generate(GenerateError::Config { .. } | GenerateError::Exists { .. }) => ErrorKind::Configuration,
            Self::Io { .. } | Self::Process { .. } | Self::Generate(GenerateError::Io { .. }) => ErrorKind::Storage,
            Self::Overtaken { .. } => ErrorKind::Outdated,
            Self::Parquet { .. } => ErrorKind::Bug,
            Self::Damaged { .. } => ErrorKind::Data,
            Self::Stores(error) => error.kind(),
            Self::Run(error) => error.kind(),
            Self::Catalog(error) => error.kind(),
        }
    }
}
