//! The two streams of the process: standard output carries data, standard error everything else.

use std::io::{self, ErrorKind, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::{Error, Result};
use crate::options::{LogForm, OutputForm};
use crate::settings::ConsoleSettings;

/// How often a display is drawn at most: faster than that, nobody reads it.
const REDRAW_HZ: u8 = 8;

/// Standard output and standard error, and the display that shares the latter with log lines. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    settings: ConsoleSettings,
    displays: MultiProgress,
}

/// A document on a line of its own.
pub(crate) fn json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("plain data with text for keys is JSON") + "\n"
}

impl Console {
    /// Sets up log lines, once a process.
    pub(crate) fn start(settings: ConsoleSettings) -> Self {
        let target = if settings.progress {
            ProgressDrawTarget::stderr_with_hz(REDRAW_HZ)
        } else {
            ProgressDrawTarget::hidden()
        };
        let console = Self { settings, displays: MultiProgress::with_draw_target(target) };
        let lines = tracing_subscriber::fmt::layer().with_writer(console.clone()).with_ansi(settings.color);
        let lines = lines.with_target(false).log_internal_errors(false);
        let registry = tracing_subscriber::registry().with(targets(settings.log_level));
        // Only a second call could fail, and the first one's lines would go on.
        let _ = match settings.log_form {
            LogForm::Text => registry.with(lines).try_init(),
            LogForm::Json => registry.with(lines.json()).try_init(),
        };
        console
    }

    /// What standard output is to carry.
    pub(crate) fn output(&self) -> OutputForm {
        self.settings.output
    }

    /// A display of one line, invisible where none is wanted. `template` is that of `indicatif`.
    pub(crate) fn display(&self, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.displays.add(ProgressBar::new(0).with_style(style.progress_chars("=> ")))
    }

    /// Writes data to standard output. A reader that has gone away has read enough.
    ///
    /// # Errors
    /// [`Error::Process`] when it cannot be written for another reason.
    pub(crate) fn print(&self, text: &str) -> Result<()> {
        let mut stdout = io::stdout().lock();
        match self.displays.suspend(|| stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())) {
            Err(source) if source.kind() != ErrorKind::BrokenPipe => {
                Err(Error::Process { operation: "writing to standard output", source })
            }
            _ => Ok(()),
        }
    }

    /// Tells a person something that is neither data nor a log line.
    pub(crate) fn say(&self, line: &str) {
        if !self.settings.quiet {
            self.displays.suspend(|| complain(line));
        }
    }
}

/// Writes a line to standard error; when nobody reads it, there is nobody left to tell.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Only this project's own lines, and those of the stores for whoever looks for their retries: what HTTP libraries write
/// at `trace` may hold the headers of requests, and so credentials.
fn targets(level: LevelFilter) -> Targets {
    let stores = if level > LevelFilter::INFO { level } else { level.min(LevelFilter::WARN) };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("events_cli", level)
        .with_target("events_core", level)
        .with_target("events_stores", level)
        .with_target("object_store", stores)
}

impl<'a> MakeWriter<'a> for Console {
    type Writer = LogWriter;

    fn make_writer(&'a self) -> LogWriter {
        LogWriter(self.displays.clone())
    }
}

/// Writes log lines above the display.
pub(crate) struct LogWriter(MultiProgress);

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A closed pipe ends the log, not the run.
        let _ = self.0.suspend(|| io::stderr().write_all(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
