//! Guards against slower code that need no clock: instructions, allocations and requests to stores, each counted over
//! small fixed workloads and held against `benches/guards.json`.
//!
//! | module | holds |
//! |---|---|
//! | `options` | the command line |
//! | `figures` | what was counted, and the file of what is expected |
//! | `instructions` | counting them in children under Callgrind |
//! | `allocations` | counting them by the allocator of this program |
//! | `requests` | counting them at the store |
//! | `verdict` | expected beside seen, and what people read |
//! | `error` | what can stop it |

mod allocations;
mod error;
mod figures;
mod instructions;
mod options;
mod requests;
mod verdict;

use std::alloc::System;
use std::error::Error as StdError;
use std::process::ExitCode;

use clap::Parser;
use events_benches::sample::Samples;
use events_benches::workload::Workload;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::error::{Error, Result};
use crate::figures::{Expected, Figures};
use crate::options::{Command, Options};
use crate::verdict::Verdict;

/// Counts, and otherwise is the system's.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.command {
        Some(Command::Repeat(errand)) => instructions::repeat(errand).map(|()| true),
        Some(Command::Samples { folder }) => Samples::generate(folder.clone()).map(|_| true).map_err(Error::from),
        None => guard(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let causes = std::iter::successors(Some(&error as &dyn StdError), |&error| error.source());
            eprintln!("error: {}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
            ExitCode::FAILURE
        }
    }
}

/// Counts everything. Says whether all is as expected, or makes it so.
fn guard(options: &Options) -> Result<bool> {
    if !cfg!(debug_assertions) {
        return Err(Error::Profile);
    }
    let expected = Expected::read(&options.figures)?;
    let folder = tempfile::Builder::new().prefix("events-guard-").tempdir().map_err(Error::Folder)?;
    let samples = Samples::generate(folder.path().to_owned())?;
    let mut seen = Figures::default();
    for &workload in Workload::all() {
        seen.workloads.insert(workload.name(), allocations::count(workload, &samples)?);
    }
    seen.stores = requests::count(&samples)?;
    if let Some(reason) = instructions::obstacle() {
        println!("instructions: skipped: {reason}");
    } else {
        seen.toolchain = Some(instructions::toolchain());
        for (workload, instructions) in instructions::count(&samples, &options.profiles)? {
            seen.workloads.entry(workload.name()).or_default().instructions = Some(instructions);
        }
    }
    if options.bless {
        expected.renewed(seen).write(&options.figures)?;
        println!("{} is renewed", options.figures.display());
        return Ok(true);
    }
    let verdict = Verdict::of(&expected, &seen);
    println!("{verdict}");
    Ok(verdict.is_as_expected())
}
