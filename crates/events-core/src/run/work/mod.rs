//! A run over several workers: processes on one host or many, that share nothing but the store.
//!
//! ```text
//! plan → parse × n → deduplicate × s → compare × c → write × b, index × s → commit → publish × p → finish
//! ```
//!
//! The plan fixes the inputs, the settings and the table that all items see. An item reads the results of those before it
//! and leaves one of its own, which is written last and once: whatever an attempt leaves that did not come so far, or not
//! first, nobody looks at. So items may fail, be tried again, or be done twice at the same time. The commit is the same
//! conditional put as that of any run, and what follows it is what the next run would do as well.
//!
//! Nothing of it is in the table before, and the inputs stay pending until it is: a plan that is never carried out is in
//! nobody's way, and its stage is erased after the next commit of any run.

mod claim;
mod document;
mod item;
mod plan;
mod results;
mod shared;
mod worker;

pub use claim::Claim;
pub use item::{WorkItem, WorkPhase};
pub(crate) use plan::WorkPlan;
pub use plan::{Prepared, PreparedPhase, Split};
pub(crate) use shared::prepare;
pub use shared::{OpenItem, SharedRun, Worked};
