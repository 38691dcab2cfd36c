//! How a record is broken.

use super::random::Random;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Cut off between a quarter and three quarters of its length; the next record follows at once.
    TruncatedRecord,
    /// A string without its closing quote.
    UnclosedString,
    /// Without the brace that closes the record.
    MissingClosingBrace,
    /// Keys and strings are in single quotes.
    SingleQuotes,
    /// A comma before the last brace.
    TrailingComma,
    /// A byte in a string that no UTF-8 text has.
    InvalidUtf8,
    /// No `event_id`.
    MissingEventId,
    /// `event_id` is a number.
    WrongTypeEventId,
    /// `timestamp` is no timestamp.
    InvalidTimestamp,
    /// `event_type` is the empty string.
    EmptyEventType,
    /// Text that is no record, between two records.
    StrayText,
    /// A line feed within a string.
    RawNewline,
}

/// What a service prints into the wrong stream.
pub(crate) const STRAY_TEXT: &str = "ERROR upstream timeout";

const INVALID_TIMESTAMPS: [&str; 6] =
    ["", "soon", "2021-13-45T10:18:57", "2021-02-30T10:18:57Z", "0000-00-00T00:00:00", "14/01/2021 10h18"];

impl Damage {
    /// All kinds; each is as frequent as the others.
    pub(crate) const ALL: [Self; 12] = [
        Self::TruncatedRecord,
        Self::UnclosedString,
        Self::MissingClosingBrace,
        Self::SingleQuotes,
        Self::TrailingComma,
        Self::InvalidUtf8,
        Self::MissingEventId,
        Self::WrongTypeEventId,
        Self::InvalidTimestamp,
        Self::EmptyEventType,
        Self::StrayText,
        Self::RawNewline,
    ];

    /// Whether repair mends it by default, because the record has one reading: it is an event as if nothing had happened.
    pub(crate) fn has_one_reading(self) -> bool {
        matches!(self, Self::SingleQuotes | Self::TrailingComma | Self::RawNewline)
    }

    /// Whether the record has no end of its own: where it ends is seen by how the next one begins.
    pub(crate) fn has_no_end(self) -> bool {
        matches!(self, Self::TruncatedRecord | Self::UnclosedString | Self::MissingClosingBrace)
    }

    /// Its name in the counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TruncatedRecord => "truncated_record",
            Self::UnclosedString => "unclosed_string",
            Self::MissingClosingBrace => "missing_closing_brace",
            Self::SingleQuotes => "single_quotes",
            Self::TrailingComma => "trailing_comma",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::MissingEventId => "missing_event_id",
            Self::WrongTypeEventId => "wrong_type_event_id",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::EmptyEventType => "empty_event_type",
            Self::StrayText => "stray_text",
            Self::RawNewline => "raw_newline",
        }
    }

    /// Breaks the contract in a compact record that stays JSON; other kinds leave it as it is.
    pub(crate) fn break_contract(self, record: &mut Vec<u8>, random: &mut Random) {
        match self {
            Self::MissingEventId => replace_field(record, "event_id", ""),
            Self::WrongTypeEventId => replace_field(record, "event_id", r#""event_id":948874,"#),
            Self::InvalidTimestamp => {
                let timestamp = random.pick(&INVALID_TIMESTAMPS);
                replace_field(record, "timestamp", &format!(r#""timestamp":"{timestamp}","#));
            }
            Self::EmptyEventType => {
                let key = b"\"event_type\":\"";
                if let Some(content) = find(record, key).map(|start| start + key.len()) {
                    record.drain(content..closing_quote(record, content));
                }
            }
            _ => {}
        }
    }

    /// Breaks the JSON of a record in its final spelling; other kinds leave it as it is.
    ///
    /// After the rendering, as no renderer takes broken JSON.
    pub(crate) fn break_syntax(self, record: &mut Vec<u8>, random: &mut Random) {
        match self {
            Self::TruncatedRecord => {
                let length = record.len() as u64;
                let length = (length / 4 + random.below(length / 2)) as usize;
                record.truncate(apart_from_colons(record, length));
            }
            Self::UnclosedString => {
                let string = data_string(record);
                record.remove(closing_quote(record, string));
            }
            Self::MissingClosingBrace => {
                record.pop();
            }
            Self::SingleQuotes => swap_quotes(record),
            Self::TrailingComma => {
                let inner = record[..record.len() - 1].trim_ascii_end().len();
                record.insert(inner, b',');
            }
            Self::InvalidUtf8 => record.insert(data_string(record), 0xff),
            Self::RawNewline => record.insert(data_string(record), b'\n'),
            _ => {}
        }
    }
}

/// A place to cut a record that is not between a key and its value: what follows would be read as that value.
fn apart_from_colons(record: &[u8], length: usize) -> usize {
    let (kept, cut) = (record[..length].trim_ascii_end(), record[length..].trim_ascii_start());
    if !kept.ends_with(b":") && !cut.starts_with(b":") {
        return length;
    }
    // Into the key, behind whose quote there may be white space.
    kept.strip_suffix(b":").unwrap_or(kept).trim_ascii_end().len() - 2
}

/// Replaces a string field of a compact record and the comma after it; the field is not the last.
fn replace_field(record: &mut Vec<u8>, name: &str, replacement: &str) {
    let key = format!("\"{name}\":\"");
    if let Some(start) = find(record, key.as_bytes()) {
        let comma = closing_quote(record, start + key.len()) + 1;
        record.splice(start..=comma, replacement.bytes());
    }
}

/// Where the content of the first string value in `data` begins.
fn data_string(record: &[u8]) -> usize {
    let data = find(record, b"\"data\":").unwrap_or(0);
    let content_after = |colon: usize| {
        let value = record[colon + 1..].trim_ascii_start();
        value.starts_with(b"\"").then_some(record.len() - value.len() + 1)
    };
    let mut colons = (data..record.len()).filter(|&position| record[position] == b':');
    colons.find_map(content_after).expect("each kind of event has a string in `data`")
}

/// The position of the quote that closes the string whose content begins there.
fn closing_quote(record: &[u8], content: usize) -> usize {
    let mut position = content;
    while record[position] != b'"' {
        position += if record[position] == b'\\' { 2 } else { 1 };
    }
    position
}

/// Puts strings into single quotes, as a scripting language prints a dictionary: one with an apostrophe in it stays in
/// double quotes.
fn swap_quotes(record: &mut [u8]) {
    let mut position = 0;
    while let Some(open) = record[position..].iter().position(|&byte| byte == b'"').map(|length| position + length) {
        let close = closing_quote(record, open + 1);
        if !record[open..close].contains(&b'\'') {
            (record[open], record[close]) = (b'\'', b'\'');
        }
        position = close + 1;
    }
}

/// Where the pattern first occurs.
///
/// Within strings each quote has a backslash before it, so a pattern that ends in `":` or `":"` is a key.
fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_no_record_between_a_key_and_its_value() {
        let record = br#"{"domain" : "card","data":{"id":1}}"#;
        let kept = |length| std::str::from_utf8(&record[..apart_from_colons(record, length)]).unwrap();
        for between in 9..=12 {
            assert_eq!(kept(between), r#"{"domai"#, "{between}");
        }
        for elsewhere in [4, 8, 13, 17] {
            assert_eq!(kept(elsewhere).len(), elsewhere);
        }
    }
}
