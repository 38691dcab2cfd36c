//! Files in the stage zone that are to become files of the table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::control::{Digest, Publication, Replaced, StagedAt, Step, TableFile, Target};
use super::layout;
use super::report::PartitionReport;

/// A file that lies in the stage zone and is to become one of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    /// The partition's folder.
    pub(crate) folder: String,
    pub(crate) destination: Destination,
    pub(crate) step: Step,
    pub(crate) staged: StagedAt,
    pub(crate) digest: Digest,
    pub(crate) rows: u64,
    /// Those of them that the run brings.
    pub(crate) new_rows: u64,
    pub(crate) bytes: u64,
    pub(crate) tail_bytes: u64,
}

/// Where a file goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Destination {
    /// To a name of its own.
    New,
    /// To the place of a file of the table.
    Replace { name: String, replaced: Replaced },
}

impl Destination {
    /// The file that is replaced; empty when none is.
    pub(super) fn replaces(&self) -> &str {
        match self {
            Self::New => "",
            Self::Replace { name, .. } => name,
        }
    }
}

impl Output {
    /// Whether it takes the place of that file.
    pub(crate) fn replaces(&self, file: &str) -> bool {
        self.destination.replaces() == file
    }

    /// The file that it becomes.
    pub(crate) fn table_file(&self, sequence: u64) -> TableFile {
        let name = match &self.destination {
            Destination::New => layout::table_file_name(sequence, self.digest.0),
            Destination::Replace { name, .. } => name.clone(),
        };
        let (folder, rows, bytes) = (self.folder.clone(), self.rows, self.bytes);
        TableFile { folder, name, rows, bytes, tail_bytes: self.tail_bytes, digest: self.digest }
    }

    /// How it becomes that file.
    pub(crate) fn publication(&self, sequence: u64) -> Publication {
        let replaces = match &self.destination {
            Destination::New => None,
            Destination::Replace { replaced, .. } => Some(replaced.clone()),
        };
        Publication {
            stage: self.staged.clone(),
            zone: Target::Trusted,
            path: self.table_file(sequence).path(),
            bytes: self.bytes,
            step: self.step,
            // The name of a new file has it.
            digest: replaces.is_some().then_some(self.digest),
            replaces,
        }
    }
}

/// By partition, and in the order in which they are published.
pub(crate) fn sort(outputs: &mut [Output]) {
    outputs.sort_by(|one, two| {
        one.folder.cmp(&two.folder).then_with(|| one.step.cmp(&two.step)).then_with(|| one.digest.0.cmp(&two.digest.0))
    });
}

/// The files that outputs become: where one takes the place of another of the same commit, the later one.
pub(crate) fn files(outputs: &[Output], sequence: u64) -> Vec<TableFile> {
    let mut files = BTreeMap::new();
    for output in outputs {
        let file = output.table_file(sequence);
        files.insert((file.folder.clone(), file.name.clone()), file);
    }
    files.into_values().collect()
}

/// What the outputs of a commit have brought to each partition, but for files that take the place of one and have no rows.
pub(crate) fn partitions(outputs: &[Output], sequence: u64) -> Vec<PartitionReport> {
    let files: Vec<_> = files(outputs, sequence).into_iter().filter(|file| file.rows > 0).collect();
    let mut partitions = partitions_of(&files);
    let mut new_rows: BTreeMap<&str, u64> = BTreeMap::new();
    for output in outputs {
        *new_rows.entry(&output.folder).or_default() += output.new_rows;
    }
    for partition in &mut partitions {
        partition.rows = new_rows.get(partition.path.as_str()).copied().unwrap_or_default();
    }
    partitions
}

/// What is in each partition.
pub(crate) fn partitions_of(files: &[TableFile]) -> Vec<PartitionReport> {
    let partition = |files: &[TableFile]| PartitionReport {
        path: files[0].folder.clone(),
        rows: files.iter().map(|file| file.rows).sum(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        files: files.len() as u64,
    };
    files.chunk_by(|one, two| one.folder == two.folder).map(partition).collect()
}
