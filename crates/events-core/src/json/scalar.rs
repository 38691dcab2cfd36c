//! Strings, numbers and literals between records, where records may be any values.

use super::landmark::{is_separator, is_space};
use super::scanner::{LOOK_AHEAD_BYTES, Scan, Scanned, Scanner, State, Step};

impl Scanner {
    /// A scalar between values ends where a separator, a bracket or a quote begins, and a string at its last quote. What is
    /// no JSON is stray text.
    ///
    /// `bytes` go so far beyond the longest scalar that what follows it can be looked at.
    pub(super) fn scalar(&mut self, bytes: &[u8], at_end: bool) -> Step {
        let token = &bytes[self.start..];
        let longest = &token[..token.len().min(self.limits.record_bytes_max)];
        let cut = longest.len() < token.len();
        let end = if token[0] == b'"' {
            string_length(longest)
        } else {
            // What follows the longest word ends it.
            word_length(&token[..token.len().min(longest.len() + 1)], at_end && !cut)
        };
        let Some(length) = end else {
            if at_end && !cut || memchr::memchr(b'\n', longest).is_some() {
                self.state = State::Stray;
                return Step::Again;
            }
            return if cut { Step::Found(self.cut(&bytes[..self.start + longest.len()])) } else { Step::More };
        };
        // A string before a colon is a key whose record has lost its beginning.
        let behind = &token[length..token.len().min(length + LOOK_AHEAD_BYTES)];
        match behind.iter().find(|&&byte| !is_space(byte)) {
            Some(b':') => {
                self.state = State::Stray;
                return Step::Again;
            }
            None if !at_end && behind.len() < LOOK_AHEAD_BYTES => return Step::More,
            _ => {}
        }
        if serde_json::from_slice::<serde::de::IgnoredAny>(&token[..length]).is_err() {
            self.state = State::Stray;
            return Step::Again;
        }
        self.position = self.start + length;
        self.state = State::Between;
        Step::Found(Scanned { span: self.start..self.position, what: Scan::Record, continues: false })
    }
}

/// The length of the string that begins here, up to the end of its line.
fn string_length(token: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'"', b'\\', b'\n', token.get(at..)?)?;
        match token[at] {
            b'"' => return Some(at + 1),
            b'\n' => return None,
            _ => at += 2,
        }
    }
}

/// The length of the number or literal that begins here. `None`: it may go on.
fn word_length(token: &[u8], at_end: bool) -> Option<usize> {
    let ends = |byte: u8| is_separator(byte) || matches!(byte, b'{' | b'}' | b'"');
    token.iter().position(|&byte| ends(byte)).or(at_end.then_some(token.len()))
}
