//! What was counted, and the file of what is expected.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a workload takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkloadFigures {
    /// The records, rows, times or folders that it was about.
    pub(crate) items: u64,
    pub(crate) allocations: u64,
    pub(crate) allocated_bytes: u64,
    /// `None` when they could not be counted.
    pub(crate) instructions: Option<u64>,
}

/// What a run asks of a store: requests by kind and zone, and bytes.
pub(crate) type StoreFigures = BTreeMap<String, u64>;

/// Everything that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    /// What made the instructions: the compiler and the C library. `None` when they could not be counted.
    pub(crate) toolchain: Option<String>,
    pub(crate) workloads: BTreeMap<String, WorkloadFigures>,
    pub(crate) stores: BTreeMap<String, StoreFigures>,
}

/// By how much what is seen may be more or less than what is expected, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bands {
    /// Instructions of workloads on one thread.
    pub(crate) instructions: f64,
    /// Instructions of runs, which have a thread that works and one that waits for the store.
    pub(crate) instructions_of_runs: f64,
    /// Instructions that another compiler or C library has made.
    pub(crate) instructions_of_another_toolchain: f64,
    /// Allocations and their bytes.
    pub(crate) allocations: f64,
}

impl Default for Bands {
    fn default() -> Self {
        Self {
            // The same build repeats to a hundred-thousandth; an incremental one, which divides code otherwise, differs by up
            // to 1.9 %.
            instructions: 2.0,
            // How threads meet makes up to 1 % of `run-wide`.
            instructions_of_runs: 3.0,
            // Copying without AVX makes up to 2.5 %, allocating without the cache of a thread 3.3 %; compilers make more.
            instructions_of_another_toolchain: 10.0,
            allocations: 1.0,
        }
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) bands_percent: Bands,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

impl Expected {
    /// Reads the file; nothing is expected when there is none.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(Error::File { operation: "reading", path: path.to_owned(), source }),
        };
        serde_json::from_slice(&text).map_err(|source| Error::Figures { path: path.to_owned(), source })
    }

    /// With what was seen instead, as far as it was counted.
    pub(crate) fn renewed(self, mut seen: Figures) -> Self {
        for (name, figures) in &mut seen.workloads {
            let before = self.figures.workloads.get(name).and_then(|figures| figures.instructions);
            figures.instructions = figures.instructions.or(before);
        }
        seen.toolchain = seen.toolchain.or(self.figures.toolchain);
        Self { bands_percent: self.bands_percent, figures: seen }
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("plain data with text for keys is JSON");
        fs::write(path, text + "\n").map_err(|source| Error::File {
            operation: "writing",
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_instructions_that_could_not_be_counted_again() {
        let figures = |instructions| WorkloadFigures { items: 1, allocations: 2, allocated_bytes: 3, instructions };
        let of = |instructions| Figures {
            workloads: [("decode".to_owned(), figures(instructions))].into(),
            ..Figures::default()
        };
        let expected = Expected { figures: of(Some(4)), ..Expected::default() };
        assert_eq!(expected.clone().renewed(of(None)).figures, of(Some(4)));
        assert_eq!(expected.renewed(of(Some(5))).figures, of(Some(5)));
    }

    #[test]
    fn reads_what_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guards.json");
        assert_eq!(Expected::read(&path).unwrap(), Expected::default());
        let stores = [("first".to_owned(), [("put stage".to_owned(), 7)].into())].into();
        let expected = Expected { figures: Figures { stores, ..Figures::default() }, ..Expected::default() };
        expected.write(&path).unwrap();
        assert_eq!(Expected::read(&path).unwrap(), expected);
    }
}
