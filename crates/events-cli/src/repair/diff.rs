//! What changes, for people.
//!
//! ```text
//! events.json:120
//! - {'id': 1,}
//! + {"id": 1}
//!   single_quotes,trailing_comma
//! events.json:131
//! ! truncated: the input, or the next record, begins before the record was closed
//! ! {"id": 2
//! ```

use std::fmt::Display;
use std::io::Write;

use events_core::event::Reason;
use events_core::json::{Level, Repair, RepairKinds};

use crate::outlet::Outlet;
use crate::units::counted;
use crate::visible;

/// Writes changes as they come.
pub(super) struct Diff {
    color: bool,
    /// Repairs of the record that comes, and of what is dropped before it.
    pending: Vec<Repair>,
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

impl Diff {
    pub(super) fn new(color: bool) -> Self {
        Self { color, pending: Vec::new() }
    }

    /// Takes a repair. What was done between records is not shown: no byte of a record changes.
    pub(super) fn repair(&mut self, repair: Repair) {
        if repair.kind.level() > Level::Framing {
            self.pending.push(repair);
        }
    }

    /// Shows a record that was changed.
    pub(super) fn record<W: Write>(
        &mut self,
        out: &mut Outlet<W>,
        source: &str,
        offset: u64,
        before: &[u8],
        json: &str,
        repairs: RepairKinds,
    ) {
        self.dropped(out, source, offset);
        self.pending.clear();
        if repairs.is_empty() {
            return;
        }
        self.place(out, source, offset);
        visible::lines(before).for_each(|line| self.line(out, RED, "-", line));
        visible::lines(json.as_bytes()).for_each(|line| self.line(out, GREEN, "+", line));
        self.line(out, "", " ", repairs);
    }

    /// Shows what is no record.
    pub(super) fn reject<W: Write>(
        &mut self,
        out: &mut Outlet<W>,
        source: &str,
        offset: u64,
        bytes: &[u8],
        reason: Reason,
        detail: &str,
    ) {
        self.dropped(out, source, u64::MAX);
        self.place(out, source, offset);
        self.line(out, YELLOW, "!", format_args!("{reason}: {detail}"));
        if !bytes.is_empty() {
            visible::lines(bytes).for_each(|line| self.line(out, YELLOW, "!", line));
        }
    }

    /// Shows what is left at the end of an input.
    pub(super) fn finish<W: Write>(&mut self, out: &mut Outlet<W>, source: &str) {
        self.dropped(out, source, u64::MAX);
    }

    /// Shows what no record was made of, before an offset: repairs come before their record and lie within it.
    fn dropped<W: Write>(&mut self, out: &mut Outlet<W>, source: &str, before_offset: u64) {
        let count = self.pending.iter().take_while(|repair| repair.offset < before_offset).count();
        let dropped: Vec<_> = self.pending.drain(..count).collect();
        for repair in dropped {
            self.place(out, source, repair.offset);
            visible::lines(&repair.before).for_each(|line| self.line(out, RED, "-", line));
            let more = repair.length - repair.before.len() as u64;
            let more = if more > 0 { format!(", and {} more", counted(more, "byte")) } else { String::new() };
            self.line(out, "", " ", format_args!("{}{more}", repair.kind));
        }
    }

    fn place<W: Write>(&self, out: &mut Outlet<W>, source: &str, offset: u64) {
        let source = visible::Visible(source.as_bytes());
        self.write(out, BOLD, format_args!("{source}:{offset}"));
    }

    fn line<W: Write>(&self, out: &mut Outlet<W>, color: &str, mark: &str, text: impl Display) {
        self.write(out, color, format_args!("{mark} {text}"));
    }

    fn write<W: Write>(&self, out: &mut Outlet<W>, color: &str, line: impl Display) {
        let line = if self.color && !color.is_empty() { format!("{color}{line}{PLAIN}") } else { line.to_string() };
        out.line(line.as_bytes());
    }
}
