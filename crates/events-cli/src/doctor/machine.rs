//! What this machine has for a run: threads, memory, scratch.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use super::check::Check;
use super::disk;
use crate::error::Error;
use crate::settings::DoctorSettings;
use crate::units::Bytes;

/// Where the kernel keeps the limits of groups of processes.
const GROUPS: &str = "/sys/fs/cgroup";

/// The threads of a run against those that this process may use at once, by its group's share and by where it may run.
pub(super) fn threads(settings: &DoctorSettings) -> Check {
    const NAME: &str = "threads";
    let threads = settings.config.threads;
    match available_parallelism() {
        Ok(available) if threads > available.get() => Check::warning(
            NAME,
            format!("{threads}, and {available} can run at once"),
            format!("--threads {available} does as much, with less memory"),
        ),
        Ok(available) => Check::ok(NAME, format!("{threads} of {available} that can run at once")),
        Err(error) => Check::skipped(NAME, format!("the system does not say how many can run at once: {error}")),
    }
}

/// The memory for rows against that of this machine and of the group that this process is in.
pub(super) fn memory(settings: &DoctorSettings) -> Check {
    const NAME: &str = "memory";
    let memory = settings.config.memory_bytes as u64;
    let Some(limit) = memory_limit() else {
        return Check::skipped(NAME, "how much there is is only known on Linux");
    };
    let seen = format!("{} for rows, of {} that this process may take", Bytes(memory), Bytes(limit));
    // What comes on top of rows, such as files in the making and large inputs that are compressed, is of their size.
    if memory > limit {
        Check::wrong(NAME, seen, format!("--memory {} leaves room for what comes on top of rows", half(limit)))
    } else if memory > limit / 2 {
        Check::warning(NAME, seen, format!("--memory {} leaves room for what comes on top of rows", half(limit)))
    } else {
        Check::ok(NAME, seen)
    }
}

/// Half of it, as an option takes it.
fn half(bytes: u64) -> String {
    format!("{}MiB", (bytes / 2) >> 20)
}

/// The least of what the machine has and its groups may take; `None` where neither is known.
fn memory_limit() -> Option<u64> {
    let text = |path: PathBuf| fs::read_to_string(path).ok();
    let machine = text("/proc/meminfo".into()).as_deref().and_then(total_memory);
    let group = text("/proc/self/cgroup".into()).unwrap_or_default();
    let files = group_files(&group);
    let groups = files.into_iter().filter_map(|file| text(file)?.trim().parse().ok());
    groups.chain(machine).min()
}

/// What the kernel says of the machine's memory.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Where the limits of memory of the groups are that `/proc/self/cgroup` names, and of those around them. In a container the
/// group may be named as it is outside, where the container sees only its own.
fn group_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (root, file) = match controllers {
            "" => (PathBuf::from(GROUPS), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (Path::new(GROUPS).join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(group.trim_start_matches('/'));
        files.extend(group.ancestors().map(|ancestor| root.join(ancestor).join(file)));
    }
    files
}

/// The folder for scratch files, and the room there.
pub(super) fn scratch(settings: &DoctorSettings) -> Check {
    const NAME: &str = "scratch";
    let folder = settings.scratch.clone().unwrap_or_else(std::env::temp_dir);
    if !folder.is_dir() {
        let what = if folder.exists() { "is no folder" } else { "does not exist" };
        let seen = format!("folder `{}` {what}", folder.display());
        return Check::wrong(NAME, seen, "make it, or name another with --scratch");
    }
    if !settings.read_only
        && let Err(source) = write_in(&folder)
    {
        let error = Error::Io { operation: "writing in scratch folder", path: folder, source };
        return Check::failed(NAME, &error, "--scratch names another folder");
    }
    let written = if settings.read_only { "is there" } else { "can be written to" };
    let seen = format!("`{}` {written}", folder.display());
    let (kind, room) = (disk::kind(&folder), disk::room(&folder));
    let memory = settings.config.memory_bytes as u64;
    match (kind, room) {
        (Some(kind), _) if disk::is_memory(&kind) => Check::warning(
            NAME,
            format!("{seen}, and is memory ({kind})"),
            "what rows have no room for goes there: name a folder on a disk with --scratch when inputs are large",
        ),
        (_, Some(room)) if room < memory => Check::warning(
            NAME,
            format!("{seen}; {} are free, less than the memory for rows", Bytes(room)),
            "what rows have no room for goes there, all of the inputs' text at most: make room, or name another with --scratch",
        ),
        (_, Some(room)) => Check::ok(NAME, format!("{seen}; {} are free", Bytes(room))),
        (_, None) => Check::ok(NAME, seen),
    }
}

/// Writes a file that is gone at once.
fn write_in(folder: &Path) -> std::io::Result<()> {
    use std::io::Write;

    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(b"probe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says_of_memory() {
        assert_eq!(total_memory("MemTotal:        1024 kB\nMemFree: 1 kB\n"), Some(1 << 20));
        assert_eq!(total_memory(""), None);
    }

    #[test]
    fn looks_for_limits_of_all_groups_around() {
        let files = |groups| -> Vec<String> {
            group_files(groups).into_iter().map(|file| file.to_str().unwrap().to_owned()).collect()
        };
        let of_two = ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"];
        assert_eq!(files("0::/a/b\n"), of_two);
        assert_eq!(files("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        let of_one = ["/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        assert_eq!(files("5:cpu,cpuacct:/x\n4:memory:/x\n"), of_one);
    }
}
