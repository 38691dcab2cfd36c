//! A folder with a lake in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use tempfile::TempDir;

/// Two events of a kind on two days, one of them twice, and a piece of damage.
const INPUT: &str = concat!(
    r#"{"event_id":"a","timestamp":"2021-01-14T08:45:37Z","domain":"card","event_type":"issued","data":{"id":1}}"#,
    r#"{"event_id":"b","timestamp":"2021-01-15T08:45:37Z","domain":"card","event_type":"issued","data":{"id":2}}"#,
    r#"{"event_id":"a","timestamp":"2021-01-14T08:45:37Z","domain":"card","event_type":"issued","data":{"id":1}}"#,
    "\n",
    r#"{"event_id":"c","timestamp":"2021-01-"#,
);

pub(crate) struct Lake {
    folder: TempDir,
}

impl Lake {
    /// A lake with one input, and a folder `tmp` beside it.
    pub(crate) fn new() -> Self {
        let lake = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(lake.path("lake/landing/pending/a")).unwrap();
        fs::create_dir_all(lake.path("tmp")).unwrap();
        fs::write(lake.path("lake/landing/pending/a/input.json"), INPUT).unwrap();
        lake
    }

    /// A lake whose inputs, in the order of their names, hold so many events each, none of them twice.
    pub(crate) fn with_inputs(events: &[usize]) -> Self {
        let lake = Self::new();
        fs::remove_file(lake.path("lake/landing/pending/a/input.json")).unwrap();
        for (input, &events) in events.iter().enumerate() {
            let event = |number: usize| {
                let day = 1 + number % 3;
                format!(
                    r#"{{"event_id":"{input}-{number}","timestamp":"2021-01-{day:02}T08:45:37Z","domain":"card","event_type":"issued","data":{{"id":{number},"text":"{:064}"}}}}"#,
                    number * number
                )
            };
            let text: String = (0..events).map(event).collect();
            fs::write(lake.path(&format!("lake/landing/pending/a/{input}.json")), text).unwrap();
        }
        lake
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The URL of the lake.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path("lake").display())
    }

    /// The paths of all files below a folder, there, sorted.
    pub(crate) fn files(&self, relative: &str) -> Vec<String> {
        let root = self.path(relative);
        let mut files = Vec::new();
        collect(&root, &mut |path| files.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()));
        files.sort();
        files
    }

    /// The rows of the table by the partition's folder.
    pub(crate) fn table(&self) -> Vec<(String, i64)> {
        let mut partitions = BTreeMap::new();
        for name in self.files("lake/trusted/events") {
            let file = File::open(self.path("lake/trusted/events").join(&name)).unwrap();
            let rows = SerializedFileReader::new(file).unwrap().metadata().file_metadata().num_rows();
            *partitions.entry(name.rsplit_once('/').unwrap().0.to_owned()).or_default() += rows;
        }
        partitions.into_iter().collect()
    }

    /// The ids of the table, sorted.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for name in self.files("lake/trusted/events") {
            let file = File::open(self.path("lake/trusted/events").join(&name)).unwrap();
            for row in SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap() {
                let row = row.unwrap();
                let id = row.get_column_iter().find(|(column, _)| *column == "event_id");
                ids.push(id.unwrap().1.to_string());
            }
        }
        ids.sort();
        ids
    }
}

/// The table of the lake's input.
pub(crate) fn expected_table() -> Vec<(String, i64)> {
    ["day=14", "day=15"].map(|day| (format!("domain_event_type=card-issued/year=2021/month=1/{day}"), 1)).to_vec()
}

fn collect(folder: &Path, found: &mut impl FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), found);
        } else {
            found(&entry.path());
        }
    }
}
