//! The tables that `events` writes, as DuckDB, Polars and pyarrow read them, and inputs that other programs wrote.
//!
//! It has no test harness, so that what it skips is seen: it needs Python 3 with the packages of
//! `tests/readers/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/readers");
    let Some(python) = python(&folder) else {
        println!("\nreaders: skipped: no Python 3 with the packages of tests/readers/requirements.txt");
        println!("readers: to run them: python3 -m venv target/readers");
        println!("readers:              target/readers/bin/pip install -r tests/readers/requirements.txt\n");
        // Where they must run, skipping is failing.
        let required = std::env::var_os("EVENTS_REQUIRE_READERS").is_some();
        return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
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

/// The first Python that has the packages: the one that is named, the one in `target`, the system's.
fn python(folder: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("EVENTS_PYTHON").map(PathBuf::from);
    let built = folder.join("../../target/readers/bin/python");
    let candidates = named.into_iter().chain([built, PathBuf::from("python3")]);
    candidates.into_iter().find(|python| {
        let imports = Command::new(python).args(["-c", "import boto3, duckdb, moto, polars, pyarrow"]).output();
        imports.is_ok_and(|output| output.status.success())
    })
}
