//! Faults, crashes and schedules for anything that works over an [`ObjectStore`](object_store::ObjectStore), and the
//! proof of the event-distributor.
//!
//! # A store that fails where you say
//!
//! [`Faults`] gives each process a [`FaultStore`] around the store that all share, and asks a [`Director`] before each
//! [`Operation`] which [`Fault`] there is to be. Here a process dies before its third operation:
//!
//! ```
//! use std::sync::Arc;
//!
//! use events_testing::{Fault, Faults, Operation};
//! use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
//!
//! # futures::executor::block_on(async {
//! let shared: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
//! let faults = Faults::new(|operation: &Operation| match (operation.runner, operation.number) {
//!     (0, 2) => Fault::CrashBefore,
//!     _ => Fault::None,
//! });
//! let (first, second) = (faults.store(&shared), faults.store(&shared));
//! for name in ["a", "b"] {
//!     first.put(&Path::from(name), name.into()).await?;
//! }
//! assert!(first.put(&Path::from("c"), "c".into()).await.is_err());
//! assert!(first.is_dead() && first.get(&Path::from("a")).await.is_err());
//!
//! // Whoever takes its place finds what it left.
//! assert!(second.get(&Path::from("b")).await.is_ok());
//! assert!(second.get(&Path::from("c")).await.is_err());
//! assert!(faults.trace().to_string().contains("runner 0 operation 2: put (overwrite) c  <-- crash before"));
//! # Ok::<(), object_store::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Several processes in lock step
//!
//! [`take_turns`] has a thread for each process, lets exactly one go on at a time, by one operation, and asks a
//! [`Schedule`] which. An observer looks at the store in between. What happens is a function of director and schedule, so
//! a seed for [`Shuffled`] is a test case for ever. The thread of a process must have nothing else to do than to wait for
//! its store.
//!
//! # The proof
//!
//! [`drivers`] does all this to an [`events_core::run::Distributor`]: every fault at every operation of a
//! [scenario](scenario::Scenario), pairs of crashes, all schedules of two runners with at most two preemptions, zombies,
//! and simulations that a seed decides. A [`Watch`] checks the [invariants](Invariant) against an [`Oracle`].
//!
//! # What it does not do
//!
//! - It does not tear a write: an object is there or it is not, as every store of `object_store` promises.
//! - It has no clock. `last_modified` is what the inner store says and in no trace.

mod broken;
mod bucket;
pub mod drivers;
mod fault;
mod faults;
mod lake;
mod lock_step;
mod operation;
mod oracle;
mod random;
mod reader;
pub mod scenario;
mod schedule;
mod snapshot;
mod store;
mod table;
mod trace;
mod watch;

pub use broken::{Broken, Invariant, Violation};
pub use bucket::Bucket;
pub use fault::{Director, Fault};
pub use faults::{Faults, Observer};
pub use lake::{Lake, PREFIX, StoreKind};
pub use lock_step::{Actor, Seat, faults_with_turns, take_turns};
pub use operation::{Operation, OperationKind, WriteMode};
pub use oracle::{Input, Oracle};
pub use random::Random;
pub use reader::Reader;
pub use schedule::{Schedule, Segments, Shuffled, Waiting};
pub use snapshot::{Object, Snapshot};
pub use store::FaultStore;
pub use table::{Decoded, Row, rows};
pub use trace::{Moment, Trace};
pub use watch::Watch;
