//! Plans: a view of the zones, and what a run on it foretells.
#![expect(clippy::unwrap_used, reason = "clippy does not know helpers of tests as tests")]

mod overlay;
mod plan;
