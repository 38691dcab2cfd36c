//! The state machine that finds where records begin and end.
//!
//! A record is a JSON object at the top level of an input. Between records stand *separators*: white space, commas and
//! the brackets of array envelopes, the record separator of RFC 7464, byte order marks and NUL padding. Everything
//! else is damage.
//!
//! The scanner checks just enough grammar to notice, as early as a single pass can, that a record was cut short or has
//! lost a quote or a bracket, because a scanner that only counts brackets would swallow the neighbours of such a record.
//! It does not check more: whether the record is JSON is the decoder's to say.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::landmark::{
    BYTE_ORDER_MARK, CLASSES, Class, Next, RECORD_SEPARATOR, is_separator, is_space, next_record, opens_record,
    plain_string_end,
};

/// How large and how deeply nested a record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimits {
    /// The longest record, in bytes. What goes beyond it is damage, in pieces of at most this length.
    pub record_bytes_max: usize,
    /// The deepest nesting of objects and arrays in a record, the record itself included; at most 127.
    pub depth_max: u32,
}

impl FrameLimits {
    /// 8 MiB: a quarter of the longest row that Athena reads.
    pub const DEFAULT_RECORD_BYTES_MAX: usize = 8 << 20;
    /// 127 levels: what `serde_json` accepts by default, so that whoever parses `data` later can.
    pub const DEFAULT_DEPTH_MAX: u32 = 127;
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self { record_bytes_max: Self::DEFAULT_RECORD_BYTES_MAX, depth_max: Self::DEFAULT_DEPTH_MAX }
    }
}

/// Why a range of bytes is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// The input, or the next record, begins before this one was closed.
    Truncated,
    /// A string or a bracket is closed where it cannot be.
    Unbalanced,
    /// More levels of nesting than [`FrameLimits::depth_max`].
    TooDeep,
    /// More bytes than [`FrameLimits::record_bytes_max`].
    TooLong,
    /// Text between records that no record claims.
    StrayText,
}

/// A range of the scanned bytes that is no separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) span: Range<usize>,
    pub(crate) what: Scan,
}

/// What a scanned range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A balanced object.
    Record,
    Damaged(Damage),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Record,
    String,
    /// After the closing quote of a string, whose opening quote may have been a closing one.
    AfterString,
    /// After damage: everything up to the next place where a record can begin.
    Lost(Damage),
    Stray,
}

/// Scans a growing buffer. Positions count from the start of the buffer; [`Scanner::shift`] follows a buffer whose head
/// is dropped.
///
/// Each byte is looked at a bounded number of times, however the buffer grows.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    limits: FrameLimits,
    state: State,
    /// Where the record, damage or stray text in progress begins. Meaningless in `State::Between`.
    start: usize,
    /// Everything before it has been looked at.
    position: usize,
    /// What is in progress began before `start` and was too long to be one piece.
    continued: bool,
    depth: u32,
    /// One bit a level, the innermost lowest: set for an array.
    arrays: u128,
    /// The closing quote of the last string.
    last_quote: usize,
    /// The first brace inside the record in progress that stands at the start of a line: see [`Scanner::swallowed`].
    line_start: Option<usize>,
}

impl Scanner {
    pub(crate) fn new(limits: FrameLimits) -> Self {
        debug_assert!(limits.depth_max < 128, "one bit of `arrays` a level");
        Self {
            limits,
            state: State::Between,
            start: 0,
            position: 0,
            continued: false,
            depth: 0,
            arrays: 0,
            last_quote: 0,
            line_start: None,
        }
    }

    /// A scanner of bytes that begin inside damage of that kind, when another one gave [`Scanner::continued`].
    pub(crate) fn continuing(limits: FrameLimits, damage: Option<Damage>) -> Self {
        let state = match damage {
            None => State::Between,
            Some(Damage::StrayText) => State::Stray,
            Some(damage) => State::Lost(damage),
        };
        Self { state, continued: damage.is_some(), ..Self::new(limits) }
    }

    /// The damage that goes on at [`Scanner::pending_from`], when what came before it was cut off. Without it a scan of
    /// the pending bytes alone finds everything again.
    pub(crate) fn continued(&self) -> Option<Damage> {
        match self.state {
            State::Lost(damage) if self.continued => Some(damage),
            State::Stray if self.continued => Some(Damage::StrayText),
            _ => None,
        }
    }

