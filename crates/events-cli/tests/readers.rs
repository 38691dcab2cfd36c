//! The tables that `events` writes, as DuckDB, Polars and pyarrow read them, and inputs that other programs wrote.
//!
//! It has no test harness, so that what it skips is seen: it needs Python 3 with the packages of
//! `tests/readers/requirements.txt`.

mod python;

use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/readers");
    let Some(python) = python::with("boto3, duckdb, moto, polars, pyarrow") else {
        println!("\nreaders: skipped: no Python 3 with the packages of tests/readers/requirements.txt");
        println!("readers: to run them: python3 -m venv target/readers");
        println!("readers:              target/readers/bin/pip install -r tests/readers/requirements.txt\n");
        return if python::is_required() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    let mut tests = Command::new(python);
    tests.args(["-m", "unittest", "discover", "-s"]).arg(&folder).env("EVENTS_BIN", env!("CARGO_BIN_EXE_events"));
    match tests.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("readers: {error}");
            ExitCode::FAILURE
        }
    }
}
