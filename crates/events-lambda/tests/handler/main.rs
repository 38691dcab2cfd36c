//! The handler of the function, without a process around it.
//!
//! It has a process of its own, because a process that another test starts holds the lock of a table, which it inherits,
//! until it has become the executable.
#![expect(clippy::unwrap_used, reason = "clippy does not know helpers of tests as tests")]

mod handler;
#[path = "../function/lake.rs"]
mod lake;
