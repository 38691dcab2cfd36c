//! Damaged records become sound ones, as far as a [`Level`] allows.
//!
//! | module | holds |
//! |---|---|
//! | `kind` | levels and kinds |
//! | `mender` | the tolerant parser; `string`, `scalar`, `quotes` and `guess` are its parts |
//! | `edit` | what it changes |
//! | `attempt` | which reading of a damaged place is tried first |

mod attempt;
mod edit;
mod guess;
mod kind;
mod mender;
mod quotes;
mod scalar;
mod string;

pub(crate) use attempt::{Attempt, attempt};
pub use edit::Repair;
pub use kind::{Level, RepairKind, RepairKinds};
pub(crate) use mender::{Mended, Why};