    /// The first byte that a later call may still need.
    pub(crate) fn pending_from(&self) -> usize {
        if self.state == State::Between { self.position } else { self.start }
    }

    /// Where the next record begins, when only separators stand before it.
    pub(crate) fn record_start(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.state != State::Between {
            return None;
        }
        let separators = bytes[self.position..].iter().take_while(|&&byte| is_separator(byte)).count();
        self.position += separators;
        (bytes.get(self.position) == Some(&b'{')).then_some(self.position)
    }

    /// Goes on behind a record that somebody else found, at [`Scanner::record_start`].
    pub(crate) fn skip_record(&mut self, end: usize) {
        self.position = end;
    }

    /// Follows a buffer that lost its first `bytes`, all of them before [`Scanner::pending_from`].
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.position -= bytes;
        self.start = self.start.saturating_sub(bytes);
        self.last_quote = self.last_quote.saturating_sub(bytes);
        self.line_start = self.line_start.map(|at| at.saturating_sub(bytes));
    }

    /// The next record or damage in `bytes`, the whole buffer. `None`: more bytes are needed, or, when `at_end`, there is
    /// nothing left.
    pub(crate) fn next(&mut self, bytes: &[u8], at_end: bool) -> Option<Scanned> {
        loop {
            // What is in progress is seen up to the longest length and not beyond, so that bytes which happen to be in the
            // buffer already cannot change what is found.
            let limit = match self.state {
                State::Between => bytes.len(),
                _ => bytes.len().min(self.start.saturating_add(self.limits.record_bytes_max)),
            };
            let (view, cut) = (&bytes[..limit], limit < bytes.len());
            let step = match self.state {
                State::Between => self.between(view, at_end)?,
                State::Record => self.record(view),
                State::String => self.string(view),
                State::AfterString => self.after_string(view),
                State::Lost(damage) => self.lost(view, at_end && !cut, damage),
                State::Stray => self.stray(view, at_end && !cut),
            };
            let found = match step {
                Step::Again => continue,
                Step::Found(scanned) => scanned,
                Step::More if cut => self.cut(view),
                Step::More if at_end => self.end(view),
                Step::More => return None,
            };
            // A piece of damage that is all separators is nothing.
            if !found.span.is_empty() {
                return Some(found);
            }
        }
    }

    fn between(&mut self, bytes: &[u8], at_end: bool) -> Option<Step> {
        while let Some(&byte) = bytes.get(self.position) {
            if byte == b'{' {
                // At the end of the input a lone brace is a record that was cut short.
                if opens_record(bytes, self.position).or(at_end.then_some(true))? {
                    self.begin_record(self.position);
                } else {
                    self.begin_stray();
                }
                return Some(Step::Again);
            }
            if is_separator(byte) {
                self.position += 1;
            } else if bytes[self.position..].starts_with(BYTE_ORDER_MARK) {
                self.position += BYTE_ORDER_MARK.len();
            } else if !at_end && BYTE_ORDER_MARK.starts_with(&bytes[self.position..]) {
                return None;
            } else {
                self.begin_stray();
                return Some(Step::Again);
            }
        }
        None
    }

    fn begin_stray(&mut self) {
        self.start = self.position;
        self.state = State::Stray;
        self.continued = false;
    }

    fn begin_record(&mut self, at: usize) {
        self.continued = false;
        self.start = at;
        self.position = at + 1;
        self.depth = 1;
        self.arrays = 0;
        self.line_start = None;
        self.state = State::Record;
    }

    /// Outside strings, inside a record.
    fn record(&mut self, bytes: &[u8]) -> Step {
        let mut position = self.position;
        let step = loop {
            let Some(&byte) = bytes.get(position) else { break Step::More };
            match CLASSES[byte as usize] {
                Class::Other | Class::Punctuation | Class::Space => {}
                Class::Quote => {
                    position += 1;
                    // Nearly all strings are whole and followed by what may follow: they need no state of their own.
                    let Some(end) = plain_string_end(&bytes[position..]) else {
                        self.state = State::String;
                        break Step::Again;
                    };
                    position += end;
                    continue;
                }
                open @ (Class::OpenObject | Class::OpenArray) => {
                    let object = open == Class::OpenObject;
                    if object && !self.may_open_object(bytes, position) {
                        return self.damaged(position, Damage::Truncated, bytes);
                    }
                    if self.depth == self.limits.depth_max {
                        return self.lose(position, Damage::TooDeep, bytes);
                    }
                    if object && self.line_start.is_none() && bytes[position - 1] == b'\n' {
                        self.line_start = Some(position);
                    }
                    self.depth += 1;
                    self.arrays = self.arrays << 1 | u128::from(!object);
                }
                close @ (Class::CloseObject | Class::CloseArray) => {
                    if (self.arrays & 1 == 1) != (close == Class::CloseArray) {
                        // The bracket may be the last of the damaged record: the search begins at it.
                        return self.lose(position, Damage::Unbalanced, bytes);
                    }
                    self.arrays >>= 1;
                    self.depth -= 1;
                    if self.depth == 0 {
                        position += 1;
                        self.state = State::Between;
                        self.line_start = None;
                        break Step::Found(Scanned { span: self.start..position, what: Scan::Record });
                    }
                }
            }
            position += 1;
        };
        self.position = position;
        step
    }

    /// An object can stand after a colon, and in an array after a comma or the bracket. Anywhere else inside a record it
    /// is the next record, and this one was cut short.
    fn may_open_object(&self, bytes: &[u8], at: usize) -> bool {
        // The record's own bracket ends the search; white space before an object is looked at once.
        let before = bytes[self.start..at].iter().rev().find(|&&byte| !is_space(byte));
        match before {
            Some(b':') => true,
            Some(b',' | b'[') => self.arrays & 1 == 1,
            _ => false,
        }
    }

    fn string(&mut self, bytes: &[u8]) -> Step {
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                self.position = bytes.len();
                return Step::More;
            };
            let at = self.position + found;
            match bytes[at] {
                b'"' => {
                    self.last_quote = at;
                    self.position = at + 1;
                    self.state = State::AfterString;
                    return Step::Again;
                }
                b'\\' if at + 1 < bytes.len() => self.position = at + 2,
                // A raw line feed is not allowed in a string. One before an object means that the quote is missing.
                b'\n' if at + 1 < bytes.len() => {
                    if bytes[at + 1] == b'{' {
                        return self.damaged(at + 1, Damage::Truncated, bytes);
                    }
                    self.position = at + 1;
                }
                // The byte after a backslash or a line feed decides.
                _ => {
                    self.position = at;
                    return Step::More;
                }
            }
        }
    }

    fn after_string(&mut self, bytes: &[u8]) -> Step {
        while let Some(&byte) = bytes.get(self.position) {
            match CLASSES[byte as usize] {
                Class::Space => self.position += 1,
                Class::Punctuation | Class::CloseObject | Class::CloseArray => {
                    self.state = State::Record;
                    return Step::Again;
                }
                // No object can follow a string: it is the next record.
                Class::OpenObject => return self.damaged(self.position, Damage::Truncated, bytes),
                Class::Other | Class::Quote | Class::OpenArray => {
                    // A quote is missing, and this one opened a string. When an object opens right before it, then the
                    // damaged record was cut short and that object is the next one.
                    let before = bytes[self.start..self.last_quote].iter().rposition(|&byte| !is_space(byte));
                    if let Some(at) = before.filter(|&at| at > 0 && bytes[self.start + at] == b'{') {
                        return self.damaged(self.start + at, Damage::Truncated, bytes);
                    }
                    return self.lose(self.position, Damage::Unbalanced, bytes);
                }
            }
        }
        Step::More
    }

    /// The record in progress is damaged, and where the next one begins is to be looked for from `position` on.
    fn lose(&mut self, position: usize, damage: Damage, bytes: &[u8]) -> Step {
        if self.swallowed(position, bytes).is_some() {
            return self.damaged(position, damage, bytes);
        }
        self.position = position;
        self.state = State::Lost(damage);
        Step::Again
    }

    /// Where the next record begins inside the damaged one, when that was cut short before a value, so that the next one
    /// took the value's place: at a brace that begins a line, or at one that opens as the record does, with the same key.
    /// Unescaped quotes cannot come from inside a string.
    ///
    /// Nesting is limited, so a byte is scanned again at most that often.
    fn swallowed(&self, end: usize, bytes: &[u8]) -> Option<usize> {
        if !matches!(self.state, State::Record | State::String | State::AfterString) {
            return None;
        }
        let record = &bytes[self.start..end];
        let quote = 1 + record.get(1..)?.iter().position(|&byte| !is_space(byte))?;
        let key = record[quote..].strip_prefix(b"\"")?;
        let head = &record[..quote + 2 + memchr::memchr(b'"', key)?];
        let same_head = memchr::memmem::find(&record[1..], head).map(|at| self.start + 1 + at);
        same_head.into_iter().chain(self.line_start).min()
    }

    /// Damage up to `end` or, in a record, to the line that may be the next one, without the separators before it. The
    /// scan goes on from there.
    fn damage_until(&mut self, end: usize, damage: Damage, bytes: &[u8]) -> Scanned {
        let end = self.swallowed(end, bytes).unwrap_or(end);
        self.line_start = None;
        let kept = bytes[self.start..end].iter().rposition(|&byte| !is_separator(byte)).map_or(0, |at| at + 1);
        let span = self.start..self.start + kept;
        self.state = State::Between;
        self.continued = false;
        self.position = end;
        Scanned { span, what: Scan::Damaged(damage) }
    }

    fn damaged(&mut self, end: usize, damage: Damage, bytes: &[u8]) -> Step {
        Step::Found(self.damage_until(end, damage, bytes))
    }

    /// Looks for a place where a record can begin: an object's brace with its first key, after a closing brace and any
    /// separators; a brace at the start of a line; or the separator of RFC 7464.
    fn lost(&mut self, bytes: &[u8], at_end: bool, damage: Damage) -> Step {
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let Some(found) = memchr::memchr3(b'}', b'\n', RECORD_SEPARATOR, rest) else {
                self.position = bytes.len();
                return Step::More;
            };
            let at = self.position + found;
            let next = match bytes[at] {
                RECORD_SEPARATOR => Next::At(at + 1),
                b'\n' => next_record(bytes, at, |_| false),
                _ => next_record(bytes, at, is_separator),
            };
            match next {
                Next::At(next) => return self.damaged(next, damage, bytes),
                // The bytes from the brace on decide, and they are few: only separators come before them.
                Next::Unknown if !at_end => {
                    self.position = at;
                    return Step::More;
                }
                Next::Unknown | Next::Nowhere => self.position = at + 1,
            }
        }
    }

    /// Stray text ends with its line, where a record can begin or at the separator of RFC 7464. Quotes in it mean nothing:
    /// a single one would claim everything behind it.
    fn stray(&mut self, bytes: &[u8], at_end: bool) -> Step {
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let Some(found) = memchr::memchr3(b'{', b'\n', RECORD_SEPARATOR, rest) else {
                self.position = bytes.len();
                return Step::More;
            };
            self.position += found;
            let ends = bytes[self.position] != b'{'
                || match opens_record(bytes, self.position) {
                    Some(opens) => opens,
                    None if at_end => true,
                    None => return Step::More,
                };
            // What began at this brace because no record can does not end at it.
            if ends && (self.position > self.start || self.continued) {
                return self.damaged(self.position, Damage::StrayText, bytes);
            }
            self.position += 1;
        }
    }

    /// The input ends in the middle of something.
    fn end(&mut self, bytes: &[u8]) -> Scanned {
        let damage = match self.state {
            State::Lost(damage) => damage,
            State::Stray => Damage::StrayText,
            State::Between | State::Record | State::String | State::AfterString => Damage::Truncated,
        };
        self.damage_until(bytes.len(), damage, bytes)
    }

    /// Something has reached the longest length: a piece of damage, and the search for the next record goes on behind it.
    fn cut(&mut self, bytes: &[u8]) -> Scanned {
        let limit = bytes.len();
        let damage = match self.state {
            State::Lost(damage) => damage,
            State::Stray => Damage::StrayText,
            State::Between | State::Record | State::String | State::AfterString => {
                if self.swallowed(limit, bytes).is_some() {
                    return self.damage_until(limit, Damage::TooLong, bytes);
                }
                self.state = State::Lost(Damage::TooLong);
                Damage::TooLong
            }
        };
        let span = self.start..limit;
        self.start = limit;
        self.position = limit;
        self.continued = true;
        Scanned { span, what: Scan::Damaged(damage) }
    }
}

enum Step {
    Found(Scanned),
    Again,
    More,
}
