//! Parts of a file that answer for places in the whole file.

use std::io::Read;

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

/// What is there of a file, for a reader of Parquet that asks for nothing else.
pub(super) struct Parts {
    /// The length of the whole file.
    file_bytes: u64,
    /// Each with the place where it begins.
    parts: Vec<(u64, Bytes)>,
}

impl Parts {
    pub(super) fn new(file_bytes: u64, parts: Vec<(u64, Bytes)>) -> Self {
        Self { file_bytes, parts }
    }

    /// The end of a file. Fails when it is longer than the file.
    pub(super) fn tail(bytes: Bytes, file_bytes: u64) -> Result<Self, String> {
        let from = file_bytes.checked_sub(bytes.len() as u64);
        let from = from.ok_or_else(|| format!("a tail of {} bytes of a file of {file_bytes}", bytes.len()))?;
        Ok(Self::new(file_bytes, vec![(from, bytes)]))
    }

    /// Bytes from a place on: so many, or all that the part has.
    fn slice(&self, start: u64, length: Option<usize>) -> ParquetResult<Bytes> {
        let slice = self.parts.iter().find_map(|(from, bytes)| {
            let start = usize::try_from(start.checked_sub(*from)?).ok()?;
            let end = length.map_or(Some(bytes.len()), |length| start.checked_add(length))?;
            (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
        });
        let missing = || ParquetError::EOF(format!("byte {start} is in no part of the file that was read"));
        slice.ok_or_else(missing)
    }
}

impl Length for Parts {
    fn len(&self) -> u64 {
        self.file_bytes
    }
}

impl ChunkReader for Parts {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(Box::new(self.slice(start, None)?.reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.slice(start, Some(length))
    }
}
