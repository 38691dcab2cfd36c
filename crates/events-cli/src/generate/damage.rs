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

    /// Whether the record stays JSON: it only breaks the contract of events.
    pub(crate) fn keeps_syntax(self) -> bool {
        matches!(self, Self::MissingEventId | Self::WrongTypeEventId | Self::InvalidTimestamp | Self::EmptyEventType)
    }

    /// Whether a guess makes an event of the record, when that many bytes of its event type are left.
    pub(crate) fn is_guessable(self, event_type_length: usize) -> bool {
        match self {
            Self::TruncatedRecord => event_type_length > 0,
            Self::UnclosedString | Self::MissingClosingBrace => true,
            _ => false,
        }
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
                record.truncate(where_no_value_stands(record, length));
            }
            Self::UnclosedString => {
                let string = data_string(record);
                // Behind it texts and what is between them change places: one that ends like this would be the end of a
                // record and the beginning of the next. Behind the last string there is no other.
                let mut ends = [&b"}{\""[..], b"}[{\"", b"{{\""].into_iter();
                let quote = match record.iter().rposition(|&byte| byte == b'"') {
                    Some(last) if ends.any(|end| find(&record[string..], end).is_some()) => last,
                    _ => closing_quote(record, string),
                };
                record.remove(quote);
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

/// A place to cut a record where no value can stand: the next record would be read as that value. This is not between a key
/// and its value, and not between the elements of an array, where a comma may follow. Nor is it in a character or an escape,
/// or right behind the first quote of a string, which what follows would be taken for a part of.
fn where_no_value_stands(record: &[u8], mut length: usize) -> usize {
    while record[length] & 0b1100_0000 == 0b1000_0000 {
        length -= 1;
    }
    loop {
        match innermost_bracket(&record[..length]) {
            None if matches!(record[length - 1], b'"' | b'\\') => length -= 1,
            None => return length,
            Some(bracket) if record[bracket] == b'[' => length = bracket,
            Some(_) => break,
        }
    }
    let (kept, cut) = (record[..length].trim_ascii_end(), record[length..].trim_ascii_start());
    if !kept.ends_with(b":") && !cut.starts_with(b":") {
        return length;
    }
    // Into the key, behind whose quote there may be white space.
    kept.strip_suffix(b":").unwrap_or(kept).trim_ascii_end().len() - 2
}

/// The bracket that is open where the beginning of a record ends; `None` when it ends in a string.
fn innermost_bracket(beginning: &[u8]) -> Option<usize> {
    let mut open = Vec::new();
    let mut position = 0;
    while let Some(&byte) = beginning.get(position) {
        match byte {
            b'"' => position = string_end(beginning, position + 1)?,
            b'{' | b'[' => open.push(position),
            b'}' | b']' => drop(open.pop()),
            _ => {}
        }
        position += 1;
    }
    open.pop()
}

/// How many bytes of its event type, the last field of the contract, a record has that may be cut.
pub(crate) fn event_type_length(record: &[u8]) -> usize {
    let Some(key) = find(record, b"\"event_type\":") else { return 0 };
    let value = record[key + b"\"event_type\":".len()..].trim_ascii_start();
    value.iter().skip(1).take_while(|&&byte| byte != b'"').count()
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
    string_end(record, content).expect("strings of a record are whole until it is cut")
}

/// The same in a text that may end in the string.
fn string_end(text: &[u8], content: usize) -> Option<usize> {
    let mut position = content;
    loop {
        match *text.get(position)? {
            b'"' => return Some(position),
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
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

    fn kept(record: &str, length: usize) -> &str {
        &record[..where_no_value_stands(record.as_bytes(), length)]
    }

    #[test]
    fn cuts_no_record_between_a_key_and_its_value() {
        let record = r#"{"domain" : "card","data":{"id":1}}"#;
        for between in 9..=12 {
            assert_eq!(kept(record, between), r#"{"domai"#, "{between}");
        }
        for elsewhere in [4, 8, 14, 17] {
            assert_eq!(kept(record, elsewhere).len(), elsewhere);
        }
    }

    #[test]
    fn cuts_no_record_between_elements() {
        let record = r#"{"data":[[1,2],{"a":3},"b]c"],"d":4}"#;
        let whole = |length| kept(record, length).len() == length;
        let ends: Vec<_> = (8..record.len()).filter(|&length| whole(length)).map(|length| &record[..length]).collect();
        let behind = |text: &str| ends.iter().any(|end| end.ends_with(text));
        // In an object or a string among the elements, and behind the array.
        assert!(["[[1,2],{", r#"{"a"#, r#""a":3"#, r#""b]"#, "]c\"],\"d"].iter().all(|end| behind(end)), "{ends:?}");
        assert!(!["[", "[1", "2]", "3}", "},", "c\""].iter().any(|end| behind(end)), "{ends:?}");
        assert_eq!(kept(record, 12), r#"{"dat"#);
    }

    #[test]
    fn cuts_strings_between_characters() {
        let record = r#"{"data":"é:\"","d":4}"#;
        let texts: Vec<_> = (9..14).map(|length| kept(record, length)).collect();
        assert_eq!(texts, [r#"{"dat"#, r#"{"dat"#, r#"{"data":"é"#, r#"{"data":"é:"#, r#"{"data":"é:"#]);
    }
}
