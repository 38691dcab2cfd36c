//! Everything about repair in turn.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::corpus::{Corpus, Layout};
use super::jobs::{self, Jobs};
use super::measure::{Files, Round, Speed};
use super::peers::PeerRun;
use super::program::Program;
use super::recovery::{LEVELS, Recovery};
use super::table;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::options::RepairOptions;

/// The share of the records that is damaged.
const DAMAGED_SHARE: f64 = 0.01;
/// A check is small, and yet each kind of damage should come several times.
const CHECK_BYTES: usize = 1_000_000;
const CHECK_DAMAGED_SHARE: f64 = 0.05;

/// Everything that was measured, for machines.
#[derive(Serialize)]
struct Figures<'a> {
    machine: &'a Machine,
    bytes: usize,
    seed: u64,
    threads: u16,
    recoveries: &'a [Recovery],
    speeds: &'a [Speed],
    jobs: Option<&'a Jobs>,
    peers: &'a [PeerRun],
}

/// Judges and measures repair, and prints tables of it.
pub(crate) fn measure(options: &RepairOptions) -> Result<()> {
    let machine = Machine::look();
    let program = Program::find()?;
    let bytes = options.megabytes * 1_000_000;
    let corpus = Corpus::generate(bytes, DAMAGED_SHARE, options.seed);
    let recoveries = judged(&corpus)?;
    println!("{}\n{}", table::recovery(&recoveries), table::kinds(&recoveries));

    let files = Files::write(&corpus, &options.folder())?;
    let mut speeds = Vec::new();
    for layout in Layout::ALL {
        let round = |number| {
            eprintln!("{layout}: round {number} of {}", options.runs);
            Round::run(&files, layout, corpus.records.len() as u64, Some(&program))
        };
        speeds.extend(Speed::of(layout, (1..=options.runs).map(round).collect::<Result<_>>()?));
    }
    let inputs = jobs::Inputs::generate(&options.folder(), false)?;
    let round = |number| {
        eprintln!("job: round {} of {}", number + 1, options.runs);
        inputs.round(number, options.threads)
    };
    let jobs = Jobs::of((0..options.runs).map(round).collect::<Result<_>>()?);
    let ratios = speeds.iter().flat_map(|speed| &speed.ratios).chain(jobs.iter().flat_map(|jobs| &jobs.ratios));
    println!("{}\n{}", table::ratios(ratios), table::speeds(&speeds, jobs.as_ref()));

    let peers = if options.peers.are_installed() { options.peers.run(&corpus, &files, &program)? } else { Vec::new() };
    if !peers.is_empty() {
        println!("{}", table::peers(&peers));
    }
    println!("{machine}; {} threads in jobs; {} MB, seed {}", options.threads, options.megabytes, options.seed);

    let Some(path) = &options.json else { return Ok(()) };
    let (threads, seed) = (options.threads, options.seed);
    let (recoveries, speeds, jobs, peers) = (&recoveries, &speeds, jobs.as_ref(), &peers);
    let figures = Figures { machine: &machine, bytes, seed, threads, recoveries, speeds, jobs, peers };
    let text = serde_json::to_string_pretty(&figures).expect("plain data with text for keys is JSON");
    fs::write(path, text + "\n").map_err(Error::io("writing", path))
}

/// The same in small, which says nothing about time.
pub(crate) fn check(folder: &Path, threads: u16) -> Result<()> {
    let corpus = Corpus::generate(CHECK_BYTES, CHECK_DAMAGED_SHARE, RepairOptions::DEFAULT_SEED);
    let recoveries = judged(&corpus)?;
    for recovery in &recoveries {
        let damaged = recovery.scores.damaged();
        println!(
            "repair: {}, {}: {} of {} damaged records mended right, all others kept",
            recovery.layout, recovery.level, damaged.right, damaged.all
        );
    }
    let files = Files::write(&corpus, folder)?;
    for layout in Layout::ALL {
        Round::run(&files, layout, corpus.records.len() as u64, None)?;
    }
    let [_, clean, damaged] = jobs::Inputs::generate(folder, true)?.round(0, threads)?;
    println!("repair: {} rows of a clean input and {} of a damaged one, as expected", clean.rows, damaged.rows);
    Ok(())
}

/// What comes out in each layout at each level. When a promise is not kept, everything is shown before the error.
fn judged(corpus: &Corpus) -> Result<Vec<Recovery>> {
    let levels = |layout| LEVELS.map(|level| Recovery::of(corpus, layout, level));
    let recoveries: Vec<_> = Layout::ALL.into_iter().flat_map(levels).collect();
    if let Some(error) = recoveries.iter().find_map(|recovery| recovery.check().err()) {
        eprintln!("{}\n{}", table::recovery(&recoveries), table::kinds(&recoveries));
        return Err(error);
    }
    Ok(recoveries)
}
