//! The names of repairs, and how far each goes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far repair may go. Each level contains the ones before it.
///
/// | level | what it does |
/// |---|---|
/// | `strict` | nothing: an input is one value, a value a line, or one array; the first thing that is not fails it |
/// | `framing` | finds records whatever stands between them, and never touches a byte inside one |
/// | `lenient` | mends what has exactly one reading |
/// | `guess` | invents or drops content where several readings are possible; every guess is marked |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is repaired.
    Strict,
    /// Only what stands between records.
    Framing,
    /// What has exactly one reading.
    #[default]
    Lenient,
    /// What is likely.
    Guess,
}

impl Level {
    /// All levels, in their order.
    pub const ALL: [Self; 4] = [Self::Strict, Self::Framing, Self::Lenient, Self::Guess];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Framing => "framing",
            Self::Lenient => "lenient",
            Self::Guess => "guess",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Self::ALL.into_iter().find(|level| level.name() == text);
        level.ok_or_else(|| format!("`{text}` is not one of strict, framing, lenient and guess"))
    }
}

macro_rules! repair_kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $level:ident;)*) => {
        /// A kind of repair. Names follow the switches of Jackson and Spark where one exists.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum RepairKind {
            $($(#[$doc])* $kind,)*
        }

        impl RepairKind {
            /// All kinds, from the least to the most daring level.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in reports and in the table.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// The level at which it is done.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$kind => Level::$level),* }
            }
        }
    };
}

repair_kinds! {
    /// Two records on one line, or elements of an array without a comma.
    MissingRecordSeparator "missing_record_separator" Framing;
    /// Records stood in an array.
    ArrayEnvelope "array_envelope" Framing;
    /// The array of records is not closed.
    UnclosedArrayEnvelope "unclosed_array_envelope" Framing;
    /// A bracket closes an array of records that nothing opened.
    UnopenedArrayEnvelope "unopened_array_envelope" Framing;
    /// A comma between records that separates no elements.
    StrayRecordSeparator "stray_record_separator" Framing;
    /// U+001E of RFC 7464.
    RecordSeparatorChar "record_separator_char" Framing;
    /// U+FEFF between records.
    ByteOrderMark "byte_order_mark" Framing;
    /// NUL between records.
    NulPadding "nul_padding" Framing;
    /// White space between records that JSON does not know.
    UnicodeRecordSeparator "unicode_record_separator" Framing;
    /// The input was UTF-16.
    Utf16Transcoded "utf16_transcoded" Framing;

    /// A comma before a closing bracket.
    TrailingComma "trailing_comma" Lenient;
    /// A comma too many in an object.
    ExtraComma "extra_comma" Lenient;
    /// A comment in the style of C, C++ or a shell.
    Comment "comment" Lenient;
    /// A control character in a string that should have been escaped.
    ControlCharacter "control_character" Lenient;
    /// A string in single quotes or backticks.
    SingleQuotes "single_quotes" Lenient;
    /// A key without quotes.
    UnquotedFieldName "unquoted_field_name" Lenient;
    /// `True`, `False` or `None`.
    PythonLiteral "python_literal" Lenient;
    /// `\'`, which needs no backslash.
    EscapedQuote "escaped_quote" Lenient;
    /// `+1`, `.5` or `5.`.
    NumberForm "number_form" Lenient;
    /// Typographic quotes around a string.
    SmartQuotes "smart_quotes" Lenient;
    /// A closing bracket behind a whole record.
    ExtraCloser "extra_closer" Lenient;
    /// White space between tokens that JSON does not know.
    UnicodeWhitespace "unicode_whitespace" Lenient;

    /// No comma between members or elements.
    MissingComma "missing_comma" Guess;
    /// No colon between key and value.
    MissingColon "missing_colon" Guess;
    /// A string without its first or last quote.
    MissingQuote "missing_quote" Guess;
    /// A quote in a string that should have been escaped.
    UnescapedQuote "unescaped_quote" Guess;
    /// A value or a key that is text without quotes.
    UnquotedValue "unquoted_value" Guess;
    /// A key without a value.
    MissingValue "missing_value" Guess;
    /// A closing bracket of the other kind.
    MismatchedCloser "mismatched_closer" Guess;
    /// The record ends before its last bracket.
    UnclosedContainer "unclosed_container" Guess;
    /// The record ends in a string.
    TruncatedString "truncated_string" Guess;
    /// The record ends in a number or a literal.
    TruncatedScalar "truncated_scalar" Guess;
    /// The record ends in a member that has no value yet.
    TruncatedMember "truncated_member" Guess;
    /// A number with zeros in front.
    LeadingZero "leading_zero" Guess;
    /// A comma too many in an array, where a value may be missing.
    ArrayExtraComma "array_extra_comma" Guess;
    /// An escape that JSON does not know.
    BackslashEscape "backslash_escape" Guess;
    /// `NaN` or an infinity.
    NonFiniteNumber "non_finite_number" Guess;
    /// `undefined`.
    UndefinedLiteral "undefined_literal" Guess;
    /// A hexadecimal number.
    HexNumber "hex_number" Guess;
    /// Text between records that is no part of one.
    StrayText "stray_text" Guess;
    /// A record whose quotes are all escaped.
    EscapedDocument "escaped_document" Guess;
    /// A record that is the content of a JSON string.
    StringEncodedRecord "string_encoded_record" Guess;
    /// A value in a call, such as `ObjectId("…")`.
    ExtendedTypeCall "extended_type_call" Guess;
    /// Strings joined with `+`.
    StringConcatenation "string_concatenation" Guess;
    /// A tuple or a set.
    PythonContainer "python_container" Guess;
    /// `...` for what was left out.
    Ellipsis "ellipsis" Guess;
}

