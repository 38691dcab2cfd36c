//! The page: one document that asks for nothing else, not even a font, and has no program in it.

use std::fmt::Write;
use std::time::Duration;

use chrono::SecondsFormat;
use events_core::run::{Job, PastRun};

use super::Made;
use super::charts::{self, Bar};
use super::figures::{Figures, PartitionFigures, Step};
use super::html::Text;
use super::samples::{Masking, Samples};
use crate::names;
use crate::summary::mends;
use crate::units::{Bytes, Count, Elapsed, counted};

const STYLE: &str = include_str!("style.css");

/// What is listed at most.
const PARTITIONS_MAX: usize = 50;
const INPUTS_MAX: usize = 25;
const RUNS_MAX: usize = 100;

/// The page about runs on the table of that place, in the order of their commits.
pub(super) fn render(place: &str, made: Made, figures: &Figures, runs: &[PastRun], samples: &Samples) -> String {
    let title = format!("Events in {place}");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{0}</h1>\n<p>{1}</p>\n</header>\n<main>\n",
        Text(&title),
        Text(about(runs, made)),
    );
    page += &tiles(figures, runs.len());
    page += &[
        rows(figures),
        kinds(figures),
        duplicates(figures),
        rejects(figures, samples),
        repairs(figures, samples),
        files(figures),
        inputs(runs),
        time(figures),
        history(runs),
    ]
    .concat();
    let masked = match samples.masking() {
        Masking::On => {
            "Values in samples are masked: letters are x and X, digits are 0. `events report --show-values` shows them."
        }
        Masking::Off => "Samples show values as they came.",
    };
    let _ = write!(page, "</main>\n<footer><p>{}</p></footer>\n</body>\n</html>\n", Text(masked));
    page
}

fn about(runs: &[PastRun], made: Made) -> String {
    let time = |time: Made| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let made = time(made);
    match runs {
        [] => format!("No run has committed. Made at {made}."),
        [run] => format!("Run {}, committed at {}. Made at {made}.", run.run, time(run.committed)),
        [first, .., last] => format!(
            "{}, committed from {} to {}. Made at {made}.",
            counted(runs.len() as u64, "run"),
            time(first.committed),
            time(last.committed)
        ),
    }
}

fn tiles(figures: &Figures, runs: usize) -> String {
    let Figures { totals, retried, .. } = figures;
    let share = |count: u64, again: u64| {
        let again = if again == 0 { String::new() } else { format!(", and {} of records tried again", Count(again)) };
        format!("{} of records{again}", charts::percent(count, totals.records))
    };
    let recovered = match retried.events {
        0 => String::new(),
        recovered => format!(", {} recovered by retries", Count(recovered)),
    };
    let outcomes = figures.outcomes();
    let tiles = [
        ("records", Count(totals.records).to_string(), format!("{} of input", Bytes(totals.bytes))),
        ("rows", Count(totals.rows + figures.rows_again()).to_string(), share(totals.rows, figures.rows_again())),
        (
            "duplicates",
            Count(outcomes.duplicates_total()).to_string(),
            share(totals.duplicates_total(), retried.duplicates_total()),
        ),
        ("mended", Count(outcomes.repaired).to_string(), share(totals.repaired, retried.repaired)),
        ("rejects", Count(totals.rejects_total()).to_string(), share(totals.rejects_total(), 0) + &recovered),
        ("superseded", Count(figures.superseded).to_string(), "rows of earlier runs that gave way".to_owned()),
        ("files", Count(figures.files).to_string(), format!("{} written", Bytes(figures.bytes))),
        ("runs", Count(runs as u64).to_string(), unreported(figures.unreported)),
    ];
    let mut text = "<dl class=\"tiles\">\n".to_owned();
    for (name, value, note) in tiles {
        let _ = writeln!(text, "<div><dt>{name}</dt><dd>{}<small>{}</small></dd></div>", Text(value), Text(note));
    }
    text + "</dl>\n"
}

fn unreported(count: usize) -> String {
    if count == 0 {
        "that have committed".to_owned()
    } else {
        format!("{} without a report, known by the totals only", Count(count as u64))
    }
}

fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", Text(title))
}

fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", Text(text))
}

fn rows(figures: &Figures) -> String {
    let step = match figures.step {
        Step::Day => "day",
        Step::Month => "month",
        Step::Year => "year",
    };
    let body = if figures.columns.is_empty() { note("No rows were written.") } else { charts::columns(figures) };
    section(&format!("Rows by kind and {step} of the event"), &body)
}

