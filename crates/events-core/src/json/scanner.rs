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

use super::damage::Damage;
use super::landmark::{
    CLASSES, Class, Next, is_separator, is_space, may_become_space, next_record, opens_record, opens_value,
    plain_string_end, unicode_space,
};
use super::limits::FrameLimits;

/// How far behind a scalar a colon is looked for.
pub(super) const LOOK_AHEAD_BYTES: usize = 256;

/// A range of the scanned bytes that is no separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) span: Range<usize>,
    pub(crate) what: Scan,
    /// The damage began before, and was too long to be one piece.
    pub(crate) continues: bool,
}

/// What records may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Objects. Square brackets between them are separators, and everything else is damage.
    Objects,
    /// Any JSON values. An array is one, unless an object is its first element: then it is an envelope.
    Values,
}

/// What a scanned range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A balanced object.
    Record,
    Damaged(Damage),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Between,
    Record,
    String,
    /// After the closing quote of a string, whose opening quote may have been a closing one.
    AfterString,
    /// After damage: everything up to the next place where a record can begin.
    Lost(Damage),
    Stray,
    /// A string, a number or a literal between records.
    Scalar,
    /// Inside a record: a comment, if it ends before anything that looks like a record.
    Comment,
}

/// Scans a growing buffer. Positions count from the start of the buffer; [`Scanner::shift`] follows a buffer whose head
/// is dropped.
///
/// Each byte is looked at a bounded number of times, however the buffer grows.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    pub(super) limits: FrameLimits,
    pub(super) shape: Shape,
    pub(super) state: State,
    pub(super) keys: usize,
    /// Where the record, damage or stray text in progress begins. Meaningless in `State::Between`.
    pub(super) start: usize,
    /// Everything before it has been looked at.
    pub(super) position: usize,
    /// What is in progress began before `start` and was too long to be one piece.
    pub(super) continued: bool,
    pub(super) depth: u32,
    /// One bit a level, the innermost lowest: set for an array.
    pub(super) arrays: u128,
    /// The opening quote of the last string that needed a state of its own, and its closing one.
    pub(super) first_quote: usize,
    pub(super) last_quote: usize,
    /// The last comment in the record.
    pub(super) comment: Range<usize>,
    /// In `State::Lost`: the brackets that may still be open.
    pub(super) open: i64,
    /// The first brace inside the record in progress that stands at the start of a line: see [`Scanner::swallowed`].
    pub(super) line_start: Option<usize>,
}

impl Scanner {
    pub(crate) fn new(limits: FrameLimits, shape: Shape) -> Self {
        debug_assert!(limits.depth_max < 128, "one bit of `arrays` a level");
        Self {
            limits,
            shape,
            state: State::Between,
            keys: 0,
            start: 0,
            position: 0,
            continued: false,
            depth: 0,
            arrays: 0,
            first_quote: 0,
            last_quote: 0,
            comment: 0..0,
            open: 1,
            line_start: None,
        }
    }

    /// A scanner of bytes that begin inside damage of that kind, when another one gave [`Scanner::continued`].
    pub(crate) fn continuing(limits: FrameLimits, shape: Shape, damage: Option<Damage>) -> Self {
        let state = match damage {
            None => State::Between,
            Some(Damage::StrayText) => State::Stray,
            Some(damage) => State::Lost(damage),
        };
        Self { state, continued: damage.is_some(), ..Self::new(limits, shape) }
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
        let skips = |byte: u8| is_separator(byte) && (byte != b'[' || self.shape == Shape::Objects);
        self.position += bytes[self.position..].iter().take_while(|&&byte| skips(byte)).count();
        let opens = match bytes.get(self.position) {
            Some(b'{') => true,
            // Between values the envelope's own bracket is looked at by `between`.
            Some(b'[') => self.shape == Shape::Values && opens_value(bytes, self.position) == Some(true),
            _ => false,
        };
        opens.then_some(self.position)
    }

