//! What a command may write, and where to.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

use crate::options::{CommonOptions, LogForm, OutputForm};

/// What the command may write, and where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsoleSettings {
    pub(crate) output: OutputForm,
    pub(crate) log_level: LevelFilter,
    pub(crate) log_form: LogForm,
    /// Whether standard error shows a display that moves.
    pub(crate) progress: bool,
    /// Whether log lines may be coloured.
    pub(crate) color: bool,
    pub(crate) quiet: bool,
}

/// Resolves what the command may write.
pub(crate) fn resolve_console(options: &CommonOptions) -> ConsoleSettings {
    let is_terminal = std::io::stderr().is_terminal();
    let quiet = options.quiet.unwrap_or_default();
    let progress = is_terminal && !quiet && !options.no_progress.unwrap_or_default();
    // A display says what the lines of `info` would; a person who asks for them gets both.
    let usual = if progress { LevelFilter::WARN } else { LevelFilter::INFO };
    let log_level = options.log_level.unwrap_or(usual);
    let log_level = if options.verbose.unwrap_or_default() { log_level.max(LevelFilter::DEBUG) } else { log_level };
    ConsoleSettings {
        output: options.output.unwrap_or_default(),
        log_level: if quiet { log_level.min(LevelFilter::ERROR) } else { log_level },
        log_form: options.log_format.unwrap_or_default(),
        progress,
        color: wants_color(is_terminal),
        quiet,
    }
}

/// Whether a stream is coloured. <https://no-color.org>: any value but the empty one says no.
pub(super) fn wants_color(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
