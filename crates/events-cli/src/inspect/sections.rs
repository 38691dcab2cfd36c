//! Parts of what people read that are the same for a table and for inputs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use events_core::json::FieldOutline;
use events_core::run::{Warning, Writers};

use super::bars::{Bars, cut};
use crate::units::{Bytes, Count, Share, counted};
use crate::visible::Visible;

/// How many kinds are shown.
const KINDS_SHOWN: usize = 20;
/// The kinds whose fields are shown.
const OUTLINES_SHOWN: usize = 12;
/// The fields of a kind that are shown.
const FIELDS_SHOWN: usize = 40;
/// The most lines of days, of months, or of years.
const DAYS_SHOWN: usize = 31;
const MONTHS_SHOWN: usize = 36;
const YEARS_SHOWN: usize = 40;
/// A longer path of a field is cut.
const PATH_MAX: usize = 40;

/// Counts of kinds, given with the largest first.
pub(super) fn kinds(bars: Bars, thing: &str, kinds: &[(&str, u64)], others: u64) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    let total = kinds.iter().map(|(_, count)| count).sum::<u64>() + others;
    let shown: Vec<_> = kinds.iter().take(KINDS_SHOWN).map(|(kind, count)| (visible(kind), *count)).collect();
    let left: u64 = kinds.iter().skip(KINDS_SHOWN).map(|(_, count)| count).sum::<u64>() + others;
    let more = kinds.len().saturating_sub(KINDS_SHOWN);
    let more = match (more, others) {
        (0, 0) => String::new(),
        // They were not told apart.
        (_, 1..) => format!("  and {} of more kinds than can be told apart\n", counted(left, thing)),
        (more, 0) => format!("  and {} more, {}\n", counted(more as u64, "kind"), counted(left, thing)),
    };
    format!("\n{thing}s by kind\n{}{more}", bars.lines(&shown, total))
}

/// Counts of days; of months or years when there are many.
pub(super) fn days(bars: Bars, thing: &str, days: &BTreeMap<NaiveDate, u64>, others: u64) -> String {
    if days.is_empty() {
        return String::new();
    }
    let by = |name: fn(&NaiveDate) -> String| {
        let mut counts: Vec<(String, u64)> = Vec::new();
        for (day, count) in days {
            let name = name(day);
            match counts.last_mut() {
                Some((last, sum)) if *last == name => *sum += count,
                _ => counts.push((name, *count)),
            }
        }
        counts
    };
    let of_days = || ("day", by(ToString::to_string), DAYS_SHOWN);
    let of_months = || ("month", by(|day| day.format("%Y-%m").to_string()), MONTHS_SHOWN);
    let of_years = || ("year", by(|day| day.year().to_string()), YEARS_SHOWN);
    let fits = |(_, counts, most): &(&str, Vec<(String, u64)>, usize)| counts.len() <= *most;
    let (period, mut counts, most) =
        Some(of_days()).filter(fits).or_else(|| Some(of_months()).filter(fits)).unwrap_or_else(of_years);
    let total = days.values().sum::<u64>() + others;
    let more = counts.len().saturating_sub(most);
    counts.truncate(most);
    let mut text = format!("\n{thing}s by {period}\n{}", bars.lines(&counts, total));
    if more > 0 {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  and {} more", counted(more as u64, "year"));
    }
    if others > 0 {
        let _ = writeln!(text, "  and {} of more days than can be told apart", counted(others, thing));
    }
    text
}

/// What is known of the `data` of a kind.
pub(super) struct KindFields<'a> {
    pub(super) kind: &'a str,
    pub(super) sampled: u64,
    /// All events or rows of the kind.
    pub(super) total: u64,
    pub(super) is_cut: bool,
    pub(super) fields: &'a [FieldOutline],
}

