//! The Python that has the packages of `tests/readers/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The first Python that can import these: the one that is named by `EVENTS_PYTHON`, the one in `target`, the system's.
pub(crate) fn with(packages: &str) -> Option<PathBuf> {
    let named = std::env::var_os("EVENTS_PYTHON").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/readers/bin/python");
    let candidates = named.into_iter().chain([built, PathBuf::from("python3")]);
    candidates.into_iter().find(|python| {
        let imports = Command::new(python).args(["-c", &format!("import {packages}")]).output();
        imports.is_ok_and(|output| output.status.success())
    })
}

/// Whether skipping is failing: where the packages have to be there.
pub(crate) fn is_required() -> bool {
    std::env::var_os("EVENTS_REQUIRE_READERS").is_some()
}
