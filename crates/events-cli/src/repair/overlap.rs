//! Files that are read and written at once: what was not read yet would be gone, or what was written be read again.

use std::fs::Metadata;
use std::path::Path;

use crate::error::{Error, Result};
use crate::settings::{RepairSettings, Source};

/// Refuses to write to an input, or twice to a file.
pub(super) fn refuse(settings: &RepairSettings) -> Result<()> {
    let outputs = [("--report", &settings.report), ("--rejects", &settings.rejects)];
    let outputs = outputs.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
    let inputs = settings.sources.iter().filter_map(|source| match source {
        Source::File(path) => Some(path.as_path()),
        Source::Stdin => None,
    });
    for (option, output) in outputs {
        if inputs.clone().any(|input| is_same(input, output)) {
            return Err(refused(option, output, "is an input too"));
        }
        if is_stdout(output) {
            return Err(refused(option, output, "is standard output too"));
        }
    }
    if let (Some(report), Some(rejects)) = (&settings.report, &settings.rejects)
        && (report == rejects || is_same(report, rejects) || will_be_same(report, rejects))
    {
        return Err(refused("--report", report, "is the file of --rejects too"));
    }
    match inputs.into_iter().find(|input| is_stdout(input)) {
        Some(input) => Err(refused("standard output", input, "is an input too")),
        None => Ok(()),
    }
}

fn refused(place: &str, path: &Path, problem: &str) -> Error {
    Error::Setting { place: format!("{place} `{}`", path.display()), problem: problem.to_owned() }
}

/// Whether two names are of one file. What does not exist is no file, and devices and pipes can be read and written.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one_metadata), Ok(other_metadata)) if one_metadata.is_file() => {
            identity(&one_metadata, one) == identity(&other_metadata, other)
        }
        _ => false,
    }
}

/// Whether two names of files that are not there yet will be of one.
fn will_be_same(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => Path::new(".").canonicalize(),
    };
    one.file_name() == other.file_name() && matches!((folder(one), folder(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(unix)]
fn identity(metadata: &Metadata, _: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata, path: &Path) -> Option<std::path::PathBuf> {
    path.canonicalize().ok()
}

/// Whether standard output was redirected to the file.
#[cfg(unix)]
fn is_stdout(path: &Path) -> bool {
    use std::os::fd::AsFd;

    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    match (stdout.and_then(|file| file.metadata()), path.metadata()) {
        (Ok(stdout), Ok(metadata)) => metadata.is_file() && identity(&stdout, path) == identity(&metadata, path),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_stdout(_: &Path) -> bool {
    false
}
