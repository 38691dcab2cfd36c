//! Bytes become records and damage: framing, compression, white space.
//!
//! Nothing here knows what an event is, and nothing here reads or writes anything.

mod compact;
mod compression;
mod damage;
mod framer;
mod landmark;
mod limits;
mod records;
mod repair;
mod repairer;
mod resync;
mod scalar;
mod scanner;
mod separators;
pub(crate) mod split;
mod utf16;

pub use compact::compact;
pub(crate) use compression::decoder;
pub use compression::{Compression, decompress};
pub use damage::Damage;
pub use framer::{Frame, Framer};
pub use limits::FrameLimits;
pub(crate) use records::{Buffer, Defect, Reading, Records, Refusal, What};
pub use repair::{Level, Repair, RepairKind, RepairKinds};
pub use repairer::{Finding, Reason as RejectReason, Repairer};
pub(crate) use scanner::Shape;
pub(crate) use separators::{Separated, Separations, Separators};
pub use utf16::Utf16;
pub(crate) use utf16::Utf16Reader;

/// The byte that a line and a column of `serde_json` name: both count from one, columns in bytes.
pub(crate) fn error_offset(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (line_start + error.column().saturating_sub(1)).min(text.len())
}

/// What a JSON error says, with a byte for its place: lines and columns of one record say little about a file.
pub(crate) fn error_message(text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or(&message);
    format!("{what} at byte {} of the record", error_offset(text, error))
}
