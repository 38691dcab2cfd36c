//! A tolerant parser: it reads a damaged record from its first bracket on, and notes what has to be changed.
//!
//! It keeps its own stack, one entry a level up to the limit, so no input makes it recurse. It reads each byte a bounded
//! number of times, because what it looks ahead for is bounded.
//!
//! With [`Level::Lenient`] it follows the grammar of JSON and of its usual relatives, and stops where that leaves a choice.
//! With [`Level::Guess`] it chooses: see [`super::guess`] for how a quote is told to end a string.

use std::ops::Range;

use super::edit::{Edits, Repair};
use super::kind::{Level, RepairKind};
use super::quotes::Quotes;
use crate::json::landmark::{is_space, opens_value, unicode_space};
use crate::json::limits::FrameLimits;

/// A record that was mended.
#[derive(Debug)]
pub(crate) struct Mended {
    pub(crate) text: String,
    /// Where the record ends in the input.
    pub(crate) end: usize,
    pub(crate) repairs: Vec<Repair>,
}

/// Where reading stopped, and what it would take to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stuck {
    pub(crate) at: usize,
    pub(crate) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// A repair of a level that is not allowed, at a byte of the record.
    Needs(RepairKind, usize),
    /// Nothing helps here.
    Nothing,
}

/// Reads the record that `text` begins with.
///
/// `text` ends where the next sound record begins or the input ends.
pub(crate) fn mend(text: &str, level: Level, limits: FrameLimits) -> Result<Mended, Stuck> {
    let mut mender = Mender {
        text,
        bytes: text.as_bytes(),
        level,
        limits,
        at: 0,
        edits: Edits::default(),
        stack: Vec::new(),
        expect: Expect::Value,
        keys: 0,
        value_end: 0,
        last_quote: 0,
    };
    let end = mender.read()?;
    let (output, repairs) = mender.edits.apply(text, end);
    // What is handed on is JSON, whatever the reader above has overlooked.
    let sound = output.len() <= limits.record_bytes_max
        && serde_json::from_str::<serde::de::IgnoredAny>(&output).is_ok()
        && output != "{}"
        // An array that holds objects would be taken for an envelope of records.
        && !(output.starts_with('[') && opens_value(output.as_bytes(), 0) == Some(false));
    if sound { Ok(Mended { text: output, end, repairs }) } else { Err(Stuck { at: end, why: Why::Nothing }) }
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Value,
    /// Behind the opening bracket, or with the comma behind a member or an element.
    Key(Option<usize>),
    Colon,
    Element(Option<usize>),
    /// A comma or the closing bracket.
    Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Key,
    Member,
    Element,
}

#[derive(Debug)]
pub(super) struct Container {
    pub(super) object: bool,
    /// The bracket that closes it, as it stands in the input.
    pub(super) close: u8,
    /// A call, which goes: its brackets are no brackets of JSON.
    pub(super) call: bool,
    /// Where the current member begins, and where the comma before it stands.
    pub(super) member: usize,
    pub(super) comma: Option<usize>,
    pub(super) open: usize,
    pub(super) members: usize,
}

pub(super) struct Mender<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) level: Level,
    pub(super) limits: FrameLimits,
    pub(super) at: usize,
    pub(super) edits: Edits,
    pub(super) stack: Vec<Container>,
    pub(super) expect: Expect,
    pub(super) keys: usize,
    /// Behind the last value.
    pub(super) value_end: usize,
    /// The quote that ended the last string.
    pub(super) last_quote: usize,
}

impl<'a> Mender<'a> {
    /// Notes a repair, if the level allows it.
    pub(super) fn fix(&mut self, kind: RepairKind, range: Range<usize>, after: impl Into<String>) -> Result<(), Stuck> {
        self.allow(kind)?;
        self.edits.push(Some(kind), range, after);
        Ok(())
    }

    pub(super) fn allow(&self, kind: RepairKind) -> Result<(), Stuck> {
        if kind.level() <= self.level { Ok(()) } else { Err(Stuck { at: self.at, why: Why::Needs(kind, self.at) }) }
    }