impl fmt::Display for RepairKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The kinds of repair that a record went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RepairKinds(u64);

impl RepairKinds {
    /// Whether there are none: the record is as it came.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// A bit a kind, for as long as a run lives.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Adds a kind.
    pub fn insert(&mut self, kind: RepairKind) {
        self.0 |= 1 << kind as u64;
    }

    /// The kinds, in their order.
    pub fn iter(self) -> impl Iterator<Item = RepairKind> {
        RepairKind::ALL.iter().copied().filter(move |&kind| self.0 & 1 << kind as u64 != 0)
    }

    /// The level that they take: `None` for none.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        self.iter().map(RepairKind::level).max()
    }
}

impl FromIterator<RepairKind> for RepairKinds {
    fn from_iter<I: IntoIterator<Item = RepairKind>>(kinds: I) -> Self {
        let mut set = Self::default();
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}

impl fmt::Display for RepairKinds {
    /// Names in their order, with commas between them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, kind) in self.iter().enumerate() {
            formatter.write_str(if index > 0 { "," } else { "" })?;
            formatter.write_str(kind.name())?;
        }
        Ok(())
    }
}

impl FromStr for RepairKinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| {
            let kind = RepairKind::ALL.iter().copied().find(|kind| kind.name() == name);
            kind.ok_or_else(|| format!("`{name}` is no kind of repair"))
        };
        text.split(',').filter(|name| !name.is_empty()).map(kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_name_a_kind_whoever_asks_and_a_bit_for_each() {
        assert!(RepairKind::ALL.len() <= 64);
        assert!(RepairKind::ALL.is_sorted_by_key(|kind| kind.level()));
        for &kind in RepairKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(kind.name().parse::<RepairKinds>().unwrap().iter().collect::<Vec<_>>(), [kind]);
        }
        let all: RepairKinds = RepairKind::ALL.iter().copied().collect();
        assert_eq!(all.to_string().parse(), Ok(all));
        assert_eq!(all.level(), Some(Level::Guess));
    }
}
