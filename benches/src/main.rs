//! Benchmarks: the whole job, each time beside its *floor*, which is the pure encoding of the rows that it wrote; and
//! repair and the table.
//!
//! Wall time says more about the machine than about the job; the ratio of the two survives another machine.
//! `README.md` tells how to run it and how to read the figures.
//!
//! | module | holds |
//! |---|---|
//! | `options` | the command line |
//! | `case` | what is measured: five inputs |
//! | `input`, `lake` | a generated input, and the fresh zones of a run over it |
//! | `job`, `floor` | the two things that are measured, each in a process of its own |
//! | `child`, `usage` | starting that process, and what it finds out about itself |
//! | `verify` | whether the job did what it was measured for |
//! | `spread`, `outcome` | from runs to figures |
//! | `machine`, `grid` | what people read |
//! | `suite` | the cases in turn |
//! | `repair` | what repair recovers, and how fast |
//! | `table` | what it costs to add to a table |

mod case;
mod child;
mod error;
mod floor;
mod grid;
mod input;
mod job;
mod lake;
mod machine;
mod options;
mod outcome;
mod repair;
mod spread;
mod suite;
mod table;
mod usage;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.command {
        Some(Command::Child(errand)) => child::run(errand),
        Some(Command::Repair(repair)) if repair.check => repair::check(&repair.folder(), repair.threads),
        Some(Command::Repair(repair)) => repair::measure(repair),
        Some(Command::Table(options)) => table::measure(options),
        None if options.check => suite::check(&options),
        None => suite::measure(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}
