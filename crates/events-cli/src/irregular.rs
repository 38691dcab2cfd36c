//! What lies where files are expected and is none: pipes, sockets, devices. Whoever opens one may wait for ever.

use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use events_stores::ZoneUrl;
use tracing::warn;

use crate::error::{Error, Result};
use crate::places::PENDING;
use crate::visible::Visible;

/// What there is to do about one that blocks.
pub(crate) const BLOCKS: &str = "no run can list the folder while it is there: rename it, or move it elsewhere";

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

/// What lies among pending inputs of a local landing zone and is no input.
pub(crate) struct Irregular {
    pub(crate) path: PathBuf,
    pub(crate) what: &'static str,
    /// Whether the store cannot list the folder while it is there. Else it does not list it.
    pub(crate) blocks: bool,
}

/// Warns of what lies among pending inputs of a local landing zone and is none.
pub(crate) fn warn_of_pending(landing: &ZoneUrl) {
    let found = among_pending(landing);
    for Irregular { path, what, blocks } in found.iter().take(NAMED_MAX) {
        let path = Visible(path.as_os_str().as_encoded_bytes());
        if *blocks {
            warn!(%path, what, "{BLOCKS}");
        } else {
            warn!(%path, what, "no regular file: no run takes it, and it is left where it is");
        }
    }
    if let Some(more) = found.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        warn!(more, "no regular files: no run takes them, and they are left where they are");
    }
}

/// What lies among pending inputs and is none, first what keeps a run from listing them, each in the order of paths.
pub(crate) fn among_pending(landing: &ZoneUrl) -> Vec<Irregular> {
    let mut found = Vec::new();
    if let Some(folder) = landing.local_folder() {
        find(&folder.join(PENDING), &mut found);
    }
    found.sort_unstable_by(|one, other| (!one.blocks, &one.path).cmp(&(!other.blocks, &other.path)));
    found
}

/// Looks at a folder, at any depth. Asks for the entries of folders and, unless there are links, for nothing of what they
/// name.
fn find(folder: &Path, found: &mut Vec<Irregular>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() == ErrorKind::PermissionDenied {
                found.push(Irregular { path: folder.to_owned(), what: "a folder without permission", blocks: true });
            }
            return;
        }
    };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        let name = entry.file_name();
        let named = match name.to_str() {
            None => Some("a name that is not UTF-8"),
            Some(name) if name.contains(|character: char| character.is_ascii_control()) => {
                Some("a name with a control character")
            }
            Some(_) => None,
        };
        if let Some(what) = named {
            found.push(Irregular { path, what, blocks: true });
        } else if kind.is_dir() {
            find(&path, found);
        } else if kind.is_symlink() {
            found.extend(link(&path, folder).map(|(what, blocks)| Irregular { path, what, blocks }));
        } else {
            found.extend(what(kind).map(|what| Irregular { path, what, blocks: false }));
        }
    }
}

/// What is wrong with a link in a folder, and whether the store cannot list the folder for it.
fn link(path: &Path, folder: &Path) -> Option<(&'static str, bool)> {
    let target = match fs::metadata(path) {
        Ok(target) => target.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(("a link to nothing", false)),
        Err(_) => return Some(("a link that leads nowhere", true)),
    };
    let is_above = |target: PathBuf| folder.canonicalize().is_ok_and(|folder| folder.starts_with(target));
    if target.is_dir() && path.canonicalize().is_ok_and(is_above) {
        return Some(("a link to a folder that it lies in", true));
    }
    what(target).map(|what| (what, false))
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
