//! A row in memory and in the scratch folder: flat bytes, one row after the other.
//!
//! | bytes | what, little-endian |
//! |---|---|
//! | 4 | length of the whole row |
//! | 4 | number of its kind |
//! | 8 | timestamp, microseconds since 1970 |
//! | 4 | length of the id's text; 0 for a UUID, which takes 16 bytes |
//! | 4 | length of `data`; 2^32-1 for none |
//! | 4 | length of `extra`; 2^32-1 for none |
//! | … | id, `data`, `extra` |
//!
//! It lives as long as a run and is no storage format.

use std::borrow::Cow;

use crate::event::EventId;

const HEADER: usize = 28;
const NONE: u32 = u32::MAX;

/// A row of the table on its way to its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) kind: u32,
    pub(crate) id: EventId<'a>,
    pub(crate) timestamp: i64,
    pub(crate) data: Option<&'a str>,
    pub(crate) extra: Option<&'a str>,
}

impl Row<'_> {
    /// Appends the row's bytes. A text is shorter than 4 GiB, because records are limited.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let length = |text: Option<&str>| text.map_or(NONE, |text| text.len() as u32);
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.kind.to_le_bytes());
        out.extend_from_slice(&self.timestamp.to_le_bytes());
        let id_length = match &self.id {
            EventId::Uuid(_) => 0,
            EventId::Text(text) => text.len() as u32,
        };
        out.extend_from_slice(&id_length.to_le_bytes());
        out.extend_from_slice(&length(self.data).to_le_bytes());
        out.extend_from_slice(&length(self.extra).to_le_bytes());
        match &self.id {
            EventId::Uuid(uuid) => out.extend_from_slice(&uuid.to_le_bytes()),
            EventId::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
        out.extend_from_slice(self.data.unwrap_or_default().as_bytes());
        out.extend_from_slice(self.extra.unwrap_or_default().as_bytes());
        let row_length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&row_length.to_le_bytes());
    }
}

/// The row that begins at `at`, and where the next one begins. `None` when the bytes are no row.
pub(crate) fn row_at(bytes: &[u8], at: usize) -> Option<(Row<'_>, usize)> {
    let row = &bytes[at..];
    let word = |from: usize| row.get(from..from + 4)?.try_into().ok().map(u32::from_le_bytes);
    let end = word(0)? as usize;
    let row = row.get(..end)?;
    let kind = word(4)?;
    let timestamp = i64::from_le_bytes(row.get(8..16)?.try_into().ok()?);
    let (id_length, data_length, extra_length) = (word(16)? as usize, word(20)?, word(24)?);
    let text = |from: usize, length: usize| simdutf8::basic::from_utf8(row.get(from..from + length)?).ok();
    let optional = |from: usize, length: u32| match length {
        NONE => Some((None, from)),
        length => Some((Some(text(from, length as usize)?), from + length as usize)),
    };
    let (id, data_from) = if id_length == 0 {
        let uuid = row.get(HEADER..HEADER + 16)?.try_into().ok()?;
        (EventId::Uuid(u128::from_le_bytes(uuid)), HEADER + 16)
    } else {
        (EventId::Text(Cow::Borrowed(text(HEADER, id_length)?)), HEADER + id_length)
    };
    let (data, extra_from) = optional(data_from, data_length)?;
    let (extra, _) = optional(extra_from, extra_length)?;
    Some((Row { kind, id, timestamp, data, extra }, at + end))
}

/// The rows of a block, in its order, each with where it begins.
pub(crate) fn rows(bytes: &[u8]) -> impl Iterator<Item = (usize, Row<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at;
        let (row, next) = (at < bytes.len()).then(|| row_at(bytes, at))??;
        at = next;
        Some((begin, row))
    })
}
