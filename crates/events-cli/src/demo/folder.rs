//! The folder of a demo.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::places::{LANDING, STAGE, TRUSTED};

/// The file that says that a folder is a demo's, and so may be replaced.
const MARKER: &str = ".events-demo";
const MARKER_TEXT: &str = "`events demo` made this folder, and replaces its zones when it runs here again.\n";

/// Makes the folder, or clears the zones of an earlier demo in it. What else lies there stays.
///
/// # Errors
/// [`Error::Folder`] for a folder that holds anything and is no demo's.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    let failed = |operation| move |source| Error::Io { operation, path: folder.to_owned(), source };
    let refused = |problem: &str| Error::Folder { path: folder.to_owned(), problem: problem.to_owned() };
    let marker = folder.join(MARKER);
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(failed("creating"))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(refused("is a file, not a folder")),
        Err(error) => return Err(failed("reading")(error)),
        Ok(mut entries) => {
            if !marker.is_file() && entries.next().is_some() {
                return Err(refused("exists and is not an earlier demo: choose another, or remove it"));
            }
        }
    }
    // First of all, so that a demo that was stopped half way is a demo too.
    fs::write(&marker, MARKER_TEXT).map_err(failed("writing to"))?;
    for zone in [LANDING, STAGE, TRUSTED] {
        match fs::remove_dir_all(folder.join(zone)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("clearing")(error)),
            _ => {}
        }
    }
    Ok(())
}
