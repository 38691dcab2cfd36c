//! The records of a growing buffer: sound ones as they are, damaged ones mended or refused.
//!
//! A sound record is never touched, at any level. What lies between two sound records is a *gap*: the scanner's frames of
//! it are collected until the next sound record begins, and then read again by the tolerant parser, which may see ends of
//! records where the scanner, misled by the damage, has not. So whatever framing recovers, every level recovers.

use std::collections::VecDeque;
use std::ops::Range;

use super::damage::Damage;
use super::limits::FrameLimits;
use super::refusal::{Defect, Refusal};
use super::repair::{Attempt, Level, Mended, Repair, Why, attempt};
use super::scanner::{Scan, Scanner, Shape};
use super::separators::Separations;

/// How sound records are read.
pub(crate) trait Reading {
    /// What a sound record is read into.
    type Sound<'a>;
    /// What records may be.
    const SHAPE: Shape;

    /// Reads the record that a text begins with, and tells where it ends. When the text begins with none, the error is how
    /// far was looked for it.
    fn prefix(text: &str) -> Result<(Self::Sound<'_>, usize), usize>;

    /// Reads a text that is one record.
    ///
    /// # Errors
    /// What is wrong with its JSON.
    fn whole(text: &str) -> Result<Self::Sound<'_>, String>;
}

/// Something in the buffer that is no separator.
#[derive(Debug)]
pub(crate) struct Item<S> {
    /// Where it lies.
    pub(crate) span: Range<usize>,
    pub(crate) what: What<S>,
}

#[derive(Debug)]
pub(crate) enum What<S> {
    Sound(S),
    Mended(Mended),
    Refused(Refusal),
    /// Bytes that belong to no record, and that a repair has dropped.
    Dropped(Repair),
}

/// A piece of a gap.
#[derive(Debug)]
struct Frame {
    span: Range<usize>,
    defect: Option<Defect>,
}

/// What a part of a gap was read as.
#[derive(Debug)]
enum Reread {
    Sound(Range<usize>),
    Done(Range<usize>, What<()>),
    Refused(Frame, Option<Why>),
}

impl Reread {
    fn plan(self) -> Planned {
        match self {
            Self::Sound(span) => Planned::Sound(span),
            Self::Done(span, what) => Planned::Item(span, what),
            Self::Refused(frame, why) => frame.refused(why),
        }
    }
}

impl Frame {
    fn refused(self, why: Option<Why>) -> Planned {
        let defect = self.defect.unwrap_or(Defect::Damage(Damage::StrayText));
        Planned::Item(self.span, What::Refused(Refusal { defect, why }))
    }
}

/// What is found and not handed out yet.
#[derive(Debug)]
enum Planned {
    Sound(Range<usize>),
    Item(Range<usize>, What<()>),
}

/// How long a gap may be that is more than one damaged record. Longer ones are read in parts.
const GAP_BYTES_MAX: usize = 256 << 10;

/// How often the bytes of a gap may be read in vain. A bound keeps hostile gaps linear; what is left is refused.
const VAIN_READINGS_MAX: usize = 8;

/// A buffer, and what is known of its text.
#[derive(Debug)]
pub(crate) struct Buffer<'a> {
    pub(crate) bytes: &'a [u8],
    /// A run of the bytes that is UTF-8, and where it begins.
    run: (usize, &'a str),
}

impl<'a> Buffer<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, run: (0, "") }
    }

    /// The text from a place on, up to the first byte that is none. `None` when no text begins there.
    fn text_from(&mut self, start: usize) -> Option<&'a str> {
        let (from, run) = self.run;
        if !(from..from + run.len()).contains(&start) {
            // One check of everything costs a tenth of checks record by record; the slower one tells where it fails.
            let rest = self.bytes.get(start..)?;
            let text = simdutf8::basic::from_utf8(rest).or_else(|_| {
                let length = simdutf8::compat::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
                simdutf8::basic::from_utf8(&rest[..length])
            });
            self.run = (start, text.ok()?);
        }
        self.run.1.get(start - self.run.0..)
    }
}

