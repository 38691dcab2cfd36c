//! Numbers, literals and bare words of a damaged record.

use super::kind::RepairKind;
use super::mender::{Expect, Mender, Stuck};
use crate::json::landmark::is_space;

impl<'a> Mender<'a> {
    /// A number, or what begins like one.
    pub(super) fn number(&mut self) -> Result<(), Stuck> {
        let token = self.token(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'));
        let range = self.at..self.at + token.len();
        // Times and ratios are no numbers.
        if matches!(self.bytes.get(range.end), Some(b':' | b'/'))
            && self.bytes.get(range.end + 1).is_some_and(u8::is_ascii_digit)
        {
            return self.unquoted();
        }
        let number = Number::of(token);
        match number {
            Number::Sound if range.end == self.bytes.len() => {
                // More digits may have been cut off.
                self.fix(RepairKind::TruncatedScalar, range.clone(), token)?;
            }
            Number::Sound => {}
            Number::Form(kind, text) => self.fix(kind, range.clone(), text)?,
            Number::Cut if range.end == self.bytes.len() => {
                self.fix(RepairKind::TruncatedScalar, range.clone(), format!("{token}0"))?;
            }
            Number::Cut | Number::None => return self.unquoted(),
        }
        self.at = range.end;
        self.end_value();
        Ok(())
    }

    /// A literal, a call, or a word that lacks its quotes.
    pub(super) fn word(&mut self) -> Result<(), Stuck> {
        let word = self.token(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
        let range = self.at..self.at + word.len();
        let (kind, text) = match word {
            "true" | "false" | "null" => (None, word),
            "True" => (Some(RepairKind::PythonLiteral), "true"),
            "False" => (Some(RepairKind::PythonLiteral), "false"),
            "None" => (Some(RepairKind::PythonLiteral), "null"),
            "undefined" => (Some(RepairKind::UndefinedLiteral), "null"),
            "NaN" | "Infinity" | "nan" | "inf" | "Inf" => (Some(RepairKind::NonFiniteNumber), "null"),
            "new" if self.guesses() && self.bytes.get(range.end) == Some(&b' ') => {
                self.edits.push(None, range.start..range.end + 1, "");
                self.at = range.end + 1;
                return self.word();
            }
            _ if !word.is_empty() && self.bytes.get(range.end) == Some(&b'(') => {
                return self.open_call(range.start..range.end + 1);
            }
            _ => match self.literal_of(word, range.end) {
                Some(literal) => literal,
                None => return self.unquoted(),
            },
        };
        if !self.is_delimited(range.end) {
            return self.unquoted();
        }
        if let Some(kind) = kind {
            self.fix(kind, range.clone(), text)?;
        }
        self.at = range.end;
        self.end_value();
        Ok(())
    }

    /// A literal that was cut short, or that shouts.
    fn literal_of(&self, word: &str, end: usize) -> Option<(Option<RepairKind>, &'static str)> {
        let literals = ["true", "false", "null"];
        if end == self.bytes.len() && !word.is_empty() {
            let whole = literals.into_iter().find(|literal| literal.starts_with(word));
            return whole.map(|literal| (Some(RepairKind::TruncatedScalar), literal));
        }
        let shouted = literals.into_iter().find(|literal| literal.eq_ignore_ascii_case(word));
        shouted.map(|literal| (Some(RepairKind::UnquotedValue), literal))
    }

    /// A key without quotes.
    pub(super) fn bare_key(&mut self) -> Result<(), Stuck> {
        let name = self.token(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii());
        let name = match name.find(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | '$')) {
            Some(end) => &name[..end],
            None => name,
        };
        let end = self.at + name.len();
        let after = end + self.bytes[end..].iter().take_while(|&&byte| is_space(byte)).count();
        let identifier = name.starts_with(|first: char| !first.is_ascii_digit());
        if identifier && self.bytes.get(after) == Some(&b':') {
            self.fix(RepairKind::UnquotedFieldName, self.at..end, format!("\"{name}\""))?;
            self.at = end;
        } else if identifier && self.bytes.get(end) == Some(&b'"') {
            self.fix(RepairKind::MissingQuote, self.at..self.at, "\"")?;
            self.at = end + 1;
        } else {
            self.allow(RepairKind::UnquotedValue)?;
            let text = self.token(|byte| !matches!(byte, b':' | b',' | b'{' | b'}' | b'[' | b']' | b'"' | b'\n'));
            let text = text.trim_end();
            if text.is_empty() || text.starts_with(['\\', '/']) {
                return self.stuck();
            }
            self.quote(self.at, text)?;
        }
        self.value_end = self.at;
        self.expect = Expect::Colon;
        Ok(())
    }

    /// A value that is text without quotes.
    fn unquoted(&mut self) -> Result<(), Stuck> {
        self.allow(RepairKind::UnquotedValue)?;
        let text = self.token(|byte| !matches!(byte, b',' | b'}' | b']' | b')' | b'"' | b'\n' | b'\r'));
        let end = self.at + text.len();
        let after = self.bytes.get(end + 1).copied();
        if self.bytes.get(end) == Some(&b'"')
            && !text.ends_with(' ')
            && after.is_none_or(|byte| matches!(byte, b',' | b'}' | b']' | b'\n' | b' ' | b'\r'))
        {
            self.fix(RepairKind::MissingQuote, self.at..self.at, "\"")?;
            self.escape_plain(text)?;
            self.at = end + 1;
        } else {
            let text = text.trim_end();
            // A closing bracket of another kind, a slash and the like are no words.
            let comment = text.starts_with("/*") || text.starts_with("//");
            if comment || !text.starts_with(|first: char| first.is_alphanumeric() || "-+._$@/~<%&*!".contains(first)) {
                return self.stuck();
            }
            self.quote(self.at, text)?;
        }
        self.end_value();
        Ok(())
    }

    /// Puts quotes around the text at hand.
    fn quote(&mut self, at: usize, text: &str) -> Result<(), Stuck> {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        self.fix(RepairKind::UnquotedValue, at..at + text.len(), quoted)?;
        self.at = at + text.len();
        Ok(())
    }

    /// Escapes what cannot stand in a string as it is.
    fn escape_plain(&mut self, text: &str) -> Result<(), Stuck> {
        for (at, character) in text.char_indices() {
            if character == '\\' || character.is_control() && character.is_ascii() {
                let quoted = serde_json::to_string(&character).unwrap_or_default();
                let at = self.at + at;
                self.fix(RepairKind::BackslashEscape, at..at + 1, quoted.trim_matches('"'))?;
            }
        }
        Ok(())
    }

    /// The bytes at hand that belong together.
    fn token(&self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let length = self.bytes[self.at..].iter().take_while(|&&byte| belongs(byte)).count();
        self.text.get(self.at..self.at + length).unwrap_or_default()
    }

    /// Whether a scalar can end here.
    fn is_delimited(&self, at: usize) -> bool {
        self.bytes.get(at).is_none_or(|&byte| {
            is_space(byte) || matches!(byte, b',' | b'}' | b']' | b')' | b':' | b'/' | b'#' | 0) || !byte.is_ascii()
        })
    }
}

/// What a token is that begins like a number.
enum Number {
    Sound,
    /// A number in another form.
    Form(RepairKind, String),
    /// The beginning of a number.
    Cut,
    None,
}

impl Number {
    fn of(token: &str) -> Self {
        if is_json_number(token) {
            return Self::Sound;
        }
        let unsigned = token.strip_prefix(['-', '+']).unwrap_or(token);
        let sign = if token.starts_with('-') { "-" } else { "" };
        if matches!(unsigned, "Infinity" | "NaN" | "inf" | "Inf" | "nan") {
            return Self::Form(RepairKind::NonFiniteNumber, "null".to_owned());
        }
        if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
            return match u128::from_str_radix(digits, 16) {
                Ok(number) if !digits.starts_with('+') => Self::Form(RepairKind::HexNumber, format!("{sign}{number}")),
                _ => Self::None,
            };
        }
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => unsigned.split_at(at),
            None => (unsigned, ""),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let whole = if whole.is_empty() && !fraction.is_empty() { "0" } else { whole };
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        let full = if mantissa.contains('.') {
            format!("{sign}{whole}.{fraction}{exponent}")
        } else {
            format!("{sign}{whole}{exponent}")
        };
        if is_json_number(&full) {
            return Self::Form(RepairKind::NumberForm, full);
        }
        if is_json_number(&format!("{token}0")) {
            return Self::Cut;
        }
        let zeros = whole.len() > 1 && whole.starts_with('0') && whole.bytes().all(|byte| byte.is_ascii_digit());
        if zeros && is_json_number(&full.replacen(whole, "1", 1)) {
            // A number with zeros in front is more often a code than a count: its digits are kept.
            return Self::Form(RepairKind::LeadingZero, format!("\"{token}\""));
        }
        Self::None
    }
}

/// The grammar of a number in [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259) §6.
fn is_json_number(text: &str) -> bool {
    let text = text.as_bytes();
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return false;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}
