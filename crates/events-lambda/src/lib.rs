//! An AWS Lambda function around [`events_core`]: an invocation is a run.
//!
//! It takes what people and schedules send, `{}` or
//!
//! ```json
//! {"command": "run", "date": "2026-11-23"}
//! ```
//!
//! and what other services send: notifications of S3, directly, through SNS or as events of EventBridge, schedules, and
//! batches of a queue (SQS) with any of these in its messages. There is a run when any of it is about an object that was
//! created in the landing zone's `pending`, one for all of it, and it takes what is pending.
//!
//! `command` is `run`, `parse`, `distribute`, `compact` or `retry`, and `date` the day under which inputs and rejects are
//! filed; without them it is a `run` of today in UTC. `reprocess` has `first` and `last`, the days whose inputs it reads
//! once more. `prepare` divides what is pending into items of work, and `work` does one of them: a run over many invocations,
//! as a state machine drives it. Any other payload is refused.
//!
//! The answer is the run's [report](events_core::run::Report) as JSON, with what the notifications were about; or only
//! the latter, when there was nothing to run for; or, to a batch, the messages that come again. `docs/LAMBDA.md` has all
//! of them, the errors and the metrics.
//!
//! | variable | meaning |
//! |---|---|
//! | `EVENTS_ROOT` | where the zones are: `s3://bucket/prefix`, `file:///folder` or a folder; they are `landing`, `stage` and `trusted` below it |
//! | `EVENTS_LANDING`, `EVENTS_STAGE`, `EVENTS_TRUSTED` | the zones themselves, all three, instead of the root |
//! | `EVENTS_MEMORY` | bytes for rows and keys in memory; without it, half of the function's memory |
//! | `EVENTS_THREADS` | threads that compute; without it, as many as the function has processors |
//! | `EVENTS_REPAIR` | how far damaged records are mended: `strict`, `framing`, `lenient` or `guess`; without it, `lenient` |
//! | `EVENTS_DEDUP_HORIZON` | how many days before and after its own an event is held against others of its id, or `all`; without it, what the table has, else `all`. More than the table has is refused |
//! | `EVENTS_FOLD_BELOW` | files of fewer bytes get new rows of their partition, 0 for none; without it, 64 MiB |
//! | `EVENTS_READER_GRACE` | seconds, such as 30 or 0.5, that a commit waits before rows leave their old places, longer than a reader's longest scan; without it, 0. A run is stopped twice so much earlier |
//! | `EVENTS_INPUT_BYTES_MAX` | the most bytes of inputs that a run takes at once; without it, what fits into its time |
//! | `EVENTS_GLUE_DATABASE`, `EVENTS_GLUE_TABLE` | the database and the table of AWS Glue that are told of each commit; without the first none, without the second `events` |
//! | `EVENTS_NOTIFIED` | the landing zone as notifications name it, `s3://bucket/prefix`; without it, the landing zone. It is for one that the function reaches by an alias or a mount |
//! | `EVENTS_COMPRESSION` | compression of the table's files: `zstd`, `zstd:1` to `zstd:22`, `snappy`, `lz4` or `none` |
//! | `AWS_*` | region, credentials and endpoint, as Lambda sets them |
//!
//! An error is returned, so that whoever invoked the function sees it and its host tries again: no input is lost by
//! that. Its `errorType` says what to do: `Configuration` and `Request` to correct something, `Data` to mend an input
//! where repair is `strict`, `Storage` to try again, `Busy` to try again when the run that is at work on the table has
//! ended, which after its death takes a minute, `Unfinished` to run again, which finishes what was committed, `Left` to
//! run again, which takes the inputs that did not fit, `Conflict` to make another plan, `TimeLimit` to give the function
//! more time or less to do, `Bug` to report it.

mod error;
mod function;
mod log;
mod message;
mod metrics;
mod pace;
mod request;
mod response;
mod run_id;
mod runs;
mod serve;
mod settings;
mod shared;
mod time_limit;

pub use function::Function;
pub use request::{BatchAnswer, BatchItemFailure, Notices};
pub use response::{Done, Ignored, Lists, Planned, Response, Worked};
pub use serve::serve;
