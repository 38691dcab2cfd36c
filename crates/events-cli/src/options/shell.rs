//! The options of `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `events completions`
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell that the script is for
    pub(crate) shell: Shell,
}

/// `events man`
#[derive(Debug, Clone, Args)]
pub(crate) struct ManOptions {
    /// Write a page for each command into this folder, which is made when it is missing, instead of that of `events` to
    /// standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
