//! Laws of a whole generation, held against a reader that shares no code with it.

mod counts;
mod damage;
mod objects;
mod recovery;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::*;

const LAYOUTS: [Layout; 6] =
    [Layout::Concatenated, Layout::Lines, Layout::Array, Layout::Pretty, Layout::Sequence, Layout::Mixed];

fn small() -> GenerateConfig {
    GenerateConfig { bytes: 200_000, files: 9, ..GenerateConfig::default() }
}

/// Generates into a new folder; gives the counts and the stored objects by name.
fn run(config: &GenerateConfig) -> (Expected, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let expected = generate(config, folder.path(), &mut |_| {}).unwrap();
    (expected, read_objects(folder.path()))
}

fn read_objects(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// All records of an undamaged object of any layout.
fn read_records(object: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(object).unwrap().trim_start_matches('\u{feff}').replace('\u{1e}', " ");
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let flatten = |value| match value {
        Value::Array(records) => records,
        record => vec![record],
    };
    values.map(Result::unwrap).flat_map(flatten).collect()
}

fn instant(record: &Value) -> DateTime<Utc> {
    let text = record["timestamp"].as_str().unwrap();
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").map(|local| local.and_utc());
    local.or_else(|_| text.parse()).unwrap()
}
