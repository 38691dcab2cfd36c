//! Whole jobs on tables in memory and on disk.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod batches;
mod dropped;
mod horizon;
mod inspect;
mod lake;
mod laws;
mod lease;
mod other_owner;
mod retry;
mod runs;
mod trace;
mod work;
