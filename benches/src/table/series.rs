//! A few events again and again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::chart::chart;
use super::ground::Ground;
use super::{BATCH_EVENTS, batch};
use crate::error::{Error, Result};
use crate::job;
use crate::options::TableOptions;
use crate::spread::Spread;

const SEED: u64 = 100_000;

pub(super) fn measure(options: &TableOptions) -> Result<()> {
    let folder = options.temporary()?;
    let folder = folder.path();
    let mut ground = Ground::disk(folder)?;
    let mut csv = "batch,wall_ms,cpu_ms,requests,read_bytes,written_bytes\n".to_owned();
    let mut times = Vec::new();
    for number in 1..=options.batches {
        ground.add(&format!("batch-{number}.jsonl"), batch::new_events(SEED + number, BATCH_EVENTS, folder)?)?;
        let run = ground.run()?;
        let (read, written) = (run.counts.read.values().sum::<u64>(), run.counts.written.values().sum::<u64>());
        let line = format!("{number},{:.1},{},{},{read},{written}", run.wall_ms, run.cpu_ms, run.counts.total());
        writeln!(csv, "{line}").expect("a string takes everything");
        times.push(run.wall_ms);
        if number % 100 == 0 {
            let last = &times[times.len() - 100..];
            let spread = Spread::of(last.iter().copied()).map(|spread| (spread.min, spread.median, spread.max));
            println!("series: batch {number}: min, median, max ms of the last 100: {spread:?}");
            save(options.csv.as_deref(), &csv)?;
        }
    }
    save(options.csv.as_deref(), &csv)?;
    save(options.chart.as_deref(), &chart(&times))?;
    let stock = ground.stock()?;
    let target = job::config(super::THREADS).fold_below_bytes;
    let most = stock.partitions.values().map(Vec::len).max().unwrap_or_default();
    let over = stock.partitions.values().filter(|files| {
        let bytes: u64 = files.iter().sum();
        files.len() as u64 > bytes.div_ceil(target) + 1
    });
    println!(
        "series: {} partitions, {:.1} MB, at most {most} files each, {} have more than ⌈bytes ÷ target⌉ + 1",
        stock.partitions.len(),
        stock.bytes() as f64 / 1e6,
        over.count()
    );
    Ok(())
}

fn save(path: Option<&Path>, text: &str) -> Result<()> {
    path.map_or(Ok(()), |path| fs::write(path, text).map_err(Error::io("writing", path)))
}
