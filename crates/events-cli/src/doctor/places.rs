//! How zones lie to one another, and on which file systems.

use std::path::{Path, PathBuf, absolute};

use events_stores::{ZoneUrl, ZoneUrls};

use super::check::Check;
use super::disk;
use crate::irregular;
use crate::options::Durability;
use crate::places::{EVENTS, LANDING, PENDING, PROCESSED, STAGE, TRUSTED};
use crate::settings::DoctorSettings;
use crate::visible::Visible;

/// Whether a run can rename where it means to.
pub(super) fn renames(urls: &ZoneUrls) -> Check {
    const NAME: &str = "renames";
    if let Some(landing) = urls.landing.local_folder() {
        let (pending, processed) = (landing.join(PENDING), landing.join(PROCESSED));
        if differ(&pending, &processed) {
            let seen = format!("`{}` and `{}` are on two file systems", pending.display(), processed.display());
            return Check::wrong(
                NAME,
                seen,
                "a run moves inputs from one to the other by their names: put both on one",
            );
        }
    }
    match (urls.stage.local_folder(), urls.trusted.local_folder()) {
        (Some(stage), Some(trusted)) => {
            let mend = "put both below one --root, on one file system: then publishing gives files other names";
            if urls.stage.store != urls.trusted.store {
                Check::warning(
                    NAME,
                    "stage and trusted zone have no root in common, so publishing copies each file",
                    mend,
                )
            } else if differ(&stage, &trusted.join(EVENTS)) {
                let seen = "stage and trusted zone are on two file systems, so publishing copies each file";
                Check::warning(NAME, seen, mend)
            } else {
                Check::ok(NAME, "publishing gives files of the stage other names")
            }
        }
        _ => Check::ok(NAME, "publishing copies each file, as it must where a zone is in no folder"),
    }
}

/// What lies among pending inputs in a folder and is none. Nothing when all can be taken.
pub(super) fn pending(urls: &ZoneUrls) -> Option<Check> {
    const NAME: &str = "pending";
    let found = irregular::among_pending(&urls.landing);
    let first = found.first()?;
    let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
    let path = Visible(first.path.as_os_str().as_encoded_bytes());
    let seen = format!("`{path}`: {}{more}", first.what);
    Some(if first.blocks {
        Check::wrong(NAME, seen, irregular::BLOCKS)
    } else {
        Check::warning(NAME, seen, "no run takes it: move it elsewhere, or leave it there")
    })
}

/// Whether two folders, or what is there of the way to them, are on different file systems.
fn differ(one: &Path, other: &Path) -> bool {
    let device = |folder: &Path| absolute(folder).ok()?.ancestors().find_map(disk::device);
    device(one).zip(device(other)).is_some_and(|(one, other)| one != other)
}

/// The folders of zones, by their names.
fn folders(urls: &ZoneUrls) -> Vec<(&'static str, PathBuf)> {
    let zones = [(LANDING, &urls.landing), (STAGE, &urls.stage), (TRUSTED, &urls.trusted)];
    zones.into_iter().filter_map(|(name, url): (_, &ZoneUrl)| Some((name, url.local_folder()?))).collect()
}

/// What zones in folders lie on.
pub(super) fn file_systems(urls: &ZoneUrls) -> Check {
    const NAME: &str = "file-systems";
    let folders = folders(urls);
    if folders.is_empty() {
        return Check::skipped(NAME, "no zone is in a folder");
    }
    let kinds: Vec<(&str, String)> = folders
        .into_iter()
        .filter_map(|(name, folder)| Some((name, absolute(folder).ok()?.ancestors().find_map(disk::kind)?)))
        .collect();
    if kinds.is_empty() {
        return Check::skipped(NAME, "their kind is only known on Linux");
    }
    let seen = kinds.iter().map(|(name, kind)| format!("{name} on {kind}")).collect::<Vec<_>>().join(", ");
    if kinds.iter().any(|(_, kind)| disk::is_memory(kind)) {
        Check::warning(NAME, format!("{seen}: memory, gone with the power"), "put zones that are to last on a disk")
    } else if kinds.iter().any(|(_, kind)| disk::is_network(kind)) {
        let mend = "let one machine at a time run: its locks hold among machines as far as that file system's do";
        Check::warning(NAME, format!("{seen}: of other machines"), mend)
    } else {
        Check::ok(NAME, seen)
    }
}

/// What commits in folders wait for.
pub(super) fn durability(urls: &ZoneUrls, settings: &DoctorSettings) -> Check {
    const NAME: &str = "durability";
    match settings.durability {
        _ if folders(urls).is_empty() => Check::skipped(NAME, "a bucket keeps what it acknowledges"),
        Durability::None => {
            Check::ok(NAME, "none: a killed process costs nothing, a loss of power perhaps files of the last commits")
        }
        Durability::Commit if cfg!(target_os = "linux") => Check::ok(NAME, "commit: each commit waits for the disk"),
        Durability::Commit => {
            Check::wrong(NAME, "commit: only Linux can sync a whole file system", "--durability none")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Verdict;

    #[test]
    fn warns_where_publishing_copies() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let url = |text: &str| ZoneUrl::parse(text).unwrap();
        let below = ZoneUrls::below(&url(root));
        assert_eq!(renames(&below).verdict, Verdict::Ok);
        let apart = ZoneUrls { trusted: url(&format!("{root}/elsewhere")), ..below };
        assert_eq!(renames(&apart).verdict, Verdict::Warning);
        let bucket = ZoneUrls { trusted: url("s3://bucket/t"), ..apart };
        assert_eq!(renames(&bucket).verdict, Verdict::Ok);
        let buckets = ZoneUrls::below(&url("s3://bucket"));
        assert_eq!(file_systems(&buckets).verdict, Verdict::Skipped);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn knows_file_systems_of_folders_that_are_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!differ(folder.path(), &folder.path().join("a/b")));
        assert!(differ(folder.path(), Path::new("/proc/nothing/there")));
    }
}