fn kinds(figures: &Figures) -> String {
    if figures.kinds.is_empty() {
        return String::new();
    }
    let bar = |kind: &super::figures::KindRows| Bar {
        label: kind.name.clone(),
        amount: kind.rows,
        value: Count(kind.rows).to_string(),
    };
    section("Kinds", &charts::bars(&figures.kinds.iter().map(bar).collect::<Vec<_>>()))
}

fn duplicates(figures: &Figures) -> String {
    let outcomes = figures.outcomes();
    let counts = outcomes.duplicates.iter().map(|(class, count)| (names::duplicate(*class).to_owned(), count));
    let body = if outcomes.duplicates_total() == 0 {
        note("No event came twice.")
    } else {
        charts::counted(counts)
            + &note(
                "Exact: the same content again. Other time: an older version of the event. Of two with the same time and other content, the digest of the content decides.",
            )
    };
    section("Duplicates", &body)
}

fn rejects(figures: &Figures, samples: &Samples) -> String {
    let retried = retried(figures);
    if figures.totals.rejects_total() == 0 {
        let none = if figures.totals.records == 0 { "No record came in." } else { "Every record met the contract." };
        return section("Rejects", &(note(none) + &retried));
    }
    let counts = figures.totals.rejects.iter().map(|(reason, count)| (reason.to_string(), count));
    let mut body = charts::counted(counts);
    for (reason, rejects) in &samples.rejects {
        let _ = writeln!(body, "<h3>{}</h3>\n<div class=\"scroll\"><table class=\"samples\"><tbody>", Text(reason));
        for reject in rejects {
            let _ = writeln!(
                body,
                "<tr><td class=\"path\">{}<br>bytes {} to {}<br>{}</td><td><code>{}</code></td></tr>",
                Text(&reject.source),
                reject.offset,
                reject.offset + reject.length,
                Text(&reject.detail),
                Text(&reject.bytes)
            );
        }
        body += "</tbody></table></div>\n";
    }
    body += &note(
        "They went to the quarantine: `events quarantine show` shows those that are still there, `events quarantine retry` tries them again.",
    );
    section("Rejects", &(body + &retried))
}

/// What came of rejects that were tried again.
fn retried(figures: &Figures) -> String {
    let retried = &figures.retried;
    if retried.records == 0 {
        return String::new();
    }
    note(&format!(
        "Retries tried rejects {} again and recovered {} of them: {} and {}. The others are in the quarantine, and count once.",
        counted(retried.records, "time"),
        Count(retried.events),
        counted(retried.rows, "row"),
        counted(retried.duplicates_total(), "duplicate")
    ))
}

fn repairs(figures: &Figures, samples: &Samples) -> String {
    let outcomes = figures.outcomes();
    let counts: Vec<_> = outcomes.repairs.iter().filter(|(kind, _)| mends(**kind)).collect();
    if counts.is_empty() {
        return section("Repairs", &note("Nothing had to be mended."));
    }
    let mut body = charts::counted(counts.into_iter().map(|(kind, count)| (kind.to_string(), count)));
    let samples: Vec<_> = samples.repairs.iter().filter(|(kind, _)| mends(**kind)).collect();
    if !samples.is_empty() {
        body += "<details><summary>Samples</summary><div class=\"scroll\"><table><thead><tr><th>repair</th><th>where</th>\
                 <th>before</th><th>after</th></tr></thead><tbody>\n";
        for (kind, one) in samples.into_iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, one))) {
            let _ = writeln!(
                body,
                "<tr><td>{}</td><td class=\"path\">{}, byte {}</td><td><code>{}</code></td><td><code>{}</code></td></tr>",
                Text(kind),
                Text(&one.source),
                one.offset,
                Text(&one.before),
                Text(&one.after)
            );
        }
        body += "</tbody></table></div></details>\n";
    }
    section("Repairs", &body)
}