/// The fields of `data`, kind by kind.
pub(super) fn fields(thing: &str, kinds: &[KindFields<'_>]) -> String {
    let looked_at: Vec<_> = kinds.iter().filter(|kind| kind.sampled > 0).collect();
    if looked_at.is_empty() {
        return String::new();
    }
    let mut text = "\nfields of data\n".to_owned();
    for kind in looked_at.iter().take(OUTLINES_SHOWN) {
        let all = counted(kind.total, thing);
        let all = if kind.sampled == kind.total { all } else { format!("{} of {all}", Count(kind.sampled)) };
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {}, in {all}", visible(kind.kind));
        text.push_str(&lines(kind));
    }
    if let Some(more) = looked_at.len().checked_sub(OUTLINES_SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and those of {}, which --output json lists", counted(more as u64, "more kind"));
    }
    text
}

fn lines(kind: &KindFields<'_>) -> String {
    if kind.fields.is_empty() {
        return "    none\n".to_owned();
    }
    let rows: Vec<_> = kind.fields.iter().take(FIELDS_SHOWN).map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (paths, types) = (width(0), width(1));
    let mut text = String::new();
    for [path, of, share, example] in &rows {
        let line = format!("    {path:paths$}  {of:types$}  {share:>6}  {example}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    match kind.fields.len().saturating_sub(FIELDS_SHOWN) {
        0 if kind.is_cut => text.push_str("    and more than are kept: are keys values here?\n"),
        0 => {}
        more => {
            let _ =
                writeln!(text, "    and {more} more{}", if kind.is_cut { " and those that are not kept" } else { "" });
        }
    }
    text
}

fn row(field: &FieldOutline) -> [String; 4] {
    let mut types: Vec<_> = field.types.iter().collect();
    types.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let types: Vec<_> = types.into_iter().map(|(of, _)| of.to_string()).collect();
    let example = field.example.as_deref().map(visible).unwrap_or_default();
    [cut(&visible(&field.path), PATH_MAX), types.join("|"), Share(field.share).to_string(), example]
}

/// What a person should look at.
pub(super) fn warnings(thing: &str, warnings: &[Warning], writers: Writers) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: Vec<_> = warnings.iter().map(|warning| sentence(thing, warning, writers)).collect();
    format!("\nworth a look\n  {}\n", lines.join("\n  "))
}

fn sentence(thing: &str, warning: &Warning, writers: Writers) -> String {
    match warning {
        Warning::SmallFiles { partitions, files, bytes, worst, worst_files } => format!(
            "small files: {} of {} together in {}, most ({}) in `{}`; `events compact` makes fewer of them",
            Count(*files),
            Bytes(*bytes),
            counted(*partitions, "partition"),
            Count(*worst_files),
            visible(worst)
        ),
        Warning::Skew { partition, rows, share, median_times } => format!(
            "skew: `{}` has {}, {} of all and {} times as many as the partition in the middle",
            visible(partition),
            counted(*rows, "row"),
            Share(*share),
            Count(*median_times)
        ),
        Warning::ImprobableDays { days, rows, first, last } => format!(
            "improbable days: {} on {} before 2000 or after tomorrow, from {first} to {last}",
            counted(*rows, thing),
            counted(*days, "day")
        ),
        Warning::RareKinds { kinds, rare } => format!(
            "rare kinds: {} of {} kinds have one or two {thing}s; is another field taken for the kind?",
            Count(*rare),
            Count(*kinds)
        ),
        Warning::EmptyFiles { files, removable } => {
            let removed = match writers {
                _ if *removable == 0 => String::new(),
                Writers::Single => format!("`events compact` removes {} of them, and ", Count(*removable)),
                Writers::Many => format!(
                    "`events compact --unsafe-single-writer`, when nothing else is at work on the table, removes {} of \
                     them, and ",
                    Count(*removable)
                ),
            };
            format!("empty files: {}; {removed}new rows of their partitions go to them", Count(*files))
        }
        Warning::Unfinished { commits } => {
            format!("unfinished: {}; the next run carries out what is left of it first", counted(*commits, "commit"))
        }
        other => format!("{other:?}"),
    }
}

/// A text from data, as a terminal may show it.
pub(super) fn visible(text: &str) -> String {
    Visible(text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_days(count: usize, step: usize) -> String {
        let first: NaiveDate = "2021-01-30".parse().unwrap();
        let counts = first.iter_days().step_by(step).take(count).map(|day| (day, 2)).collect();
        days(Bars::of_stdout(), "row", &counts, 0)
    }

    #[test]
    fn shows_days_or_months_or_years() {
        assert_eq!(of_days(0, 1), "");
        let text = of_days(31, 1);
        assert!(text.starts_with("\nrows by day\n  2021-01-30") && text.lines().count() == 33, "{text}");
        let text = of_days(32, 1);
        assert!(text.starts_with("\nrows by month\n  2021-01  ") && text.lines().count() == 5, "{text}");
        let text = of_days(1200, 1);
        assert!(text.starts_with("\nrows by year\n  2021") && text.lines().count() == 6, "{text}");
        let text = of_days(60, 366);
        assert!(text.ends_with("  and 20 years more\n"), "{text}");
    }

    #[test]
    fn says_how_many_kinds_are_not_shown() {
        let many: Vec<_> = (0..25).map(|_| ("kind", 2)).collect();
        let text = kinds(Bars::of_stdout(), "event", &many, 0);
        assert!(text.ends_with("  and 5 kinds more, 10 events\n"), "{text}");
        let text = kinds(Bars::of_stdout(), "event", &many, 7);
        assert!(text.ends_with("  and 17 events of more kinds than can be told apart\n"), "{text}");
    }

    #[test]
    fn names_a_command_only_where_it_helps() {
        let told = |removable, writers| {
            let warning = Warning::EmptyFiles { files: 3, removable };
            warnings("row", &[warning], writers)
        };
        let fills = "new rows of their partitions go to them\n";
        for writers in [Writers::Single, Writers::Many] {
            assert_eq!(told(0, writers), format!("\nworth a look\n  empty files: 3; {fills}"));
        }
        let text = told(2, Writers::Single);
        assert!(text.contains("3; `events compact` removes 2 of them, and ") && text.ends_with(fills), "{text}");
        assert!(told(2, Writers::Many).contains("`events compact --unsafe-single-writer`, when nothing else"));
    }

    #[test]
    fn shows_nothing_that_a_terminal_would_obey() {
        let text = kinds(Bars::of_stdout(), "event", &[("a\x1b[31m", 1)], 0);
        assert!(!text.contains('\x1b'), "{text}");
    }
}
