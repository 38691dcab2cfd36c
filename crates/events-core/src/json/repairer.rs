//! Repair for whoever has bytes and no store: damaged JSON of any layout becomes one value a line.

use std::borrow::Cow;

use super::compact::one_line;
use super::limits::FrameLimits;
use super::message::{error_message, error_offset};
use super::records::{Buffer, Item, Reading, Records, What};
use super::refusal::RejectReason;
use super::repair::{Level, Repair, RepairKind, RepairKinds};
use super::scanner::Shape;
use super::separators::Separators;
use super::utf16::Transcoder;

/// JSON values, checked and otherwise left alone.
#[derive(Debug)]
pub(crate) struct Values;

impl Reading for Values {
    type Sound<'a> = &'a str;
    const SHAPE: Shape = Shape::Values;

    fn prefix(text: &str) -> Result<(&str, usize), usize> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => Ok((&text[..values.byte_offset()], values.byte_offset())),
            Some(Err(error)) => Err(error_offset(text, &error) + 1),
            None => Err(text.len()),
        }
    }

    fn whole(text: &str) -> Result<&str, String> {
        let checked = serde_json::from_str::<serde::de::IgnoredAny>(text);
        checked.map(|_| text).map_err(|error| error_message(text, &error))
    }
}

/// What a [`Repairer`] finds, in the order of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<'a> {
    /// A record that is JSON now.
    Record {
        /// Where it begins in the input.
        offset: u64,
        /// Its bytes in the input.
        before: &'a [u8],
        /// One line of JSON, without the line feed: the very bytes of the input when they were sound and on one line.
        json: Cow<'a, str>,
        /// What was done to it; empty for a sound record.
        repairs: RepairKinds,
    },
    /// Bytes that are no record, and stay what they are.
    Reject {
        /// Where they begin in the input.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
        /// What is wrong with them.
        reason: RejectReason,
        /// What would have to be done, or where JSON ends.
        detail: String,
    },
    /// Something that was done. It comes before the record that it was done to.
    Repair(Repair),
}

/// Repairs a stream of JSON values of any layout: objects, arrays, strings, numbers and literals, one after the other with
/// any separator or none.
///
/// UTF-16 becomes UTF-8 first, and offsets then count the bytes of that.
/// An array whose first element is an object is an envelope, and its elements are the records; any other array is a
/// record. What comes out is the same however the input is cut into pieces. Memory is bounded by the longest piece pushed
/// and by [`FrameLimits::record_bytes_max`].
///
/// ```
/// use events_core::json::{Finding, FrameLimits, Level, Repairer};
///
/// let mut lines = Vec::new();
/// let mut take = |finding: Finding<'_>| {
///     if let Finding::Record { json, .. } = finding {
///         lines.push(json.into_owned());
///     }
/// };
/// let mut repairer = Repairer::new(Level::Lenient, FrameLimits::default());
/// repairer.push(br#"{"a":1}{'b': Tr"#, &mut take);
/// repairer.push(br#"ue,} [{"c":3}]"#, &mut take);
/// repairer.finish(&mut take);
/// assert_eq!(lines, [r#"{"a":1}"#, r#"{"b": true}"#, r#"{"c":3}"#]);
/// ```
#[derive(Debug)]
pub struct Repairer {
    level: Level,
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte in the input.
    offset: u64,
    /// The bytes of the output so far, with a line feed behind each record.
    output: u64,
    records: Records,
    separators: Separators,
    /// How long the buffer has to be before it is looked at again: what is pending is not looked at for every byte.
    enough: usize,
    failed: bool,
    transcoder: Transcoder,
}

impl Repairer {
    /// A repairer at the start of an input.
    ///
    /// With [`Level::Strict`] the first repair or reject is the last finding: a caller takes it for a failure.
    #[must_use]
    pub fn new(level: Level, limits: FrameLimits) -> Self {
        Self {
            level,
            buffer: Vec::new(),
            offset: 0,
            output: 0,
            records: Records::new::<Values>(level, limits, None),
            separators: Separators::default(),
            enough: 0,
            failed: false,
            transcoder: Transcoder::default(),
        }
    }

