//! The folders of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use events_core::run::Zones;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use crate::error::{Error, Result};

/// Three zones and a scratch folder on one disk.
pub(crate) struct Lake {
    root: PathBuf,
}

impl Lake {
    /// The lake in that folder.
    pub(crate) fn open(root: PathBuf) -> Self {
        Self { root }
    }

    /// An empty lake, where nothing is.
    pub(crate) fn create(root: PathBuf) -> Result<Self> {
        let lake = Self { root };
        for folder in [lake.pending(), lake.scratch()] {
            fs::create_dir_all(&folder).map_err(Error::io("creating", &folder))?;
        }
        Ok(lake)
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The zones, in one store as the command has them below a root.
    pub(crate) fn zones(&self) -> Result<Zones> {
        let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(&self.root)?);
        Ok(Zones::below(&store, &object_store::path::Path::default(), &self.root.to_string_lossy()))
    }

    /// Where a run keeps what its memory has no room for.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    fn pending(&self) -> PathBuf {
        self.root.join("landing").join("pending")
    }

    /// Adds an input as a link to an object: a run reads and moves its inputs and never writes to them.
    pub(crate) fn add_pending(&self, object: &Path) -> Result<()> {
        let path = self.pending().join(object.file_name().unwrap_or_default());
        // Not every file system has links.
        let added = fs::hard_link(object, &path).or_else(|_| fs::copy(object, &path).map(drop));
        added.map_err(Error::io("adding input", &path))
    }

    /// The files of the table.
    pub(crate) fn table_files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut folders = vec![self.root.join("trusted")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(Error::io("listing", &folder))? {
                let path = entry.map_err(Error::io("listing", &folder))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "parquet") {
                    files.push(path);
                }
            }
        }
        Ok(files)
    }
}
