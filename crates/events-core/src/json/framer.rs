//! Framing for whoever has bytes and no store: push, next, finish.

use super::damage::Damage;
use super::limits::FrameLimits;
use super::scanner::{Scan, Scanner, Shape};

/// A range of the input: a record, or bytes that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where the bytes begin, counted from the first byte pushed.
    pub offset: u64,
    /// The bytes as they came.
    pub bytes: &'a [u8],
    /// Why the bytes are not a record; `None` when they are.
    pub damage: Option<Damage>,
}

/// Cuts bytes into records.
///
/// It reads objects one after the other with any separator or none, one a line, pretty-printed, in arrays, in the text
/// sequences of [RFC 7464](https://www.rfc-editor.org/rfc/rfc7464), and mixes of them, without being told which.
/// The frames are the same however the input is cut into pieces. Every byte is in exactly one frame or is a separator:
/// white space of JSON or Unicode, a comma, a bracket of an array, U+001E, U+FEFF or NUL between records.
///
/// Memory is bounded by the longest piece pushed and [`FrameLimits::record_bytes_max`]; time is linear in the input.
///
/// ```
/// use events_core::json::{FrameLimits, Framer};
///
/// let mut framer = Framer::new(FrameLimits::default());
/// let mut records = Vec::new();
/// for chunk in [r#"{"a":"}{"}{"b"#, r#"":1} [{"c":2},"#, "{"] {
///     framer.push(chunk.as_bytes());
///     while let Some(frame) = framer.next_frame() {
///         records.push(String::from_utf8_lossy(frame.bytes).into_owned());
///     }
/// }
/// framer.finish();
/// assert_eq!(records, [r#"{"a":"}{"}"#, r#"{"b":1}"#, r#"{"c":2}"#]);
/// assert!(framer.next_frame().is_some_and(|frame| frame.damage.is_some()), "the last record was cut short");
/// ```
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte.
    offset: u64,
    scanner: Scanner,
    finished: bool,
}

impl Framer {
    /// A framer at the start of an input.
    #[must_use]
    pub fn new(limits: FrameLimits) -> Self {
        Self { buffer: Vec::new(), offset: 0, scanner: Scanner::new(limits, Shape::Objects), finished: false }
    }

    /// Takes the next bytes of the input.
    ///
    /// Take all frames with [`Framer::next_frame`] before the next push, or the buffer grows.
    pub fn push(&mut self, bytes: &[u8]) {
        debug_assert!(!self.finished, "push after finish");
        let done = self.scanner.pending_from();
        // Moving the tail costs what is left; waiting until half the buffer is done makes that linear over all pushes.
        if done > self.buffer.len() / 2 {
            self.buffer.drain(..done);
            self.scanner.shift(done);
            self.offset += done as u64;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that the input ends here: what is still open becomes a frame with [`Damage::Truncated`].
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next frame, in the order of the input; `None` when more bytes are needed or nothing is left.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let found = self.scanner.next(&self.buffer, self.finished)?;
        let damage = match found.what {
            Scan::Record => None,
            Scan::Damaged(damage) => Some(damage),
        };
        let offset = self.offset + found.span.start as u64;
        Some(Frame { offset, bytes: &self.buffer[found.span], damage })
    }
}
