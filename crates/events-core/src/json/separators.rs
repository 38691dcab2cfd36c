//! What stands between records, and which repairs it takes to make lines of them.
//!
//! Pieces of an input are read apart, and whether a comma separates elements or nothing depends on brackets far before
//! it. So a piece only notes what it saw ([`Separations`]), and the notes are read in the order of the input
//! ([`Separators`]).

use super::landmark::{BYTE_ORDER_MARK, RECORD_SEPARATOR, unicode_space};
use super::repair::{Level, RepairKind};

/// What follows a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Record,
    /// A damaged record.
    Reject,
    /// Text that is no record.
    Stray,
    /// More separators, or the end.
    Nothing,
}

/// How many places of equal separators are kept: one more than reports show of a kind, because the first of an input is
/// no repair.
const OFFSETS_KEPT: usize = 4;

/// Separators of a piece, in their order. Most are the same again and again, and are noted once.
#[derive(Debug, Default)]
pub(crate) struct Separations {
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Note {
    /// Of the first times.
    offsets: [u64; OFFSETS_KEPT],
    text: Vec<u8>,
    next: Next,
    times: u64,
}

impl Separations {
    /// Text between records that more follows.
    pub(crate) fn text(&mut self, offset: u64, text: &[u8]) {
        if !text.is_empty() {
            self.note(offset, text, Next::Nothing);
        }
    }

    pub(crate) fn before_record(&mut self, offset: u64, text: &[u8]) {
        self.note(offset, text, Next::Record);
    }

    pub(crate) fn before_reject(&mut self, offset: u64, text: &[u8], stray: bool) {
        self.note(offset, text, if stray { Next::Stray } else { Next::Reject });
    }

    #[inline]
    fn note(&mut self, offset: u64, text: &[u8], next: Next) {
        if let Some(last) = self.notes.last_mut()
            && last.next == next
            && next != Next::Nothing
            && same(&last.text, text)
        {
            if let Some(kept) = last.offsets.get_mut(last.times as usize) {
                *kept = offset;
            }
            last.times += 1;
            return;
        }
        self.notes.push(Note { offsets: [offset; OFFSETS_KEPT], text: text.to_vec(), next, times: 1 });
    }

    /// What stands before each thing, and how many times in a row.
    pub(super) fn each(&self) -> impl Iterator<Item = (&[u8], Next, u64)> {
        self.notes.iter().map(|note| (&note.text[..], note.next, note.times))
    }

    /// Adds what the piece behind this one noted.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.notes.append(&mut other.notes);
    }

    pub(crate) fn clear(&mut self) {
        self.notes.clear();
    }
}

/// Whether two texts are the same. Nearly all are empty, and to compare those is slow where they lie nowhere: a load of no
/// bytes from an address that is none is a fault that the processor takes back.
fn same(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len() && (one.is_empty() || one == two)
}

/// A repair between records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Separated {
    pub(crate) kind: RepairKind,
    pub(crate) offset: u64,
    pub(crate) before: Vec<u8>,
    pub(crate) times: u64,
    /// `strict` takes it: the one array that is the whole input.
    pub(crate) strict: bool,
}

/// Reads the separators of an input.
///
/// Outside arrays a line feed, U+001E or nothing but the beginning of the input stands before a record; inside, a comma.
#[derive(Debug, Default)]
pub(crate) struct Separators {
    /// Arrays of records that are open.
    depth: u64,
    /// Records and rejects so far.
    items: u64,
    envelopes: u64,
    line_feeds: u64,
    /// Commas since the last record or bracket, and where the first of them is.
    commas: u64,
    comma: u64,
    brackets: u64,
    marks: u64,
    /// The last item was text that is no record: what follows it needs no separator.
    stray: bool,
    /// The last byte was NUL.
    padding: bool,
}

impl Separators {
    /// Reads what a piece noted, and tells each repair.
    pub(crate) fn read(&mut self, separations: &Separations, tell: &mut impl FnMut(Separated)) {
        for note in &separations.notes {
            let mut read = 0;
            while read < note.times {
                let offset = note.offsets[(read as usize).min(OFFSETS_KEPT - 1)];
                // Without brackets all but the first of equal separators are alike.
                let alike = read as usize >= OFFSETS_KEPT && !note.text.iter().any(|byte| matches!(byte, b'[' | b']'));
                let times = if alike { note.times - read } else { 1 };
                let mut tell = |separated: Separated| tell(Separated { times: separated.times * times, ..separated });
                self.text(offset, &note.text, &mut tell);
                self.item(note, offset, times, &mut tell);
                read += times;
            }
        }
    }

