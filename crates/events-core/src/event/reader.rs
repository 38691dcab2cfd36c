//! The events of an input that comes in pieces: push and finish.

use std::collections::BTreeMap;

use super::Event;
use super::events::{Events, Reject};
use crate::json::{Damage, FrameLimits, Layout, Layouts, Level, Repair, RepairKind, Separated, Separators, Transcoder};

/// What an [`EventReader`] finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFinding<'a> {
    /// A record that met the contract.
    Event {
        /// Where the record begins in the input.
        offset: u64,
        /// The record as it came.
        bytes: &'a [u8],
        /// The event.
        event: Event<'a>,
    },
    /// Bytes that are no event.
    Reject(Reject<'a>),
    /// Something that was done to a record that became an event, or between records. Those of a piece come behind its
    /// records.
    Repair {
        /// What was done; between records, the first time of several.
        repair: Repair,
        /// How many times in a row.
        times: u64,
    },
}

/// Reads the events of a stream of bytes, in bounded memory: what a run finds in the same input, however it is cut.
///
/// UTF-16 becomes UTF-8 first, and offsets then count the bytes of that. Memory is bounded by the longest piece pushed and
/// by [`FrameLimits::record_bytes_max`]. With [`Level::Strict`] nothing stops at damage: what a strict run would refuse is
/// a repair or a reject here.
///
/// ```
/// use events_core::event::{EventFinding, EventReader};
/// use events_core::json::{FrameLimits, Level};
///
/// let mut kinds = Vec::new();
/// let mut take = |finding: EventFinding<'_>| {
///     if let EventFinding::Event { event, .. } = finding {
///         kinds.push(event.event_type.into_owned());
///     }
/// };
/// let mut reader = EventReader::new(Level::Lenient, FrameLimits::default());
/// reader.push(br#"{"event_id":"7","timestamp":0,"domain":"card","event_ty"#, &mut take);
/// reader.push(br#"pe":"issued"}{"event_id":8}"#, &mut take);
/// reader.finish(&mut take);
/// assert_eq!(kinds, ["issued"]);
/// assert_eq!(reader.text_bytes(), 82);
/// ```
#[derive(Debug)]
pub struct EventReader {
    level: Level,
    limits: FrameLimits,
    transcoder: Transcoder,
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte.
    offset: u64,
    /// The damage that the buffer begins in.
    continued: Option<Damage>,
    separators: Separators,
    layouts: Layouts,
    /// How long the buffer has to be before it is looked at again: what is pending is not looked at for every byte.
    enough: usize,
}

impl EventReader {
    /// A reader at the start of an input.
    #[must_use]
    pub fn new(level: Level, limits: FrameLimits) -> Self {
        Self {
            level,
            limits,
            transcoder: Transcoder::default(),
            buffer: Vec::new(),
            offset: 0,
            continued: None,
            separators: Separators::default(),
            layouts: Layouts::default(),
            enough: 0,
        }
    }

