//! Where the figures were taken.

use std::fmt;
use std::fs;
use std::thread::available_parallelism;

use serde::Serialize;

/// The machine, as far as it tells.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: Option<String>,
    system: String,
    /// How many threads wanted a core in the last minute, before the first measurement.
    load: Option<f64>,
}

impl Machine {
    /// This machine, now.
    pub(crate) fn look() -> Self {
        let release = line("/proc/sys/kernel/osrelease").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        Self {
            cores: available_parallelism().map_or(1, usize::from),
            cpu: cpu(),
            system: format!("{} {release}", std::env::consts::OS),
            load: line("/proc/loadavg").and_then(|line| line.split(' ').next()?.parse().ok()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} cores", self.cores)?;
        if let Some(cpu) = &self.cpu {
            write!(formatter, " of {cpu}")?;
        }
        write!(formatter, ", {}", self.system)?;
        match self.load {
            Some(load) => write!(formatter, ", load {load:.2} before the first run"),
            None => Ok(()),
        }
    }
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, name) = text.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(name.trim().to_owned())
}

fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.lines().next()?.to_owned())
}
