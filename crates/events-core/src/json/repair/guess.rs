//! How it is guessed where a string ends whose quotes are not to be trusted.
//!
//! A quote ends a string when what follows it is what JSON has behind a string in that place. A quote that does not is
//! either text that should have been escaped, or opens the next string, when this one lost its end.

use super::kind::RepairKind;
use super::mender::{Mender, Role, Stuck};
use super::quotes::Quotes;
use crate::json::landmark::is_space;

/// A string that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) quotes: Quotes,
    pub(super) role: Role,
    /// Where its content begins.
    pub(super) content: usize,
}

/// What a quote is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// The end of the string.
    Here,
    /// The beginning of the next one: this one ended there.
    Before(usize),
    /// Text.
    Not,
}

/// How far is looked ahead for the end of a key. Longer ones are rare, and a bound keeps reading linear.
const KEY_BYTES_MAX: usize = 128;

impl Mender<'_> {
    /// What the quote at hand is.
    pub(super) fn closing(&self, opening: Opening, width: usize) -> Close {
        // Without guesses the first quote is the last.
        if !self.guesses() {
            return Close::Here;
        }
        let before = match opening.role {
            Role::Key if self.ends_string(Role::Key, self.at + width) => return Close::Here,
            Role::Key => self.key_without_end(opening),
            Role::Member | Role::Element => self.value_without_end(opening),
        };
        match before {
            Close::Not if self.ends_string(opening.role, self.at + width) => Close::Here,
            before => before,
        }
    }

    /// Whether a string in that role can end before `after`.
    fn ends_string(&self, role: Role, after: usize) -> bool {
        let next = self.skip(after);
        let Some(&byte) = self.bytes.get(next) else { return true };
        match (role, byte) {
            (_, b'/') => matches!(self.bytes.get(next + 1), Some(b'/' | b'*')),
            (Role::Key, b':' | b'=') | (_, b'#' | b';') | (Role::Element, b'{' | b'[') => true,
            // No colon: a value follows at once.
            (Role::Key, _) => matches!(byte, b',' | b'}') || (byte != b']' && self.element_follows(next)),
            (_, b'}' | b']' | b')') => self.closes_something(byte),
            (Role::Member, b',') => self.member_follows(self.skip(next + 1)),
            (Role::Member, _) => {
                self.joins(next) || (Quotes::opening(&self.text[next..]).is_some() && self.key_follows(next))
            }
            (Role::Element, b',') => self.element_follows(self.skip(next + 1)),
            (Role::Element, b'-' | b'0'..=b'9') => self.number_follows(next),
            (Role::Element, _) => self.joins(next) || Quotes::opening(&self.text[next..]).is_some(),
        }
    }

    fn closes_something(&self, byte: u8) -> bool {
        self.stack.iter().any(|level| level.close == byte) || byte != b')'
    }

    fn joins(&self, at: usize) -> bool {
        let next = self.text.get(self.skip(at + 1)..).unwrap_or_default();
        self.bytes.get(at) == Some(&b'+') && Quotes::opening(next).is_some()
    }

    /// Whether a number that is an element begins here.
    fn number_follows(&self, at: usize) -> bool {
        let window = &self.bytes[at..self.bytes.len().min(at + KEY_BYTES_MAX)];
        let digits = window.iter().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
        self.bytes.get(self.skip(at + digits)).is_none_or(|&byte| matches!(byte, b',' | b']'))
    }

    fn skip(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().take(KEY_BYTES_MAX).take_while(|&&byte| is_space(byte)).count()
    }

    /// Whether a member begins here, with or without its colon, or the object ends.
    fn member_follows(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            None | Some(b'}' | b',' | b'/' | b'#' | b'.') => true,
            Some(_) => match self.key_end(at) {
                Some(end) => matches!(self.bytes.get(end), None | Some(b':' | b'{' | b'[' | b'"' | b'-' | b'0'..=b'9')),
                None => self.ends_in_key(at),
            },
        }
    }

    /// Whether the text ends in the key that begins here.
    fn ends_in_key(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let opening = Quotes::opening(rest);
        rest.len() <= KEY_BYTES_MAX
            && opening.is_some_and(|(quotes, width)| !rest[width..].contains(|c| quotes.closes(c)))
    }

    /// Whether a key with its colon begins here.
    fn key_follows(&self, at: usize) -> bool {
        self.key_end(at).is_some_and(|end| self.bytes.get(end) == Some(&b':'))
    }

    /// What stands behind the key that begins here.
    fn key_end(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..).unwrap_or_default();
        let window = &rest.as_bytes()[..rest.len().min(KEY_BYTES_MAX)];
        let end = if let Some((quotes, width)) = Quotes::opening(rest) {
            let inside = rest[width..].char_indices().take(KEY_BYTES_MAX);
            let end = inside.take_while(|(_, character)| *character != '\n').find(|(_, c)| quotes.closes(*c));
            end.map(|(end, character)| width + end + character.len_utf8())
        } else {
            let name = window.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
            let length = name.count();
            // The key may have lost its first quote.
            let quote = usize::from(window.get(length) == Some(&b'"'));
            (length > 0).then_some(length + quote)
        };
        end.map(|end| self.skip(at + end))
    }

    /// Whether an element begins here, or the array ends.
    fn element_follows(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let word = || ["true", "false", "null", "True", "False", "None"].iter().any(|word| rest.starts_with(word));
        let first = rest.as_bytes().first();
        first.is_none_or(|byte| matches!(byte, b'{' | b'[' | b']' | b'-' | b'0'..=b'9' | b'.'))
            || Quotes::opening(rest).is_some()
            || word()
    }

    /// A key that contains a colon lost its last quote before it.
    fn key_without_end(&self, opening: Opening) -> Close {
        match memchr::memchr(b':', &self.bytes[opening.content..self.at]) {
            Some(colon) if colon > 0 => Close::Before(opening.content + colon),
            _ => Close::Not,
        }
    }

    /// A quote behind a comma that opens a key, or an element, shows that the string before the comma lost its last
    /// quote.
    fn value_without_end(&self, opening: Opening) -> Close {
        let content = &self.bytes[opening.content..self.at];
        let Some(comma) = content.iter().rposition(|&byte| !is_space(byte)) else { return Close::Not };
        let opens_next = match opening.role {
            Role::Element => self.element_ends(self.at),
            _ => self.key_follows(self.at),
        };
        if content[comma] != b',' || !opens_next {
            return Close::Not;
        }
        let end = content[..comma].iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
        Close::Before(self.before_closers(opening.content, opening.content + end, false))
    }

    /// Whether a quoted element begins here and ends before a comma or a bracket.
    fn element_ends(&self, at: usize) -> bool {
        let window = &self.bytes[at + 1..self.bytes.len().min(at + 1 + KEY_BYTES_MAX)];
        let end = memchr::memchr(b'"', window).map(|end| self.skip(at + 2 + end));
        end.is_some_and(|end| matches!(self.bytes.get(end), None | Some(b',' | b']')))
    }

    /// Where the closing brackets begin that a text ends with, when they are those that close what is open: all of it, or
    /// as much as there is.
    fn before_closers(&self, from: usize, end: usize, all: bool) -> usize {
        let tail = &self.bytes[from..end];
        let run = tail.iter().rev().take_while(|&&byte| matches!(byte, b'}' | b']') || is_space(byte)).count();
        for start in end - run..end {
            let closers = self.bytes[start..end].iter().filter(|&&byte| !is_space(byte));
            let mut open = self.stack.iter().rev().map(|level| level.close);
            let fits = closers.clone().all(|&closer| open.next() == Some(closer));
            if fits && !is_space(self.bytes[start]) && (!all || open.next().is_none()) {
                return start;
            }
        }
        end
    }

    /// The text ends in a string: it lost its last quote when the brackets behind it are all there, else it was cut.
    pub(super) fn end_in_string(&mut self, opening: Opening) -> Result<(), Stuck> {
        let end = self.bytes.len();
        self.allow(RepairKind::TruncatedString)?;
        let trimmed = self.bytes[..end].iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
        if opening.role == Role::Key {
            if let Close::Before(colon) = self.key_without_end(opening) {
                self.edits.forget_from_after(colon);
                self.fix(RepairKind::MissingQuote, colon..colon, "\"")?;
                self.at = colon;
                return Ok(());
            }
            // `string` goes on to the colon, which is not there: the member goes.
            return Ok(());
        }
        let closers = self.before_closers(opening.content, trimmed.max(opening.content), true);
        if closers < trimmed {
            self.edits.forget_from_after(closers);
            self.fix(RepairKind::MissingQuote, closers..closers, "\"")?;
            self.at = closers;
        } else {
            self.fix(RepairKind::TruncatedString, end..end, "\"")?;
        }
        Ok(())
    }
}
