//! The events of a piece of input, one after the other.

use super::Event;
use std::ops::Range;

use super::decode::{decode, decode_prefix};
use super::fault::{Fault, Reason};
use crate::json::{Damage, FrameLimits, Scan, Scanner};

/// Bytes that are no event, and why. Nothing of them is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject<'a> {
    /// Where the bytes begin in the decompressed input.
    pub offset: u64,
    /// The bytes as they came.
    pub bytes: &'a [u8],
    /// What is wrong with them.
    pub fault: Fault,
}

/// An iterator over the events and rejects of an input in memory, in its order.
///
/// ```
/// use events_core::event::Events;
///
/// let input = br#"{"event_id":"7","timestamp":0,"domain":"card","event_type":"issued"}{"event_id":8}"#;
/// let events: Vec<_> = Events::new(input).collect();
/// assert_eq!(events[0].as_ref().map(|event| &*event.domain), Ok("card"));
/// assert_eq!(events[1].as_ref().map_err(|reject| reject.offset), Err(68));
/// ```
#[derive(Debug)]
pub struct Events<'a> {
    bytes: &'a [u8],
    /// The bytes as text, when all of them are UTF-8.
    text: Option<&'a str>,
    /// The offset of the first byte in its input.
    offset: u64,
    limits: FrameLimits,
    scanner: Scanner,
    at_end: bool,
    /// Where decoding without framing may be tried next: behind what it looked at in vain, so that it looks at nothing
    /// twice.
    decode_from: usize,
    /// Where the last item lies in the bytes.
    last: Range<usize>,
}

impl<'a> Events<'a> {
    /// The events of a whole input with the default limits. A compressed input is first
    /// [decompressed](crate::json::decompress).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, FrameLimits::default())
    }

    /// The events of a whole input.
    #[must_use]
    pub fn with_limits(bytes: &'a [u8], limits: FrameLimits) -> Self {
        Self::of_piece(bytes, limits, 0, None, true)
    }

    /// The events of a piece that begins at `offset` of its input, between two records or inside long damage.
    pub(crate) fn of_piece(
        bytes: &'a [u8],
        limits: FrameLimits,
        offset: u64,
        continued: Option<Damage>,
        at_end: bool,
    ) -> Self {
        // One check of everything costs a tenth of checks record by record.
        let text = simdutf8::basic::from_utf8(bytes).ok();
        Self {
            bytes,
            text,
            offset,
            limits,
            scanner: Scanner::continuing(limits, continued),
            at_end,
            decode_from: 0,
            last: 0..0,
        }
    }

    /// What the piece holds of a record that goes on behind it, and the damage that it is in the middle of.
    pub(crate) fn rest(&self) -> (&'a [u8], Option<Damage>) {
        (&self.bytes[self.scanner.pending_from()..], self.scanner.continued())
    }

    /// The last item as a reject: for an event that breaks a rule which is not the contract's.
    pub(crate) fn reject_last(&self, fault: Fault) -> Reject<'a> {
        Reject { offset: self.offset + self.last.start as u64, bytes: &self.bytes[self.last.clone()], fault }
    }

    fn text(&self, span: Range<usize>) -> Result<&'a str, Fault> {
        let text = match self.text {
            Some(text) => text.get(span),
            None => simdutf8::basic::from_utf8(&self.bytes[span]).ok(),
        };
        text.ok_or_else(|| Fault::new(Reason::InvalidUtf8, "not UTF-8"))
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, Reject<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(event) = self.next_sound() {
            return Some(event.map_err(|fault| self.reject_last(fault)));
        }
        let found = self.scanner.next(self.bytes, self.at_end)?;
        self.last = found.span.clone();
        let event = match found.what {
            Scan::Record => self.text(found.span).and_then(decode),
            Scan::Damaged(damage) => Err(self.fault(found.span, damage)),
        };
        Some(event.map_err(|fault| self.reject_last(fault)))
    }
}

impl<'a> Events<'a> {
    /// The next item when it is a JSON object within the limits, which nearly all are: the decoder itself finds its end,
    /// where the scanner would, in one pass instead of two.
    fn next_sound(&mut self) -> Option<Result<Event<'a>, Fault>> {
        let text = self.text?;
        let start = self.scanner.record_start(self.bytes)?;
        if start < self.decode_from {
            return None;
        }
        match decode_prefix(text.get(start..)?) {
            Ok((event, length)) if !self.breaks_limits(&self.bytes[start..start + length]) => {
                self.scanner.skip_record(start + length);
                self.last = start..start + length;
                return Some(event);
            }
            Ok((_, looked_at)) | Err(looked_at) => self.decode_from = start + looked_at,
        }
        None
    }

    /// A quick look that may be wrong in one direction: `false` means that the record is within the limits.
    fn breaks_limits(&self, record: &[u8]) -> bool {
        let depth_max = self.limits.depth_max as usize;
        let many_brackets = || memchr::memchr2_iter(b'{', b'[', record).nth(depth_max).is_some();
        // Every level takes two bytes.
        record.len() > self.limits.record_bytes_max || (record.len() / 2 > depth_max && many_brackets())
    }

    fn fault(&self, span: Range<usize>, damage: Damage) -> Fault {
        match self.text(span) {
            Ok(text) if damage == Damage::StrayText && is_json(text) => {
                Fault::new(Reason::NotAnObject, "a JSON value that is not an object")
            }
            _ => damage.into(),
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
