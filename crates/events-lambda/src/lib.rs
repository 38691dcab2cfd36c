//! An AWS Lambda function around [`events_core`]: an invocation is a run.
//!
//! It is invoked directly, by a person, a schedule or a workflow, with `{}` or
//!
//! ```json
//! {"job": "run", "date": "2026-11-23"}
//! ```
//!
//! `job` is `run`, `parse` or `distribute`; `date` is the day under which inputs and rejects are filed. Without them it
//! is a `run` of today in UTC. Any other payload is refused, so notifications of S3 and messages of queues are not
//! mistaken for requests.
//!
//! The answer is the run's [report](events_core::run::Report) as JSON. A list in it of more than 1,000 entries is left
//! out and counted in the field `omitted`, because Lambda takes no answer above 6 MB.
//!
//! | variable | meaning |
//! |---|---|
//! | `EVENTS_ROOT` | where the zones are: `s3://bucket/prefix`, `file:///folder` or a folder; they are `landing`, `stage` and `trusted` below it |
//! | `EVENTS_LANDING`, `EVENTS_STAGE`, `EVENTS_TRUSTED` | the zones themselves, all three, instead of the root |
//! | `EVENTS_MEMORY` | bytes for rows and keys in memory; without it, half of the function's memory |
//! | `EVENTS_THREADS` | threads that compute; without it, as many as the function has processors |
//! | `EVENTS_REPAIR` | how far damaged records are mended: `strict`, `framing`, `lenient` or `guess`; without it, `lenient` |
//! | `EVENTS_DEDUP_HORIZON` | how many days before and after its own an event is held against the table, or `all`; without it, `all` |
//! | `EVENTS_FOLD_BELOW` | files of fewer bytes get new rows of their partition, 0 for none; without it, 64 MiB |
//! | `EVENTS_READER_GRACE` | seconds, such as 30 or 0.5, that a commit waits before rows leave their old places, longer than a reader's longest scan; without it, 0. A run is stopped so much earlier |
//! | `EVENTS_COMPRESSION` | compression of the table's files: `zstd`, `zstd:1` to `zstd:22`, `snappy`, `lz4` or `none` |
//! | `AWS_*` | region, credentials and endpoint, as Lambda sets them |
//!
//! An error is returned, so that whoever invoked the function sees it and its host tries again: no input is lost by
//! that. Its `errorType` says what to do: `Configuration` and `Request` to correct something, `Storage` to try again,
//! `Busy` to try again when the run that is at work on the table has ended, which after its death takes a minute,
//! `Unfinished` to run again, which finishes what was committed, `TimeLimit` to give the function more time or less to
//! do, `Bug` to report it.

mod error;
mod function;
mod message;
mod request;
mod response;
mod run_id;
mod serve;
mod settings;
mod time_limit;

pub use function::Function;
pub use response::Response;
pub use serve::serve;
