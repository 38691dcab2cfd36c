//! Repair: what it recovers of damaged records whose true value is known, and how fast it is.
//!
//! | module | holds |
//! |---|---|
//! | `random`, `event` | events of many shapes from a seed |
//! | `tokens`, `truth`, `damage` | eighteen ways to damage one, with what it should have said |
//! | `corpus` | records, of which some are damaged, and the inputs made of them |
//! | `judge`, `ledger`, `recovery` | whether records came out right, and where each byte is |
//! | `pass` | one pass over a file, in a process of its own |
//! | `program` | the command as people start it |
//! | `measure`, `jobs`, `peers` | the speed of repair, of whole runs with it, and of other projects |
//! | `suite`, `table` | all of it in turn, and what people read |

mod corpus;
mod damage;
mod event;
mod jobs;
mod judge;
mod ledger;
mod measure;
pub(crate) mod pass;
mod peers;
mod program;
mod random;
mod recovery;
mod suite;
mod table;
mod tokens;
mod truth;

pub(crate) use peers::Peers;
pub(crate) use suite::{check, measure};
