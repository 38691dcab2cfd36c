//! The numbers of a page.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use events_core::run::{Counts, Job, Part, PastRun, Phase, Report};
use events_core::table::PartitionKey;

use crate::units::counted;

/// Columns that a chart has room for.
const COLUMNS_MAX: usize = 62;

/// Kinds that a chart tells apart; the smallest ones are shown together.
pub(super) const KINDS_MAX: usize = 7;

/// All that a page shows of runs.
///
/// A record counts once, in the run that took it first: what tries it again adds only what came of that.
#[derive(Debug)]
pub(super) struct Figures {
    /// The sum over the runs that took inputs.
    pub(super) totals: Counts,
    /// The sum over retries, whose records are rejects of those runs or of earlier ones.
    pub(super) retried: Counts,
    /// The sum over runs that have read processed inputs once more: its rows are new, and the rest is told by the runs
    /// before.
    pub(super) reread: Counts,
    /// Rows by kind, the most first; those beyond [`KINDS_MAX`] are one, with the number of them.
    pub(super) kinds: Vec<KindRows>,
    /// Rows by time.
    pub(super) columns: Vec<Column>,
    /// What the columns are.
    pub(super) step: Step,
    /// Folders that got files, those of the most bytes first.
    pub(super) partitions: Vec<PartitionFigures>,
    /// Files and bytes that were written.
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Rows of the table that gave way.
    pub(super) superseded: u64,
    pub(super) phases: Vec<PhaseFigures>,
    /// Runs without a report, of which less is known.
    pub(super) unreported: usize,
}

/// The rows of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KindRows {
    pub(super) name: String,
    pub(super) rows: u64,
}

/// The rows of some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) label: String,
    /// By the place of the kind in [`Figures::kinds`].
    pub(super) rows: Vec<u64>,
}

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Day,
    Month,
    Year,
}

/// What was written to a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartitionFigures {
    pub(super) path: String,
    pub(super) rows: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// How long a phase took in all runs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PhaseFigures {
    pub(super) phase: Phase,
    pub(super) elapsed_ms: u64,
    pub(super) threads_ms: BTreeMap<Part, u64>,
}

impl Figures {
    pub(super) fn of(runs: &[PastRun]) -> Self {
        let (mut totals, mut retried, mut reread) = (Counts::default(), Counts::default(), Counts::default());
        for run in runs {
            let sum = match run.job {
                Job::Run | Job::Parse | Job::Distribute => &mut totals,
                Job::Retry => &mut retried,
                Job::Reprocess => &mut reread,
                // They take no records.
                Job::Compact | Job::Rebuild => continue,
            };
            *sum += &run.totals;
        }
        let reports: Vec<_> = runs.iter().filter_map(|run| run.report.as_ref()).collect();
        let partitions = partitions(&reports);
        let keyed = partitions.iter().filter_map(|one| Some((PartitionKey::of_folder(&one.path)?, one.rows)));
        let keyed: Vec<_> = keyed.filter(|(_, rows)| *rows > 0).collect();
        let kinds = kinds(&keyed);
        let (step, columns) = columns(&keyed, &kinds);
        Self {
            kinds,
            columns,
            step,
            files: runs.iter().map(|run| run.files).sum(),
            bytes: runs.iter().map(|run| run.bytes).sum(),
            superseded: reports.iter().map(|report| report.superseded).sum(),
            phases: phases(&reports),
            unreported: runs.len() - reports.len(),
            totals,
            retried,
            reread,
            partitions,
        }
    }

    /// Rows that came of records which an earlier run had taken.
    pub(super) fn rows_again(&self) -> u64 {
        self.retried.rows + self.reread.rows
    }

    /// What was mended and dropped at any time. Neither counts twice, because a record that is a reject of one run is neither
    /// mended nor dropped there.
    pub(super) fn outcomes(&self) -> Counts {
        let mut sum = self.totals.clone();
        sum += &self.retried;
        sum
    }
}

fn partitions(reports: &[&Report]) -> Vec<PartitionFigures> {
    let mut by_path: BTreeMap<&str, PartitionFigures> = BTreeMap::new();
    // A rebuild tells of all that is there, and brings none of it.
    let reports = reports.iter().filter(|report| report.job != Job::Rebuild);
    for one in reports.flat_map(|report| &report.partitions) {
        let new = || PartitionFigures { path: one.path.clone(), rows: 0, files: 0, bytes: 0 };
        let sum = by_path.entry(&one.path).or_insert_with(new);
        sum.rows += one.rows;
        sum.files += one.files;
        sum.bytes += one.bytes;
    }
    let mut partitions: Vec<_> = by_path.into_values().collect();
    partitions.sort_by(|one, two| two.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&two.path)));
    partitions
}

fn kinds(keyed: &[(PartitionKey, u64)]) -> Vec<KindRows> {
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    for (key, rows) in keyed {
        *by_name.entry(&key.domain_event_type).or_default() += rows;
    }
    let named = by_name.into_iter().map(|(name, rows)| KindRows { name: name.to_owned(), rows });
    let mut kinds: Vec<_> = named.collect();
    kinds.sort_by(|one, two| two.rows.cmp(&one.rows).then_with(|| one.name.cmp(&two.name)));
    if kinds.len() > KINDS_MAX + 1 {
        let others = kinds.split_off(KINDS_MAX);
        let rows = others.iter().map(|kind| kind.rows).sum();
        kinds.push(KindRows { name: counted(others.len() as u64, "other kind"), rows });
    }
    kinds
}

