//! A large input into an empty table, beside the build before: pair by pair, which of the two first in turn.

use std::path::Path;

use events_core::json::Level;

use super::THREADS;
use crate::case::Case;
use crate::child;
use crate::error::Result;
use crate::input::Input;
use crate::job::JobRun;
use crate::options::TableOptions;
use crate::spread::Spread;

pub(super) fn measure(options: &TableOptions) -> Result<()> {
    let Some(before) = &options.before else {
        println!("bulk load: not measured, `--before` names no program of the build before");
        return Ok(());
    };
    let input = Input::generate(&Case::L.config(), &options.folder())?;
    let this = child::this()?;
    let mut run = 0;
    let mut job = |program: &Path| -> Result<JobRun> {
        run += 1;
        let lake = input.lake(run)?;
        let job = child::job_of(program, &lake, THREADS, Level::Lenient)?;
        std::fs::remove_dir_all(lake.root()).map_err(crate::error::Error::io("removing", lake.root()))?;
        Ok(job)
    };
    job(&this)?;
    let mut pairs = Vec::new();
    for pair in 0..options.pairs {
        let (old, new) = if pair % 2 == 0 {
            let old = job(before)?;
            (old, job(&this)?)
        } else {
            let new = job(&this)?;
            (job(before)?, new)
        };
        println!(
            "bulk load: before {:.0} ms, CPU {} ms; now {:.0} ms, CPU {} ms, {:?}",
            old.wall_ms,
            old.cpu_ms.unwrap_or_default(),
            new.wall_ms,
            new.cpu_ms.unwrap_or_default(),
            new.phases.iter().map(|of| of.elapsed_ms).collect::<Vec<_>>()
        );
        pairs.push((old, new));
    }
    let wall = Spread::of(pairs.iter().map(|(old, new)| new.wall_ms / old.wall_ms));
    let cpu = |run: &JobRun| run.cpu_ms.unwrap_or_default() as f64;
    let cpu = Spread::of(pairs.iter().map(|(old, new)| cpu(new) / cpu(old)));
    for (what, spread) in [("wall", wall), ("CPU", cpu)] {
        if let Some(Spread { min, median, max }) = spread {
            println!("bulk load: {what} now ÷ before: median {median:.3}, {min:.3} to {max:.3}");
        }
    }
    Ok(())
}
