//! A report for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use events_core::json::{Level, RepairKind};
use events_core::run::{Counts, Job, Part, Phase, PhaseReport, Report, Zones};

use events_stores::Requests;

use crate::grid::Grid;
use crate::names;
use crate::places;
use crate::units::{Bytes, Count, Elapsed, counted, noun, rate};

/// How many reasons or kinds of repair stand in a line.
const REASONS_A_LINE: usize = 5;

/// How much is told of the time of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// By phase.
    Phases,
    /// By phase, and what its threads did.
    Profile,
}

/// What a run did, in a few lines.
pub(crate) fn render(report: &Report, zones: &Zones, requests: Requests, times: Times) -> String {
    let refused = refused(report, zones);
    let recovered = recovered(&report.recovered);
    if let Some(text) = maintenance(report, zones, times) {
        return format!("{recovered}{text}");
    }
    if report.inputs.is_empty() {
        let nothing = match report.job {
            Job::Retry => format!("nothing to retry in `{}`", places::quarantine(&zones.landing, None)),
            Job::Reprocess => format!("nothing of those days in `{}`", places::processed(&zones.landing, None)),
            _ => format!("nothing pending in `{}`", places::pending(&zones.landing)),
        };
        return format!("{recovered}{nothing}\n{refused}");
    }
    let mut grid = Grid::default();
    counts(&mut grid, report, zones);
    match report.job {
        Job::Parse => grid.line("stage", "", format!("in `{}`, for `events distribute`", zones.stage.url())),
        _ => table(&mut grid, report, zones),
    }
    if requests.total() > 0 {
        grid.line("requests", Count(requests.total()), requests.to_string());
    }
    if !report.elapsed.is_empty() {
        grid.gap();
        phases(&mut grid, report, times);
    }
    let gap = if refused.is_empty() { "" } else { "\n" };
    format!("{recovered}{}\n\n{}{gap}{refused}", title(report), grid.render())
}

/// What was done to a table without inputs; `None` for jobs that have some.
fn maintenance(report: &Report, zones: &Zones, times: Times) -> Option<String> {
    let mut grid = Grid::default();
    match report.job {
        Job::Compact if report.commit.is_none() => return Some(format!("{}\n", title(report))),
        Job::Compact => compacted(&mut grid, report, zones),
        Job::Rebuild => rebuilt(&mut grid, report, zones),
        _ => return None,
    }
    if !report.elapsed.is_empty() {
        grid.gap();
        phases(&mut grid, report, times);
    }
    Some(format!("{}\n\n{}", title(report), grid.render()))
}

fn compacted(grid: &mut Grid, report: &Report, zones: &Zones) {
    let (files, bytes) = (written(report, |partition| partition.files), written(report, |partition| partition.bytes));
    grid.line("partitions", Count(report.partitions.len() as u64), format!("in `{}`", places::table(&zones.trusted)));
    let others = counted(report.files_emptied, "other");
    grid.line("files", Count(files), format!("{}, with the rows of {others}", Bytes(bytes)));
}

fn rebuilt(grid: &mut Grid, report: &Report, zones: &Zones) {
    let sum = |of: fn(&events_core::run::PartitionReport) -> u64| written(report, of);
    let (files, bytes, rows) = (sum(|found| found.files), sum(|found| found.bytes), sum(|found| found.rows));
    grid.line("partitions", Count(report.partitions.len() as u64), format!("in `{}`", places::table(&zones.trusted)));
    grid.line("files", Count(files), format!("{}", Bytes(bytes)));
    grid.line("rows", Count(rows), "");
    grid.line("  events", Count(rows.saturating_sub(report.superseded + report.doubled)), "in the index");
    grid.line("  gave way", Count(report.superseded), "to versions of the same events in other files");
    if report.doubled > 0 {
        grid.line("  doubled", Count(report.doubled), "left beside versions of the same events in one file");
    }
}

