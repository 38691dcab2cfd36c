//! The table by its log: which files it has after a commit, and which segments its index.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{Digest, IndexSegment, LogEntry, TableFile};

/// The version of a checkpoint's form.
pub(super) const SNAPSHOT_VERSION: u32 = 1;

/// The files of a table after a commit: what its entries say, one after the other. A checkpoint holds one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(super) version: u32,
    /// The commit; 0 before the first.
    pub(crate) sequence: u64,
    /// The least that an entry says of this: a wider horizon would drop rows that others have kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) horizon_days: Option<u32>,
    /// By folder of the partition, then by name.
    files: BTreeMap<String, BTreeMap<String, TableFile>>,
    /// By path, and whether the segment is one of the index: it is not when its entries are in another level now.
    index: BTreeMap<String, Slot>,
}

/// A segment, and whether its entries count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    #[serde(flatten)]
    segment: IndexSegment,
    live: bool,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            version: SNAPSHOT_VERSION,
            sequence: 0,
            horizon_days: None,
            files: BTreeMap::new(),
            index: BTreeMap::new(),
        }
    }
}

impl Snapshot {
    /// Goes on by an entry.
    pub(super) fn push(&mut self, entry: &LogEntry) {
        self.sequence = entry.sequence;
        if entry.anew {
            self.files.clear();
            self.index.clear();
        }
        self.push_horizon(entry);
        for removed in &entry.removed {
            if let Some(partition) = self.files.get_mut(&removed.folder) {
                partition.remove(&removed.name);
            }
        }
        for file in &entry.files {
            let partition = self.files.entry(file.folder.clone()).or_default();
            partition.insert(file.name.clone(), file.clone());
        }
        for slot in self.index.values_mut() {
            slot.live &= !entry.index_emptied.contains(&slot.segment.level);
        }
        for segment in &entry.index {
            self.index.insert(segment.path(), Slot { segment: segment.clone(), live: true });
        }
    }

    /// Goes on by what an entry says of the horizon.
    pub(super) fn push_horizon(&mut self, entry: &LogEntry) {
        if entry.anew {
            self.horizon_days = None;
        }
        self.horizon_days = self.horizon_days.into_iter().chain(entry.horizon_days).min();
    }

    /// The files of a partition, by name.
    pub(crate) fn partition(&self, folder: &str) -> impl Iterator<Item = &TableFile> {
        self.files.get(folder).into_iter().flat_map(BTreeMap::values)
    }

    /// The folders of all partitions, in their order.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &String> {
        self.files.keys()
    }

    /// All partitions, in the order of their folders: their files by name.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &BTreeMap<String, TableFile>> {
        self.files.values()
    }

    /// A file of a partition.
    pub(crate) fn file(&self, folder: &str, name: &str) -> Option<&TableFile> {
        self.files.get(folder)?.get(name)
    }

    /// The segments of the index.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &IndexSegment> {
        self.index.values().filter(|slot| slot.live).map(|slot| &slot.segment)
    }

    /// What lies at the path of a segment, whether or not its entries count.
    pub(crate) fn segment_digest(&self, path: &str) -> Option<Digest> {
        self.index.get(path).map(|slot| Digest(slot.segment.meta.digest))
    }
}
