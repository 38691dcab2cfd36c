//! Inputs of events: all new, or some that the table has.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use events_cli::generate::{GenerateConfig, Layout, generate};

use crate::error::{Error, Result};

/// What every input here has: 150 partitions, 5 kinds in 30 days, one record a line, each event once.
fn config(seed: u64, bytes: u64, files: usize) -> GenerateConfig {
    let (days, kinds, duplicates, layout) = (30, 5, 0.0, Layout::Lines);
    GenerateConfig { seed, bytes, files, days, kinds, duplicates, layout, ..GenerateConfig::default() }
}

/// More than any event of the generator has on average.
const EVENT_BYTES: u64 = 400;

/// The inputs of a bulk load, below a folder.
pub(super) fn load(seed: u64, bytes: u64, files: usize, folder: &Path) -> Result<Vec<PathBuf>> {
    generate(&config(seed, bytes, files), folder, &mut |_| ())?;
    let entries = fs::read_dir(folder).map_err(Error::io("listing", folder))?;
    let paths: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(Error::io("listing", folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    Ok(paths)
}

/// So many new events, a line each.
pub(super) fn new_events(seed: u64, events: usize, folder: &Path) -> Result<Vec<u8>> {
    let folder = folder.join("batch");
    let files = load(seed, events as u64 * EVENT_BYTES, 1, &folder)?;
    let mut text = Vec::new();
    for file in files {
        text.extend(fs::read(&file).map_err(Error::io("reading", &file))?);
    }
    fs::remove_dir_all(&folder).map_err(Error::io("removing", &folder))?;
    let mut ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let end = ends.nth(events - 1).unwrap_or(text.len());
    text.truncate(end);
    Ok(text)
}

/// About one line of every `stride` of an input.
pub(super) fn sample(input: &Path, stride: usize, events: usize) -> Result<Vec<String>> {
    let file = fs::File::open(input).map_err(Error::io("opening", input))?;
    let lines = BufReader::new(file).lines().step_by(stride).take(events);
    lines.collect::<std::io::Result<_>>().map_err(Error::io("reading", input))
}

/// The event as of the end of its day: a newer version, or another of the same time.
pub(super) fn newer(line: &str) -> String {
    let mark = "\"timestamp\":\"";
    let Some(at) = line.find(mark).map(|at| at + mark.len() + "2021-01-01T".len()) else { return line.to_owned() };
    format!("{}23:59:59{}", &line[..at], &line[at + "00:00:00".len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_an_event_newer_and_leaves_the_rest() {
        let line = r#"{"event_id":"1","timestamp":"2021-01-14T08:01:02.5Z","domain":"a"}"#;
        assert_eq!(newer(line), r#"{"event_id":"1","timestamp":"2021-01-14T23:59:59.5Z","domain":"a"}"#);
    }

    #[test]
    fn has_as_many_events_as_were_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let batch = new_events(3, 50, folder.path()).unwrap();
        assert_eq!(batch.split(|byte| *byte == b'\n').count(), 51);
        assert!(batch.ends_with(b"\n"));
    }
}
