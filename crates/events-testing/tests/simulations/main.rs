//! The harness itself, and the event-distributor under every fault, crash and schedule that it knows.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod counter;
mod determinism;
mod faults;
mod matrix;
mod random;
mod scenarios;
mod schedules;
mod turns;
mod watch;
mod workers;
