//! Numbers with their units, as people write and read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes, as people write it: `512MiB`, `1GB`, `64m`, `1048576`.
///
/// | unit | bytes |
/// |---|---|
/// | none, `B` | 1 |
/// | `kB`, `MB`, `GB`, `TB` | powers of 1000 |
/// | `KiB`, `MiB`, `GiB`, `TiB` | powers of 1024 |
/// | `k`, `m`, `g`, `t` | powers of 1024, as `docker` and the JVM read them |
///
/// Case does not matter, a fraction is allowed (`1.5GB`), and a space or `_` may stand between digits and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("`{text}` is not a size such as 512MiB, 1GB, 64m or 1048576");
        let digits_end = text.find(|character: char| !matches!(character, '0'..='9' | '.' | '_')).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits_end);
        let number = number.replace('_', "");
        let factor = factor(&unit.trim().to_ascii_lowercase()).ok_or_else(problem)?;
        // Whole numbers stay exact; a double would round them above 2^53.
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(factor).map(Self).ok_or_else(problem);
        }
        let bytes = number.parse::<f64>().map_err(|_| problem())? * factor as f64;
        if bytes < u64::MAX as f64 { Ok(Self(bytes as u64)) } else { Err(problem()) }
    }
}

fn factor(unit: &str) -> Option<u64> {
    Some(match unit {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return None,
    })
}

/// A number of seconds, with or without a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("`{text}` is not a number of seconds such as 30 or 0.5");
        let seconds = text.parse().map_err(|_| problem())?;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| problem())
    }
}

/// A number of bytes in powers of 1000 with three digits: `999 B`, `2.05 MB`, `41.3 GB`.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return formatter.pad(&format!("{} B", self.0));
        }
        let mut value = self.0 as f64 / 1000.0;
        let mut units = ["kB", "MB", "GB", "TB", "PB", "EB"].into_iter();
        let mut unit = units.next().unwrap_or_default();
        // 999.5 would be written as 1000.
        while value >= 999.5 {
            let Some(next) = units.next() else { break };
            value /= 1000.0;
            unit = next;
        }
        let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
        formatter.pad(&format!("{value:.decimals$} {unit}"))
    }
}

/// A count with its thousands set apart: `1,234,567`.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        formatter.pad(&text)
    }
}

/// A part of a whole, from 0 to 1, in percent: `100%`, `12.3%`, `<0.1%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share(pub(crate) f64);

impl Share {
    /// So many of a total; of nothing, nothing.
    pub(crate) fn of(count: u64, total: u64) -> Self {
        Self(if total == 0 { 0.0 } else { count as f64 / total as f64 })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        formatter.pad(&match percent {
            100.0.. => "100%".to_owned(),
            // What is not all must not be written as all, and what is there not as nothing.
            99.95.. => ">99.9%".to_owned(),
            0.05.. => format!("{percent:.1}%"),
            _ if percent > 0.0 => "<0.1%".to_owned(),
            _ => "0.0%".to_owned(),
        })
    }
}

/// A number of things: `1 event`, `1,200 events`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    format!("{} {}", Count(count), noun(count, thing))
}

/// The word for so many things, where the number stands elsewhere: `event`, `events`.
pub(crate) fn noun(count: u64, thing: &str) -> String {
    format!("{thing}{}", if count == 1 { "" } else { "s" })
}

/// A duration to three digits or so: `12 ms`, `3.42 s`, `2 min 05 s`, `1 h 20 min`.
pub(crate) struct Elapsed(pub(crate) Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        formatter.pad(&match seconds {
            0 => format!("{} ms", self.0.as_millis()),
            1..=9 => format!("{:.2} s", self.0.as_secs_f64()),
            10..=99 => format!("{:.1} s", self.0.as_secs_f64()),
            100..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        })
    }
}

/// How many a second; none when no time passed.
pub(crate) fn rate(amount: u64, elapsed: Duration) -> Option<u64> {
    let seconds = elapsed.as_secs_f64();
    (seconds > 0.0).then(|| (amount as f64 / seconds) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("1048576", 1 << 20),
            ("64m", 64 << 20),
            ("64M", 64 << 20),
            ("512MiB", 512 << 20),
            ("512 mib", 512 << 20),
            ("1GB", 1_000_000_000),
            ("1.5kb", 1500),
            ("10_000B", 10_000),
            ("0.5g", 512 << 20),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_size() {
        for text in ["", "MiB", "12x", "-1", "1..5MB", "1e3", "1 2", "99999999999TB", "18446744073709551616", "99.9e9"]
        {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn reads_seconds_with_a_fraction() {
        for (text, millis) in [("0", 0), ("30", 30_000), ("0.25", 250), ("1e2", 100_000)] {
            assert_eq!(text.parse(), Ok(Seconds(Duration::from_millis(millis))), "{text}");
        }
        for text in ["", "-1", "5s", "nan", "inf", "1e30"] {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
    }

    #[test]
    fn writes_bytes_with_three_digits() {
        let text = |bytes| Bytes(bytes).to_string();
        assert_eq!(text(999), "999 B");
        assert_eq!(text(1000), "1.00 kB");
        assert_eq!(text(9_994), "9.99 kB");
        assert_eq!(text(9_996), "10.0 kB");
        assert_eq!(text(999_499), "999 kB");
        assert_eq!(text(999_500), "1.00 MB");
        assert_eq!(text(u64::MAX), "18.4 EB");
    }

    #[test]
    fn writes_shares_that_are_neither_all_nor_nothing_as_such() {
        let texts = [0.0, 0.0001, 0.0005, 0.1234, 0.9994, 0.9996, 1.0].map(|share| Share(share).to_string());
        assert_eq!(texts, ["0.0%", "<0.1%", "0.1%", "12.3%", "99.9%", ">99.9%", "100%"]);
        assert_eq!(Share::of(0, 0), Share(0.0));
    }

    #[test]
    fn writes_counts_and_durations() {
        assert_eq!([0, 999, 1000, 1_234_567].map(|count| Count(count).to_string()), ["0", "999", "1,000", "1,234,567"]);
        let events = [0, 1, 1200].map(|count| counted(count, "event"));
        assert_eq!(events, ["0 events", "1 event", "1,200 events"]);
        let texts = [7, 3420, 12_340, 125_000, 4_800_000].map(|ms| Elapsed(Duration::from_millis(ms)).to_string());
        assert_eq!(texts, ["7 ms", "3.42 s", "12.3 s", "2 min 05 s", "1 h 20 min"]);
    }
}