/// What lies beside the inputs and stays, a line each; empty when there is nothing.
fn refused(report: &Report, zones: &Zones) -> String {
    let place = match report.job {
        Job::Retry => places::quarantine(&zones.landing, None),
        Job::Reprocess => places::processed(&zones.landing, None),
        _ => places::pending(&zones.landing),
    };
    places::refused(&place, &report.refused)
}

/// A line about commits that this run has carried out to their end, when there were any.
fn recovered(commits: &[u64]) -> String {
    let numbers: Vec<_> = commits.iter().map(u64::to_string).collect();
    match numbers.as_slice() {
        [] => String::new(),
        [commit] => format!("finished commit {commit}, which an earlier run had left\n"),
        [others @ .., last] => {
            format!("finished commits {} and {last}, which earlier runs had left\n", others.join(", "))
        }
    }
}

fn title(report: &Report) -> String {
    let job = names::job(report.job);
    let outcome = match report.commit {
        Some(commit) => format!(", commit {commit} of the table"),
        None if report.job == Job::Compact => ": no files to merge, the table is as it was".to_owned(),
        None if report.job == Job::Reprocess => ": the table is as it was".to_owned(),
        None => String::new(),
    };
    format!("{job} {}{outcome}", report.run)
}

pub(crate) fn counts(grid: &mut Grid, report: &Report, zones: &Zones) {
    let totals = &report.totals;
    let text = if totals.text_bytes == totals.bytes {
        String::new()
    } else {
        format!(", {} of text", Bytes(totals.text_bytes))
    };
    let again = if report.job == Job::Reprocess { ", read again" } else { "" };
    grid.line("inputs", Count(report.inputs.len() as u64), format!("{}{text}{again}", Bytes(totals.bytes)));
    if report.left > 0 {
        grid.line("  left", Count(report.left as u64), "came since and stay pending");
    }
    grid.line("records", Count(totals.records), "");
    grid.line("  events", Count(totals.events), "");
    if report.job != Job::Parse {
        grid.line("    rows", Count(totals.rows), rows(report));
        grid.line("    duplicates", Count(totals.duplicates_total()), duplicates(totals));
    }
    let rejects = totals.rejects_total();
    listed(grid, "  rejects", rejects, &by_count(&totals.rejects, |&reason| reason));
    if report.job == Job::Reprocess && rejects > 0 {
        grid.note("only counted: the quarantine is as it was");
    } else if report.job == Job::Retry && rejects > 0 {
        grid.note(format!("still in `{}`", places::quarantine(&zones.landing, None)));
    } else if rejects > 0 {
        // Those of a parsed stage are in the quarantine under the name of the run that parsed it.
        let run = (report.job != Job::Distribute).then_some((report.date, &report.run));
        grid.note(format!("in `{}`", places::quarantine(&zones.landing, run)));
    }
    let repairs =
        totals.repairs.iter().filter(|(kind, _)| mends(**kind)).map(|(kind, count)| (*kind, *count)).collect();
    repaired(grid, totals.repaired, &repairs);
}

/// What rows are to those that the table had: most are new.
fn rows(report: &Report) -> String {
    match (report.superseded, report.totals.rows) {
        (0, 0) => String::new(),
        (0, _) if report.job == Job::Reprocess => "new".to_owned(),
        (0, _) => String::new(),
        (superseded, _) => format!("{} of the table gave way", Count(superseded)),
    }
}

/// Whether something is done to records. How they are set apart is no news: most layouts are not lines.
pub(crate) fn mends(kind: RepairKind) -> bool {
    kind.level() > Level::Framing
}

/// How many events were mended, and what was done to their records and around them.
pub(crate) fn repaired(grid: &mut Grid, events: u64, repairs: &BTreeMap<RepairKind, u64>) {
    if events > 0 || !repairs.is_empty() {
        grid.line("repaired", Count(events), noun(events, "event"));
        listed(grid, "  repairs", repairs.values().sum(), &by_count(repairs, |&kind| kind));
    }
}

