//! Requests to a store in memory, as the client of S3 would make them, of fixed runs one after the other.

use std::collections::BTreeMap;

use events_benches::memory::MemoryLake;
use events_benches::meter::Counts;
use events_benches::sample::{Sample, Samples};
use events_benches::workload;

use crate::error::Result;
use crate::figures::StoreFigures;

/// What each run asked of the store.
pub(crate) fn count(samples: &Samples) -> Result<BTreeMap<String, StoreFigures>> {
    let read = |sample| samples.read(sample).map_err(workload::Error::from);
    let lake = MemoryLake::default();
    let mut counted = BTreeMap::new();
    let mut run = |name: &str, lake: &MemoryLake| -> Result<()> {
        let (_, counts) = lake.run_counted(name).map_err(workload::Error::from)?;
        counted.insert(name.to_owned(), figures(&counts));
        Ok(())
    };
    run("nothing", &lake)?;
    let add = |lake: &MemoryLake, name: &str, sample| -> Result<()> {
        Ok(lake.add(name, read(sample)?).map_err(workload::Error::from)?)
    };
    add(&lake, "seed.json", Sample::Seed)?;
    run("first", &lake)?;
    add(&lake, "more.json", Sample::More)?;
    run("second", &lake)?;
    add(&lake, "again.json", Sample::More)?;
    run("again", &lake)?;
    run("nothing-more", &lake)?;
    let wide = MemoryLake::default();
    add(&wide, "wide.json", Sample::Wide)?;
    run("wide", &wide)?;
    Ok(counted)
}

fn figures(counts: &Counts) -> StoreFigures {
    let mut figures = StoreFigures::new();
    for ((kind, zone), count) in &counts.requests {
        figures.insert(format!("{kind} {zone}"), *count);
    }
    for (verb, bytes) in [("read", &counts.read), ("written", &counts.written)] {
        for (zone, bytes) in bytes {
            figures.insert(format!("bytes {verb} {zone}"), *bytes);
        }
    }
    figures
}
