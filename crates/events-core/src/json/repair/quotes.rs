//! The quotes that strings of a damaged record stand in.

use super::kind::RepairKind;

/// The quotes that a string may stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Double,
    Single,
    Backtick,
    SmartDouble,
    SmartSingle,
}

impl Quotes {
    /// The quotes that a text begins with, and the length of the first.
    pub(super) fn opening(text: &str) -> Option<(Self, usize)> {
        let first = text.chars().next()?;
        if text.starts_with("```") {
            // The fence of a code block.
            return None;
        }
        let quotes = match first {
            '"' => Self::Double,
            '\'' => Self::Single,
            '`' | '\u{b4}' => Self::Backtick,
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => Self::SmartDouble,
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => Self::SmartSingle,
            _ => return None,
        };
        Some((quotes, first.len_utf8()))
    }

    /// Whether a character ends a string in these quotes.
    pub(super) fn closes(self, character: char) -> bool {
        match self {
            Self::Double => character == '"',
            Self::Single => character == '\'',
            Self::Backtick => matches!(character, '`' | '\u{b4}'),
            Self::SmartDouble => matches!(character, '\u{201c}' | '\u{201d}'),
            Self::SmartSingle => matches!(character, '\u{2018}' | '\u{2019}'),
        }
    }

    /// The repair that they take.
    pub(super) fn kind(self) -> Option<RepairKind> {
        match self {
            Self::Double => None,
            Self::Single | Self::Backtick => Some(RepairKind::SingleQuotes),
            Self::SmartDouble | Self::SmartSingle => Some(RepairKind::SmartQuotes),
        }
    }
}
