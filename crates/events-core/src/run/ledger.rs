//! The conservation ledger: what came in equals what came out, counted on both sides by different hands.

use super::report::Counts;
use crate::error::{Error, Result};

/// What the parts of a run counted on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Rows that the exchange took.
    pub(crate) exchanged: u64,
    /// Rows in files of the table.
    pub(crate) written: u64,
    /// Rows that were found to lose.
    pub(crate) dropped: u64,
}

/// Every framed record is an event or a reject.
///
/// # Errors
/// [`Error::Ledger`] when the counts differ.
pub(crate) fn check_parsed(totals: &Counts, exchanged: u64, quarantined: u64) -> Result<()> {
    balance("records", totals.records, "events and rejects", totals.events + totals.rejects_total())?;
    balance("events", totals.events, "rows of the exchange", exchanged)?;
    balance("rejects", totals.rejects_total(), "lines of the quarantine", quarantined)
}

/// Every row of the exchange is in the table or lost to one that is.
///
/// # Errors
/// [`Error::Ledger`] when the counts differ.
pub(crate) fn check_written(totals: &Counts, ledger: Ledger) -> Result<()> {
    balance("rows of the exchange", ledger.exchanged, "rows written and dropped", ledger.written + ledger.dropped)?;
    balance("events", totals.events, "rows and duplicates", totals.rows + totals.duplicates_total())?;
    balance("rows of the report", totals.rows, "rows written", ledger.written)
}

/// Every row of a file that is to give way was there.
///
/// # Errors
/// [`Error::Ledger`] when the counts differ.
pub(crate) fn check_replaced(expected: u64, left_out: u64) -> Result<()> {
    balance("rows to replace", expected, "left out", left_out)
}

/// Every row of files that become others is in those.
///
/// # Errors
/// [`Error::Ledger`] when the counts differ.
pub(crate) fn check_kept(before: u64, after: u64) -> Result<()> {
    balance("rows of files", before, "rows of the files that they become", after)
}

fn balance(what: &str, count: u64, other: &str, other_count: u64) -> Result<()> {
    if count == other_count {
        return Ok(());
    }
    Err(Error::Ledger { problem: format!("{count} {what}, but {other_count} {other}") })
}
