//! The executable of the function, under a host.
#![expect(clippy::unwrap_used, reason = "clippy does not know helpers of tests as tests")]

mod bootstrap;
mod events;
mod host;
mod lake;
