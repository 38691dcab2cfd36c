//! Simulations of the event-distributor: what is done to it, and how often.

mod matrix;
mod random;
mod tally;
mod turns;
mod world;

pub use matrix::{Injection, crash_matrix, crash_matrix_where, double_crashes, double_crashes_where, play};
pub use random::{Trial, for_seeds, random};
pub use tally::Tally;
pub use turns::{overwrites, two_runners, zombies};
pub use world::{WORK_SPLIT, World};
