//! What runs must leave behind, whatever happens to them: what one that nothing happens to leaves.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use events_cli::generate::{GenerateConfig, Layout};
use events_core::table::column;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::lake::Lake;

/// The day under which the runs of these tests file inputs.
pub(crate) const DATE: &str = "2026-01-31";

/// The event id, timestamp and data of a row.
pub(crate) type Key = (String, i64, String);

/// Inputs, and what a run makes of them.
pub(crate) struct Undisturbed {
    inputs: BTreeMap<String, Vec<u8>>,
    rows: Vec<Key>,
    /// The contents of the quarantine, without the names, in which the run is.
    quarantine: Vec<Vec<u8>>,
}

impl Undisturbed {
    pub(crate) fn of(config: &GenerateConfig) -> Self {
        let (lake, _) = Lake::with(config);
        let inputs = lake.files("lake/landing/pending");
        let finished = lake.events(&format!("run --root lake --date {DATE}"));
        assert!([0, 3].contains(&finished.code), "{finished:?}");
        let (rows, quarantine) = (rows(&lake), quarantine(&lake));
        Self { inputs, rows, quarantine }
    }

    /// A lake with the inputs.
    pub(crate) fn lake(&self) -> Lake {
        let lake = Lake::new();
        for (key, content) in &self.inputs {
            fs::write(lake.path("lake/landing/pending").join(key), content).unwrap();
        }
        lake
    }

    /// Asserts that a lake is what runs leave that were not disturbed.
    pub(crate) fn check(&self, lake: &Lake, added: Option<Key>) {
        assert!(lake.files("lake/landing/pending").is_empty(), "{:?}", lake.files("lake/landing/pending").keys());
        let mut processed = lake.files("lake/landing/processed");
        if added.is_some() {
            assert!(processed.remove(&format!("date={DATE}/late.json")).is_some());
        }
        let filed = self.inputs.iter().map(|(key, content)| (format!("date={DATE}/{key}"), content.clone()));
        assert!(processed == filed.collect(), "{:?}", processed.keys());
        // Folders too.
        let stage = lake.path("lake/stage").read_dir().map(|mut entries| entries.next().is_some());
        assert!(!stage.unwrap_or(false), "{:?}", lake.files("lake/stage").keys());
        let (commits, done) = lake.log();
        assert_eq!(commits, (1..=commits.len() as u64).collect::<Vec<_>>());
        assert_eq!(done, commits);
        let mut expected = self.rows.clone();
        expected.extend(added);
        expected.sort_unstable();
        let rows = rows(lake);
        assert_eq!(rows.len(), expected.len(), "rows");
        assert!(rows == expected, "the rows are as many, but others");
        assert!(quarantine(lake) == self.quarantine, "the quarantine is another");
    }
}

/// Adds an input of one event that no other has, as somebody does while runs are at work; its row.
pub(crate) fn add_late(lake: &Lake) -> Key {
    lake.write(
        "lake/landing/pending/late.json",
        r#"{"event_id":"late","timestamp":0,"domain":"d","event_type":"t","data":1}"#,
    );
    ("late".to_owned(), 0, "1".to_owned())
}

/// A few thousand records over many partitions, some twice and some damaged.
pub(crate) fn config() -> GenerateConfig {
    GenerateConfig {
        bytes: 1_000_000,
        files: 6,
        days: 20,
        layout: Layout::Mixed,
        kinds: 4,
        damage: 0.01,
        ..GenerateConfig::default()
    }
}

/// The rows of a table, which has nothing but whole files of Parquet.
pub(crate) fn rows(lake: &Lake) -> Vec<Key> {
    let mut rows = Vec::new();
    let table = lake.path("lake/trusted/events");
    for name in lake.files("lake/trusted/events").keys() {
        assert_eq!(Path::new(name).extension(), Some("parquet".as_ref()), "{name}");
        let reader = SerializedFileReader::new(File::open(table.join(name)).unwrap()).unwrap();
        rows.extend(reader.get_row_iter(None).unwrap().map(|row| key(&row.unwrap())));
    }
    rows.sort_unstable();
    rows
}

fn key(row: &Row) -> Key {
    let field = |wanted| row.get_column_iter().find(|(name, _)| *name == wanted).map(|(_, field)| field);
    let text = |wanted| match field(wanted) {
        Some(Field::Str(text)) => text.clone(),
        _ => String::new(),
    };
    let Some(Field::TimestampMicros(timestamp)) = field(column::TIMESTAMP) else { panic!("{row}") };
    (text(column::EVENT_ID), *timestamp, text(column::DATA))
}

fn quarantine(lake: &Lake) -> Vec<Vec<u8>> {
    let mut contents: Vec<_> = lake.files("lake/landing/quarantine").into_values().collect();
    contents.sort_unstable();
    contents
}
