//! What becomes of each finding.

use std::io::StdoutLock;

use events_core::event::Reason;
use events_core::json::{Finding, Level, Repair};
use events_core::run::RejectLine;
use serde::Serialize;

use super::diff::Diff;
use super::tally::Tally;
use crate::console::complain;
use crate::error::{Error, Result};
use crate::outlet::{LineFile, Outlet};
use crate::settings::{Product, RepairSettings};

/// Where findings go. The first failure is kept, and nothing is written from then on.
pub(super) struct Sinks {
    product: Product,
    is_strict: bool,
    stdout: Outlet<StdoutLock<'static>>,
    report: Option<LineFile>,
    rejects: Option<LineFile>,
    diff: Diff,
    /// The name of the input at hand.
    source: String,
    /// Bytes of all records so far, line feeds included, and how many of them are of earlier inputs.
    output_bytes: u64,
    output_base: u64,
    violation: Option<Error>,
}

/// A line of the report.
#[derive(Debug, Serialize)]
struct RepairLine<'a> {
    source: &'a str,
    #[serde(flatten)]
    repair: &'a Repair,
    level: Level,
}

impl Sinks {
    pub(super) fn open(settings: &RepairSettings) -> Result<Self> {
        let create = |path: &Option<std::path::PathBuf>| path.as_deref().map(LineFile::create).transpose();
        Ok(Self {
            product: settings.product,
            is_strict: settings.level == Level::Strict,
            report: create(&settings.report)?,
            rejects: create(&settings.rejects)?,
            stdout: Outlet::stdout(),
            diff: Diff::new(settings.product == Product::Diff { color: true }),
            source: String::new(),
            output_bytes: 0,
            output_base: 0,
            violation: None,
        })
    }

    /// What comes from now on is of that input.
    pub(super) fn begin(&mut self, source: &str) {
        source.clone_into(&mut self.source);
        self.output_base = self.output_bytes;
        self.violation = None;
    }

    /// Takes what the repairer found.
    pub(super) fn take(&mut self, finding: Finding<'_>, tally: &mut Tally) {
        match finding {
            Finding::Record { offset, before, json, repairs } => {
                tally.record(!repairs.is_empty());
                self.output_bytes += json.len() as u64 + 1;
                match self.product {
                    Product::Records => self.stdout.line(json.as_bytes()),
                    Product::Diff { .. } => {
                        self.diff.record(&mut self.stdout, &self.source, offset, before, &json, repairs);
                    }
                    Product::Nothing => {}
                }
            }
            Finding::Repair(repair) => self.repair(repair, tally),
            Finding::Reject { offset, bytes, reason, detail } => {
                self.reject(offset, bytes, reason.into(), &detail, tally);
            }
        }
    }

    /// Takes what is wrong with a compressed input, behind everything that came out of it.
    pub(super) fn damage(&mut self, offset: u64, reason: Reason, problem: &str, tally: &mut Tally) {
        self.reject(offset, b"", reason, problem, tally);
        if !self.is_strict {
            complain(&format!("error: `{}` at byte {offset}: {problem}; what came before was read", self.source));
        }
    }

    fn repair(&mut self, repair: Repair, tally: &mut Tally) {
        tally.repair(repair.kind);
        let repair = Repair { output_offset: repair.output_offset + self.output_base, ..repair };
        if let Some(report) = &mut self.report {
            report.push(&RepairLine { source: &self.source, level: repair.kind.level(), repair: &repair });
        }
        if self.is_strict {
            self.refuse(repair.offset, format!("`{}` is needed", repair.kind));
        }
        if matches!(self.product, Product::Diff { .. }) {
            self.diff.repair(repair);
        }
    }

    fn reject(&mut self, offset: u64, bytes: &[u8], reason: Reason, detail: &str, tally: &mut Tally) {
        tally.reject(reason);
        if let Some(rejects) = &mut self.rejects {
            rejects.push(&RejectLine::new(&self.source, offset, bytes, reason, detail));
        }
        if matches!(self.product, Product::Diff { .. }) {
            self.diff.reject(&mut self.stdout, &self.source, offset, bytes, reason, detail);
        }
        if self.is_strict {
            self.refuse(offset, format!("{reason}: {detail}"));
        }
    }

    fn refuse(&mut self, offset: u64, problem: String) {
        let name = self.source.clone();
        self.violation.get_or_insert(Error::Damaged { name, offset, problem });
    }

    /// Whether nothing that comes matters any more.
    pub(super) fn is_done(&self) -> bool {
        let files = [&self.report, &self.rejects];
        self.violation.is_some() || self.is_closed() || !files.into_iter().flatten().all(LineFile::is_open)
    }

    /// Whether nobody reads standard output any more, or it cannot be written.
    pub(super) fn is_closed(&self) -> bool {
        !self.stdout.is_open()
    }

    /// The first damage, when the level is strict.
    pub(super) fn failure(&mut self) -> Result<()> {
        self.violation.take().map_or(Ok(()), Err)
    }

    /// Tells what is left of an input, and writes what is still gathered.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.diff.finish(&mut self.stdout, &self.source);
        self.stdout.finish()?;
        self.report.iter_mut().chain(&mut self.rejects).try_for_each(LineFile::finish)
    }
}
