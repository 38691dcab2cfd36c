//! From S3 through its notifications and a queue to the function, as `tests/aws` plays it.
//!
//! It has no test harness, so that what it skips is seen: it needs Python 3 with the packages of
//! `tests/readers/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let Some(python) = python(&tests) else {
        println!("\naws: skipped: no Python 3 with the packages of tests/readers/requirements.txt");
        println!("aws: to run them: python3 -m venv target/readers");
        println!("aws:              target/readers/bin/pip install -r tests/readers/requirements.txt\n");
        // Where they must run, skipping is failing.
        let required = std::env::var_os("EVENTS_REQUIRE_READERS").is_some();
        return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    let mut command = Command::new(python);
    command.args(["-m", "unittest", "discover", "-s"]).arg(tests.join("aws"));
    match command.env("EVENTS_BOOTSTRAP", env!("CARGO_BIN_EXE_bootstrap")).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("aws: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first Python that has the packages: the one that is named, the one in `target`, the system's.
fn python(tests: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("EVENTS_PYTHON").map(PathBuf::from);
    let built = tests.join("../target/readers/bin/python");
    let candidates = named.into_iter().chain([built, PathBuf::from("python3")]);
    candidates.into_iter().find(|python| {
        let imports = Command::new(python).args(["-c", "import boto3, moto, pyarrow"]).output();
        imports.is_ok_and(|output| output.status.success())
    })
}
