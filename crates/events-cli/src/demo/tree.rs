//! What lies where, with what repeats left out.

use std::fs;
use std::path::{Path, PathBuf};

use events_stores::{CONTROL, LOCK};

use super::shortened;
use crate::error::{Error, Result};
use crate::units::{Bytes, Count};

/// How many entries of a folder are shown before the rest becomes a count, by how many forks lie above it: every zone and
/// what is in it, then one of what repeats.
const ENTRIES_SHOWN: [usize; 3] = [usize::MAX, usize::MAX, 1];
/// Names of files end in digests, which say nothing to people.
const NAME_CHARACTERS_MAX: usize = 72;

/// The folder and what lies below it; a folder that holds only one thing shares its line with it.
pub(crate) fn of(folder: &Path) -> Result<String> {
    let mut text = format!("{}\n", folder.display());
    branch(folder, "", 0, &mut text)?;
    Ok(text)
}

fn branch(folder: &Path, indent: &str, forks: usize, text: &mut String) -> Result<()> {
    let entries = entries(folder)?;
    let shown_max = ENTRIES_SHOWN[forks.min(ENTRIES_SHOWN.len() - 1)];
    let (shown, hidden) = entries.split_at(entries.len().min(shown_max));
    for (number, entry) in shown.iter().enumerate() {
        let is_last = hidden.is_empty() && number + 1 == shown.len();
        let (fork, below) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let end = only_child(entry)?;
        let name = end.strip_prefix(folder).unwrap_or(&end).display().to_string();
        let size = if end.is_file() { size(&end)? } else { String::new() };
        text.extend([indent, fork, &shortened(&name, NAME_CHARACTERS_MAX), &size, "\n"]);
        if end.is_dir() {
            branch(&end, &format!("{indent}{below}"), forks + 1, text)?;
        }
    }
    if !hidden.is_empty() {
        text.extend([indent, "└── and ", &Count(hidden.len() as u64).to_string(), " more\n"]);
    }
    Ok(())
}

/// The end of the path on which nothing forks.
fn only_child(path: &Path) -> Result<PathBuf> {
    let mut end = path.to_owned();
    while end.is_dir() {
        match entries(&end)?.as_slice() {
            [only] => end.clone_from(only),
            _ => break,
        }
    }
    Ok(end)
}

/// What lies in a folder in the order of the names, without hidden files and marks, whose names say all that is in them.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Io { operation: "reading", path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let shown = entries.iter().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut paths: Vec<_> = shown.map(fs::DirEntry::path).filter(|path| !is_mark(path)).collect();
    paths.sort();
    Ok(paths)
}

/// Whether a file is the lock of the table, or says of a commit that it is carried out.
fn is_mark(path: &Path) -> bool {
    let control = Path::new(CONTROL);
    let is_done = || path.extension().is_some_and(|extension| extension == "done");
    path.ends_with(control.join(LOCK))
        || (is_done() && path.parent().is_some_and(|folder| folder.ends_with(control.join("log"))))
}

fn size(file: &Path) -> Result<String> {
    let metadata =
        file.metadata().map_err(|source| Error::Io { operation: "reading", path: file.to_owned(), source })?;
    Ok(format!("  {}", Bytes(metadata.len())))
}