/// A line with a list that goes on in the next ones.
pub(crate) fn listed(grid: &mut Grid, label: &str, count: u64, names: &[String]) {
    let mut lines = names.chunks(REASONS_A_LINE).map(|names| names.join(", "));
    grid.line(label, Count(count), lines.next().unwrap_or_default());
    lines.for_each(|line| grid.note(line));
}

fn duplicates(totals: &Counts) -> String {
    by_count(&totals.duplicates, |duplicate| names::duplicate(*duplicate)).join(", ")
}

/// Names with their counts, the most frequent first.
pub(crate) fn by_count<K, D: Display>(counts: &BTreeMap<K, u64>, name: impl Fn(&K) -> D) -> Vec<String> {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.into_iter().map(|(key, count)| format!("{} {}", name(key), Count(*count))).collect()
}

fn table(grid: &mut Grid, report: &Report, zones: &Zones) {
    let (files, bytes) = (written(report, |partition| partition.files), written(report, |partition| partition.bytes));
    // Later files may hold rows of earlier runs as well, so that only those of the first compare with its text.
    let ratio = if report.commit == Some(1) && bytes > 0 {
        let times = |more: u64, less: u64| format!("{:.1}", more as f64 / less.max(1) as f64);
        let text = report.totals.text_bytes;
        if text >= bytes {
            format!(", {} times smaller than the text", times(text, bytes))
        } else {
            format!(", {} times the text, as small files are", times(bytes, text))
        }
    } else {
        String::new()
    };
    grid.line("partitions", Count(report.partitions.len() as u64), format!("in `{}`", places::table(&zones.trusted)));
    grid.line("files", Count(files), format!("{}{ratio}", Bytes(bytes)));
}

fn written(report: &Report, of: impl Fn(&events_core::run::PartitionReport) -> u64) -> u64 {
    report.partitions.iter().map(of).sum()
}

fn phases(grid: &mut Grid, report: &Report, times: Times) {
    let mut total = Duration::ZERO;
    for part in &report.elapsed {
        let elapsed = Duration::from_millis(part.elapsed_ms);
        total += elapsed;
        let speed = match part.phase {
            Phase::Parse => speed(report.totals.text_bytes, "text", elapsed),
            Phase::Write => speed(written(report, |partition| partition.bytes), "Parquet", elapsed),
            Phase::Move => speed(report.totals.bytes, "inputs", elapsed),
            _ => String::new(),
        };
        // Most parts of a small run are over before the clock moves.
        if part.elapsed_ms > 0 {
            grid.line(names::phase(part.phase), Elapsed(elapsed), speed);
            if times == Times::Profile {
                for line in profile(part) {
                    grid.note(line);
                }
            }
        }
    }
    grid.line("total", Elapsed(total), speed(report.totals.text_bytes, "text", total));
}

/// What the threads of a phase did, the longest first: its share of their time.
fn profile(phase: &PhaseReport) -> Vec<String> {
    let mut parts: Vec<_> = phase.threads_ms.iter().collect();
    parts.sort_by_key(|(_, millis)| Reverse(**millis));
    let total: u64 = phase.threads_ms.values().sum();
    let line = |(part, millis): (&Part, &u64)| format!("{:>3} %  {}", millis * 100 / total.max(1), names::part(*part));
    parts.into_iter().map(line).collect()
}

fn speed(bytes: u64, of: &str, elapsed: Duration) -> String {
    match rate(bytes, elapsed) {
        Some(rate) if bytes > 0 => format!("{}/s of {of}", Bytes(rate)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_commit_that_was_finished() {
        let text = |commits: &[u64]| recovered(commits);
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[7]), "finished commit 7, which an earlier run had left\n");
        assert_eq!(text(&[7, 8]), "finished commits 7 and 8, which earlier runs had left\n");
        assert_eq!(text(&[7, 8, 9]), "finished commits 7, 8 and 9, which earlier runs had left\n");
    }
}