    /// Takes the next bytes of the input.
    pub fn push(&mut self, bytes: &[u8], take: &mut impl FnMut(Finding<'_>)) {
        let mark = self.transcoder.push(bytes, &mut self.buffer);
        self.tell_transcoded(mark, take);
        if self.buffer.len() >= self.enough {
            self.look(false, take);
        }
    }

    fn tell_transcoded(&mut self, mark: Option<Vec<u8>>, take: &mut impl FnMut(Finding<'_>)) {
        if let Some(mark) = mark {
            take(Finding::Repair(Repair::new(RepairKind::Utf16Transcoded, 0, &mark, 0, b"")));
            self.failed = self.level == Level::Strict;
        }
    }

    /// The input ends here.
    pub fn finish(&mut self, take: &mut impl FnMut(Finding<'_>)) {
        let mark = self.transcoder.finish(&mut self.buffer);
        self.tell_transcoded(mark, take);
        self.look(true, take);
        if self.failed {
            return;
        }
        let (end, output) = (self.offset, self.output);
        self.separators.finish(end, &mut |separated| {
            for _ in 0..separated.times {
                take(Finding::Repair(Repair::new(separated.kind, separated.offset, &separated.before, output, b"")));
            }
        });
    }

    fn look(&mut self, at_end: bool, take: &mut impl FnMut(Finding<'_>)) {
        if self.failed {
            self.buffer.clear();
            return;
        }
        let mut buffer = Buffer::new(&self.buffer);
        while !self.failed
            && let Some(item) = self.records.next::<Values>(&mut buffer, self.offset, at_end)
        {
            tell_separators(&mut self.separators, &mut self.records, self.output, self.level, &mut self.failed, take);
            if !self.failed {
                self.failed = self.level == Level::Strict && !matches!(item.what, What::Sound(_));
                tell(item, &self.buffer, self.offset, &mut self.output, take);
            }
        }
        self.records.flush_separators(&self.buffer, self.offset);
        tell_separators(&mut self.separators, &mut self.records, self.output, self.level, &mut self.failed, take);
        if at_end || self.failed {
            self.offset += self.buffer.len() as u64;
            return self.buffer.clear();
        }
        let done = self.records.pending_from();
        if done > 0 {
            self.records.shift(done);
            self.buffer.drain(..done);
            self.offset += done as u64;
        }
        self.enough = 2 * self.buffer.len();
    }
}

/// Tells the repairs between records that were noted since the last time.
fn tell_separators(
    separators: &mut Separators,
    records: &mut Records,
    output: u64,
    level: Level,
    failed: &mut bool,
    take: &mut impl FnMut(Finding<'_>),
) {
    separators.read(&records.separations, &mut |separated| {
        if level == Level::Strict && separated.strict {
            return;
        }
        let strict = level == Level::Strict;
        let times = if strict { u64::from(!*failed) } else { separated.times };
        for _ in 0..times {
            take(Finding::Repair(Repair::new(separated.kind, separated.offset, &separated.before, output, b"")));
        }
        *failed |= strict;
    });
    records.separations.clear();
}

fn tell(item: Item<&str>, buffer: &[u8], base: u64, output: &mut u64, take: &mut impl FnMut(Finding<'_>)) {
    let offset = base + item.span.start as u64;
    let before = &buffer[item.span];
    let repaired = |repair: Repair| Repair {
        offset: offset + repair.offset,
        output_offset: *output + repair.output_offset,
        ..repair
    };
    let (json, repairs) = match item.what {
        What::Sound(text) => (one_line(text), RepairKinds::default()),
        What::Mended(mended) => {
            let kinds = mended.repairs.iter().map(|repair| repair.kind).collect();
            mended.repairs.into_iter().for_each(|repair| take(Finding::Repair(repaired(repair))));
            let json = match one_line(&mended.text) {
                Cow::Borrowed(_) => mended.text,
                Cow::Owned(line) => line,
            };
            (Cow::Owned(json), kinds)
        }
        What::Dropped(repair) => return take(Finding::Repair(repaired(repair))),
        What::Refused(refusal) => {
            let reason = RejectReason::from(&refusal.defect);
            let detail = refusal.detail();
            return take(Finding::Reject { offset, bytes: before, reason, detail });
        }
    };
    *output += json.len() as u64 + 1;
    take(Finding::Record { offset, before, json, repairs });
}
