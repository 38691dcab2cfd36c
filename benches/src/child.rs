//! Each measurement has a process of its own, so that none finds the memory that another has warmed or grown.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use events_core::json::Level;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::floor::{self, FloorRun};
use crate::job::{self, JobRun};
use crate::lake::Lake;
use crate::options::{Errand, Place};
use crate::repair::pass::{self, Pass};

/// Runs the job in a child, with repair up to that level.
pub(crate) fn job(lake: &Lake, threads: u16, level: Level) -> Result<JobRun> {
    job_of(&this()?, lake, threads, level)
}

/// The same in a child of another build of this program.
pub(crate) fn job_of(program: &Path, lake: &Lake, threads: u16, level: Level) -> Result<JobRun> {
    let threads = threads.to_string();
    let options = [place(lake, &threads), vec![("--level", level.name().as_ref())]].concat();
    start_program(program, "run", &options)
}

/// This program.
pub(crate) fn this() -> Result<PathBuf> {
    std::env::current_exe().map_err(Error::io("finding", "this program".as_ref()))
}

/// Measures the floor of the table that the job has made, in a child.
pub(crate) fn floor(lake: &Lake, threads: u16) -> Result<FloorRun> {
    start("encode", &place(lake, &threads.to_string()))
}

/// Repairs a file in a child.
pub(crate) fn repair(file: &Path, level: Level) -> Result<Pass> {
    start("repair", &[("--file", file.as_ref()), ("--level", level.name().as_ref())])
}

/// Checks the lines of a file in a child.
pub(crate) fn check(file: &Path) -> Result<Pass> {
    start("check", &[("--file", file.as_ref())])
}

fn place<'a>(lake: &'a Lake, threads: &'a str) -> Vec<(&'static str, &'a OsStr)> {
    vec![("--lake", lake.root().as_ref()), ("--threads", threads.as_ref())]
}

/// Starts this program again and reads its answer.
fn start<T: DeserializeOwned>(errand: &'static str, options: &[(&str, &OsStr)]) -> Result<T> {
    start_program(&this()?, errand, options)
}

fn start_program<T: DeserializeOwned>(program: &Path, errand: &'static str, options: &[(&str, &OsStr)]) -> Result<T> {
    let mut command = Command::new(program);
    command.args(["child", errand]);
    for (name, value) in options {
        command.arg(name).arg(value);
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(Error::io("starting", program))?;
    if !output.status.success() {
        return Err(Error::Child { errand, status: output.status });
    }
    serde_json::from_slice(&output.stdout).map_err(|source| Error::Answer { errand, source })
}

/// What the child does: one measurement, and a line of JSON about it.
pub(crate) fn run(errand: &Errand) -> Result<()> {
    let lake = |place: &Place| Lake::open(place.lake.clone());
    let line = match errand {
        Errand::Run { place, level } => serde_json::to_string(&job::run(&lake(place), place.threads, *level)?),
        Errand::Encode(place) => serde_json::to_string(&floor::run(&lake(place), place.threads)?),
        Errand::Repair { file, level } => serde_json::to_string(&pass::repair(file, *level)?),
        Errand::Check { file } => serde_json::to_string(&pass::check(file)?),
    };
    println!("{}", line.expect("plain data with text for keys is JSON"));
    Ok(())
}
