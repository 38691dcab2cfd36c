//! The events of a piece of input, one after the other.

use std::ops::Range;

use super::Event;
use super::decode::{EventRecords, decode};
use super::fault::{Fault, Reason};
use crate::json::{Buffer, Damage, FrameLimits, Level, Records, Repair, Separations, What};

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
#[must_use = "nothing is read until the events are asked for"]
pub struct Events<'a> {
    buffer: Buffer<'a>,
    /// The offset of the first byte in its input.
    offset: u64,
    records: Records,
    at_end: bool,
    /// Where the last item lies in the bytes.
    last: Range<usize>,
    repairs: Vec<Repair>,
}

impl<'a> Events<'a> {
    /// The events of a whole input with the default limits and [`Level::Lenient`]. A compressed input is first
    /// [decompressed](crate::json::decompress).
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with(bytes, Level::default(), FrameLimits::default())
    }

    /// The events of a whole input.
    ///
    /// With [`Level::Strict`] nothing between records is refused: only a run looks there.
    pub fn with(bytes: &'a [u8], level: Level, limits: FrameLimits) -> Self {
        Self::of_piece(bytes, level, limits, 0, None, true)
    }

    /// The events of a piece that begins at `offset` of its input, between two records or inside long damage.
    pub(crate) fn of_piece(
        bytes: &'a [u8],
        level: Level,
        limits: FrameLimits,
        offset: u64,
        continued: Option<Damage>,
        at_end: bool,
    ) -> Self {
        let records = Records::new::<EventRecords>(level, limits, continued);
        Self { buffer: Buffer::new(bytes), offset, records, at_end, last: 0..0, repairs: Vec::new() }
    }

    /// What was done since the last call to records that became events, and between records: in their order, with offsets
    /// of the output counted in each record.
    pub fn take_repairs(&mut self) -> std::vec::Drain<'_, Repair> {
        self.repairs.drain(..)
    }

    /// What the piece holds of a record that goes on behind it, and the damage that it is in the middle of.
    pub(crate) fn rest(&self) -> (&'a [u8], Option<Damage>) {
        (&self.buffer.bytes[self.records.pending_from()..], self.records.continued())
    }

    /// What stood between the records of a piece, when all of them were taken.
    pub(crate) fn separations(&mut self) -> &mut Separations {
        self.records.flush_separators(self.buffer.bytes, self.offset);
        &mut self.records.separations
    }

    /// Where the record of the last item begins in the input, and its bytes as they came.
    pub(crate) fn last_record(&self) -> (u64, &'a [u8]) {
        (self.offset + self.last.start as u64, &self.buffer.bytes[self.last.clone()])
    }

    /// The last item as a reject: for an event that breaks a rule which is not the contract's.
    pub(crate) fn reject_last(&self, fault: Fault) -> Reject<'a> {
        let (offset, bytes) = self.last_record();
        Reject { offset, bytes, fault }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, Reject<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let item = self.records.next::<EventRecords>(&mut self.buffer, self.offset, self.at_end)?;
            self.last = item.span;
            let event = match item.what {
                What::Sound(event) => event,
                What::Mended(mended) => {
                    let repairs = mended.repairs.iter().map(|repair| repair.kind).collect();
                    let event = decode(&mended.text).map(|event| Event { repairs, ..event.into_owned() });
                    // A record that breaks the contract goes as it came: nothing was done to it.
                    if event.is_ok() {
                        self.tell(mended.repairs);
                    }
                    event
                }
                What::Dropped(repair) => {
                    self.tell([repair]);
                    continue;
                }
                What::Refused(refusal) => {
                    let fault = Fault::from(&refusal);
                    let value = fault.reason == Reason::StrayText && is_json(&self.buffer.bytes[self.last.clone()]);
                    Err(if value {
                        Fault::new(Reason::NotAnObject, "a JSON value that is not an object")
                    } else {
                        fault
                    })
                }
            };
            return Some(event.map_err(|fault| self.reject_last(fault)));
        }
    }
}

impl Events<'_> {
    fn tell(&mut self, repairs: impl IntoIterator<Item = Repair>) {
        let base = self.offset + self.last.start as u64;
        self.repairs.extend(repairs.into_iter().map(|repair| Repair { offset: base + repair.offset, ..repair }));
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}
