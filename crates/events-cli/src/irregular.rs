//! What lies where files are expected and is none: pipes, sockets, devices. Whoever opens one may wait for ever.

use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use events_stores::ZoneUrl;
use tracing::warn;

use crate::error::{Error, Result};
use crate::places::PENDING;

/// How many of them are named.
const NAMED_MAX: usize = 20;

/// Where a shell names streams that it has opened, as in `events inspect <(command)`: they are meant to be read.
const STREAMS: [&str; 3] = ["/dev/fd", "/dev/stdin", "/proc/self/fd"];

/// Refuses what cannot be read as a file.
///
/// # Errors
/// [`Error::Place`]. What is not there, whoever opens it tells.
pub(crate) fn refuse(path: &Path) -> Result<()> {
    let kind = fs::metadata(path).ok().and_then(|found| what(found.file_type()));
    match kind {
        Some(kind) if !STREAMS.iter().any(|streams| path.starts_with(streams)) => {
            let problem = format!("is {kind}, not a file: `-` reads standard input");
            Err(Error::Place { place: path.to_string_lossy().into_owned(), problem })
        }
        _ => Ok(()),
    }
}

/// Warns of what lies among pending inputs of a local landing zone and is no file: the store does not even list it.
pub(crate) fn warn_of_pending(landing: &ZoneUrl) {
    let Some(folder) = landing.local_folder() else { return };
    let mut found = Vec::new();
    find(&folder.join(PENDING), &mut found);
    found.sort_unstable();
    for (path, kind) in found.iter().take(NAMED_MAX) {
        warn!(path = %path.display(), kind, "no regular file: no run takes it, and it is left where it is");
    }
    if let Some(more) = found.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        warn!(more, "no regular files: no run takes them, and they are left where they are");
    }
}

/// What is no file in a folder, at any depth. Asks for the entries of folders and, unless there are links, for nothing of what
/// they name.
fn find(folder: &Path, found: &mut Vec<(PathBuf, &'static str)>) {
    // What cannot be listed fails the run, which tells more.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            find(&entry.path(), found);
        } else if kind.is_symlink() {
            let target = fs::metadata(entry.path()).map(|found| found.file_type());
            found.extend(target.map_or(Some("a link to nothing"), what).map(|kind| (entry.path(), kind)));
        } else {
            found.extend(what(kind).map(|kind| (entry.path(), kind)));
        }
    }
}

/// What something is that is neither a file nor a folder.
fn what(kind: FileType) -> Option<&'static str> {
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("a device");
        }
    }
    Some("something else")
}
