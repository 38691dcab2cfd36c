//! The zones of a table in a store that counts, and runs in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::NaiveDate;
use events_benches::meter::{Counts, Meter};
use events_core::run::{Distributor, Phase, Report, Start, Writers, Zones};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::{Builder, Runtime};

use super::THREADS;
use crate::error::{Error, Result};
use crate::{job, usage};

/// Zones and what runs in them.
pub(super) struct Ground {
    meter: Meter,
    store: Arc<dyn ObjectStore>,
    writers: Writers,
    scratch: PathBuf,
    /// The folder of the stage zone, on a disk.
    stage: Option<PathBuf>,
    runtime: Runtime,
    runs: u64,
}

/// What a run did and took.
pub(super) struct Measured {
    pub(super) wall_ms: f64,
    pub(super) cpu_ms: u64,
    pub(super) counts: Counts,
    pub(super) report: Report,
}

impl Measured {
    pub(super) fn phase_ms(&self, phase: Phase) -> u64 {
        self.report.elapsed.iter().filter(|of| of.phase == phase).map(|of| of.elapsed_ms).sum()
    }
}

/// A table's objects by what they are.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// The bytes of each file, by partition.
    pub(super) partitions: BTreeMap<String, Vec<u64>>,
    /// The bytes of all that is no file of the table: its log and its index.
    pub(super) control_bytes: u64,
}

impl Stock {
    /// The bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.partitions.values().flatten().sum()
    }

    pub(super) fn files(&self) -> usize {
        self.partitions.values().map(Vec::len).sum()
    }
}

impl Ground {
    /// On the local disk, with one writer.
    pub(super) fn disk(folder: &FilePath) -> Result<Self> {
        let root = folder.join("lake");
        fs::create_dir_all(&root).map_err(Error::io("creating", &root))?;
        let stage = Some(root.join("stage"));
        Ok(Self {
            stage,
            ..Self::new(Arc::new(LocalFileSystem::new_with_prefix(&root)?), false, Writers::Single, folder)?
        })
    }

    /// In memory, with as many writers as there may be, as on S3.
    pub(super) fn memory(folder: &FilePath) -> Result<Self> {
        Self::new(Arc::new(InMemory::new()), true, Writers::Many, folder)
    }

    fn new(inner: Arc<dyn ObjectStore>, as_s3: bool, writers: Writers, folder: &FilePath) -> Result<Self> {
        let scratch = folder.join("scratch");
        fs::create_dir_all(&scratch).map_err(Error::io("creating", &scratch))?;
        let meter = Meter::new(inner, as_s3);
        let store: Arc<dyn ObjectStore> = Arc::new(meter.clone());
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Error::Runtime)?;
        Ok(Self { meter, store, writers, scratch, stage: None, runtime, runs: 0 })
    }

    /// Takes over the table of another ground.
    pub(super) fn copy_table(&self, from: &Self) -> Result<()> {
        self.runtime.block_on(async {
            let trusted = Path::from("trusted");
            let objects: Vec<_> = from.store.list(Some(&trusted)).try_collect().await?;
            for object in objects {
                let bytes = from.store.get(&object.location).await?.bytes().await?;
                self.store.put(&object.location, PutPayload::from(bytes)).await?;
            }
            Ok(())
        })
    }

    /// Adds an input.
    pub(super) fn add(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let path = Path::from("landing/pending").join(name);
        self.runtime.block_on(self.store.put(&path, PutPayload::from(bytes)))?;
        Ok(())
    }

    /// Runs the job over what was added.
    pub(super) fn run(&mut self) -> Result<Measured> {
        self.runs += 1;
        let zones = Zones::below(&self.store, &Path::default(), "bench");
        let start = Start { run: format!("bench-{:06}", self.runs).parse()?, date: NaiveDate::default() };
        self.meter.take();
        let (began, cpu_before) = (Instant::now(), usage::cpu_ms().unwrap_or_default());
        let distributor = Distributor::new(zones, self.scratch.clone(), job::config(THREADS))?;
        let distributor = distributor.with_writers(self.writers).with_clock(move || began.elapsed());
        let report = self.runtime.block_on(distributor.run(&start))?;
        let wall_ms = began.elapsed().as_secs_f64() * 1e3;
        let cpu_ms = usage::cpu_ms().unwrap_or_default() - cpu_before;
        if let Some(stage) = &self.stage {
            // As the command does: a disk keeps the folders of objects that have moved, and the next run would list them.
            fs::remove_dir_all(stage).map_err(Error::io("removing", stage))?;
        }
        Ok(Measured { wall_ms, cpu_ms, counts: self.meter.take(), report })
    }

    /// What the table is made of.
    pub(super) fn stock(&self) -> Result<Stock> {
        let trusted = Path::from("trusted");
        let objects: Vec<_> = self.runtime.block_on(self.store.list(Some(&trusted)).try_collect())?;
        let mut stock = Stock::default();
        for object in objects {
            let path = object.location.as_ref();
            match path.rsplit_once('/') {
                Some((partition, name)) if FilePath::new(name).extension().is_some_and(|of| of == "parquet") => {
                    stock.partitions.entry(partition.to_owned()).or_default().push(object.size);
                }
                _ => stock.control_bytes += object.size,
            }
        }
        Ok(stock)
    }
}
