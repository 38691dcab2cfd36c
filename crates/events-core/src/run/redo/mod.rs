//! After the commit: what an entry of the log says is done, by whoever comes along, as often as it takes.
//!
//! Every action here looks first or asks for a condition, so that it can be repeated, by another process, after any part
//! of it: what is done already stays done.

mod apply;
mod erase;
mod inputs;
mod publish;
mod sweep;

pub(crate) use apply::{apply, publish, recover};
pub(crate) use erase::{erase_stage, is_empty};
pub(crate) use publish::overwrite;
pub(crate) use sweep::{begin, begin_for_workers, finish_parse, is_of_workers, sweep};
