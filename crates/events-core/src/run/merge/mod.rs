//! Rows against the table that is there: which of them it has already, which of its rows they replace, and which of its
//! files they go to.
//!
//! 1. [`KnownIds`]: the index tells for each id whether the table took it before, and where that went.
//! 2. [`Compare`]: where it took another version of an event, that version is read, and one of the two stays.
//! 3. [`place`]: new rows of a partition become a file of their own, or go to a small one that is there.
//! 4. [`Shrink`]: files lose rows that newer ones replace.
//! 5. [`UpdateIndex`]: what is new goes to the index.

mod compact;
mod compare;
mod known;
mod object;
mod place;
mod shrink;
mod update;

pub(crate) use compact::{Compact, Group, groups};
pub(crate) use compare::{CANDIDATE_BYTES, Candidate, Compare, Compared, FoundList, Superseded};
pub(crate) use known::{ENTRY_BYTES, Hit, KnownIds, NewEntry};
pub(crate) use object::TableObjects;
pub(crate) use place::{Placement, place};
pub(crate) use shrink::Shrink;
pub(crate) use update::{UpdateIndex, publication as index_publication};
