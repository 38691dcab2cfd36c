//! What makes writes to local zones survive a loss of power.

use events_core::run::Barrier;
use events_stores::{Access, ZoneUrl, ZoneUrls};

use crate::error::Result;
use crate::options::Durability;

/// How a run writes to local zones.
pub(crate) fn access(durability: Durability) -> Access {
    match durability {
        Durability::None => Access::Write,
        Durability::Commit => Access::WriteDurably,
    }
}

/// What a run waits for where the order of its writes matters. `None`: nothing, because nobody asked for it, or because no
/// zone is on a disk of this machine. A bucket keeps what it has acknowledged anyway.
///
/// The folders of the zones exist, or can be made.
///
/// # Errors
/// When a folder cannot be opened, and where the system has no call for it.
pub(crate) fn barrier(durability: Durability, zones: &ZoneUrls) -> Result<Option<Barrier>> {
    let folders = [&zones.landing, &zones.stage, &zones.trusted].map(ZoneUrl::local_folder);
    let folders: Vec<_> = folders.into_iter().flatten().collect();
    match durability {
        Durability::None => Ok(None),
        Durability::Commit if folders.is_empty() => Ok(None),
        Durability::Commit => system::barrier(&folders).map(Some),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    use events_core::run::Barrier;

    use crate::error::{Error, Result};

    /// One `syncfs` for each file system that the zones are on: the system then writes many files in the order that suits
    /// the disk, and waits for it once.
    pub(super) fn barrier(folders: &[PathBuf]) -> Result<Barrier> {
        let systems = file_systems(folders)?;
        Ok(Barrier::new(move || systems.iter().try_for_each(|folder| Ok(rustix::fs::syncfs(folder)?))))
    }

    /// A folder on each file system.
    pub(super) fn file_systems(folders: &[PathBuf]) -> Result<Vec<File>> {
        let mut systems: Vec<(u64, File)> = Vec::new();
        for path in folders {
            let failed = |source| Error::Io { operation: "opening folder", path: path.clone(), source };
            fs::create_dir_all(path).map_err(failed)?;
            let folder = File::open(path).map_err(failed)?;
            let device = folder.metadata().map_err(failed)?.dev();
            if systems.iter().all(|(known, _)| *known != device) {
                systems.push((device, folder));
            }
        }
        Ok(systems.into_iter().map(|(_, folder)| folder).collect())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::PathBuf;

    use events_core::run::Barrier;

    use crate::error::{Error, Result};

    pub(super) fn barrier(_: &[PathBuf]) -> Result<Barrier> {
        let problem = "--durability commit needs Linux, which can sync a whole file system: use none";
        Err(Error::Missing { problem: problem.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(landing: &str, trusted: &str) -> ZoneUrls {
        let url = |text| ZoneUrl::parse(text).unwrap();
        ZoneUrls { landing: url(landing), stage: url("s3://bucket/stage"), trusted: url(trusted) }
    }

    #[test]
    fn is_for_zones_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let landing = folder.path().to_str().unwrap();
        let is_some = |durability, landing| barrier(durability, &urls(landing, "memory:///t")).unwrap().is_some();
        assert!(!is_some(Durability::None, landing));
        assert!(!is_some(Durability::Commit, "s3://bucket/landing"));
        assert_eq!(is_some(Durability::Commit, landing), cfg!(target_os = "linux"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn syncs_each_file_system_once_and_makes_folders_that_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["a", "b/c"].map(|name| folder.path().join(name));
        assert_eq!(system::file_systems(&folders).unwrap().len(), 1);
        let folders = [folder.path().to_owned(), "/proc".into()];
        assert_eq!(system::file_systems(&folders).unwrap().len(), 2);
    }
}
