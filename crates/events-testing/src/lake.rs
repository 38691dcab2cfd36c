//! The stores that simulations run on, with a table in them.

use std::path::PathBuf;
use std::sync::Arc;

use events_core::json::Level;
use events_core::run::{Distributor, Writers, Zones};
use events_core::{Config, Error};
use futures::FutureExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::bucket::Bucket;
use crate::fault::Fault;
use crate::oracle::Input;
use crate::snapshot::Snapshot;
use crate::store::FaultStore;

/// What kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// A memory in which a rename is one operation, with conditional puts.
    Memory,
    /// A memory in which a rename is a copy and a delete, as in S3.
    Bucket,
    /// A temporary folder, for one runner at a time.
    #[cfg(feature = "disk")]
    Disk,
}

impl StoreKind {
    /// Whether it is read in no time.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(self, Self::Memory | Self::Bucket)
    }

    /// What it does wrong.
    #[must_use]
    pub fn faults(self) -> &'static [Fault] {
        if self.is_memory() { &Fault::EACH } else { &Fault::EACH_OF_A_DISK }
    }
}

/// A new store.
#[derive(Debug)]
pub struct Lake {
    kind: StoreKind,
    store: Arc<dyn ObjectStore>,
    #[cfg(feature = "disk")]
    folder: Option<tempfile::TempDir>,
}

/// Where the zones of the table are in the store.
pub const PREFIX: &str = "lake";
/// Inputs, below the prefix.
pub(crate) const PENDING: &str = "landing/pending/";
/// Inputs after their run, below the prefix.
pub(crate) const PROCESSED: &str = "landing/processed/";
/// What of inputs was no event, below the prefix.
pub(crate) const QUARANTINE: &str = "landing/quarantine/";
/// What of that was tried again, below the prefix.
pub(crate) const RETRIED: &str = "landing/retried/";
/// What runs work on, below the prefix.
pub(crate) const STAGE: &str = "stage/";
/// What readers read, below the prefix.
pub(crate) const TABLE: &str = "trusted/events/";
/// The commits, below the prefix.
pub(crate) const LOG: &str = "trusted/control/log/";
/// What runs know of each other besides the commits, below the prefix.
pub(crate) const CONTROL: &str = "trusted/control/";

impl Lake {
    /// An empty store.
    ///
    /// # Panics
    /// When there can be no temporary folder.
    #[must_use]
    pub fn new(kind: StoreKind) -> Self {
        match kind {
            StoreKind::Memory | StoreKind::Bucket => Self {
                kind,
                store: Arc::new(InMemory::new()),
                #[cfg(feature = "disk")]
                folder: None,
            },
            #[cfg(feature = "disk")]
            StoreKind::Disk => {
                let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
                let store = object_store::local::LocalFileSystem::new_with_prefix(folder.path());
                let store = store.expect("the folder was just made");
                Self { kind, store: Arc::new(store), folder: Some(folder) }
            }
        }
    }

    /// What kind of store it is.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// The store without faults.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// What a process does runs with: one thread and one request at a time, so that a run is the same each time. `level`
    /// says what is mended.
    ///
    /// # Errors
    /// When the library refuses the settings.
    pub fn distributor(&self, store: &FaultStore, level: Level) -> Result<Distributor, Error> {
        let mut store: Arc<dyn ObjectStore> = Arc::new(store.clone());
        if self.kind == StoreKind::Bucket {
            store = Arc::new(Bucket(store));
        }
        let zones = Zones::below(&store, &Path::from(PREFIX), "memory:///lake");
        let config = Config { threads: 1, requests_max: 1, memory_bytes: 8 << 20, repair: level, ..Config::default() };
        // A run that fits its memory writes nothing to the scratch folder.
        let distributor = Distributor::new(zones, std::env::temp_dir(), config)?;
        // A file system replaces nothing under a condition, so there a process is alone.
        let writers = match self.kind {
            StoreKind::Memory | StoreKind::Bucket => Writers::Many,
            #[cfg(feature = "disk")]
            StoreKind::Disk => Writers::Single,
        };
        Ok(distributor.with_writers(writers))
    }

    /// Where an input lies until a run takes it.
    #[must_use]
    pub fn pending(input: &Input) -> Path {
        Path::from(format!("{PREFIX}/{PENDING}{}", input.key))
    }

    /// Puts an input without faults.
    ///
    /// # Errors
    /// When the store fails, or does not answer at once.
    pub fn put(&self, input: &Input) -> Result<(), String> {
        let put = self.store.put(&Self::pending(input), input.bytes.clone().into()).now_or_never();
        put.ok_or("the store does not answer at once")?.map(drop).map_err(|error| error.to_string())
    }

    /// What the store holds.
    ///
    /// # Errors
    /// When the store fails, or does not answer at once.
    pub fn snapshot(&self) -> Result<Snapshot, String> {
        Snapshot::of(&*self.store, PREFIX)
    }

    /// The folder of a lake on a disk, which is gone when the lake is.
    #[cfg(feature = "disk")]
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }

    /// Files of a disk that are no objects: what a write leaves that was cut off.
    #[must_use]
    pub fn torn(&self) -> Vec<PathBuf> {
        #[cfg(feature = "disk")]
        if let Some(folder) = &self.folder {
            let mut torn = Vec::new();
            collect_torn(folder.path(), &mut torn);
            return torn;
        }
        Vec::new()
    }
}

#[cfg(feature = "disk")]
fn collect_torn(folder: &std::path::Path, torn: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_torn(&path, torn);
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains('#')) {
            torn.push(path);
        }
    }
}
