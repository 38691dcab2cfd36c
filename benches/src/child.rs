//! Each measurement has a process of its own, so that none finds the memory that another has warmed or grown.

use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::floor::{self, FloorRun};
use crate::job::{self, JobRun};
use crate::lake::Lake;
use crate::options::{Errand, Place};

/// Runs the job in a child.
pub(crate) fn job(lake: &Lake, threads: u16) -> Result<JobRun> {
    start("run", lake, threads)
}

/// Measures the floor of the table that the job has made, in a child.
pub(crate) fn floor(lake: &Lake, threads: u16) -> Result<FloorRun> {
    start("encode", lake, threads)
}

/// Starts this program again and reads its answer.
fn start<T: DeserializeOwned>(errand: &'static str, lake: &Lake, threads: u16) -> Result<T> {
    let program = std::env::current_exe().map_err(Error::io("finding", "this program".as_ref()))?;
    let output = Command::new(&program)
        .args(["child", errand, "--threads", &threads.to_string(), "--lake"])
        .arg(lake.root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(Error::io("starting", &program))?;
    if !output.status.success() {
        return Err(Error::Child { errand, status: output.status });
    }
    serde_json::from_slice(&output.stdout).map_err(|source| Error::Answer { errand, source })
}

/// What the child does: one measurement, and a line of JSON about it.
pub(crate) fn run(errand: &Errand) -> Result<()> {
    let lake = |place: &Place| Lake::open(place.lake.clone());
    let line = match errand {
        Errand::Run(place) => serde_json::to_string(&job::run(&lake(place), place.threads)?),
        Errand::Encode(place) => serde_json::to_string(&floor::run(&lake(place), place.threads)?),
    };
    println!("{}", line.expect("plain data with text for keys is JSON"));
    Ok(())
}
