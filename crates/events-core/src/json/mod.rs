//! Bytes become records and damage: framing, compression, white space.
//!
//! Nothing here knows what an event is, and nothing here reads or writes anything.

mod compact;
mod compression;
mod framer;
mod landmark;
mod scanner;
pub(crate) mod split;

pub use compact::compact;
pub(crate) use compression::decoder;
pub use compression::{Compression, decompress};
pub use framer::{Frame, Framer};
pub use scanner::{Damage, FrameLimits};
pub(crate) use scanner::{Scan, Scanner};
