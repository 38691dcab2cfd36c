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
//! | 8 | repairs, a bit a kind |
//! | … | id, `data`, `extra` |
//!
//! It lives as long as a run and is no storage format.

use std::borrow::Cow;

use super::content::content_digest;
use crate::event::EventId;
use crate::json::RepairKinds;

const HEADER: usize = 36;
const NONE: u32 = u32::MAX;

/// A row of the table on its way to its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) kind: u32,
    pub(crate) id: EventId<'a>,
    pub(crate) timestamp: i64,
    pub(crate) data: Option<&'a str>,
    pub(crate) extra: Option<&'a str>,
    pub(crate) repairs: RepairKinds,
}

impl Row<'_> {
    /// How many bytes [`Self::write`] appends.
    pub(crate) fn length(&self) -> usize {
        let id = match &self.id {
            EventId::Uuid(_) => 16,
            EventId::Text(text) => text.len(),
        };
        HEADER + id + self.data.map_or(0, str::len) + self.extra.map_or(0, str::len)
    }

    /// The digest of the row's content, when its kind has that one.
    pub(crate) fn digest(&self, kind: u128) -> u64 {
        content_digest(kind, self.data, self.extra, self.repairs)
    }

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
        out.extend_from_slice(&self.repairs.bits().to_le_bytes());
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
    let header = header_at(bytes, at)?;
    let (id, data_from) = id_at(bytes, at)?;
    let row = &bytes[at..header.end];
    let optional = |from: usize, length: u32| match length {
        NONE => Some((None, from)),
        length => Some((Some(text(row, from, length as usize)?), from + length as usize)),
    };
    let (data, extra_from) = optional(data_from, word(row, 20)?)?;
    let (extra, _) = optional(extra_from, word(row, 24)?)?;
    let repairs = RepairKinds::from_bits(u64::from(word(row, 28)?) | u64::from(word(row, 32)?) << 32);
    Some((Row { kind: header.kind, id, timestamp: header.timestamp, data, extra, repairs }, header.end))
}

/// What rows are grouped by, and where the next row begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) kind: u32,
    pub(crate) timestamp: i64,
    pub(crate) end: usize,
}

/// The header of the row that begins at `at`.
pub(crate) fn header_at(bytes: &[u8], at: usize) -> Option<Header> {
    let header = bytes.get(at..at + HEADER)?;
    let end = at + word(header, 0)? as usize;
    let timestamp = i64::from_le_bytes(header[8..16].try_into().ok()?);
    (end <= bytes.len()).then_some(Header { kind: word(header, 4)?, timestamp, end })
}

/// The id of the row that begins at `at`, and how far from there its data begins.
pub(crate) fn id_at(bytes: &[u8], at: usize) -> Option<(EventId<'_>, usize)> {
    let row = bytes.get(at..)?;
    match word(row, 16)? as usize {
        0 => {
            let uuid = row.get(HEADER..HEADER + 16)?.try_into().ok()?;
            Some((EventId::Uuid(u128::from_le_bytes(uuid)), HEADER + 16))
        }
        length => Some((EventId::Text(Cow::Borrowed(text(row, HEADER, length)?)), HEADER + length)),
    }
}

fn word(bytes: &[u8], from: usize) -> Option<u32> {
    bytes.get(from..from + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn text(bytes: &[u8], from: usize, length: usize) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes.get(from..from + length)?).ok()
}

/// The rows of a block, in its order.
pub(crate) fn rows(bytes: &[u8]) -> impl Iterator<Item = Row<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (row, next) = (at < bytes.len()).then(|| row_at(bytes, at))??;
        at = next;
        Some(row)
    })
}

/// Where the rows of a block begin, with their headers.
pub(crate) fn headers(bytes: &[u8]) -> impl Iterator<Item = (usize, Header)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at;
        let header = (at < bytes.len()).then(|| header_at(bytes, at))??;
        at = header.end;
        Some((begin, header))
    })
}
