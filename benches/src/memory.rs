//! A lake in memory, for runs that no disk has a part in.

use std::sync::Arc;

use chrono::NaiveDate;
use events_core::Config;
use events_core::run::{Distributor, Report, Start, Writers, Zones};
use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, Result};

use crate::meter::{Counts, Meter};

/// Three zones in one store.
#[derive(Debug, Default)]
pub struct MemoryLake {
    store: InMemory,
}

impl MemoryLake {
    /// Adds an input.
    ///
    /// # Errors
    /// Those of the store.
    pub fn add(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let path = Path::from("landing/pending").join(name);
        block_on(self.store.put(&path, PutPayload::from(bytes))).map(drop)
    }

    /// Another lake with the same objects, whose bytes they share.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { store: self.store.fork() }
    }

    /// The job over what was added, on one thread, as a table in a bucket has it. Each run on a table needs another name.
    ///
    /// # Errors
    /// Those of the job.
    pub fn run(&self, name: &str) -> events_core::Result<Report> {
        run(&(Arc::new(self.store.clone()) as _), name)
    }

    /// The same, and what it asked of the store, as the client of S3 would ask.
    ///
    /// # Errors
    /// Those of the job.
    pub fn run_counted(&self, name: &str) -> events_core::Result<(Report, Counts)> {
        let meter = Meter::new(Arc::new(self.store.clone()), true);
        let report = run(&(Arc::new(meter.clone()) as _), name)?;
        Ok((report, meter.take()))
    }
}

fn run(store: &Arc<dyn ObjectStore>, name: &str) -> events_core::Result<Report> {
    let zones = Zones::below(store, &Path::default(), "memory:///");
    // What a run of this size has to spill it never does, so nothing is made in this folder.
    let config = Config { threads: 1, ..Config::default() };
    let distributor = Distributor::new(zones, std::env::temp_dir(), config)?.with_writers(Writers::Many);
    block_on(distributor.run(&Start { run: name.parse()?, date: NaiveDate::default() }))
}
