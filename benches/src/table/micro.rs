//! Few events into a large table.

use std::fs;

use events_core::run::Phase;

use super::ground::{Ground, Measured, Stock};
use super::{BATCH_EVENTS, batch};
use crate::error::{Error, Result};
use crate::grid::align;
use crate::options::TableOptions;
use crate::spread::Spread;

/// The bytes of a bulk load: a third of the 10 million rows.
const LOAD_BYTES: u64 = 1_045_000_000;
const LOAD_FILES: usize = 64;

/// The new inputs have seeds behind those of the table's.
const SEED: u64 = 1000;

/// What a batch has besides new events.
#[derive(Clone, Copy)]
enum Variant {
    New,
    /// One of 20 events comes again as it was.
    Redelivered,
    /// One of 100 comes as a newer version.
    Newer,
}

impl Variant {
    const ALL: [Self; 3] = [Self::New, Self::Redelivered, Self::Newer];

    fn name(self) -> &'static str {
        match self {
            Self::New => "all new",
            Self::Redelivered => "5 % redelivered",
            Self::Newer => "1 % newer versions",
        }
    }

    fn again(self) -> usize {
        match self {
            Self::New => 0,
            Self::Redelivered => BATCH_EVENTS / 20,
            Self::Newer => BATCH_EVENTS / 100,
        }
    }
}

/// Builds the table, and measures micro-batches on disk and in memory.
pub(super) fn measure(options: &TableOptions) -> Result<()> {
    let folder = options.temporary()?;
    let folder = folder.path();
    let mut disk = Ground::disk(folder)?;
    let mut lines = Vec::new();
    for load in 0..options.loads {
        let source = folder.join(format!("input-{load}"));
        let files = batch::load(u64::from(load) + 1, LOAD_BYTES, LOAD_FILES, &source)?;
        if load == 0 {
            lines = batch::sample(&files[0], 2, 20_000)?;
        }
        for file in &files {
            let name = format!("load-{load}-{}", file.file_name().unwrap_or_default().display());
            disk.add(&name, fs::read(file).map_err(Error::io("reading", file))?)?;
        }
        fs::remove_dir_all(&source).map_err(Error::io("removing", &source))?;
        disk.run()?;
    }
    // What the system has not written to the disk by now it would write meanwhile.
    let synced = std::process::Command::new("sync").status();
    drop(synced);
    let stock = disk.stock()?;
    println!(
        "table: {} partitions, {} files of {:.1} MB, log and index of {:.1} MB",
        stock.partitions.len(),
        stock.files(),
        stock.bytes() as f64 / 1e6,
        stock.control_bytes as f64 / 1e6
    );
    let mut memory = Ground::memory(folder)?;
    memory.copy_table(&disk)?;
    let mut seed = SEED;
    let mut table = vec![headings()];
    for (store, ground) in [("disk", &mut disk), ("memory as S3", &mut memory)] {
        let mut again = lines.iter();
        for variant in Variant::ALL {
            let mut runs = Vec::new();
            for _ in 0..options.runs {
                seed += 1;
                let count = variant.again();
                let mut batch = batch::new_events(seed, BATCH_EVENTS - count, folder)?;
                for line in again.by_ref().take(count) {
                    let line = if matches!(variant, Variant::Newer) { batch::newer(line) } else { line.clone() };
                    batch.extend_from_slice(line.as_bytes());
                    batch.push(b'\n');
                }
                ground.add(&format!("batch-{seed}.jsonl"), batch)?;
                let run = ground.run()?;
                println!("{}", detail(store, variant, &run, &stock));
                runs.push(run);
            }
            table.push(cells(store, variant, &runs, &stock));
        }
    }
    println!("\n{}", align(&table));
    Ok(())
}

fn percent(run: &Measured, stock: &Stock) -> f64 {
    run.counts.read.get("trusted").copied().unwrap_or_default() as f64 * 1e2 / stock.bytes() as f64
}

fn detail(store: &str, variant: Variant, run: &Measured, stock: &Stock) -> String {
    let requests: Vec<_> =
        run.counts.requests.iter().map(|((kind, zone), count)| format!("{kind} {zone} {count}")).collect();
    let phases: Vec<_> = run.report.elapsed.iter().map(|of| format!("{:?} {}", of.phase, of.elapsed_ms)).collect();
    format!(
        "{store}, {}: {:.0} ms, {} partitions, {:.2} % read, {} ranges, {} requests ({}), {}",
        variant.name(),
        run.wall_ms,
        run.report.partitions.len(),
        percent(run, stock),
        run.counts.ranges,
        run.counts.total(),
        requests.join(", "),
        phases.join(", ")
    )
}

const COLUMNS: usize = 17;

fn headings() -> [String; COLUMNS] {
    [
        "store",
        "batch",
        "ms",
        "max ms",
        "CPU ms",
        "read ÷ table",
        "written MB",
        "requests",
        "max requests",
        "get",
        "put",
        "head",
        "list",
        "rename",
        "delete",
        "deduplicate ms",
        "publish ms",
    ]
    .map(str::to_owned)
}

fn cells(store: &str, variant: Variant, runs: &[Measured], stock: &Stock) -> [String; COLUMNS] {
    let spread = |figure: &dyn Fn(&Measured) -> f64| {
        Spread::of(runs.iter().map(figure)).unwrap_or(Spread { min: 0.0, median: 0.0, max: 0.0 })
    };
    let count = |kind: &str| format!("{:.0}", spread(&|run| run.counts.of(kind) as f64).median);
    let wall = spread(&|run| run.wall_ms);
    let requests = spread(&|run| run.counts.total() as f64);
    [
        store.to_owned(),
        variant.name().to_owned(),
        format!("{:.0}", wall.median),
        format!("{:.0}", wall.max),
        format!("{:.0}", spread(&|run| run.cpu_ms as f64).median),
        format!("{:.2} %", spread(&|run| percent(run, stock)).median),
        format!("{:.1}", spread(&|run| run.counts.written.values().sum::<u64>() as f64 / 1e6).median),
        format!("{:.0}", requests.median),
        format!("{:.0}", requests.max),
        count("get"),
        count("put"),
        count("head"),
        count("list"),
        count("rename"),
        count("delete"),
        format!("{:.0}", spread(&|run| run.phase_ms(Phase::Deduplicate) as f64).median),
        format!("{:.0}", spread(&|run| run.phase_ms(Phase::Publish) as f64).median),
    ]
}
