//! The cases in turn.

use std::fs;

use events_cli::generate::GenerateConfig;
use events_core::json::Level;
use serde::Serialize;

use crate::case::Case;
use crate::child;
use crate::error::{Error, Result};
use crate::grid;
use crate::input::Input;
use crate::job;
use crate::machine::Machine;
use crate::options::Options;
use crate::outcome::{Figures, Outcome, Pair};
use crate::repair;
use crate::verify;

/// Everything that was measured, for machines.
#[derive(Serialize)]
struct Record<'a> {
    machine: &'a Machine,
    threads: u16,
    memory_bytes: usize,
    cases: &'a [Outcome],
}

/// Measures the cases and prints a table of them.
pub(crate) fn measure(options: &Options) -> Result<()> {
    let machine = Machine::look();
    // Inputs and lakes stay until all is measured: removing thousands of files keeps the disk busy for seconds after.
    let mut inputs = Vec::new();
    let mut outcomes = Vec::new();
    for &case in options.cases() {
        let input = generate(case, &case.config(), options)?;
        outcomes.extend(outcome(case, &input, options)?);
        inputs.push(input);
    }
    println!("{}\n{machine}; {} threads", grid::render(&outcomes), options.threads);
    let Some(path) = &options.json else { return Ok(()) };
    let memory_bytes = job::config(options.threads).memory_bytes;
    let record = Record { machine: &machine, threads: options.threads, memory_bytes, cases: &outcomes };
    let text = serde_json::to_string_pretty(&record).expect("plain data with text for keys is JSON");
    fs::write(path, text + "\n").map_err(Error::io("writing", path))
}

/// Runs the cases in small, and repair when no case is named; says nothing about time.
pub(crate) fn check(options: &Options) -> Result<()> {
    for &case in options.cases() {
        let input = generate(case, &case.check_config(), options)?;
        let pair = pair(case, &input, 1, options.threads)?;
        println!("{}: {} rows in {} partitions, as expected", case.name(), pair.job.rows, pair.job.partitions);
    }
    if options.is_everything() { repair::check(&options.folder(), options.threads) } else { Ok(()) }
}

/// Measures a case. There is none when nothing was measured.
fn outcome(case: Case, input: &Input, options: &Options) -> Result<Option<Outcome>> {
    let mut pairs = Vec::new();
    for run in 1..=options.runs {
        let pair = pair(case, input, run, options.threads)?;
        let (job, floor) = (pair.job.wall_ms, pair.floor.floor_ms);
        eprintln!("{}: run {run} of {}: {job:.0} ms, floor {floor:.0} ms", case.name(), options.runs);
        pairs.push(pair);
    }
    let figures = Figures::of(&pairs);
    Ok(figures.map(|figures| Outcome { case, expected: input.expected().clone(), figures, pairs }))
}

fn generate(case: Case, config: &GenerateConfig, options: &Options) -> Result<Input> {
    eprintln!("{}: generating {:.1} MB", case.name(), config.bytes as f64 / 1e6);
    Input::generate(config, &options.folder())
}

/// A run over a fresh lake and the floor of its table, both checked.
fn pair(case: Case, input: &Input, run: u32, threads: u16) -> Result<Pair> {
    let lake = input.lake(run)?;
    let pair = Pair { job: child::job(&lake, threads, Level::default())?, floor: child::floor(&lake, threads)? };
    verify::check(case, input.expected(), &pair.job, &pair.floor)?;
    Ok(pair)
}
