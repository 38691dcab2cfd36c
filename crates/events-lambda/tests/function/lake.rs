//! A folder with a lake in it.

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

    /// The files of the table: the partition's folder and the rows of each.
    pub(crate) fn table(&self) -> Vec<(String, i64)> {
        let files = self.files("lake/trusted/events").into_iter();
        let rows = files.map(|name| {
            let file = File::open(self.path("lake/trusted/events").join(&name)).unwrap();
            let rows = SerializedFileReader::new(file).unwrap().metadata().file_metadata().num_rows();
            (name.rsplit_once('/').unwrap().0.to_owned(), rows)
        });
        rows.collect()
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
