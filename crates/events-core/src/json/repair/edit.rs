//! What repair changes, as a list of edits that is applied at the end.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::kind::RepairKind;

/// A repair, for reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// What was done.
    pub kind: RepairKind,
    /// Where the bytes begin that were changed, in the decompressed input.
    pub offset: u64,
    /// How many bytes were changed; zero when something was inserted.
    pub length: u64,
    /// Where the change begins in the output: in the repaired record, or in the whole output of a
    /// [`Repairer`](crate::json::Repairer).
    pub output_offset: u64,
    /// The first bytes of what was changed, at most [`Repair::EXCERPT_BYTES_MAX`].
    #[serde(with = "excerpt")]
    pub before: Vec<u8>,
    /// The first bytes of what stands there now, at most [`Repair::EXCERPT_BYTES_MAX`].
    #[serde(with = "excerpt")]
    pub after: Vec<u8>,
}

impl Repair {
    /// The most bytes of `before` and of `after`.
    pub const EXCERPT_BYTES_MAX: usize = 64;

    /// Makes letters `x` or `X` and digits `0` in what it shows of values, and `x` of all that is not ASCII: what was done can
    /// be seen, and to which value it was done cannot.
    pub fn mask(&mut self) {
        for byte in self.before.iter_mut().chain(&mut self.after) {
            *byte = match *byte {
                b'0'..=b'9' => b'0',
                b'A'..=b'Z' => b'X',
                b'a'..=b'z' | 0x80.. => b'x',
                other => other,
            };
        }
    }

    pub(crate) fn new(kind: RepairKind, offset: u64, before: &[u8], output_offset: u64, after: &[u8]) -> Self {
        let excerpt = |bytes: &[u8]| {
            let bytes = &bytes[..bytes.len().min(Self::EXCERPT_BYTES_MAX)];
            // A character is not cut in two.
            let length = match std::str::from_utf8(bytes) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                _ => bytes.len(),
            };
            bytes[..length].to_vec()
        };
        let length = before.len() as u64;
        Self { kind, offset, length, output_offset, before: excerpt(before), after: excerpt(after) }
    }
}

/// Bytes as text when they are, else as `{"base64": "…"}`.
mod excerpt {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Excerpt {
        Text(String),
        Bytes { base64: String },
    }

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Excerpt::Text(text.to_owned()),
            Err(_) => Excerpt::Bytes { base64: STANDARD.encode(bytes) },
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        match Excerpt::deserialize(deserializer)? {
            Excerpt::Text(text) => Ok(text.into_bytes()),
            Excerpt::Bytes { base64 } => STANDARD.decode(base64).map_err(D::Error::custom),
        }
    }
}

/// Bytes of a text and what takes their place.
#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    after: String,
    /// `None`: another edit of the same repair has named it.
    kind: Option<RepairKind>,
}

/// Edits of a text, which do not overlap. Those at the same place are applied in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<Edit>);

impl Edits {
    pub(super) fn push(&mut self, kind: Option<RepairKind>, range: Range<usize>, after: impl Into<String>) {
        self.0.push(Edit { range, after: after.into(), kind });
    }

    /// Forgets the edits from a place on: what stood there goes.
    pub(super) fn forget_from(&mut self, at: usize) {
        self.0.retain(|edit| edit.range.start < at);
    }

    /// Forgets the edits behind a place: what they were made for is read again.
    pub(super) fn forget_from_after(&mut self, at: usize) {
        self.0.retain(|edit| edit.range.start < at || (edit.range.start == at && edit.range.is_empty()));
    }

    /// The text up to `end` with all edits, and what was done.
    pub(super) fn apply(mut self, text: &str, end: usize) -> (String, Vec<Repair>) {
        self.0.sort_by_key(|edit| edit.range.start);
        let mut output = String::with_capacity(end + self.0.len() * 4);
        let mut repairs = Vec::with_capacity(self.0.len());
        let mut copied = 0;
        for edit in &self.0 {
            output.push_str(text.get(copied..edit.range.start).unwrap_or_default());
            if let Some(kind) = edit.kind {
                let before = text.as_bytes().get(edit.range.clone()).unwrap_or_default();
                let offset = edit.range.start as u64;
                repairs.push(Repair::new(kind, offset, before, output.len() as u64, edit.after.as_bytes()));
            }
            output.push_str(&edit.after);
            copied = copied.max(edit.range.end);
        }
        output.push_str(text.get(copied..end).unwrap_or_default());
        (output, repairs)
    }
}
