//! Strings of a damaged record, in whatever quotes.

use super::guess::{Close, Opening};
use super::kind::RepairKind;
use super::mender::{Expect, Mender, Role, Stuck};
use super::quotes::Quotes;
use crate::json::landmark::is_space;

impl Mender<'_> {
    /// Whether a string begins here, perhaps with one of Python's letters before its quote.
    pub(super) fn opens_string(&self) -> bool {
        Quotes::opening(self.rest()).is_some() || self.prefix_length() > 0
    }

    fn prefix_length(&self) -> usize {
        match self.rest().as_bytes() {
            [b'u' | b'b', b'\'' | b'"', ..] => 1,
            _ => 0,
        }
    }

    /// Reads a string from its opening quote on.
    pub(super) fn string(&mut self, role: Role) -> Result<(), Stuck> {
        if self.prefix_length() > 0 {
            self.fix(RepairKind::PythonLiteral, self.at..self.at + 1, "")?;
            self.at += 1;
        }
        let Some((quotes, width)) = Quotes::opening(self.rest()) else { return self.stuck() };
        if let Some(kind) = quotes.kind() {
            self.fix(kind, self.at..self.at + width, "\"")?;
        }
        self.at += width;
        let opening = Opening { quotes, role, content: self.at };
        self.content(opening)?;
        self.value_end = self.at;
        self.expect = if role == Role::Key { Expect::Colon } else { Expect::Next };
        Ok(())
    }

    /// The content of a string, and its end.
    pub(super) fn content(&mut self, opening: Opening) -> Result<(), Stuck> {
        loop {
            let plain = self.bytes[self.at..].iter().take_while(|&&byte| is_plain(byte)).count();
            self.at += plain;
            let Some(character) = self.rest().chars().next() else { return self.end_in_string(opening) };
            let width = character.len_utf8();
            match character {
                '\\' => self.escape()?,
                _ if opening.quotes.closes(character) => match self.closing(opening, width) {
                    Close::Here => {
                        if opening.quotes != Quotes::Double {
                            self.edits.push(None, self.at..self.at + width, "\"");
                        }
                        self.last_quote = self.at;
                        self.at += width;
                        return Ok(());
                    }
                    Close::Before(end) => {
                        self.fix(RepairKind::MissingQuote, end..end, "\"")?;
                        self.edits.forget_from_after(end);
                        self.at = end;
                        return Ok(());
                    }
                    Close::Not => {
                        let after = if character == '"' { "\\\"".to_owned() } else { character.to_string() };
                        self.fix(RepairKind::UnescapedQuote, self.at..self.at + width, after)?;
                        self.at += width;
                    }
                },
                // A quote of JSON in other quotes is text.
                '"' => {
                    self.edits.push(None, self.at..self.at + 1, "\\\"");
                    self.at += 1;
                }
                '\0'..='\x1f' => self.control_character(character)?,
                _ => self.at += width,
            }
        }
    }

    fn control_character(&mut self, character: char) -> Result<(), Stuck> {
        // A line that begins like a record is the next one: this string lost its end.
        if matches!(character, '\n' | '\r') && begins_record(&self.bytes[self.at..]) {
            self.allow(RepairKind::TruncatedString)?;
            return self.stuck();
        }
        let after = match character {
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            _ => format!("\\u{:04x}", u32::from(character)),
        };
        self.fix(RepairKind::ControlCharacter, self.at..self.at + 1, after)?;
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Stuck> {
        let rest = &self.bytes[self.at..];
        match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') if rest.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) => self.at += 6,
            Some(b'\'' | b'`') => {
                self.fix(RepairKind::EscapedQuote, self.at..self.at + 1, "")?;
                self.at += 2;
            }
            Some(b'x') if rest.get(2..4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) => {
                self.fix(RepairKind::BackslashEscape, self.at..self.at + 2, "\\u00")?;
                self.at += 4;
            }
            // The escape is cut short; what is left of it goes with the end of the string.
            _ if is_cut(rest) => {
                self.fix(RepairKind::TruncatedString, self.at..self.bytes.len(), "")?;
                self.at = self.bytes.len();
            }
            // A backslash before a line feed continues a line in some languages; the backslash is all that is known.
            _ => {
                self.fix(RepairKind::BackslashEscape, self.at..self.at + 1, "\\\\")?;
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Strings that are joined with `+` become one.
    pub(super) fn concatenate(&mut self) -> Result<(), Stuck> {
        let quote = self.last_quote;
        let after = self.at + 1 + self.bytes[self.at + 1..].iter().take_while(|&&byte| is_space(byte)).count();
        let opening = self.text.get(after..).and_then(Quotes::opening);
        let Some((quotes, width)) = opening.filter(|_| quote < self.value_end) else { return self.stuck() };
        self.edits.forget_from(quote);
        self.fix(RepairKind::StringConcatenation, quote..after + width, "")?;
        self.at = after + width;
        let role = if self.stack.last().is_some_and(|level| level.object) { Role::Member } else { Role::Element };
        self.content(Opening { quotes, role, content: self.at })?;
        self.end_value();
        Ok(())
    }
}

/// Whether a text ends in its first escape.
fn is_cut(rest: &[u8]) -> bool {
    rest.len() == 1 || (rest[1] == b'u' && rest.len() < 6 && rest[2..].iter().all(u8::is_ascii_hexdigit))
}

/// Bytes of a string that need no look.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte.is_ascii() && !matches!(byte, b'"' | b'\\' | b'\'' | b'`')
}

/// Whether the line after these line feeds begins like a record.
fn begins_record(line_feed: &[u8]) -> bool {
    /// More white space before a record does not occur, and a bound keeps reading linear.
    const LOOK_AHEAD_BYTES: usize = 256;
    let window = &line_feed[..line_feed.len().min(LOOK_AHEAD_BYTES)];
    let mut visible = window.iter().filter(|&&byte| !is_space(byte));
    visible.next() == Some(&b'{') && matches!(visible.next(), Some(b'"'))
}
