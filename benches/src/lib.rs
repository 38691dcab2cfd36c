//! What the programs of this package share.
//!
//! | module | holds |
//! |---|---|
//! | [`sample`] | small inputs from a fixed seed |
//! | [`workload`] | small pieces of the job over them, which `micro` times and `guard` counts |
//! | [`meter`] | a store that counts what is asked of it |
//! | [`memory`] | a lake in memory, and runs in it |

pub mod memory;
pub mod meter;
pub mod sample;
pub mod workload;