    pub(super) fn stuck<T>(&self) -> Result<T, Stuck> {
        Err(Stuck { at: self.at, why: Why::Nothing })
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn guesses(&self) -> bool {
        self.level == Level::Guess
    }

    fn read(&mut self) -> Result<usize, Stuck> {
        loop {
            self.space()?;
            let Some(byte) = self.peek() else { return self.end() };
            match self.expect {
                Expect::Value => self.value(byte, if self.stack.is_empty() { Role::Element } else { Role::Member })?,
                Expect::Key(comma) => self.key(byte, comma)?,
                Expect::Colon => self.colon(byte)?,
                Expect::Element(comma) => self.element(byte, comma)?,
                Expect::Next => self.next(byte)?,
            }
            if self.stack.is_empty() {
                return if self.expect == Expect::Next { Ok(self.at) } else { self.stuck() };
            }
        }
    }

    /// White space and comments.
    fn space(&mut self) -> Result<(), Stuck> {
        loop {
            self.at += self.bytes[self.at..].iter().take_while(|&&byte| is_space(byte)).count();
            let Some(byte) = self.peek() else { return Ok(()) };
            if matches!(byte, b'/' | b'#') {
                let Some(length) = comment_length(self.rest()) else { return Ok(()) };
                self.fix(RepairKind::Comment, self.at..self.at + length, "")?;
                self.at += length;
            } else if let Some(length) = unicode_space(&self.bytes[self.at..]).or((byte == 0).then_some(1)) {
                self.fix(RepairKind::UnicodeWhitespace, self.at..self.at + length, " ")?;
                self.at += length;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, byte: u8, role: Role) -> Result<(), Stuck> {
        match byte {
            b'{' => self.open(true, b'}'),
            b'[' => self.open(false, b']'),
            b'(' => {
                self.fix(RepairKind::PythonContainer, self.at..self.at + 1, "[")?;
                self.open(false, b')')
            }
            // A member without a value.
            b'}' | b']' | b')' | b',' if role == Role::Member => {
                self.fix(RepairKind::MissingValue, self.value_end..self.value_end, "null")?;
                self.end_value();
                Ok(())
            }
            b'.' if self.rest().starts_with("...") => self.ellipsis(),
            b'0'..=b'9' | b'-' | b'+' | b'.' => self.number(),
            _ if self.opens_string() => self.string(role),
            _ => self.word(),
        }
    }

    pub(super) fn end_value(&mut self) {
        self.expect = Expect::Next;
        self.value_end = self.at;
    }

    fn open(&mut self, object: bool, close: u8) -> Result<(), Stuck> {
        if self.stack.len() >= self.limits.depth_max as usize {
            return self.stuck();
        }
        let open = self.at;
        self.at += 1;
        self.value_end = self.at;
        self.stack.push(Container { object, close, call: false, member: self.at, comma: None, open, members: 0 });
        self.expect = if object { Expect::Key(None) } else { Expect::Element(None) };
        Ok(())
    }

    /// A call around a value, such as `ObjectId("…")`: only the value stays.
    pub(super) fn open_call(&mut self, name: Range<usize>) -> Result<(), Stuck> {
        self.fix(RepairKind::ExtendedTypeCall, name.clone(), "")?;
        if self.stack.len() >= self.limits.depth_max as usize {
            return self.stuck();
        }
        self.at = name.end;
        self.value_end = self.at;
        let open = name.start;
        self.stack.push(Container {
            object: false,
            close: b')',
            call: true,
            member: self.at,
            comma: None,
            open,
            members: 0,
        });
        self.expect = Expect::Element(None);
        Ok(())
    }

    fn close(&mut self) {
        if let Some(level) = self.stack.pop() {
            let after = match (level.call, level.object) {
                (true, _) => "",
                (false, true) => "}",
                (false, false) => "]",
            };
            if after.as_bytes().first() != Some(&level.close) {
                self.edits.push(None, self.at..self.at + 1, after);
            }
        }
        self.at += 1;
        self.end_value();
    }

    fn element(&mut self, byte: u8, comma: Option<usize>) -> Result<(), Stuck> {
        let Some(level) = self.stack.last_mut() else { return self.stuck() };
        (level.member, level.comma) = (self.at, comma);
        match byte {
            _ if byte == level.close => {
                if level.call && level.members == 0 {
                    self.edits.push(None, self.at..self.at, "null");
                } else if let Some(comma) = comma {
                    // A tuple of one is written with a comma.
                    let kind = if byte == b')' { RepairKind::PythonContainer } else { RepairKind::TrailingComma };
                    self.fix(kind, comma..comma + 1, "")?;
                }
                self.close();
                Ok(())
            }
            b'}' | b']' | b')' => self.mismatched(byte),
            b',' => {
                self.fix(RepairKind::ArrayExtraComma, self.at..self.at + 1, "")?;
                self.at += 1;
                Ok(())
            }
            b':' => self.stuck(),
            _ => {
                level.members += 1;
                self.value(byte, Role::Element)
            }
        }
    }

    fn key(&mut self, byte: u8, comma: Option<usize>) -> Result<(), Stuck> {
        let at = self.at;
        let ellipsis = self.rest().starts_with("...");
        let Some(level) = self.stack.last_mut() else { return self.stuck() };
        (level.member, level.comma) = (at, comma);
        match byte {
            b'}' => {
                if let Some(comma) = comma {
                    self.fix(RepairKind::TrailingComma, comma..comma + 1, "")?;
                }
                self.close();
                Ok(())
            }
            b']' | b')' => self.mismatched(byte),
            b',' => {
                self.fix(RepairKind::ExtraComma, self.at..self.at + 1, "")?;
                self.at += 1;
                Ok(())
            }
            b'{' | b'[' | b'(' | b':' => self.stuck(),
            b'.' if ellipsis => self.ellipsis(),
            _ => {
                level.members += 1;
                self.keys += 1;
                if self.keys > self.limits.keys_max {
                    return self.stuck();
                }
                if self.opens_string() { self.string(Role::Key) } else { self.bare_key() }
            }
        }
    }

    fn colon(&mut self, byte: u8) -> Result<(), Stuck> {
        match byte {
            b':' => {
                self.at += 1;
                self.value_end = self.at;
                self.expect = Expect::Value;
                Ok(())
            }
            b'=' => {
                let length = if self.rest().starts_with("=>") { 2 } else { 1 };
                self.fix(RepairKind::MissingColon, self.at..self.at + length, ":")?;
                self.at += length;
                self.value_end = self.at;
                self.expect = Expect::Value;
                Ok(())
            }
            b',' | b'}' | b']' | b')' => self.key_alone(byte),
            _ => {
                self.fix(RepairKind::MissingColon, self.value_end..self.value_end, ":")?;
                self.expect = Expect::Value;
                Ok(())
            }
        }
    }

    /// A key that is followed by no value: an element of a set, or a member that lost its value.
    fn key_alone(&mut self, byte: u8) -> Result<(), Stuck> {
        let nested = self.stack.len() > 1;
        match self.stack.last_mut() {
            Some(level) if level.members == 1 && byte == b',' && nested => {
                let open = level.open;
                (level.object, level.members) = (false, 0);
                // What was read as a key is read again as an element.
                self.edits.forget_from(open + 1);
                self.fix(RepairKind::PythonContainer, open..open + 1, "[")?;
                self.at = open + 1;
                self.expect = Expect::Element(None);
            }
            _ => {
                self.fix(RepairKind::MissingValue, self.value_end..self.value_end, ":null")?;
                self.expect = Expect::Next;
            }
        }
        Ok(())
    }

    fn next(&mut self, byte: u8) -> Result<(), Stuck> {
        let Some(level) = self.stack.last() else { return self.stuck() };
        let (object, close, call) = (level.object, level.close, level.call);
        let follow = |comma| if object { Expect::Key(comma) } else { Expect::Element(comma) };
        match byte {
            b',' if !call => {
                self.expect = follow(Some(self.at));
                self.at += 1;
                Ok(())
            }
            _ if byte == close => {
                self.close();
                Ok(())
            }
            b'}' | b']' | b')' => self.mismatched(byte),
            b'+' if self.text[..self.value_end]
                .ends_with(|last: char| Quotes::opening(last.encode_utf8(&mut [0; 4])).is_some()) =>
            {
                self.concatenate()
            }
            b';' => {
                self.fix(RepairKind::MissingComma, self.at..self.at + 1, ",")?;
                self.at += 1;
                self.expect = follow(None);
                Ok(())
            }
            b':' | b'=' => self.stuck(),
            // An object in an object's place of a key is the next record.
            b'{' | b'[' | b'(' if object => self.stuck(),
            _ if call => self.stuck(),
            _ => {
                self.fix(RepairKind::MissingComma, self.value_end..self.value_end, ",")?;
                self.expect = follow(None);
                Ok(())
            }
        }
    }

    /// A closing bracket that is not the innermost one's: what is open inside is closed here, or the bracket is of the
    /// wrong kind.
    fn mismatched(&mut self, byte: u8) -> Result<(), Stuck> {
        let outer = self.stack.iter().rposition(|level| level.close == byte);
        let after = self.bytes[self.at + 1..].iter().copied().find(|&byte| !is_space(byte));
        match outer {
            Some(outer) if after != Some(byte) => {
                self.drop_comma()?;
                while self.stack.len() > outer + 1 {
                    self.fix(RepairKind::UnclosedContainer, self.at..self.at, self.closer())?;
                    self.stack.pop();
                }
                self.close();
            }
            _ => {
                self.drop_comma()?;
                self.fix(RepairKind::MismatchedCloser, self.at..self.at + 1, self.closer())?;
                self.stack.pop();
                self.at += 1;
                self.end_value();
            }
        }
        Ok(())
    }

    fn closer(&self) -> &'static str {
        match self.stack.last() {
            Some(level) if level.call => "",
            Some(level) if level.object => "}",
            _ => "]",
        }
    }

    /// Drops the comma that nothing follows.
    fn drop_comma(&mut self) -> Result<(), Stuck> {
        if let Expect::Key(Some(comma)) | Expect::Element(Some(comma)) = self.expect {
            self.fix(RepairKind::TrailingComma, comma..comma + 1, "")?;
        }
        Ok(())
    }

    fn ellipsis(&mut self) -> Result<(), Stuck> {
        self.fix(RepairKind::Ellipsis, self.at..self.at + 3, "")?;
        self.at += 3;
        let comma = self.stack.last().and_then(|level| level.comma);
        self.space()?;
        match (self.peek(), self.expect) {
            // The comma behind it goes with it; the one before it stays.
            (Some(b','), Expect::Key(_) | Expect::Element(_)) => {
                self.edits.push(None, self.at..self.at + 1, "");
                self.at += 1;
            }
            (_, Expect::Key(_)) if comma.is_some() => self.expect = Expect::Key(comma),
            (_, Expect::Element(_)) if comma.is_some() => self.expect = Expect::Element(comma),
            _ => {}
        }
        Ok(())
    }

    /// The text ends in the middle of the record.
    fn end(&mut self) -> Result<usize, Stuck> {
        let end = self.bytes.len();
        self.allow(RepairKind::UnclosedContainer)?;
        match self.expect {
            Expect::Value | Expect::Colon => self.drop_member()?,
            _ => self.drop_comma()?,
        }
        while !self.stack.is_empty() {
            self.fix(RepairKind::UnclosedContainer, end..end, self.closer())?;
            self.stack.pop();
        }
        Ok(end)
    }

    /// Drops the member that the text ends in.
    pub(super) fn drop_member(&mut self) -> Result<(), Stuck> {
        let Some(level) = self.stack.last() else { return self.stuck() };
        let from = level.comma.unwrap_or(level.member);
        self.edits.forget_from(from);
        self.fix(RepairKind::TruncatedMember, from..self.bytes.len(), "")?;
        self.expect = Expect::Next;
        Ok(())
    }
}

/// The length of a comment at the beginning of a text; the line feed after it is not part of it. A block that does not end
/// within [`COMMENT_BYTES_MAX`] is none.
pub(super) fn comment_length(text: &str) -> Option<usize> {
    /// A bound keeps reading linear where many blocks begin and none ends.
    const COMMENT_BYTES_MAX: usize = 4096;
    if let Some(block) = text.strip_prefix("/*") {
        let window = &block.as_bytes()[..block.len().min(COMMENT_BYTES_MAX)];
        return memchr::memmem::find(window, b"*/").map(|at| at + 4);
    }
    (text.starts_with("//") || text.starts_with('#')).then(|| text.find(['\n', '\r']).unwrap_or(text.len()))
}