    /// Takes the next bytes of the input.
    pub fn push(&mut self, bytes: &[u8], take: &mut impl FnMut(EventFinding<'_>)) {
        let mark = self.transcoder.push(bytes, &mut self.buffer);
        tell_transcoded(mark, take);
        if self.buffer.len() >= self.enough {
            self.look(false, take);
        }
    }

    /// The input ends here.
    pub fn finish(&mut self, take: &mut impl FnMut(EventFinding<'_>)) {
        let mark = self.transcoder.finish(&mut self.buffer);
        tell_transcoded(mark, take);
        self.look(true, take);
        self.separators.finish(self.offset, &mut |separated| tell_separated(&separated, take));
    }

    /// The bytes of the input so far, as UTF-8.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    /// How many records so far lie how in the input, mended ones included.
    #[must_use]
    pub fn layouts(&self) -> BTreeMap<Layout, u64> {
        self.layouts.counts()
    }

    fn look(&mut self, at_end: bool, take: &mut impl FnMut(EventFinding<'_>)) {
        let mut events =
            Events::of_piece(&self.buffer, self.level, self.limits, self.offset, self.continued.take(), at_end);
        while let Some(event) = events.next() {
            take(match event {
                Ok(event) => {
                    let (offset, bytes) = events.last_record();
                    EventFinding::Event { offset, bytes, event }
                }
                Err(reject) => EventFinding::Reject(reject),
            });
        }
        for repair in events.take_repairs() {
            take(EventFinding::Repair { repair, times: 1 });
        }
        let separations = events.separations();
        self.layouts.read(separations);
        self.separators.read(separations, &mut |separated| tell_separated(&separated, take));
        let (rest, continued) = events.rest();
        let done = self.buffer.len() - rest.len();
        self.continued = continued;
        self.buffer.drain(..done);
        self.offset += done as u64;
        self.enough = 2 * self.buffer.len();
    }
}

fn tell_transcoded(mark: Option<Vec<u8>>, take: &mut impl FnMut(EventFinding<'_>)) {
    if let Some(mark) = mark {
        take(EventFinding::Repair { repair: Repair::new(RepairKind::Utf16Transcoded, 0, &mark, 0, b""), times: 1 });
    }
}

fn tell_separated(separated: &Separated, take: &mut impl FnMut(EventFinding<'_>)) {
    // Some are told only for runs that are strict.
    if separated.times > 0 {
        let repair = Repair::new(separated.kind, separated.offset, &separated.before, 0, b"");
        take(EventFinding::Repair { repair, times: separated.times });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in an input that is pushed in pieces.
    fn findings(input: &[u8], piece: usize) -> (EventReader, Vec<String>) {
        let mut found = Vec::new();
        let mut take = |finding: EventFinding<'_>| {
            found.push(match finding {
                EventFinding::Event { offset, event, .. } => format!("{offset} {}", event.id),
                EventFinding::Reject(reject) => format!("{} {}", reject.offset, reject.fault.reason),
                EventFinding::Repair { repair, times } => format!("{} {} {times}", repair.offset, repair.kind),
            });
        };
        let mut reader = EventReader::new(Level::Lenient, FrameLimits::default());
        input.chunks(piece).for_each(|piece| reader.push(piece, &mut take));
        reader.finish(&mut take);
        (reader, found)
    }

    fn event(id: u32) -> String {
        format!(r#"{{"event_id":"{id}","timestamp":0,"domain":"d","event_type":"t"}}"#)
    }

    #[test]
    fn reads_utf_16_to_its_last_byte() {
        let text = format!("{}\n{}", event(1), event(2));
        let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for piece in [1, 7, 1000] {
            let (reader, found) = findings(&bytes, piece);
            assert_eq!(found, ["0 utf16_transcoded 1", "0 1", "61 2"]);
            assert_eq!(reader.text_bytes(), text.len() as u64);
        }
        bytes.push(b'{');
        assert_eq!(findings(&bytes, 1000).1.last().unwrap(), "121 stray_text", "half a character is not lost");
    }

    #[test]
    fn tells_how_records_lie_however_the_input_is_cut() {
        use Layout::{Array, Concatenated, Lines, Single, TextSequence};
        for (input, expected) in [
            ("", vec![]),
            (" \n", vec![]),
            ("{\"a\":1}\n", vec![(Single, 1)]),
            ("\u{feff}{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", vec![(Lines, 3)]),
            ("{\"a\":1}{\"a\":2} {\"a\":3}{\"a\":4}", vec![(Concatenated, 4)]),
            ("[{\"a\":1},\n{\"a\":2}]", vec![(Array, 2)]),
            ("[{\"a\":1}][{\"a\":2}][{\"a\":3}][{\"a\":3}]\n", vec![(Array, 4)]),
            ("\u{1e}{\"a\":1}\n\u{1e}{\"a\":2}\n", vec![(TextSequence, 2)]),
            ("{\n\"a\":1\n}\n{\"a\":2}{\"a\":3}[{\"a\":4}]", vec![(Lines, 2), (Concatenated, 1), (Array, 1)]),
            ("{'a':1}\n{\"a\":2}\n", vec![(Lines, 2)]),
        ] {
            for piece in [1, 3, 1000] {
                let layouts: Vec<_> = findings(input.as_bytes(), piece).0.layouts().into_iter().collect();
                assert_eq!(layouts, expected, "{input} in pieces of {piece}");
            }
        }
    }
}