/// The columns from the first day to the last, without a gap, as long as one is not too long.
fn columns(keyed: &[(PartitionKey, u64)], kinds: &[KindRows]) -> (Step, Vec<Column>) {
    let date = |day: i32| NaiveDate::from_epoch_days(day).unwrap_or_default();
    let days = || keyed.iter().map(|(key, _)| key.day);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return (Step::Day, Vec::new()) };
    let number = |step: Step, date: NaiveDate| match step {
        Step::Day => i64::from(date.to_epoch_days()),
        Step::Month => i64::from(date.year()) * 12 + i64::from(date.month0()),
        Step::Year => i64::from(date.year()),
    };
    let span = |step: Step| number(step, date(last)) - number(step, date(first)) + 1;
    let fits = |step: &Step| span(*step) <= COLUMNS_MAX as i64;
    let step = [Step::Day, Step::Month].into_iter().find(fits).unwrap_or(Step::Year);
    let mut rows: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    let from = number(step, date(first));
    // Years that events are wrongly said to be of may be thousands.
    if fits(&step) {
        rows.extend((from..from + span(step)).map(|number| (number, vec![0; kinds.len()])));
    }
    for (key, count) in keyed {
        let column = rows.entry(number(step, date(key.day))).or_insert_with(|| vec![0; kinds.len()]);
        let place = kinds.iter().position(|kind| kind.name == key.domain_event_type).unwrap_or(kinds.len() - 1);
        column[place] += count;
    }
    let label = |number: i64| match step {
        Step::Day => date(number as i32).to_string(),
        Step::Month => format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
        Step::Year => format!("{number:04}"),
    };
    (step, rows.into_iter().map(|(number, rows)| Column { label: label(number), rows }).collect())
}

fn phases(reports: &[&Report]) -> Vec<PhaseFigures> {
    let mut by_phase: BTreeMap<Phase, PhaseFigures> = BTreeMap::new();
    for one in reports.iter().flat_map(|report| &report.elapsed) {
        let new = || PhaseFigures { phase: one.phase, elapsed_ms: 0, threads_ms: BTreeMap::new() };
        let sum = by_phase.entry(one.phase).or_insert_with(new);
        sum.elapsed_ms += one.elapsed_ms;
        for (part, millis) in &one.threads_ms {
            *sum.threads_ms.entry(*part).or_default() += millis;
        }
    }
    by_phase.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(all: &[(&str, &str, u64)]) -> Vec<(PartitionKey, u64)> {
        let key = |(kind, day, rows): &(&str, &str, u64)| {
            let day = day.parse::<NaiveDate>().unwrap().to_epoch_days();
            (PartitionKey { domain_event_type: (*kind).to_owned(), day }, *rows)
        };
        all.iter().map(key).collect()
    }

    #[test]
    fn columns_have_no_gap_and_hold_every_row() {
        let keyed = keyed(&[("a-b", "2021-01-30", 3), ("c-d", "2021-02-02", 1), ("a-b", "2021-02-02", 2)]);
        let kinds = kinds(&keyed);
        assert_eq!(kinds[0], KindRows { name: "a-b".to_owned(), rows: 5 });
        let (step, columns) = columns(&keyed, &kinds);
        let shown: Vec<_> = columns.iter().map(|column| (column.label.as_str(), column.rows.clone())).collect();
        assert_eq!(step, Step::Day);
        assert_eq!(
            shown,
            [
                ("2021-01-30", vec![3, 0]),
                ("2021-01-31", vec![0, 0]),
                ("2021-02-01", vec![0, 0]),
                ("2021-02-02", vec![2, 1])
            ]
        );
    }

    #[test]
    fn long_times_are_shown_by_month_or_year() {
        let of = |first, last| {
            let keyed = keyed(&[("a-b", first, 1), ("a-b", last, 1)]);
            let (step, columns) = columns(&keyed, &kinds(&keyed));
            (step, columns.len(), columns[0].label.clone())
        };
        assert_eq!(of("2020-12-31", "2021-12-01"), (Step::Month, 13, "2020-12".to_owned()));
        assert_eq!(of("1999-05-05", "2021-12-01"), (Step::Year, 23, "1999".to_owned()));
        // A wrong year does not make a thousand empty ones.
        assert_eq!(of("0001-01-01", "9999-12-31"), (Step::Year, 2, "0001".to_owned()));
        assert_eq!(columns(&[], &[]), (Step::Day, Vec::new()));
    }

    #[test]
    fn many_kinds_are_shown_as_a_few_and_the_others() {
        let names: Vec<String> = (0..20).map(|number| format!("kind-{number:02}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), "2021-01-01", 5)).collect();
        let keyed = keyed(&all);
        let kinds = kinds(&keyed);
        assert_eq!(kinds.len(), KINDS_MAX + 1);
        assert_eq!(kinds[KINDS_MAX], KindRows { name: "13 other kinds".to_owned(), rows: 65 });
        let (_, columns) = columns(&keyed, &kinds);
        assert_eq!(columns[0].rows[KINDS_MAX], 65);
    }
}
