//! Bytes in memory, and nothing else: no file, no network, no runtime.
//!
//! First the parts one by one, for a program that wants a single one of them: damaged bytes become records, records
//! become events, events a batch without duplicates, and the batch a Parquet file. Then the whole job over an
//! `InMemory` store, which does the same and keeps what it did in a table.
//!
//! ```sh
//! cargo run -p events-core --example in_memory
//! ```
#![expect(clippy::disallowed_macros, reason = "an example is a program: it prints")]

use std::error::Error;
use std::sync::Arc;

use events_core::Config;
use events_core::event::decode;
use events_core::json::{Finding, FrameLimits, Level, Repairer};
use events_core::run::{Distributor, Report, Start, Zones};
use events_core::table::{EncodedFile, FileConfig, deduplicate, to_batch, write_parquet};
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};

/// Two versions of one event, the second in single quotes; one whose comma trails; and a piece of a log.
const INPUT: &[u8] = br#"{"event_id":"a","timestamp":1,"domain":"card","event_type":"issued","data":{"limit":1.10}}
{'event_id':'a','timestamp':2,'domain':'card','event_type':'issued','data':{'limit':2}}
[{"event_id":"b","timestamp":3,"domain":"card","event_type":"blocked",}]
ERROR upstream timeout"#;

/// Records, each as one line of JSON, and how many pieces of the input are none. The bytes may come in any pieces.
fn records(input: &[u8]) -> (Vec<String>, usize) {
    let (mut lines, mut rejects) = (Vec::new(), 0);
    let mut take = |finding: Finding<'_>| match finding {
        Finding::Record { json, .. } => lines.push(json.into_owned()),
        Finding::Reject { .. } => rejects += 1,
        Finding::Repair(_) => {}
    };
    let mut repairer = Repairer::new(Level::Lenient, FrameLimits::default());
    for piece in input.chunks(64) {
        repairer.push(piece, &mut take);
    }
    repairer.finish(&mut take);
    (lines, rejects)
}

/// A Parquet file with one row for each id.
fn file(lines: &[String]) -> Result<EncodedFile, Box<dyn Error>> {
    let events: Result<Vec<_>, _> = lines.iter().map(|line| decode(line)).collect();
    // A fault is no error of Rust's: it says why a record is no event. Here all of them are.
    let events = events.map_err(|fault| fault.to_string())?;
    let rows = deduplicate(&to_batch(&events)?)?.batch;
    Ok(write_parquet(&[rows], &FileConfig::default())?)
}

/// The whole job: the input waits in a store, and the table is in the same one then.
async fn run(store: &Arc<dyn ObjectStore>, input: &'static [u8]) -> Result<Report, Box<dyn Error>> {
    store.put(&Path::from("lake/landing/pending/input.json"), input.into()).await?;
    let zones = Zones::below(store, &Path::from("lake"), "memory:///lake");
    // A run that fits its memory writes nothing to this folder, but it has to be there.
    let scratch = tempfile::tempdir()?;
    let distributor = Distributor::new(zones, scratch.path().to_owned(), Config::default())?;
    Ok(distributor.run(&Start { run: "in-memory".parse()?, date: "2026-11-24".parse()? }).await?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (lines, rejects) = records(INPUT);
    println!("{} records and {rejects} reject:", lines.len());
    for line in &lines {
        println!("  {line}");
    }
    let file = file(&lines)?;
    println!("{} rows in a Parquet file of {} bytes", file.rows, file.length);

    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    // This store waits for nothing, so any executor will do.
    let report = futures::executor::block_on(run(&store, INPUT))?;
    println!("the whole job: {}", serde_json::to_string(&report.totals)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn the_parts_and_the_whole_agree() -> Result<(), Box<dyn Error>> {
        let (lines, rejects) = records(INPUT);
        assert_eq!((lines.len(), rejects), (3, 1));
        assert!(lines[0].contains("1.10") && lines[1].contains(r#""limit":2"#), "{lines:?}");
        let file = file(&lines)?;
        assert_eq!(file.rows, 2);
        let read = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes.concat()))?.build()?;
        let rows: usize = read.map(|batch| batch.map(|batch| batch.num_rows())).sum::<Result<_, _>>()?;
        assert_eq!(rows, 2);

        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let totals = futures::executor::block_on(run(&store, INPUT))?.totals;
        assert_eq!((totals.rows, totals.rejects_total(), totals.repaired), (2, 1, 2));
        Ok(())
    }
}
