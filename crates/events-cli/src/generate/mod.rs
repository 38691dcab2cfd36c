//! Realistic input objects, and the exact counts that the table made of them must show.
//!
//! [`generate()`] fills a folder with JSON events as producers dump them: eight kinds, several framings, redeliveries,
//! newer versions of the same event, and damaged records.
//! It counts while it writes, so [`Expected`] owes nothing to the code that it is there to check.
//!
//! | module | holds |
//! |---|---|
//! | `config` | [`GenerateConfig`]: what to make |
//! | `random` | the seeded generator under everything |
//! | `kind`, `text`, `data`, `event` | an event as a pure function of `(seed, index)` |
//! | `pretty`, `layout` | how records become the text of an object |
//! | `damage` | how a record is broken |
//! | `redelivery` | which earlier event comes again |
//! | `tally`, `expected` | counting, and the [`Expected`] result |
//! | `writer`, `lane`, `run` | objects on disk, written by threads that cannot change the result |

mod config;
mod damage;
mod data;
mod error;
mod event;
mod expected;
mod kind;
mod lane;
mod layout;
mod pretty;
mod random;
mod redelivery;
mod run;
mod tally;
mod text;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{Compression, GenerateConfig};
pub use error::GenerateError;
pub use expected::{DuplicateCounts, Expected};
pub use layout::Layout;
pub use run::generate;
