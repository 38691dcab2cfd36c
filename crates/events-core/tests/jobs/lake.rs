//! A table in memory or on disk, and what it must hold by the model of the library's own transforms.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch};
use events_core::Config;
use events_core::event::{Event, Events};
use events_core::json::{FrameLimits, Level};
use events_core::run::{Distributor, Report, RunId, Start, Writers, Zones};
use events_core::table::{PartitionKey, deduplicate, to_batch};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

/// A row of the table with its partition's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) folder: String,
    pub(crate) timestamp: i64,
    pub(crate) id: String,
    pub(crate) domain: String,
    pub(crate) event_type: String,
    pub(crate) data: Option<String>,
    pub(crate) extra: Option<String>,
    pub(crate) repairs: Option<String>,
}

pub(crate) struct Lake {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) zones: Zones,
    pub(crate) scratch: TempDir,
    /// The folder of a lake on disk.
    pub(crate) folder: Option<TempDir>,
}

impl Lake {
    pub(crate) fn in_memory() -> Self {
        Self::over(Arc::new(InMemory::new()), None)
    }

    pub(crate) fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        Self::over(Arc::new(store), Some(folder))
    }

    /// Both kinds, for tests that hold for any.
    pub(crate) fn each() -> [Self; 2] {
        [Self::in_memory(), Self::on_disk()]
    }

    pub(crate) fn over(store: Arc<dyn ObjectStore>, folder: Option<TempDir>) -> Self {
        let zones = Zones::below(&store, &Path::from("lake"), "memory:///lake");
        Self { store, zones, scratch: tempfile::tempdir().unwrap(), folder }
    }

    pub(crate) async fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        let path = Path::parse(format!("lake/{path}")).unwrap();
        self.store.put(&path, bytes.into().into()).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Vec<u8> {
        let path = Path::parse(format!("lake/{path}")).unwrap();
        self.store.get(&path).await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// The paths of all objects below one, sorted.
    pub(crate) async fn list(&self, path: &str) -> Vec<String> {
        let prefix = Path::parse(format!("lake/{path}")).unwrap();
        let objects: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.unwrap();
        let mut paths: Vec<_> =
            objects.into_iter().map(|object| object.location.to_string()["lake/".len()..].to_owned()).collect();
        paths.sort();
        paths
    }

    /// The entries of the table's log.
    pub(crate) async fn commits(&self) -> usize {
        let log = self.list("trusted/control/log").await;
        let number = |path: &String| path.rsplit_once('/')?.1.strip_suffix(".json")?.parse::<u64>().ok();
        log.iter().filter_map(number).count()
    }

    pub(crate) fn distributor(&self, config: Config) -> Distributor {
        // A file system replaces nothing under a condition.
        let writers = if self.folder.is_some() { Writers::Single } else { Writers::Many };
        Distributor::new(self.zones.clone(), self.scratch.path().to_owned(), config).unwrap().with_writers(writers)
    }

    pub(crate) async fn run(&self) -> Report {
        self.run_as("run-1", Config::default()).await
    }

    pub(crate) async fn run_as(&self, run: &str, config: Config) -> Report {
        self.distributor(config).run(&start(run)).await.unwrap()
    }

    /// The rows of the table, in the order of partitions and files.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for path in self.list("trusted/events").await {
            let (folder, name) = path["trusted/events/".len()..].rsplit_once('/').unwrap();
            assert!(name.ends_with(".parquet"), "{path}");
            let file = self.read(&path, folder).await;
            assert!(file.is_sorted_by_key(|row| (row.timestamp, row.id.clone())), "{path} is not sorted");
            rows.extend(file);
        }
        rows
    }

    async fn read(&self, path: &str, folder: &str) -> Vec<Row> {
        let bytes = bytes::Bytes::from(self.get(path).await);
        let batches = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        batches.flat_map(|batch| batch_rows(&batch.unwrap(), |_| folder.to_owned())).collect()
    }

    /// Every file of the table by path.
    pub(crate) async fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for path in self.list("trusted/events").await {
            let bytes = self.get(&path).await;
            files.insert(path, bytes);
        }
        files
    }
}

pub(crate) fn start(run: &str) -> Start {
    Start { run: run.parse::<RunId>().unwrap(), date: "2026-11-23".parse().unwrap() }
}

pub(crate) fn batch_rows(batch: &RecordBatch, folder: impl Fn(&Row) -> String) -> Vec<Row> {
    let strings = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
    let (ids, domains, event_types) = (strings("event_id"), strings("domain"), strings("event_type"));
    let (data, extra, repairs) = (strings("data"), strings("extra"), strings("repairs"));
    let timestamps = batch.column_by_name("timestamp").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
    let text = |array: &arrow_array::StringArray, row: usize| array.is_valid(row).then(|| array.value(row).to_owned());
    let rows = (0..batch.num_rows()).map(|row| Row {
        folder: String::new(),
        timestamp: timestamps.value(row),
        id: ids.value(row).to_owned(),
        domain: domains.value(row).to_owned(),
        event_type: event_types.value(row).to_owned(),
        data: text(&data, row),
        extra: text(&extra, row),
        repairs: text(&repairs, row),
    });
    rows.map(|row| Row { folder: folder(&row), ..row }).collect()
}

/// What the table holds after one run over all inputs: the model.
pub(crate) fn model(inputs: &[impl AsRef<[u8]>]) -> Vec<Row> {
    model_within(inputs, Level::default(), FrameLimits::default())
}

/// [`model`] with another level and other limits.
pub(crate) fn model_within(inputs: &[impl AsRef<[u8]>], level: Level, limits: FrameLimits) -> Vec<Row> {
    let events = inputs.iter().flat_map(|input| Events::with(input.as_ref(), level, limits));
    let events: Vec<Event<'_>> = events.filter_map(Result::ok).collect();
    let kept = deduplicate(&to_batch(&events).unwrap()).unwrap().batch;
    let folder = |row: &Row| PartitionKey::new(&row.domain, &row.event_type, row.timestamp).folder();
    let mut rows = batch_rows(&kept, folder);
    rows.sort();
    rows
}

/// A memory in which nearly everything goes to scratch files and large partitions are merged.
pub(crate) fn tiny() -> Config {
    Config { memory_bytes: 8 << 20, ..Config::default() }
}

/// A valid event of an id, a second, a kind and a payload.
pub(crate) fn event(id: u64, second: i64, kind: usize, data: &str) -> String {
    const KINDS: [(&str, &str); 4] =
        [("account", "status-change"), ("account-status", "change"), ("card/eu", "issued"), ("täxi", "50% off")];
    let (domain, event_type) = KINDS[kind % KINDS.len()];
    format!(
        r#"{{"event_id":"{:08x}-0000-4000-8000-{id:012x}","timestamp":{second},"domain":"{domain}","event_type":"{event_type}","data":{data}}}"#,
        id.wrapping_mul(2_654_435_761) as u32
    )
}
