//! Instructions, counted by Callgrind.
//!
//! A child does nothing but prepare a workload and repeat it. What it takes two or three times, less what it takes once,
//! is that of the repetitions between: preparing, starting and ending are in both, and so is whatever only the first
//! repetition does. It holds for all threads, and needs no names of functions, which an optimiser may make one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use events_benches::sample::Samples;
use events_benches::workload::Workload;

use crate::error::{Error, Result};
use crate::options::Errand;

const TIMES_ONCE: u64 = 1;

/// Of a run, more, because how its threads happen to meet is in both numbers.
fn times_many(workload: Workload) -> u64 {
    if workload.is_run() { 3 } else { 2 }
}

/// A child is a copy of this program beside the samples, and works there. With paths in what it is told, their length would
/// decide where things lie on its heap, and by that whether one that grows has to move: 1.4 % of `partition`.
const PROGRAM: &str = "./guard";

/// Valgrind shows every program one kind of processor, wherever that has AVX2. What is left to the C library is fixed here:
/// `rep movsb`, which Valgrind counts as an instruction a byte, and where it takes copies for too large for a cache.
const TUNABLES: &str = "glibc.cpu.hwcaps=-ERMS,-FSRM:glibc.cpu.x86_non_temporal_threshold=0xc0000";

/// Why they cannot be counted here, if so.
pub(crate) fn obstacle() -> Option<String> {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Some("the figures are of x86-64 and Linux".to_owned());
    }
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if !cpu.split_ascii_whitespace().any(|flag| flag == "avx2") {
        return Some("the figures are of a processor with AVX2".to_owned());
    }
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    let is_there = version.is_ok_and(|status| status.success());
    (!is_there).then(|| "valgrind is not installed".to_owned())
}

/// The compiler that this was built with, as far as the one of this folder is that, and the C library.
pub(crate) fn toolchain() -> String {
    let line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok().filter(|output| output.status.success());
        output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    format!("{}, {}", line("rustc", "--version"), line("getconf", "GNU_LIBC_VERSION"))
}

/// The instructions of a repetition of each workload, which leaves its profile in a folder.
pub(crate) fn count(samples: &Samples, profiles: &Path) -> Result<Vec<(Workload, u64)>> {
    fs::create_dir_all(profiles).map_err(|source| file("creating", profiles, source))?;
    let profiles = &fs::canonicalize(profiles).map_err(|source| file("finding", profiles, source))?;
    let this = std::env::current_exe().map_err(|source| file("finding", "this program".as_ref(), source))?;
    let program = samples.folder().join(PROGRAM);
    fs::copy(&this, &program).map_err(|source| file("copying to", &program, source))?;
    // The longest come last in the list.
    let waiting = Mutex::new(Workload::all().to_vec());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let counted = Mutex::new(Vec::new());
    let work = || {
        while let Some(workload) = next() {
            let result = repetition(workload, samples, profiles).map(|instructions| (workload, instructions));
            counted.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    counted.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

fn repetition(workload: Workload, samples: &Samples, profiles: &Path) -> Result<u64> {
    let times = times_many(workload);
    let once = child(workload, TIMES_ONCE, samples, profiles)?;
    let many = child(workload, times, samples, profiles)?;
    Ok(many.saturating_sub(once) / (times - TIMES_ONCE))
}

/// All instructions of a child.
fn child(workload: Workload, times: u64, samples: &Samples, profiles: &Path) -> Result<u64> {
    let profile = profiles.join(format!("{}.callgrind", workload.name()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(PROGRAM)
        .args(["repeat", "--workload", &workload.name(), "--times", &times.to_string(), "--samples", "."])
        .current_dir(samples.folder())
        .env("GLIBC_TUNABLES", TUNABLES)
        .output()
        .map_err(Error::Valgrind)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = collected(&said).filter(|_| output.status.success());
    collected.ok_or_else(|| Error::Uncounted { workload: workload.name(), said: said.into_owned() })
}

/// What Callgrind says at the end.
fn collected(said: &str) -> Option<u64> {
    let (_, number) = said.lines().rev().find_map(|line| line.split_once("Collected : "))?;
    number.trim().parse().ok()
}

fn file(operation: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { operation, path: path.to_owned(), source }
}

/// What the child does.
pub(crate) fn repeat(errand: &Errand) -> Result<()> {
    let task = errand.workload.prepare(&Samples::open(errand.samples.clone()))?;
    for _ in 0..errand.times {
        task.repeat()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_callgrind_counted() {
        let said = "==7== Events    : Ir\n==7== Collected : 15606730\n==7== \n==7== I   refs:      15,606,730\n";
        assert_eq!(collected(said), Some(15_606_730));
        assert_eq!(collected("valgrind: no such program"), None);
    }
}