fn files(figures: &Figures) -> String {
    let all = &figures.partitions;
    if all.is_empty() {
        return section("Files", &note("No file was written by a run that has left a report."));
    }
    let bar = |one: &PartitionFigures| Bar {
        label: one.path.clone(),
        amount: one.bytes,
        value: format!("{}, {}", counted(one.rows, "row"), Bytes(one.bytes)),
    };
    let shown: Vec<_> = all.iter().take(10).map(bar).collect();
    let mean = figures.bytes / figures.files.max(1);
    let mut body = note(&format!(
        "{} of {} on average, written to {}, those that were written again among them. Most bytes went to:",
        counted(figures.files, "file"),
        Bytes(mean),
        counted(all.len() as u64, "partition")
    ));
    body += &charts::bars(&shown);
    body += "<details><summary>As a table</summary><div class=\"scroll\"><table><thead><tr><th>partition</th><th class=\"n\">rows</th>\
             <th class=\"n\">files</th><th class=\"n\">bytes</th></tr></thead><tbody>\n";
    for one in all.iter().take(PARTITIONS_MAX) {
        let _ = writeln!(
            body,
            "<tr><td class=\"path\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            Text(&one.path),
            Count(one.rows),
            Count(one.files),
            Bytes(one.bytes)
        );
    }
    body += "</tbody></table></div>\n";
    body += &more(all.len(), PARTITIONS_MAX, "partition");
    section("Files", &(body + "</details>\n"))
}

fn inputs(runs: &[PastRun]) -> String {
    let reports = runs.iter().filter_map(|run| Some((run, run.report.as_ref()?)));
    let mut all: Vec<_> =
        reports.flat_map(|(run, report)| report.inputs.iter().map(move |input| (run, input))).collect();
    if all.is_empty() {
        return String::new();
    }
    // Those that somebody has to look at first.
    all.sort_by(|one, two| {
        let order = |input: &events_core::run::InputReport| (input.counts.rejects_total(), input.counts.bytes);
        order(two.1).cmp(&order(one.1)).then_with(|| (&one.1.key, one.0.commit).cmp(&(&two.1.key, two.0.commit)))
    });
    let mut body = note("Those with the most rejects first, then the largest.");
    body += "<div class=\"scroll\"><table><thead><tr><th>input</th><th class=\"n\">commit</th><th class=\"n\">bytes</th><th class=\"n\">records</th>\
             <th class=\"n\">rows</th><th class=\"n\">duplicates</th><th class=\"n\">mended</th><th class=\"n\">rejects</th></tr></thead><tbody>\n";
    for (run, input) in all.iter().take(INPUTS_MAX) {
        let counts = &input.counts;
        // What is tried again came in before, under another line or on another page.
        let again = match run.job {
            Job::Retry | Job::Reprocess => format!(", {}", names::job(run.job)),
            _ => String::new(),
        };
        let _ = writeln!(
            body,
            "<tr><td class=\"path\">{}</td><td class=\"n\">{}{again}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            Text(&input.key),
            run.commit,
            Bytes(counts.bytes),
            Count(counts.records),
            Count(counts.rows),
            Count(counts.duplicates_total()),
            Count(counts.repaired),
            Count(counts.rejects_total())
        );
    }
    body += "</tbody></table></div>\n";
    section("Inputs", &(body + &more(all.len(), INPUTS_MAX, "input")))
}

fn time(figures: &Figures) -> String {
    let total: u64 = figures.phases.iter().map(|phase| phase.elapsed_ms).sum();
    if total == 0 {
        return String::new();
    }
    let whole = Elapsed(Duration::from_millis(total));
    let body = note(&format!(
        "{whole} in all. The colours tell what the threads of a phase did. A phase without colours has no threads: it waits for a store."
    ));
    section("Where the time went", &(body + &charts::phases(&figures.phases)))
}

fn history(runs: &[PastRun]) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let mut body = "<div class=\"scroll\"><table><thead><tr><th class=\"n\">commit</th><th>committed</th><th>job</th>\
                    <th class=\"n\">inputs</th><th class=\"n\">records</th><th class=\"n\">rows</th><th class=\"n\">rejects</th>\
                    <th class=\"n\">files</th><th>run</th></tr></thead><tbody>\n"
        .to_owned();
    for run in runs.iter().rev().take(RUNS_MAX) {
        let unfinished = if run.finished { "" } else { ", unfinished" };
        let _ = writeln!(
            body,
            "<tr><td class=\"n\">{}</td><td>{}</td><td>{}{unfinished}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            run.commit,
            run.committed.to_rfc3339_opts(SecondsFormat::Secs, true),
            names::job(run.job),
            Count(run.inputs),
            Count(run.totals.records),
            Count(run.totals.rows),
            Count(run.totals.rejects_total()),
            Count(run.files),
            Text(&run.run)
        );
    }
    body += "</tbody></table></div>\n";
    section("Runs", &(body + &more(runs.len(), RUNS_MAX, "run")))
}

fn more(all: usize, shown: usize, what: &str) -> String {
    match all.checked_sub(shown) {
        Some(more) if more > 0 => note(&format!("and {}", counted(more as u64, &format!("more {what}")))),
        _ => String::new(),
    }
}
