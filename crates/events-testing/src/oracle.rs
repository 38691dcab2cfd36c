//! What a table must hold, from everything that was ever put.

use bytes::Bytes;
use events_core::event::{Event, Events};
use events_core::table::{PartitionKey, deduplicate, to_batch};

use crate::table::{Row, rows};

/// An object that a producer put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name below `pending`.
    pub key: String,
    /// What it holds.
    pub bytes: Bytes,
}

/// All inputs that were ever put.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    /// In any order.
    pub inputs: Vec<Input>,
}

impl Oracle {
    /// The rows of all inputs as one run would keep them, ordered.
    ///
    /// # Errors
    /// When the inputs cannot be made rows of, which no bytes should achieve.
    pub fn rows(&self) -> Result<Vec<Row>, String> {
        let events = self.inputs.iter().flat_map(|input| Events::new(&input.bytes)).filter_map(Result::ok);
        let events: Vec<Event<'_>> = events.collect();
        let batch = to_batch(&events).map_err(|error| error.to_string())?;
        let kept = deduplicate(&batch).map_err(|error| error.to_string())?.batch;
        let mut rows = rows(&kept, |row| PartitionKey::new(&row.domain, &row.event_type, row.timestamp).folder())?;
        rows.sort_unstable();
        Ok(rows)
    }
}