/// Reads the records of a buffer. Positions count from the start of the buffer, as those of [`Scanner`] do.
#[derive(Debug)]
pub(crate) struct Records {
    scanner: Scanner,
    level: Level,
    limits: FrameLimits,
    shape: Shape,
    /// Where reading without framing may be tried next: behind what it looked at in vain, so that it looks at nothing
    /// twice.
    read_from: usize,
    gap: Vec<Frame>,
    planned: VecDeque<Planned>,
    /// Behind the last item: separators follow.
    separators_from: usize,
    pub(crate) separations: Separations,
}

impl Records {
    /// The records of a buffer that begins between two records, or inside long damage of that kind.
    pub(crate) fn new<R: Reading>(level: Level, limits: FrameLimits, continued: Option<Damage>) -> Self {
        Self {
            scanner: Scanner::continuing(limits, R::SHAPE, continued),
            level,
            limits,
            shape: R::SHAPE,
            read_from: 0,
            gap: Vec::new(),
            planned: VecDeque::new(),
            separators_from: 0,
            separations: Separations::default(),
        }
    }

    /// The first byte that a later call may still need.
    pub(crate) fn pending_from(&self) -> usize {
        self.gap.first().map_or_else(|| self.scanner.pending_from(), |frame| frame.span.start)
    }

    /// The damage that goes on at [`Records::pending_from`].
    pub(crate) fn continued(&self) -> Option<Damage> {
        if self.gap.is_empty() { self.scanner.continued() } else { None }
    }

    /// Notes the separators behind the last item, when nothing follows them in this buffer. `offset` is that of the
    /// buffer's first byte.
    pub(crate) fn flush_separators(&mut self, bytes: &[u8], offset: u64) {
        let until = self.pending_from().max(self.separators_from);
        self.separations.text(offset + self.separators_from as u64, &bytes[self.separators_from..until]);
        self.separators_from = until;
    }

