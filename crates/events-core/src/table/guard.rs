//! A fence around the decoder of Parquet.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the decoder on bytes that may be damaged.
///
/// The library checks most of what it reads and asserts the rest: of 60,000 files with a byte or two changed 93 made it
/// panic, in five places. The hook of the process is told of it, as of any panic. What the decoder was working on must
/// not be used again after an error.
pub(super) fn guard<T>(decode: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err("damaged Parquet".to_owned()))
}
