//! The table's own records: what was committed, what of it is carried out, and which files the table has by that.
//!
//! Everything here is either never changed (entries, markers, checkpoints) or only a hint (where to begin to list, who is
//! at work).

mod entry;
mod lease;
mod log;
mod mark;
mod snapshot;
mod table;

pub(crate) use entry::{
    Digest, IndexSegment, LOG_VERSION, LogEntry, Publication, Replaced, StagedAt, Step, TableFile, Taken, Target,
};
pub use lease::{Holder, Lease};
pub(crate) use log::{
    Commit, commit, document, entry, entry_of, is_committed, is_done, mark_done, newest, put_document, put_once,
    sequences,
};
pub(crate) use mark::{require_conditional, require_conditional_at};
pub(crate) use snapshot::Snapshot;
pub(crate) use table::{Table, folders_since, horizon_days};
