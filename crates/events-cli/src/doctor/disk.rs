//! What lies under a folder: the kind of its file system, which one it is, and the room there.

use std::path::Path;

/// The file system that a folder is on, as the mounts name its kind; `None` where that is not known.
pub(super) fn kind(folder: &Path) -> Option<String> {
    system::kind(folder)
}

/// The bytes that are free to this user; `None` where that is not known.
pub(super) fn room(folder: &Path) -> Option<u64> {
    system::room(folder)
}

/// What tells file systems apart; `None` where that is not known, or nothing is there.
pub(super) fn device(folder: &Path) -> Option<u64> {
    system::device(folder)
}

/// Whether it is gone with the power.
pub(super) fn is_memory(kind: &str) -> bool {
    matches!(kind, "tmpfs" | "ramfs" | "devtmpfs")
}

/// Whether it is on other machines, so that its locks are theirs to keep.
pub(super) fn is_network(kind: &str) -> bool {
    ["nfs", "cifs", "smb", "ceph", "glusterfs", "lustre", "9p", "fuse"].iter().any(|name| kind.starts_with(name))
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    pub(super) fn kind(folder: &Path) -> Option<String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        super::kind_by(&mounts, &folder.canonicalize().ok()?)
    }

    pub(super) fn room(folder: &Path) -> Option<u64> {
        let system = rustix::fs::statvfs(folder).ok()?;
        Some(system.f_bavail.saturating_mul(system.f_frsize))
    }

    pub(super) fn device(folder: &Path) -> Option<u64> {
        Some(folder.metadata().ok()?.dev())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    pub(super) fn kind(_: &Path) -> Option<String> {
        None
    }

    pub(super) fn room(_: &Path) -> Option<u64> {
        None
    }

    pub(super) fn device(_: &Path) -> Option<u64> {
        None
    }
}

/// The kind of file system of the innermost mount around a folder: of two at one place the later one hides the other.
///
/// Source: `proc_pid_mountinfo(5)`.
#[cfg(any(target_os = "linux", test))]
fn kind_by(mountinfo: &str, folder: &Path) -> Option<String> {
    let mut innermost: Option<(usize, &str)> = None;
    for line in mountinfo.lines() {
        let (before, behind) = line.split_once(" - ")?;
        let (point, kind) = (before.split(' ').nth(4)?, behind.split(' ').next()?);
        let point = point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
        let depth = Path::new(&point).components().count();
        if folder.starts_with(&point) && innermost.is_none_or(|(known, _)| depth >= known) {
            innermost = Some((depth, kind));
        }
    }
    innermost.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 0:20 / / rw,relatime shared:1 - overlay overlay rw
22 21 0:21 / /tmp rw - tmpfs tmpfs rw
23 21 0:22 / /mnt/a\\040b rw - nfs4 host:/x rw
24 21 0:23 / /data rw - tmpfs tmpfs rw
25 21 0:24 / /data rw - ext4 /dev/sda1 rw
";

    #[test]
    fn knows_the_innermost_mount() {
        let kind = |folder: &str| kind_by(MOUNTS, Path::new(folder)).unwrap();
        assert_eq!(kind("/home/x"), "overlay");
        assert_eq!((kind("/tmp"), kind("/tmp/x"), kind("/tmpx")), ("tmpfs".into(), "tmpfs".into(), "overlay".into()));
        assert_eq!((kind("/mnt/a b/c"), kind("/data")), ("nfs4".into(), "ext4".into()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn knows_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        assert!(kind(folder.path()).is_some() && room(folder.path()).is_some());
        assert_eq!(device(folder.path()), device(&folder.path().join(".")));
        assert_ne!(device(folder.path()), device(Path::new("/proc")));
        assert_eq!(kind(Path::new("/proc")).as_deref(), Some("proc"));
    }
}