    /// The end of the input.
    pub(crate) fn finish(&mut self, offset: u64, tell: &mut impl FnMut(Separated)) {
        self.stray_commas(0, tell);
        let times = std::mem::take(&mut self.depth);
        if times > 0 {
            tell(Separated { times, ..separated(RepairKind::UnclosedArrayEnvelope, offset, b"") });
        }
    }

    fn text(&mut self, offset: u64, text: &[u8], tell: &mut impl FnMut(Separated)) {
        let mut at = 0;
        while at < text.len() {
            let offset = offset + at as u64;
            let padding = std::mem::take(&mut self.padding);
            let mut length = 1;
            match text[at] {
                b' ' | b'\t' => {}
                b'\n' | b'\r' => self.line_feeds += 1,
                b',' => {
                    if self.commas == 0 {
                        self.comma = offset;
                    }
                    self.commas += 1;
                }
                b'[' => {
                    self.stray_commas(u64::from(self.depth > 0 && self.items > 0), tell);
                    self.depth += 1;
                    self.envelopes += 1;
                    self.brackets += 1;
                    let strict = self.envelopes == 1 && self.items == 0;
                    tell(Separated { strict, ..separated(RepairKind::ArrayEnvelope, offset, b"[") });
                }
                b']' => {
                    self.stray_commas(0, tell);
                    self.brackets += 1;
                    if self.depth == 0 {
                        tell(separated(RepairKind::UnopenedArrayEnvelope, offset, b"]"));
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                RECORD_SEPARATOR => {
                    self.marks += 1;
                    tell(separated(RepairKind::RecordSeparatorChar, offset, &[RECORD_SEPARATOR]));
                }
                0 => {
                    self.padding = true;
                    if !padding {
                        tell(separated(RepairKind::NulPadding, offset, b"\0"));
                    }
                }
                _ => {
                    let rest = &text[at..];
                    length = unicode_space(rest).unwrap_or(1).min(rest.len());
                    let mark = rest.starts_with(BYTE_ORDER_MARK);
                    let kind = if mark { RepairKind::ByteOrderMark } else { RepairKind::UnicodeRecordSeparator };
                    tell(separated(kind, offset, &rest[..length]));
                }
            }
            at += length;
        }
    }

    fn item(&mut self, note: &Note, offset: u64, times: u64, tell: &mut impl FnMut(Separated)) {
        if note.next == Next::Nothing {
            return;
        }
        self.padding = false;
        let first = self.items == 0 || self.brackets > 0;
        let offset = offset + note.text.len() as u64;
        // Text that is no record needs no separator.
        let separate = note.next == Next::Record && !first && !self.stray;
        self.stray = note.next == Next::Stray;
        if self.depth > 0 {
            if separate && self.commas == 0 {
                tell(separated(RepairKind::MissingRecordSeparator, offset, b""));
            }
            let needed = u64::from(self.items > 0 && self.brackets == 0);
            self.stray_commas(needed, tell);
        } else {
            if self.envelopes > 0 && self.items > 0 && self.brackets > 0 && note.next == Next::Record {
                // Behind the array there is more: neither one array nor lines.
                tell(Separated { times: 0, ..separated(RepairKind::ArrayEnvelope, offset, b"") });
            }
            if separate && self.commas == 0 && self.line_feeds == 0 && self.marks == 0 {
                tell(separated(RepairKind::MissingRecordSeparator, offset, b""));
            }
            self.stray_commas(0, tell);
        }
        self.items += times;
        (self.line_feeds, self.commas, self.brackets, self.marks) = (0, 0, 0, 0);
    }

    /// Tells of the commas since the last record but so many that belong there.
    fn stray_commas(&mut self, needed: u64, tell: &mut impl FnMut(Separated)) {
        for _ in needed..self.commas {
            tell(separated(RepairKind::StrayRecordSeparator, self.comma, b","));
        }
        self.commas = 0;
    }
}

fn separated(kind: RepairKind, offset: u64, before: &[u8]) -> Separated {
    debug_assert!(kind.level() == Level::Framing, "only framing looks between records");
    Separated { kind, offset, before: before.to_vec(), times: 1, strict: false }
}
