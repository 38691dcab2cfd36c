//! From bytes to records: framing and repair.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod fixtures;
mod framing;
mod repair;
mod suite;