    /// Follows a buffer that lost its first `bytes`, all of them before [`Records::pending_from`] and flushed.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.scanner.shift(bytes);
        self.read_from = self.read_from.saturating_sub(bytes);
        self.separators_from = self.separators_from.saturating_sub(bytes);
        for frame in &mut self.gap {
            frame.span = frame.span.start - bytes..frame.span.end - bytes;
        }
    }

    /// The next item. `None`: more bytes are needed or, when `at_end`, there is nothing left. `offset` is that of the
    /// buffer's first byte.
    #[inline]
    pub(crate) fn next<'a, R: Reading>(
        &mut self,
        buffer: &mut Buffer<'a>,
        offset: u64,
        at_end: bool,
    ) -> Option<Item<R::Sound<'a>>> {
        // Nearly all records are sound and follow one: what they are read into is large, and moved as little as can be.
        if self.gap.is_empty()
            && self.planned.is_empty()
            && let Some((sound, span)) = self.read::<R>(buffer)
        {
            let between = self.separators_from.min(span.start)..span.start;
            self.separations.before_record(offset + between.start as u64, &buffer.bytes[between]);
            self.separators_from = span.end;
            return Some(Item { span, what: What::Sound(sound) });
        }
        self.next_of_gap::<R>(buffer, offset, at_end)
    }

    /// [`Records::next`] when it may be in a gap, or begin one.
    #[inline(never)]
    fn next_of_gap<'a, R: Reading>(
        &mut self,
        buffer: &mut Buffer<'a>,
        offset: u64,
        at_end: bool,
    ) -> Option<Item<R::Sound<'a>>> {
        let item = self.find::<R>(buffer, at_end)?;
        let bytes = buffer.bytes;
        let between = self.separators_from.min(item.span.start)..item.span.start;
        let at = offset + between.start as u64;
        match &item.what {
            What::Dropped(_) => self.separations.text(at, &bytes[between]),
            What::Sound(_) | What::Mended(_) => self.separations.before_record(at, &bytes[between]),
            What::Refused(refusal) => {
                let stray = refusal.defect == Defect::Damage(Damage::StrayText);
                self.separations.before_reject(at, &bytes[between], stray);
            }
        }
        self.separators_from = item.span.end;
        Some(item)
    }

    fn find<'a, R: Reading>(&mut self, buffer: &mut Buffer<'a>, at_end: bool) -> Option<Item<R::Sound<'a>>> {
        let bytes = buffer.bytes;
        loop {
            if let Some(planned) = self.planned.pop_front() {
                return Some(hand_out::<R>(bytes, planned));
            }
            if let Some((sound, span)) = self.read::<R>(buffer) {
                if self.gap.is_empty() {
                    return Some(Item { span, what: What::Sound(sound) });
                }
                self.close_gap::<R>(buffer);
                self.planned.push_back(Planned::Sound(span));
                continue;
            }
            match self.scanner.next(bytes, at_end) {
                None if at_end && !self.gap.is_empty() => self.close_gap::<R>(buffer),
                None => return None,
                Some(found) => {
                    let continued = self.scanner.continued().is_some();
                    let defect = match found.what {
                        Scan::Damaged(damage) => Defect::Damage(damage),
                        Scan::Record => match sound::<R>(bytes, found.span.clone()) {
                            Ok(sound) if self.gap.is_empty() => {
                                return Some(Item { span: found.span, what: What::Sound(sound) });
                            }
                            Ok(_) => {
                                self.close_gap::<R>(buffer);
                                self.planned.push_back(Planned::Sound(found.span));
                                continue;
                            }
                            Err(defect) => defect,
                        },
                    };
                    self.damaged::<R>(
                        buffer,
                        Frame { span: found.span, defect: Some(defect) },
                        continued || found.continues,
                    );
                }
            }
        }
    }

    /// The next record when it is sound and within the limits, which nearly all are: the reader itself finds its end, where
    /// the scanner would, in one pass instead of two.
    #[inline]
    fn read<'a, R: Reading>(&mut self, buffer: &mut Buffer<'a>) -> Option<(R::Sound<'a>, Range<usize>)> {
        let start = self.scanner.record_start(buffer.bytes)?;
        if start < self.read_from {
            return None;
        }
        match R::prefix(buffer.text_from(start)?) {
            Ok((sound, length)) if !self.may_break_limits(&buffer.bytes[start..start + length]) => {
                let span = start..start + length;
                self.scanner.skip_record(span.end);
                return Some((sound, span));
            }
            Ok((_, looked_at)) | Err(looked_at) => self.read_from = start + looked_at,
        }
        None
    }

    /// A quick look that may be wrong in one direction: `false` means that the record is within the limits.
    fn may_break_limits(&self, record: &[u8]) -> bool {
        let (depth_max, keys_max) = (self.limits.depth_max as usize, self.limits.keys_max);
        let many_brackets = || brackets(record) > depth_max;
        let many_keys = || memchr::memchr_iter(b':', record).nth(keys_max).is_some();
        // Every level takes two bytes, and every key four.
        record.len() > self.limits.record_bytes_max
            || (record.len() / 2 > depth_max && many_brackets())
            || (record.len() / 4 > keys_max && many_keys())
    }

    fn damaged<R: Reading>(&mut self, buffer: &mut Buffer<'_>, frame: Frame, piece: bool) {
        let piece = piece || frame.defect == Some(Defect::Damage(Damage::TooLong));
        if self.level < Level::Lenient || piece {
            self.close_gap::<R>(buffer);
            self.planned.push_back(frame.refused(None));
            return;
        }
        let from = self.gap.first().map_or(frame.span.start, |first| first.span.start);
        if frame.span.end - from > GAP_BYTES_MAX {
            self.close_gap::<R>(buffer);
        }
        self.gap.push(frame);
    }

    /// Reads a gap again, and plans what comes out of it: first what has one reading, then guesses between that. So guesses
    /// take nothing from what needs none.
    fn close_gap<R: Reading>(&mut self, buffer: &mut Buffer<'_>) {
        let frames = std::mem::take(&mut self.gap);
        if frames.is_empty() {
            return;
        }
        let read = self.read_gap::<R>(buffer, frames, Level::Lenient);
        if self.level < Level::Guess {
            return self.planned.extend(read.into_iter().map(Reread::plan));
        }
        let mut refused = Vec::new();
        for read in read {
            match read {
                Reread::Refused(frame, _) => refused.push(frame),
                done => {
                    let guessed = self.read_gap::<R>(buffer, std::mem::take(&mut refused), Level::Guess);
                    self.planned.extend(guessed.into_iter().chain([done]).map(Reread::plan));
                }
            }
        }
        let guessed = self.read_gap::<R>(buffer, refused, Level::Guess);
        self.planned.extend(guessed.into_iter().map(Reread::plan));
    }

    /// Reads frames that lie one behind the other, with or without guesses.
    fn read_gap<R: Reading>(&self, buffer: &mut Buffer<'_>, frames: Vec<Frame>, level: Level) -> Vec<Reread> {
        let mut frames = VecDeque::from(frames);
        let (Some(first), Some(last)) = (frames.front(), frames.back()) else { return Vec::new() };
        let (mut position, gap_end) = (first.span.start, last.span.end);
        let mut budget = VAIN_READINGS_MAX * (gap_end - position);
        let mut read = Vec::with_capacity(frames.len());
        while let Some(frame) = frames.pop_front() {
            if frame.span.end <= position {
                continue;
            }
            if frame.span.start < position {
                // A record ended inside this frame: what is left of it is framed anew.
                let rest = self.frame_again::<R>(buffer.bytes, position..frame.span.end);
                position = rest.first().map_or(frame.span.end, |frame| frame.span.start);
                rest.into_iter().rev().for_each(|frame| frames.push_front(frame));
                continue;
            }
            let start = frame.span.start;
            let Some(defect) = &frame.defect else {
                position = frame.span.end;
                read.push(Reread::Sound(frame.span));
                continue;
            };
            if *defect == Defect::InvalidUtf8 || budget == 0 {
                position = frame.span.end;
                read.push(Reread::Refused(frame, None));
                continue;
            }
            let text = buffer.text_from(start).unwrap_or_default();
            let text = text.get(..gap_end - start).unwrap_or(text);
            match attempt(text, frame.span.len(), level, self.limits, self.shape) {
                Attempt::Record(mended) => {
                    position = start + mended.end;
                    read.push(Reread::Done(start..position, What::Mended(mended)));
                }
                Attempt::Dropped(length, repair) => {
                    position = start + length;
                    read.push(Reread::Done(start..position, What::Dropped(repair)));
                }
                Attempt::Refused { looked_at, why } => {
                    budget = budget.saturating_sub(looked_at);
                    position = frame.span.end;
                    read.push(Reread::Refused(frame, Some(why)));
                    continue;
                }
            }
            if position < frame.span.end {
                frames.push_front(frame);
            }
        }
        read
    }

    /// The frames of a part of the buffer by itself.
    fn frame_again<R: Reading>(&self, bytes: &[u8], part: Range<usize>) -> Vec<Frame> {
        let start = part.start;
        let mut scanner = Scanner::new(self.limits, self.shape);
        let part = &bytes[part];
        let mut frames = Vec::new();
        while let Some(found) = scanner.next(part, true) {
            let span = start + found.span.start..start + found.span.end;
            let defect = match found.what {
                Scan::Damaged(damage) => Some(Defect::Damage(damage)),
                Scan::Record => sound::<R>(bytes, span.clone()).err(),
            };
            frames.push(Frame { span, defect });
        }
        frames
    }
}

