//! What a person should look at.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::overview::PartitionOverview;
use crate::run::report::iso_date;

/// What a person should look at: nothing here is an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// Partitions with at least 4 files of which each is under 16 MiB: `events compact` makes fewer of them.
    SmallFiles {
        /// How many partitions.
        partitions: u64,
        /// Those files of theirs.
        files: u64,
        /// What they take.
        bytes: u64,
        /// The folder of the partition with the most of them.
        worst: String,
        /// How many it has.
        worst_files: u64,
    },
    /// Of at least 10 partitions, one has more than half of all rows, or a hundred times as many as the one in the middle.
    Skew {
        /// The folder of the partition.
        partition: String,
        /// Its rows.
        rows: u64,
        /// They as a part of all rows, from 0 to 1.
        share: f64,
        /// They as so many times the rows of the partition in the middle.
        median_times: u64,
    },
    /// Days before the year 2000 or after tomorrow: clocks that are wrong, and zeros that are taken for times.
    ImprobableDays {
        /// How many.
        days: u64,
        /// Their rows or events.
        rows: u64,
        /// The first of them.
        #[serde(with = "iso_date")]
        first: NaiveDate,
        /// The last of them.
        #[serde(with = "iso_date")]
        last: NaiveDate,
    },
    /// At least 100 kinds of which most have one or two rows: another field may be taken for the kind.
    RareKinds {
        /// How many kinds there are.
        kinds: u64,
        /// How many of them have one or two rows.
        rare: u64,
    },
    /// Files without rows. The next new rows of its partition go to one.
    EmptyFiles {
        /// How many.
        files: u64,
        /// How many of them `events compact` removes where it is alone: one with no other small file in its partition stays.
        removable: u64,
    },
    /// Commits that are not carried out to their end: the next run does that first, or a run is at work.
    Unfinished {
        /// How many.
        commits: u64,
    },
}

/// Files from here on are no small ones: a quarter of what a run fills before it begins another.
const SMALL_FILE_BYTES: u64 = 16 << 20;
/// So many small files of a partition are too many.
const SMALL_FILES_MIN: u64 = 4;
/// With fewer partitions, one of them is large by nature.
const SKEWED_PARTITIONS_MIN: usize = 10;
/// A partition that is so many times the one in the middle is a large one.
const SKEW_TIMES: u64 = 100;
/// Events of this kind of system do not come from before.
const YEAR_MIN: i32 = 2000;
/// With fewer kinds, rare ones are rare.
const KINDS_MIN: u64 = 100;
/// A kind of no more rows is a rare one.
const RARE_ROWS_MAX: u64 = 2;

/// Days that events hardly have.
pub(super) fn improbable_days(days: &BTreeMap<NaiveDate, u64>, today: NaiveDate) -> Option<Warning> {
    let tomorrow = today.succ_opt().unwrap_or(today);
    let is_improbable = |day: &NaiveDate| day.year() < YEAR_MIN || *day > tomorrow;
    let mut improbable = days.iter().filter(|(day, _)| is_improbable(day)).peekable();
    let first = *improbable.peek()?.0;
    let (mut days, mut rows, mut last) = (0, 0, first);
    for (day, count) in improbable {
        (days, rows, last) = (days + 1, rows + count, *day);
    }
    Some(Warning::ImprobableDays { days, rows, first, last })
}

/// More kinds than a producer has; given the rows of each.
pub(super) fn many_kinds(rows: impl Iterator<Item = u64>) -> Option<Warning> {
    let (mut kinds, mut rare) = (0, 0);
    for rows in rows {
        (kinds, rare) = (kinds + 1, rare + u64::from(rows <= RARE_ROWS_MAX));
    }
    (kinds >= KINDS_MIN && rare > kinds / 2).then_some(Warning::RareKinds { kinds, rare })
}

/// More files than partitions need.
pub(super) fn small_files(partitions: &[PartitionOverview]) -> Option<Warning> {
    let mut found: Option<(u64, u64, u64, &str, u64)> = None;
    for partition in partitions {
        let small = || partition.files.iter().filter(|file| file.rows > 0 && file.bytes < SMALL_FILE_BYTES);
        let (count, bytes) = (small().count() as u64, small().map(|file| file.bytes).sum::<u64>());
        if count < SMALL_FILES_MIN {
            continue;
        }
        let (partitions, files, all_bytes, worst, worst_files) = found.unwrap_or((0, 0, 0, "", 0));
        let (worst, worst_files) =
            if count > worst_files { (partition.path.as_str(), count) } else { (worst, worst_files) };
        found = Some((partitions + 1, files + count, all_bytes + bytes, worst, worst_files));
    }
    let (partitions, files, bytes, worst, worst_files) = found?;
    Some(Warning::SmallFiles { partitions, files, bytes, worst: worst.to_owned(), worst_files })
}