    /// Goes on behind a record that somebody else found, at [`Scanner::record_start`].
    pub(crate) fn skip_record(&mut self, end: usize) {
        self.position = end;
    }

    /// Follows a buffer that lost its first `bytes`, all of them before [`Scanner::pending_from`].
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.position -= bytes;
        self.start = self.start.saturating_sub(bytes);
        self.first_quote = self.first_quote.saturating_sub(bytes);
        self.last_quote = self.last_quote.saturating_sub(bytes);
        self.comment = self.comment.start.saturating_sub(bytes)..self.comment.end.saturating_sub(bytes);
        self.line_start = self.line_start.map(|at| at.saturating_sub(bytes));
    }

    /// The next record or damage in `bytes`, the whole buffer. `None`: more bytes are needed, or, when `at_end`, there is
    /// nothing left.
    pub(crate) fn next(&mut self, bytes: &[u8], at_end: bool) -> Option<Scanned> {
        loop {
            // What is in progress is seen up to the longest length and not beyond, so that bytes which happen to be in the
            // buffer already cannot change what is found.
            let longest = self.start.saturating_add(self.limits.record_bytes_max);
            let limit = match self.state {
                State::Between => bytes.len(),
                // A bracket ends a record by itself; what a scalar is, the bytes behind it decide.
                State::Scalar => bytes.len().min(longest.saturating_add(LOOK_AHEAD_BYTES)),
                _ => bytes.len().min(longest),
            };
            let (view, cut) = (&bytes[..limit], limit < bytes.len());
            let step = match self.state {
                State::Between => self.between(view, at_end)?,
                State::Record => self.record(view),
                State::String => self.string(view),
                State::AfterString => self.after_string(view, at_end && !cut),
                State::Lost(damage) => self.lost(view, at_end && !cut, damage),
                State::Stray => self.stray(view, at_end && !cut),
                State::Scalar => self.scalar(view, at_end),
                State::Comment => self.comment(view),
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
            if byte == b'[' && self.shape == Shape::Values {
                if opens_value(bytes, self.position).or(at_end.then_some(true))? {
                    self.begin_record(self.position);
                    return Some(Step::Again);
                }
                self.position += 1;
            } else if is_separator(byte) {
                self.position += 1;
            } else if let Some(length) = unicode_space(&bytes[self.position..]) {
                self.position += length;
            } else if !at_end && may_become_space(&bytes[self.position..]) {
                return None;
            } else {
                self.begin_stray();
                if self.shape == Shape::Values && (byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'-')) {
                    self.state = State::Scalar;
                }
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
        self.position = at;
        self.depth = 0;
        self.keys = 0;
        self.arrays = 0;
        self.comment = at..at;
        self.line_start = None;
        self.state = State::Record;
    }

    /// Outside strings, inside a record.
    fn record(&mut self, bytes: &[u8]) -> Step {
        let mut position = self.position;
        let step = loop {
            let Some(&byte) = bytes.get(position) else { break Step::More };
            match CLASSES[byte as usize] {
                Class::Other | Class::Comma | Class::Space => {}
                Class::Comment => {
                    self.comment = position..position;
                    self.state = State::Comment;
                    break Step::Again;
                }
                Class::Colon => self.keys += 1,
                Class::Quote => {
                    position += 1;
                    // Nearly all strings are whole and followed by what may follow: they need no state of their own.
                    let Some(end) = plain_string_end(&bytes[position..]) else {
                        self.first_quote = position - 1;
                        self.state = State::String;
                        break Step::Again;
                    };
                    position += end;
                    continue;
                }
                open @ (Class::OpenObject | Class::OpenArray) => {
                    let object = open == Class::OpenObject;
                    if object && position > self.start && !self.may_open_object(bytes, position) {
                        return self.damaged(position, Damage::Truncated, bytes);
                    }
                    if self.depth == self.limits.depth_max {
                        return self.lose(position, Damage::TooDeep, bytes);
                    }
                    if object && position > self.start && self.line_start.is_none() && bytes[position - 1] == b'\n' {
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
                        break Step::Found(Scanned {
                            span: self.start..position,
                            // The end of a record with too many keys is known: it costs nothing else.
                            what: if self.keys > self.limits.keys_max {
                                Scan::Damaged(Damage::TooManyKeys)
                            } else {
                                Scan::Record
                            },
                            continues: false,
                        });
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
        let blank = |from: usize| bytes[from..at].iter().all(|&byte| is_space(byte));
        let end = if self.comment.end <= at && blank(self.comment.end) { self.comment.start } else { at };
        let before = bytes[self.start..end].iter().rev().find(|&&byte| !is_space(byte));
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
                // A raw line feed is not allowed in a string. One before a record means that the quote is missing.
                b'\n' if at + 1 < bytes.len() => match next_record(bytes, at, |_| false) {
                    Next::At(next) => return self.damaged(next, Damage::Truncated, bytes),
                    Next::Nowhere => self.position = at + 1,
                    Next::Unknown => {
                        self.position = at;
                        return Step::More;
                    }
                },
                // The byte after a backslash or a line feed decides.
                _ => {
                    self.position = at;
                    return Step::More;
                }
            }
        }
    }

    /// Behind a `/` or `#` outside strings. JSON has none, so the record is damaged; when this is a comment, its quotes and
    /// brackets are none. A URL in a string that lost its quote is no comment: what looks like a record ends the search.
    fn comment(&mut self, bytes: &[u8]) -> Step {
        /// Longer comments are not looked for, which keeps the scan linear.
        const COMMENT_BYTES_MAX: usize = 1024;
        let from = self.comment.start;
        let window = &bytes[from..bytes.len().min(from + COMMENT_BYTES_MAX)];
        let follows = from == self.start || is_space(bytes[from - 1]) || b",{[}]\"".contains(&bytes[from - 1]);
        let end = match window {
            [b'/', b'*', rest @ ..] => memchr::memmem::find(rest, b"*/").map(|at| at + 4),
            [b'/', b'/', ..] | [b'#', ..] if follows => memchr::memchr(b'\n', window),
            [b'/'] => return Step::More,
            _ => Some(0),
        };
        let record = memchr::memmem::find(&window[..end.unwrap_or(window.len())], b"{\"").is_some();
        let length = match end {
            Some(end) if !record => end,
            None if !record && window.len() < COMMENT_BYTES_MAX => return Step::More,
            _ => 0,
        };
        self.comment = from..from + length;
        self.position = from + length.max(1);
        self.state = State::Record;
        Step::Again
    }

    fn after_string(&mut self, bytes: &[u8], at_end: bool) -> Step {
        while let Some(&byte) = bytes.get(self.position) {
            match CLASSES[byte as usize] {
                Class::Space => self.position += 1,
                Class::Colon | Class::Comma | Class::CloseObject | Class::CloseArray => {
                    self.state = State::Record;
                    return Step::Again;
                }
                // No object can follow a string: it is the next record, unless the string is a key that lost its colon.
                Class::OpenObject => {
                    // A record that was cut behind a key is followed by the next one at once, or on its line.
                    let between = &bytes[self.last_quote + 1..self.position];
                    if between.is_empty() || between.contains(&b'\n') || !self.ends_key(bytes) {
                        return self.damaged(self.position, Damage::Truncated, bytes);
                    }
                    return match self.opens_alike(bytes, self.position, at_end) {
                        Some(true) => self.damaged(self.position, Damage::Truncated, bytes),
                        Some(false) => self.lose(self.position, Damage::Unbalanced, bytes),
                        None => Step::More,
                    };
                }
                Class::Comment => {
                    self.comment = self.position..self.position;
                    self.state = State::Comment;
                    return Step::Again;
                }
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
}

/// What a look at the bytes has given.
pub(super) enum Step {
    Found(Scanned),
    Again,
    More,
}
