//! How records follow one another in an object.

use serde::{Deserialize, Serialize};

use super::pretty::{push_line, push_pretty};

/// The layout of the objects of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Compact records with nothing between them: `}{`.
    #[default]
    Concatenated,
    /// One compact record a line (NDJSON); the name ends in `.jsonl`.
    Lines,
    /// One pretty-printed array an object.
    Array,
    /// Pretty-printed records, one after the other.
    Pretty,
    /// Compact records, each after a record separator and before a line feed (RFC 7464).
    Sequence,
    /// Each object in the next of these layouts, some in several; some with a byte order mark, some with CRLF.
    Mixed,
}

/// The layout of one stretch of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Concatenated,
    Lines,
    Array,
    Pretty,
    Sequence,
}

/// How one object is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObjectLayout {
    /// The forms of its stretches of equal size, in order; never empty.
    pub(crate) forms: &'static [Form],
    /// Whether it begins with a UTF-8 byte order mark.
    pub(crate) has_byte_order_mark: bool,
    /// `\n` or `\r\n`.
    pub(crate) line_end: &'static str,
}

/// What the objects of [`Layout::Mixed`] take in turn; the first is the most mixed, for those who make only one.
const MIXED_FORMS: [&[Form]; 7] = [
    &[Form::Lines, Form::Array, Form::Concatenated],
    &[Form::Lines],
    &[Form::Array],
    &[Form::Pretty],
    &[Form::Sequence],
    &[Form::Concatenated],
    &[Form::Pretty, Form::Sequence, Form::Lines],
];

impl Layout {
    /// How the object of that position is laid out.
    pub(crate) fn object_layout(self, object: usize) -> ObjectLayout {
        let forms: &[Form] = match self {
            Self::Concatenated => &[Form::Concatenated],
            Self::Lines => &[Form::Lines],
            Self::Array => &[Form::Array],
            Self::Pretty => &[Form::Pretty],
            Self::Sequence => &[Form::Sequence],
            Self::Mixed => MIXED_FORMS[object % MIXED_FORMS.len()],
        };
        // Periods of 7, 3 and 2 share no factor, so 42 objects show every combination.
        let is_mixed = self == Self::Mixed;
        ObjectLayout {
            forms,
            has_byte_order_mark: is_mixed && object.is_multiple_of(3),
            line_end: if is_mixed && object % 2 == 1 { "\r\n" } else { "\n" },
        }
    }
}

impl ObjectLayout {
    /// The end of the object's name, before that of a compression.
    pub(crate) fn suffix(self) -> &'static str {
        if self.forms == [Form::Lines] { ".jsonl" } else { ".json" }
    }
}

/// Puts records into the text of one stretch of an object.
///
/// Called in the order `begin`, then any of `render` with `push_record` and `push_stray`, then `end`.
pub(crate) struct Framing {
    form: Form,
    line_end: &'static str,
    /// Whether a record is written: the next one in an array needs a comma.
    has_record: bool,
}

impl Framing {
    /// The framing of a stretch.
    pub(crate) fn new(form: Form, line_end: &'static str) -> Self {
        Self { form, line_end, has_record: false }
    }

    /// Appends what comes before all records.
    pub(crate) fn begin(&self, text: &mut Vec<u8>) {
        if self.form == Form::Array {
            text.push(b'[');
        }
    }

    /// Appends the compact `record` as this form spells it, nothing around it yet.
    pub(crate) fn render(&self, record: &[u8], text: &mut Vec<u8>) {
        match self.form {
            Form::Array => push_pretty(record, 1, self.line_end, text),
            Form::Pretty => push_pretty(record, 0, self.line_end, text),
            Form::Concatenated | Form::Lines | Form::Sequence => text.extend_from_slice(record),
        }
    }

    /// Appends a rendered record and what stands around it.
    pub(crate) fn push_record(&mut self, rendered: &[u8], text: &mut Vec<u8>) {
        match self.form {
            Form::Array => {
                if self.has_record {
                    text.push(b',');
                }
                push_line(1, self.line_end, text);
            }
            Form::Sequence => text.push(0x1e),
            Form::Concatenated | Form::Lines | Form::Pretty => {}
        }
        self.has_record = true;
        text.extend_from_slice(rendered);
        self.push_record_end(text);
    }

    /// Appends text that is no record, on a line of its own where the form has lines.
    pub(crate) fn push_stray(&self, stray: &str, text: &mut Vec<u8>) {
        if self.form == Form::Array {
            push_line(1, self.line_end, text);
        }
        text.extend_from_slice(stray.as_bytes());
        self.push_record_end(text);
    }

    /// Appends what comes after all records.
    pub(crate) fn end(&self, text: &mut Vec<u8>) {
        if self.form == Form::Array {
            push_line(0, self.line_end, text);
            text.push(b']');
            push_line(0, self.line_end, text);
        }
    }

    fn push_record_end(&self, text: &mut Vec<u8>) {
        match self.form {
            Form::Lines | Form::Pretty => text.extend_from_slice(self.line_end.as_bytes()),
            // The RFC asks for a line feed alone.
            Form::Sequence => text.push(b'\n'),
            Form::Concatenated | Form::Array => {}
        }
    }
}