/// A partition far larger than the others.
pub(super) fn skew(partitions: &[PartitionOverview]) -> Option<Warning> {
    let mut rows: Vec<_> = partitions.iter().map(|partition| partition.rows).filter(|rows| *rows > 0).collect();
    if rows.len() < SKEWED_PARTITIONS_MIN {
        return None;
    }
    rows.sort_unstable();
    let (total, median) = (rows.iter().sum::<u64>(), rows[rows.len() / 2]);
    let largest = partitions.iter().max_by_key(|partition| partition.rows)?;
    let median_times = largest.rows / median.max(1);
    (largest.rows > total / 2 || median_times >= SKEW_TIMES).then(|| Warning::Skew {
        partition: largest.path.clone(),
        rows: largest.rows,
        share: largest.rows as f64 / total.max(1) as f64,
        median_times,
    })
}

/// Files without rows, of which so many can be removed.
pub(super) fn empty_files(partitions: &[PartitionOverview], removable: u64) -> Option<Warning> {
    let files = partitions.iter().flat_map(|partition| &partition.files).filter(|file| file.rows == 0).count() as u64;
    (files > 0).then_some(Warning::EmptyFiles { files, removable })
}

#[cfg(test)]
mod tests {
    use super::super::overview::FileOverview;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn partition(path: &str, files: &[(u64, u64)]) -> PartitionOverview {
        let files = files.iter().map(|&(rows, bytes)| FileOverview { name: String::new(), rows, bytes });
        PartitionOverview::of(path.to_owned(), None, files.collect())
    }

    #[test]
    fn days_before_2000_and_after_tomorrow_are_improbable() {
        let days = |texts: &[&str]| texts.iter().map(|text| (day(text), 3)).collect::<BTreeMap<_, _>>();
        let today = day("2026-11-27");
        assert_eq!(improbable_days(&days(&["2000-01-01", "2026-11-28"]), today), None);
        assert_eq!(
            improbable_days(&days(&["1970-01-01", "2021-01-01", "2026-11-29"]), today),
            Some(Warning::ImprobableDays { days: 2, rows: 6, first: day("1970-01-01"), last: day("2026-11-29") })
        );
    }

    #[test]
    fn a_hundred_kinds_of_a_row_or_two_are_too_many() {
        let kinds =
            |rare: usize, others: usize| many_kinds(std::iter::repeat_n(2, rare).chain(std::iter::repeat_n(3, others)));
        assert_eq!(kinds(99, 0), None);
        assert_eq!(kinds(50, 50), None);
        assert_eq!(kinds(51, 49), Some(Warning::RareKinds { kinds: 100, rare: 51 }));
    }

    #[test]
    fn four_small_files_are_too_many_and_empty_ones_do_not_count() {
        let small = [(1, 10); 3];
        assert_eq!(small_files(&[partition("a", &[&small[..], &[(0, 10), (1, 16 << 20)]].concat())]), None);
        let partitions = [partition("a", &[(1, 10); 4]), partition("b", &[(1, 10); 5]), partition("c", &small)];
        let worst = "b".to_owned();
        let expected = Warning::SmallFiles { partitions: 2, files: 9, bytes: 90, worst, worst_files: 5 };
        assert_eq!(small_files(&partitions), Some(expected));
        assert_eq!(empty_files(&partitions, 0), None);
        let expected = Warning::EmptyFiles { files: 1, removable: 1 };
        assert_eq!(empty_files(&[partition("a", &[(0, 10), (1, 10)])], 1), Some(expected));
    }

    #[test]
    fn one_partition_of_ten_with_most_rows_is_skew() {
        let partitions = |largest: u64, others: usize| {
            let mut partitions = vec![partition("large", &[(largest, 1)])];
            partitions.extend((0..others).map(|_| partition("small", &[(10, 1)])));
            partitions
        };
        assert_eq!(skew(&partitions(1000, 8)), None, "too few partitions");
        assert_eq!(skew(&partitions(90, 9)), None, "half is not more than half");
        let Some(Warning::Skew { partition, rows, share, median_times }) = skew(&partitions(910, 9)) else {
            panic!("no skew")
        };
        assert_eq!((partition.as_str(), rows, share, median_times), ("large", 910, 0.91, 91));
        assert!(skew(&partitions(1000, 500)).is_some(), "a hundred times the one in the middle");
        assert_eq!(skew(&partitions(900, 500)), None);
    }
}
