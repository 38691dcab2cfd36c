//! Eighteen ways to damage a record, with what it should have said.

use events_core::json::{Level, RepairKind};

use super::random::Random;
use super::tokens::{Quotes, data_strings, places, rewrite, strings};
use super::truth::Truth;

/// A way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A comma before a closing bracket.
    TrailingComma,
    /// All strings in single quotes.
    SingleQuotes,
    /// `True`, `False` and `None`.
    PythonLiteral,
    /// All keys without quotes.
    UnquotedKeys,
    /// A comment that looks like anything else.
    Comment,
    /// A line feed, a tab or NUL in a string.
    ControlCharacter,
    /// No comma between two members.
    MissingComma,
    /// No colon behind `data`.
    MissingColon,
    /// A string without its closing quote.
    MissingEndQuote,
    /// Quotes in a string without their backslashes.
    InnerQuotes,
    /// A bracket too many at the end.
    ExtraCloser,
    /// No bracket at the end.
    MissingCloser,
    /// Cut off anywhere behind the timestamp; the next record follows.
    Truncated,
    /// A byte order mark before it.
    ByteOrderMark,
    /// U+001E before it.
    RecordSeparatorChar,
    /// `NaN` or an infinity.
    NonFiniteNumber,
    /// A line of a log before it.
    StrayText,
    /// Typographic quotes around some keys.
    SmartQuotes,
}

/// A damaged record.
#[derive(Debug)]
pub(crate) struct Harm {
    pub(crate) damage: Damage,
    pub(crate) text: String,
    pub(crate) truth: Truth,
}

const INNER_QUOTES: &str = r#" the "best" one"#;
/// Raw and as it should have been.
const CONTROL_CHARACTERS: [(&str, &str); 3] = [("\n", r"\n"), ("\t", r"\t"), ("\0", r"\u0000")];

impl Damage {
    pub(crate) const ALL: [Self; 18] = [
        Self::TrailingComma,
        Self::SingleQuotes,
        Self::PythonLiteral,
        Self::UnquotedKeys,
        Self::Comment,
        Self::ControlCharacter,
        Self::MissingComma,
        Self::MissingColon,
        Self::MissingEndQuote,
        Self::InnerQuotes,
        Self::ExtraCloser,
        Self::MissingCloser,
        Self::Truncated,
        Self::ByteOrderMark,
        Self::RecordSeparatorChar,
        Self::NonFiniteNumber,
        Self::StrayText,
        Self::SmartQuotes,
    ];

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TrailingComma => "trailing_comma",
            Self::SingleQuotes => "single_quotes",
            Self::PythonLiteral => "python_literal",
            Self::UnquotedKeys => "unquoted_keys",
            Self::Comment => "comment",
            Self::ControlCharacter => "control_character",
            Self::MissingComma => "missing_comma",
            Self::MissingColon => "missing_colon",
            Self::MissingEndQuote => "missing_end_quote",
            Self::InnerQuotes => "inner_quotes",
            Self::ExtraCloser => "extra_closer",
            Self::MissingCloser => "missing_closer",
            Self::Truncated => "truncated",
            Self::ByteOrderMark => "byte_order_mark",
            Self::RecordSeparatorChar => "record_separator_char",
            Self::NonFiniteNumber => "non_finite_number",
            Self::StrayText => "stray_text",
            Self::SmartQuotes => "smart_quotes",
        }
    }

    /// Whether a record with it can only be mended by guessing, and has to say so. What stands before a record is not in
    /// it, and marks nothing.
    pub(crate) fn is_guess(self) -> bool {
        let kind = match self {
            Self::MissingComma => RepairKind::MissingComma,
            Self::MissingColon => RepairKind::MissingColon,
            Self::MissingEndQuote => RepairKind::MissingQuote,
            Self::InnerQuotes => RepairKind::UnescapedQuote,
            Self::MissingCloser | Self::Truncated => RepairKind::UnclosedContainer,
            Self::NonFiniteNumber => RepairKind::NonFiniteNumber,
            _ => return false,
        };
        kind.level() == Level::Guess
    }

    /// Damages a compact event.
    pub(crate) fn apply(self, record: &str, random: &mut Random) -> Harm {
        let (text, truth) = match self {
            // The value is another than that of the record, or cannot be known.
            Self::Truncated => truncated(record, random),
            Self::PythonLiteral => python_literal(record),
            Self::ControlCharacter => {
                let string = data_string(record, random);
                let place = random.pick(&places(record, string));
                let (raw, escaped) = random.pick(&CONTROL_CHARACTERS);
                (insert(record, place, raw), Truth::of(&insert(record, place, escaped)))
            }
            Self::InnerQuotes => {
                let place = data_string(record, random).close;
                let escaped = INNER_QUOTES.replace('"', "\\\"");
                (insert(record, place, INNER_QUOTES), Truth::of(&insert(record, place, &escaped)))
            }
            Self::NonFiniteNumber => {
                let number = random.pick(&["NaN", "Infinity", "-Infinity"]);
                (with_member(record, number), Truth::of(&with_member(record, "null")))
            }
            _ => (self.distort(record, random), Truth::of(record)),
        };
        Harm { damage: self, text, truth }
    }

    /// Damage that leaves the value as it is.
    fn distort(self, record: &str, random: &mut Random) -> String {
        match self {
            Self::TrailingComma => insert(record, random.pick(&closers(record)), ","),
            Self::SingleQuotes => {
                let swap = |text: &str, _: Quotes| format!("'{}'", text.replace('\'', "\\'"));
                rewrite(record, str::to_owned, swap)
            }
            Self::UnquotedKeys => {
                rewrite(
                    record,
                    str::to_owned,
                    |text, quotes| {
                        if quotes.is_key { text.to_owned() } else { format!("\"{text}\"") }
                    },
                )
            }
            Self::Comment => record.replacen(",\"timestamp\"", ",/* it's } \" */\"timestamp\"", 1),
            Self::MissingComma => record.replacen(",\"domain\"", " \"domain\"", 1),
            Self::MissingColon => record.replacen("\"data\":", "\"data\" ", 1),
            Self::MissingEndQuote => {
                let mut text = record.to_owned();
                text.remove(data_string(record, random).close);
                text
            }
            Self::ExtraCloser => format!("{record}}}"),
            Self::MissingCloser => record[..record.len() - 1].to_owned(),
            Self::ByteOrderMark => format!("\u{feff}{record}"),
            Self::RecordSeparatorChar => format!("\u{1e}{record}"),
            Self::StrayText => format!("ERROR upstream timeout\n{record}"),
            Self::SmartQuotes => rewrite(record, str::to_owned, |text, quotes| {
                let is_chosen = quotes.is_key && matches!(text, "event_id" | "domain" | "data");
                if is_chosen { format!("“{text}”") } else { format!("\"{text}\"") }
            }),
            _ => unreachable!("the others change the value"),
        }
    }
}

