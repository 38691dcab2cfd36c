//! The input of a case.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use events_cli::generate::{Expected, GenerateConfig, generate};
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::lake::Lake;

/// Generated objects, and the folder that they share with the lakes made of them. Both are gone when it is dropped.
pub(crate) struct Input {
    folder: TempDir,
    objects: Vec<PathBuf>,
    expected: Expected,
}

impl Input {
    /// Generates the objects in a new folder below `parent`.
    pub(crate) fn generate(config: &GenerateConfig, parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("events-bench-").tempdir_in(parent);
        let folder = folder.map_err(Error::io("creating a folder in", parent))?;
        let source = folder.path().join("input");
        let expected = generate(config, &source, &mut |_| ())?;
        let entries = fs::read_dir(&source).map_err(Error::io("listing", &source))?;
        let objects: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
        let objects = objects.map_err(Error::io("listing", &source))?;
        for object in &objects {
            // What the system has not written to the disk by now, it would write during the first run.
            File::open(object).and_then(|file| file.sync_all()).map_err(Error::io("syncing", object))?;
        }
        Ok(Self { folder, objects, expected })
    }

    /// What a table made of the objects must hold.
    pub(crate) fn expected(&self) -> &Expected {
        &self.expected
    }

    /// A fresh lake for the run of that number, in which all objects are pending, beside those of other runs.
    pub(crate) fn lake(&self, run: u32) -> Result<Lake> {
        let lake = Lake::create(self.folder.path().join(format!("lake-{run}")))?;
        for object in &self.objects {
            lake.add_pending(object)?;
        }
        Ok(lake)
    }
}
