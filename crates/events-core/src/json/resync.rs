//! What a damaged record costs: where it ends, and where the next one begins.
//!
//! Every search looks for what valid JSON cannot hold in that place, so that a damaged record takes no neighbour along.

use super::damage::Damage;
use super::landmark::{Next, RECORD_SEPARATOR, is_separator, is_space, next_is_text, next_record, opens_record};
use super::scanner::{Scan, Scanned, Scanner, Shape, State, Step};

impl Scanner {
    /// The record in progress is damaged, and where the next one begins is to be looked for from `position` on.
    pub(super) fn lose(&mut self, position: usize, damage: Damage, bytes: &[u8]) -> Step {
        // Nesting repeats its keys: what is too deep is no record that took another along.
        if damage != Damage::TooDeep && self.swallowed(position, bytes).is_some() {
            return self.damaged(position, damage, bytes);
        }
        self.position = position;
        self.open = i64::from(self.depth);
        self.state = State::Lost(damage);
        Step::Again
    }

    /// The first key of the record in progress, with its quotes.
    pub(super) fn first_key<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let record = bytes.get(self.start..)?.strip_prefix(b"{")?;
        let quote = record.iter().position(|&byte| !is_space(byte))?;
        let delimiter = *record.get(quote).filter(|&&byte| matches!(byte, b'"' | b'\''))?;
        let key = &record[quote + 1..];
        Some(&record[quote..quote + 2 + memchr::memchr(delimiter, key)?])
    }

    /// Whether the object at `brace` opens with the first key of the record in progress. `None`: the bytes end before it is
    /// decided.
    pub(super) fn opens_alike(&self, bytes: &[u8], brace: usize, at_end: bool) -> Option<bool> {
        let Some(first_key) = self.first_key(bytes) else { return Some(false) };
        let rest = &bytes[brace + 1..];
        let rest = &rest[rest.iter().take_while(|&&byte| is_space(byte)).count()..];
        if rest.len() < first_key.len() && first_key.starts_with(rest) && !at_end {
            return None;
        }
        Some(rest.starts_with(first_key))
    }

    /// Whether the last string stands where a key does.
    pub(super) fn ends_key(&self, bytes: &[u8]) -> bool {
        let before = bytes[self.start..self.first_quote].iter().rev().find(|&&byte| !is_space(byte));
        self.arrays & 1 == 0 && matches!(before, Some(b'{' | b','))
    }

    /// Where the next record begins inside the damaged one, when that was cut short before a value, so that the next one
    /// took the value's place: at a brace that begins a line, or at one that opens as the record does, with the same key.
    /// Unescaped quotes cannot come from inside a string.
    ///
    /// Nesting is limited, so a byte is scanned again at most that often.
    pub(super) fn swallowed(&self, end: usize, bytes: &[u8]) -> Option<usize> {
        if !matches!(self.state, State::Record | State::String | State::AfterString | State::Comment) {
            return None;
        }
        let record = &bytes[self.start..end];
        let same_head = self.first_key(&bytes[..end]).and_then(|key| {
            let quote = 1 + record[1..].iter().position(|&byte| !is_space(byte))?;
            memchr::memmem::find(&record[1..], &record[..quote + key.len()]).map(|at| self.start + 1 + at)
        });
        same_head.into_iter().chain(self.line_start).min()
    }

    /// Damage up to `end` or, in a record, to the line that may be the next one, without the separators before it. The
    /// scan goes on from there.
    pub(super) fn damage_until(&mut self, end: usize, damage: Damage, bytes: &[u8]) -> Scanned {
        let end = self.swallowed(end, bytes).unwrap_or(end);
        self.line_start = None;
        let kept =
            |ends: fn(u8) -> bool| bytes[self.start..end].iter().rposition(|&byte| ends(byte)).map_or(0, |at| at + 1);
        let closed = kept(|byte| !is_separator(byte));
        // Brackets behind a record that is not closed may be its own.
        let kept = match bytes[self.start..end].first() {
            Some(b'[') => kept(|byte| !is_separator(byte) || byte == b']'),
            Some(b'{') if !bytes[..self.start + closed].ends_with(b"}") => {
                kept(|byte| !is_separator(byte) || matches!(byte, b'[' | b']'))
            }
            _ => closed,
        };
        let span = self.start..self.start + kept;
        let continues = std::mem::take(&mut self.continued);
        self.state = State::Between;
        self.position = end;
        Scanned { span, what: Scan::Damaged(damage), continues }
    }

    pub(super) fn damaged(&mut self, end: usize, damage: Damage, bytes: &[u8]) -> Step {
        Step::Found(self.damage_until(end, damage, bytes))
    }

    /// Looks for a place where a record can begin: an object's brace with its first key, after a closing brace and any
    /// separators; a brace at the start of a line; or the separator of RFC 7464. Behind a comma an object may as well be an
    /// element of an array in the damaged record: while that has open brackets, its first key decides.
    pub(super) fn lost(&mut self, bytes: &[u8], at_end: bool, damage: Damage) -> Step {
        let is_landmark = |byte: u8| matches!(byte, b'{' | b'[' | b']' | b'}' | b'\n' | RECORD_SEPARATOR);
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let Some(found) = rest.iter().position(|&byte| is_landmark(byte)) else {
                self.position = bytes.len();
                return Step::More;
            };
            let at = self.position + found;
            self.position = at;
            let next = match bytes[at] {
                RECORD_SEPARATOR => Next::At(at + 1),
                b'\n' => next_record(bytes, at, |_| false),
                b'}' => next_record(bytes, at, is_separator),
                // All brackets of the damaged record seem to be closed.
                b'{' if self.open <= 0 && at > self.start => next_record(bytes, at - 1, |_| false),
                _ => Next::Nowhere,
            };
            match next {
                Next::At(next) if bytes[at] == b'}' && self.open > 1 && bytes[at..next].contains(&b',') => {
                    match self.opens_alike(bytes, next, at_end) {
                        Some(true) => return self.damaged(next, damage, bytes),
                        Some(false) => {}
                        None => return Step::More,
                    }
                }
                Next::At(next) => return self.damaged(next, damage, bytes),
                // The bytes from the brace on decide, and they are few: only separators come before them.
                Next::Unknown if !at_end => return Step::More,
                Next::Unknown | Next::Nowhere => {}
            }
            match bytes[at] {
                b'{' | b'[' => self.open += 1,
                b'}' | b']' => self.open -= 1,
                _ => {}
            }
            self.position = at + 1;
        }
    }

    /// Stray text ends where a record can begin or at the separator of RFC 7464, and with its line, unless the next line is
    /// more of it. Quotes in it mean nothing: a single one would claim everything behind it.
    pub(super) fn stray(&mut self, bytes: &[u8], at_end: bool) -> Step {
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let Some(found) = memchr::memchr3(b'{', b'\n', RECORD_SEPARATOR, rest) else {
                self.position = bytes.len();
                return Step::More;
            };
            self.position += found;
            let ends = match bytes[self.position] {
                b'{' => opens_record(bytes, self.position),
                // Where records may be any values, each line may be one.
                b'\n' if self.shape == Shape::Objects => next_is_text(bytes, self.position).map(|is_text| !is_text),
                _ => Some(true),
            };
            let Some(ends) = ends.or(at_end.then_some(true)) else { return Step::More };
            // What began at this brace because no record can does not end at it.
            if ends && (self.position > self.start || self.continued) {
                return self.damaged(self.position, Damage::StrayText, bytes);
            }
            self.position += 1;
        }
    }

    /// The input ends in the middle of something.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Scanned {
        let damage = match self.state {
            State::Lost(damage) => damage,
            State::Stray | State::Scalar => Damage::StrayText,
            State::Between | State::Record | State::String | State::AfterString | State::Comment => Damage::Truncated,
        };
        self.damage_until(bytes.len(), damage, bytes)
    }

    /// Something has reached the longest length: a piece of damage, and the search for the next record goes on behind it.
    pub(super) fn cut(&mut self, bytes: &[u8]) -> Scanned {
        let limit = bytes.len();
        let damage = match self.state {
            State::Lost(damage) => damage,
            State::Stray | State::Scalar => {
                self.state = State::Stray;
                Damage::StrayText
            }
            State::Between | State::Record | State::String | State::AfterString | State::Comment => {
                if self.swallowed(limit, bytes).is_some() {
                    return self.damage_until(limit, Damage::TooLong, bytes);
                }
                self.state = State::Lost(Damage::TooLong);
                Damage::TooLong
            }
        };
        // A scan that begins at the next piece knows nothing of what is open.
        self.open = 1;
        let span = self.start..limit;
        self.start = limit;
        self.position = limit;
        let continues = std::mem::replace(&mut self.continued, true);
        Scanned { span, what: Scan::Damaged(damage), continues }
    }
}
