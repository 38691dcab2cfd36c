//! JSON events in object storage become one clean, deduplicated, partitioned Parquet table.
//!
//! Somebody dumps events as JSON into a folder or a bucket: objects glued together without separators, lines,
//! pretty-printed arrays, some compressed, some damaged, many delivered twice. This library turns them into Hive
//! partitions of Parquet that Athena, Spark, DuckDB and Polars read as they lie, with one row for each event id.
//!
//! # The whole job
//!
//! A [`Distributor`](run::Distributor) works over any [`ObjectStore`](object_store::ObjectStore), in whatever runtime
//! that store needs; here it is a memory, which needs none.
//!
//! ```
//! use std::sync::Arc;
//!
//! use events_core::Config;
//! use events_core::run::{Distributor, Start, Zones};
//! use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
//!
//! # futures::executor::block_on(async {
//! let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
//! let zones = Zones::below(&store, &Path::from("lake"), "memory:///lake");
//! let events = r#"{"event_id":"a","timestamp":"2021-01-14T10:18:57","domain":"card","event_type":"issued"}{"oops"#;
//! store.put(&Path::from("lake/landing/pending/events.json"), events.into()).await?;
//!
//! let distributor = Distributor::new(zones, std::env::temp_dir(), Config::default())?;
//! let start = Start { run: "first".parse()?, date: "2026-11-23".parse()? };
//! let report = distributor.run(&start).await?;
//!
//! assert_eq!((report.totals.rows, report.totals.rejects_total()), (1, 1));
//! assert_eq!(report.partitions[0].path, "domain_event_type=card-issued/year=2021/month=1/day=14");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # A part of the job
//!
//! Everything before the store works on bytes and batches in memory.
//!
//! ```
//! use events_core::event::Events;
//! use events_core::table::{FileConfig, deduplicate, to_batch, with_partition_columns, write_parquet};
//!
//! let input = br#"[{"event_id":"a","timestamp":1,"domain":"card","event_type":"issued","data":{"n":1}},
//!                  {"event_id":"a","timestamp":2,"domain":"card","event_type":"issued","data":{"n":2}}]"#;
//! let events: Vec<_> = Events::new(input).filter_map(Result::ok).collect();
//! let rows = deduplicate(&to_batch(&events)?)?.batch;
//! assert_eq!(rows.num_rows(), 1);
//! assert_eq!(with_partition_columns(&rows)?.num_columns(), 11);
//! assert!(write_parquet(&[rows], &FileConfig::default())?.length > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Repair needs no events and no store either: see [`Repairer`](json::Repairer).
//!
//! # The way of a byte
//!
//! | stage | module | gives |
//! |---|---|---|
//! | frame, repair | [`json`] | records, sound or mended, and damage with its bytes |
//! | decode | [`event`] | events that met the contract, and rejects with a reason |
//! | row, partition, deduplicate, encode | [`table`] | batches, folders, Parquet |
//! | plan, exchange, commit, publish, move | [`run`] | a table, and a report |
//!
//! A module sees only those above it in this list.
//!
//! # Guarantees
//!
//! 1. **Conservation.** Every byte of an input is in exactly one event, reject or separator.
//!    `records = rows + duplicates + rejects` is checked in every run, and a run that does not balance fails.
//! 2. **One row an id.** Of all events that the table ever took, it has for each id the one with the greatest
//!    `(timestamp, digest of its content)`: a total order, so nothing else decides, and any split of the same inputs into
//!    any runs gives the same rows. With a [`Horizon`] events of an id that are far apart are different ones, and a table
//!    keeps the narrowest that it was told.
//! 3. **Order and thread independence.** The same inputs give the same bytes of every file, whatever the order of
//!    listing, the number of threads and the memory.
//! 4. **Fidelity.** `data` keeps its own text: the spelling of numbers, the order of keys, repeated keys, escapes. Only
//!    white space between tokens is dropped. Repair touches no sound record, and a mended one says so.
//! 5. **Nothing early, nothing twice, nothing lost.** Until a run commits, readers of the table see nothing of it and
//!    inputs stay pending; once it has, whoever comes next finishes what it leaves. Several runs may be at work at once:
//!    see [`Writers`](run::Writers).
//! 6. **Bounded memory.** Rows take what [`Config::memory_bytes`] says, however many there are. What comes on top: some
//!    bytes an input and a partition, a file in the making for each thread, the keys of one shard for each thread, and
//!    the rejects of a piece of input.
//!
//! # Embedding
//!
//! Examples that are whole programs are in `examples/`: the job in ten lines, everything in memory, a service around runs,
//! a store of one's own, progress and cancellation, a policy for rejects. What a program has to know:
//!
//! - **Runtime.** The library has none. Its futures are awaited in whatever runtime the stores need: those of S3 need
//!   tokio's, a memory needs none, and a local folder hands its calls to tokio's blocking threads, or makes them on the task
//!   where there is no tokio.
//! - **Threads.** A run computes on [`Config::threads`] threads of its own, which end with it, and never on an executor's.
//!   What the task itself does between two awaits is small: an entry of the log, checksums of the inputs that it moves. But
//!   a [`Barrier`](run::Barrier) is called on it, and blocks it for as long as it takes.
//! - **`Send`.** A [`Distributor`](run::Distributor) is `Send` and `Sync`, and so its futures are `Send`. They borrow it: a
//!   task that is spawned owns the distributor, or an `Arc` of it.
//! - **One run at a time.** Several runs on one table, of one distributor or many, are safe with
//!   [`Writers::Many`](run::Writers), and all but one of them work in vain. With `Single` they are the caller's to keep
//!   apart. `events-stores` has a lock for folders and a lease for buckets.
//! - **Cancel safety.** Every future of the library may be dropped at any await. That is what the death of the process
//!   would be: nothing is lost and nothing doubled, and the next run finishes what was committed and erases what was not.
//!   Threads end at their next piece of work or call of a store. `tests/jobs/dropped.rs` drops a run at each of its operations.
//!   [`Cancel`](run::Cancel) is better where there is time: the run erases its stage itself, and has ended when its future
//!   has. A call of a store that was dropped may still take effect: of a local folder tokio's thread carries on with it, so
//!   with `Single` the runtime is to end before the next run begins.
//! - **A client that hangs up** drops the future of its handler. A run that is to survive that is a task of its own.
//! - **Memory.** Guarantee 6 says what a run takes. Runs do not know of each other: each has its own
//!   [`Config::memory_bytes`]. Functions on bytes and batches hold what they are given and what they give.
//! - **Scratch.** The folder must be there, and several runs may share it. Where the system allows it scratch files have no
//!   names, and are gone with the process, whatever ends it.
//! - **Panics.** The library does not panic of its input; if it does, by a bug, that is caught in the run's threads: the
//!   input becomes a reject `poison`, or the run ends with [`Error::Panic`]. With `panic = "abort"` it is the end of the
//!   process, as a kill is. A panic of what a caller has given (clock, barrier, grace) is the caller's.
//! - **Names and days.** [`Start`](run::Start) tells both. A name is new for each run, so that what runs leave is told apart.
//! - **Types of others.** `object_store`, `arrow-array`, `arrow-schema`, `parquet`, `chrono` and `bytes` are in the
//!   signatures, so a program has them in the same major versions.
//! - **What will grow.** [`Error`], [`ErrorKind`], [`Reason`](event::Reason), [`RepairKind`](json::RepairKind) and what a
//!   [`Report`](run::Report) counts are `#[non_exhaustive]`: a `match` needs an arm for what is new. [`Config`] gets fields
//!   too, and is written as `Config { threads: 4, ..Config::default() }`. [`Job`](run::Job) and [`Phase`](run::Phase) are
//!   complete: a new one is a new major version, because whoever shows them has to say something about it.
//!
//! # What it does not do
//!
//! - It does not make several files visible at one moment: a plain folder cannot. See `docs/RELIABILITY.md` for what a
//!   reader may see meanwhile: never an uncommitted run, never a gap at any one moment, nor in a scan that takes less than
//!   the [grace](run::Distributor::with_grace) of runs.
//! - It does not invent: below [`Level::Guess`](json::Level::Guess) a damaged record with several readings is a reject,
//!   and can be [tried again](run::Distributor::retry).
//! - It has no clock, no randomness and no settings of its own, prints nothing, and touches the file system only for
//!   scratch files in a folder that the caller names.

pub mod config;
pub mod error;
pub mod event;
pub mod json;
pub mod run;
pub mod table;

pub use config::{Config, Horizon};
pub use error::{Error, ErrorKind, Result};
pub use table::Codec;

/// What the registry shows of this package, whose example is run as those here are.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
