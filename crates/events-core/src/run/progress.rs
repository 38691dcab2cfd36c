//! How far a run is, for whoever wants to look.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use super::report::Phase;

/// Counters of a run under way. The run writes them, anybody may read them; they are never behind by more than a piece
/// of work, and nothing waits for them.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    /// Bytes of all inputs, as stored; zero until the run has listed them.
    pub(crate) input_bytes: AtomicU64,
    pub(crate) bytes_read: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) rows_written: AtomicU64,
    pub(crate) rows_expected: AtomicU64,
    pub(crate) files_published: AtomicU64,
    pub(crate) files_expected: AtomicU64,
}

impl Progress {
    /// What the run is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed))]
    }

    /// Begins again: what was counted before was in vain.
    pub(crate) fn restart(&self) {
        self.enter(Phase::Plan);
        let counters = [
            &self.input_bytes,
            &self.bytes_read,
            &self.records,
            &self.rows_written,
            &self.rows_expected,
            &self.files_published,
            &self.files_expected,
        ];
        for counter in counters {
            counter.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Bytes of all inputs, as stored; zero until the run has listed them.
    #[must_use]
    pub fn input_bytes(&self) -> u64 {
        self.input_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of inputs that were parsed, as stored.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Records that were framed.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Rows in finished files of the table, published or not.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.rows_written.load(Ordering::Relaxed)
    }

    /// Rows that the table will get; zero until the run knows.
    #[must_use]
    pub fn rows_expected(&self) -> u64 {
        self.rows_expected.load(Ordering::Relaxed)
    }

    /// Files that readers of the table see.
    #[must_use]
    pub fn files_published(&self) -> u64 {
        self.files_published.load(Ordering::Relaxed)
    }

    /// Files that readers will see; zero until the run knows.
    #[must_use]
    pub fn files_expected(&self) -> u64 {
        self.files_expected.load(Ordering::Relaxed)
    }
}
