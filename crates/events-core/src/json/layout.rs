//! How records lie in an input, told by what stands between them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::landmark::RECORD_SEPARATOR;
use super::separators::{Next, Separations};

/// How a record lies in its input. An input in which there are several is a mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// It is the only one, and in no array.
    Single,
    /// It begins on a line of its own.
    Lines,
    /// It begins on the line on which the one before ends.
    Concatenated,
    /// It is an element of an array.
    Array,
    /// U+001E stands before it, as in [RFC 7464](https://www.rfc-editor.org/rfc/rfc7464).
    TextSequence,
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Single => "single",
            Self::Lines => "lines",
            Self::Concatenated => "concatenated",
            Self::Array => "array",
            Self::TextSequence => "text_sequence",
        })
    }
}

/// How many records of an input lie how, counted piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    counts: BTreeMap<Layout, u64>,
    /// Arrays of records that are open.
    depth: u64,
    /// Since the last record or reject.
    line_end: bool,
    mark: bool,
    first: First,
}

/// What is known of the first thing in an input that is no separator.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum First {
    #[default]
    Nothing,
    /// It was a record, and no other has told yet how it lies.
    Waits,
    Known,
}

impl Layouts {
    /// Counts the records behind separators that a piece noted.
    pub(crate) fn read(&mut self, separations: &Separations) {
        for (text, next, times) in separations.each() {
            // More separators may stand before the first of them; the others are alike, unless there are brackets.
            let brackets = memchr::memchr2(b'[', b']', text).is_some();
            let mut left = times;
            while left > 0 {
                let alike = if brackets || left == times { 1 } else { left };
                self.text(text);
                self.item(next, alike);
                left -= alike;
            }
        }
    }

    /// How many records lie how.
    pub(crate) fn counts(&self) -> BTreeMap<Layout, u64> {
        let mut counts = self.counts.clone();
        if self.first == First::Waits {
            counts.insert(Layout::Single, 1);
        }
        counts
    }

    fn text(&mut self, text: &[u8]) {
        for &byte in text {
            match byte {
                b'[' => self.depth += 1,
                b']' => self.depth = self.depth.saturating_sub(1),
                b'\n' | b'\r' => self.line_end = true,
                RECORD_SEPARATOR => self.mark = true,
                _ => {}
            }
        }
    }

    fn item(&mut self, next: Next, times: u64) {
        if next == Next::Nothing {
            return;
        }
        let layout = match () {
            () if self.depth > 0 => Layout::Array,
            () if self.mark => Layout::TextSequence,
            () if self.line_end => Layout::Lines,
            () => Layout::Concatenated,
        };
        (self.line_end, self.mark) = (false, false);
        if next != Next::Record {
            // What waits goes on to wait for a record.
            self.first = if self.first == First::Nothing { First::Known } else { self.first };
            return;
        }
        // Nothing that says how it lies stands before the first one: it lies as the next one does.
        if self.first == First::Nothing && times == 1 && matches!(layout, Layout::Lines | Layout::Concatenated) {
            self.first = First::Waits;
            return;
        }
        let waiting = u64::from(self.first == First::Waits);
        *self.counts.entry(layout).or_default() += times + waiting;
        self.first = First::Known;
    }
}
