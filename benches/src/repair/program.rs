//! `events repair` as people start it.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use events_core::json::Level;

use crate::error::{Error, Result};

/// Exit codes of a repair that was done, without rejects and with them.
const DONE: [Option<i32>; 2] = [Some(0), Some(3)];

/// The command that was built beside this benchmark.
pub(crate) struct Program {
    path: PathBuf,
}

impl Program {
    /// # Errors
    /// When there is none.
    pub(crate) fn find() -> Result<Self> {
        let bench = env::current_exe().map_err(Error::io("finding", "this program".as_ref()))?;
        let path = bench.with_file_name(format!("events{EXE_SUFFIX}"));
        if path.is_file() { Ok(Self { path }) } else { Err(Error::Unbuilt { path }) }
    }

    /// A repair of a file, which nobody reads.
    pub(crate) fn command(&self, file: &Path, level: Level) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["repair", "--level", level.name()]).arg(file);
        // Settings of whoever starts the benchmark are none of its business.
        env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EVENTS_")).for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.current_dir(file.parent().unwrap_or(file)).stdin(Stdio::null());
        command
    }

    /// The milliseconds that a repair takes, from starting the process to its end.
    pub(crate) fn wall_ms(&self, file: &Path, level: Level) -> Result<f64> {
        let mut command = self.command(file, level);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let status = command.status().map_err(Error::io("starting", &self.path))?;
        let wall = began.elapsed();
        if !DONE.contains(&status.code()) {
            return Err(Error::Child { errand: "events repair", status });
        }
        Ok(wall.as_secs_f64() * 1e3)
    }
}
