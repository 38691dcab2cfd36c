//! Bytes become records and damage: framing, compression, white space.
//!
//! Nothing here knows what an event is, and nothing here reads or writes anything.

mod compact;
mod compression;
mod damage;
mod framer;
mod landmark;
mod layout;
mod limits;
mod message;
mod outline;
mod records;
mod refusal;
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
pub use layout::Layout;
pub(crate) use layout::Layouts;
pub use limits::FrameLimits;
pub(crate) use message::{error_message, error_offset};
pub use outline::{FieldOutline, JsonType, Outline, OutlineLimits};
pub(crate) use records::{Buffer, Reading, Records, What};
pub(crate) use refusal::Refusal;
pub use refusal::RejectReason;
pub use repair::{Level, Repair, RepairKind, RepairKinds};
pub use repairer::{Finding, Repairer};
pub(crate) use scanner::Shape;
pub(crate) use separators::{Separated, Separations, Separators};
pub use utf16::Utf16;
pub(crate) use utf16::{Transcoder, Utf16Reader};