fn truncated(record: &str, random: &mut Random) -> (String, Truth) {
    let from = record.find(",\"domain\"").expect("every event has a domain");
    // With one byte more, it would be a missing closer.
    let to = record.len() - 2;
    let mut at = from + random.below(to - from);
    while !record.is_char_boundary(at) {
        at += 1;
    }
    (record[..at].to_owned(), Truth::cut(record, at))
}

fn python_literal(record: &str) -> (String, Truth) {
    let swap = |text: &str| text.replace("null", "None").replace("true", "True").replace("false", "False");
    let quoted = |text: &str, _: Quotes| format!("\"{text}\"");
    match rewrite(record, swap, quoted) {
        same if same == record => (with_member(record, "None"), Truth::of(&with_member(record, "null"))),
        swapped => (swapped, Truth::of(record)),
    }
}

/// A string value in `data`.
fn data_string(record: &str, random: &mut Random) -> Quotes {
    random.pick(&data_strings(record))
}

/// The closing brackets of all objects and arrays that are not empty.
fn closers(record: &str) -> Vec<usize> {
    let strings = strings(record);
    let is_outside = |at: usize| !strings.iter().any(|quotes| (quotes.open..quotes.close).contains(&at));
    let bytes = record.as_bytes();
    let is_closer = |at: usize| matches!(bytes[at], b'}' | b']') && !matches!(bytes[at - 1], b'{' | b'[');
    (1..bytes.len()).filter(|&at| is_closer(at) && is_outside(at)).collect()
}

fn with_member(record: &str, value: &str) -> String {
    insert(record, record.len() - 1, &format!(",\"x\":{value}"))
}

fn insert(record: &str, at: usize, text: &str) -> String {
    format!("{}{text}{}", &record[..at], &record[at..])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::event::event;
    use super::*;

    #[test]
    fn has_a_name_for_each_and_damages_every_event() {
        let names: HashSet<_> = Damage::ALL.iter().map(|damage| damage.name()).collect();
        assert_eq!(names.len(), Damage::ALL.len());
        let mut random = Random::new(3);
        for number in 0..200 {
            let record = event(number, &mut random);
            for damage in Damage::ALL {
                let harm = damage.apply(&record, &mut random);
                assert_ne!(harm.text, record, "{damage:?}");
                assert!(serde_json::from_str::<serde_json::Value>(&harm.text).is_err(), "{damage:?}: {}", harm.text);
            }
        }
    }
}
