//! What this process has used. Only Linux tells without a system call of its own; elsewhere nothing is known.

use std::fs;

/// The unit of times in `/proc`: a hundredth of a second on every architecture that Rust knows, whatever the kernel
/// itself counts in.
const TICK_MS: u64 = 10;

/// User and system time of all threads so far, also of those that have ended.
pub(crate) fn cpu_ms() -> Option<u64> {
    parse_cpu_ms(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The most memory that was resident at a time.
pub(crate) fn rss_peak_bytes() -> Option<u64> {
    parse_rss_peak_bytes(&fs::read_to_string("/proc/self/status").ok()?)
}

fn parse_cpu_ms(stat: &str) -> Option<u64> {
    // The second field is the name of the program in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    // `utime` and `stime` are the 14th and 15th.
    let times = fields.split_ascii_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().ok());
    Some(times.sum::<Option<u64>>()? * TICK_MS)
}

fn parse_rss_peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_user_and_system_time() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 123 45 0 0 20 0 1 0 5 6 7";
        assert_eq!(parse_cpu_ms(stat), Some(1680));
        assert_eq!(parse_cpu_ms("7 (a"), None);
    }

    #[test]
    fn reads_the_peak_and_not_what_is_resident_now() {
        let status = "Name:\tbench\nVmPeak:\t  9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(parse_rss_peak_bytes(status), Some(2 << 20));
        assert_eq!(parse_rss_peak_bytes("Name:\tbench\n"), None);
    }
}
