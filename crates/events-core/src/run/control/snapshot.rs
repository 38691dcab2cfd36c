//! The table by its log: which files it has after a commit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{LogEntry, TableFile};

/// The version of a checkpoint's form.
pub(super) const SNAPSHOT_VERSION: u32 = 1;

/// The files of a table after a commit: what its entries say, one after the other. A checkpoint holds one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(super) version: u32,
    /// The commit; 0 before the first.
    pub(crate) sequence: u64,
    /// By folder of the partition, then by name.
    files: BTreeMap<String, BTreeMap<String, TableFile>>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { version: SNAPSHOT_VERSION, sequence: 0, files: BTreeMap::new() }
    }
}

impl Snapshot {
    /// Goes on by an entry.
    pub(super) fn push(&mut self, entry: &LogEntry) {
        self.sequence = entry.sequence;
        for file in &entry.files {
            let partition = self.files.entry(file.folder.clone()).or_default();
            partition.insert(file.name.clone(), file.clone());
        }
    }
}
