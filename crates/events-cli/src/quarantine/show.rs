//! The rejects themselves.

use std::fmt::Write as _;
use std::io::StdoutLock;

use events_core::run::{Input, RejectLine};
use serde::Serialize;

use crate::error::Result;
use crate::options::OutputForm;
use crate::outlet::Outlet;
use crate::places;
use crate::units::{Bytes, Count, counted};
use crate::visible::{self, Visible};

/// How much of a reject people are shown: enough to see what is wrong, with most rejects whole.
const BYTES_SHOWN: usize = 4 << 10;

/// How the document for machines begins.
const DOCUMENT: &str = "{\"rejects\":[";

/// Writes rejects as they come, up to a limit: for people a few lines each, for machines one document, which is not held in
/// memory and is whole only when everything could be read.
pub(super) struct Show {
    output: OutputForm,
    limit: u64,
    seen: u64,
    stdout: Outlet<StdoutLock<'static>>,
}

/// A reject for machines.
#[derive(Debug, Serialize)]
struct Line<'a> {
    run: &'a str,
    #[serde(flatten)]
    line: &'a RejectLine<'a>,
}

impl Show {
    pub(super) fn new(output: OutputForm, limit: u64) -> Self {
        Self { output, limit, seen: 0, stdout: Outlet::stdout() }
    }

    pub(super) fn take(&mut self, input: &Input, line: &RejectLine<'_>) {
        self.seen += 1;
        if self.seen > self.limit {
            return;
        }
        let run = places::run_of_rejects(&input.key).unwrap_or_default();
        match self.output {
            OutputForm::Json => {
                self.stdout.text(if self.seen == 1 { DOCUMENT } else { "," });
                self.stdout.json(&Line { run, line });
            }
            OutputForm::Human => self.show(run, line),
        }
    }

    fn show(&mut self, run: &str, line: &RejectLine<'_>) {
        let bytes = line.bytes().unwrap_or_default();
        let shown = &bytes[..bytes.len().min(BYTES_SHOWN)];
        let (source, detail) = (Visible(line.source.as_bytes()), Visible(line.detail.as_bytes()));
        let mut text = format!("{source}:{}  {}  {}  run {run}\n", line.offset, line.reason, Bytes(line.length));
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {detail}");
        if !shown.is_empty() {
            text.extend(visible::lines(shown).map(|line| format!("  | {line}\n")));
        }
        if let Some(more) = bytes.len().checked_sub(BYTES_SHOWN).filter(|&more| more > 0) {
            let _ = writeln!(text, "  and {} more", Bytes(more as u64));
        }
        self.stdout.line(text.as_bytes());
    }

    /// Says what was not shown. `place` is where the quarantine is.
    pub(super) fn finish(mut self, place: &str) -> Result<()> {
        let (shown, count) = (self.seen.min(self.limit), self.seen);
        if self.output == OutputForm::Json && shown == 0 {
            self.stdout.text(DOCUMENT);
        }
        let end = match (self.output, count) {
            (OutputForm::Json, _) => format!("],\"shown\":{shown},\"count\":{count}}}"),
            (OutputForm::Human, 0) => format!("no such rejects in `{place}`"),
            (OutputForm::Human, _) if count > shown => {
                format!("{} of {} in `{place}`", Count(shown), counted(count, "reject"))
            }
            (OutputForm::Human, _) => format!("{} in `{place}`", counted(count, "reject")),
        };
        self.stdout.line(end.as_bytes());
        self.stdout.finish()
    }
}