/// How many brackets open in these bytes, in strings too.
fn brackets(bytes: &[u8]) -> usize {
    // A block's count fits a byte, and 16 such counts or more a register.
    let block = |block: &[u8]| block.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    bytes.chunks(u8::MAX as usize).map(|bytes| usize::from(block(bytes))).sum()
}

/// What was planned, with its text.
fn hand_out<R: Reading>(bytes: &[u8], planned: Planned) -> Item<R::Sound<'_>> {
    match planned {
        Planned::Sound(span) => {
            let what = match sound::<R>(bytes, span.clone()) {
                Ok(sound) => What::Sound(sound),
                Err(defect) => What::Refused(Refusal { defect, why: None }),
            };
            Item { span, what }
        }
        Planned::Item(span, what) => Item {
            span,
            what: match what {
                What::Mended(mended) => What::Mended(mended),
                What::Refused(refusal) => What::Refused(refusal),
                What::Dropped(repair) => What::Dropped(repair),
                What::Sound(()) => unreachable!("sound records are planned by their place"),
            },
        },
    }
}

/// Reads a record that was framed.
fn sound<R: Reading>(bytes: &[u8], span: Range<usize>) -> Result<R::Sound<'_>, Defect> {
    R::whole(text_of(bytes, span).ok_or(Defect::InvalidUtf8)?).map_err(Defect::InvalidJson)
}

fn text_of(bytes: &[u8], span: Range<usize>) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes.get(span)?).ok()
}
