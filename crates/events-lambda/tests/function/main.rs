//! The function as a whole: its handler, and its executable under a host.
#![expect(clippy::unwrap_used, reason = "clippy does not know helpers of tests as tests")]

mod bootstrap;
mod events;
mod handler;
mod host;
mod lake;
