//! A look at a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::NaiveDate;
use events_core::config::Config;
use events_core::json::FieldOutline;
use events_core::run::{Distributor, KindOverview, PartitionOverview, TableOverview, TableSample, Warning, Writers};
use events_stores::{Access, Requests, ZoneUrls};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::bars::Bars;
use super::{sections, tell_unread};
use crate::console::{Console, json};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::options::OutputForm;
use crate::places;
use crate::settings::InspectSettings;
use crate::units::{Bytes, Count, counted};

/// How many partitions are shown.
const PARTITIONS_SHOWN: usize = 5;

/// The table for machines. See `docs/INSPECT.md`.
#[derive(Debug, Serialize)]
struct Document<'a> {
    inspected: &'static str,
    #[serde(flatten)]
    overview: &'a TableOverview,
    rows: u64,
    bytes: u64,
    files: u64,
    kinds: Vec<Kind>,
    /// Rows by day.
    days: BTreeMap<String, u64>,
    warnings: &'a [Warning],
    /// What could not be read.
    unread: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Requests>,
}

#[derive(Debug, Serialize)]
struct Kind {
    #[serde(flatten)]
    overview: KindOverview,
    sampled: u64,
    fields_cut: bool,
    fields: Vec<FieldOutline>,
}

/// Prints what the table has. Gives whether something of it could not be read.
pub(super) fn look(zones: &ZoneUrls, settings: &InspectSettings, console: &Console, runtime: &Runtime) -> Result<bool> {
    let opening = places::opening(Access::Look);
    let opened = zones.open(&opening)?;
    // A look takes no scratch, so the folder is only named.
    let distributor = Distributor::new(opened, PathBuf::new(), Config::default())?;
    let overview = runtime.block_on(distributor.overview())?;
    if overview.is_missing() {
        return Err(missing(&overview));
    }
    let sample = if settings.sampling.rows_max == 0 {
        TableSample::default()
    } else {
        runtime.block_on(distributor.sample(&overview, &settings.sampling))
    };
    let unread: Vec<_> = overview.unread.iter().chain(&sample.unread).map(|error| tell_unread(error)).collect();
    let is_unread = !unread.is_empty();
    let requests = Some(opening.counter.requests()).filter(|sent| sent.total() > 0);
    let warnings = overview.warnings(settings.today);
    // As a job there would take it, when nobody says otherwise.
    let writers = if zones.trusted.local_folder().is_some() { Writers::Single } else { Writers::Many };
    let kinds = kinds(&overview, sample);
    console.print(&match console.output() {
        OutputForm::Human => render(&overview, &kinds, &warnings, writers, requests),
        OutputForm::Json => json(&Document {
            inspected: "table",
            rows: overview.rows(),
            bytes: overview.bytes(),
            files: overview.files(),
            kinds,
            days: overview.days().into_iter().map(|(day, rows)| (day.to_string(), rows)).collect(),
            warnings: &warnings,
            unread,
            requests,
            overview: &overview,
        }),
    })?;
    Ok(is_unread)
}

fn missing(overview: &TableOverview) -> Error {
    let problem = "holds no table: there is neither a file nor a commit of one".to_owned();
    Error::Place { place: overview.table.clone(), problem }
}

/// The kinds of the table, with what is known of their fields.
fn kinds(overview: &TableOverview, sample: TableSample) -> Vec<Kind> {
    let mut samples = sample.kinds.into_iter();
    // The sample has the largest of them, in the same order.
    let kind = |overview| match samples.next() {
        Some(sample) => {
            Kind { overview, sampled: sample.sampled, fields_cut: sample.fields_cut, fields: sample.fields }
        }
        None => Kind { overview, sampled: 0, fields_cut: false, fields: Vec::new() },
    };
    overview.kinds().into_iter().map(kind).collect()
}

fn render(
    overview: &TableOverview,
    kinds: &[Kind],
    warnings: &[Warning],
    writers: Writers,
    requests: Option<Requests>,
) -> String {
    let bars = Bars::of_stdout();
    let commit = overview.commit.map(|commit| format!(", commit {}", Count(commit))).unwrap_or_default();
    let mut text = format!("table `{}`{commit}\n\n", overview.table);
    if let Some(problem) = &overview.log_problem {
        // Writing to a string does not fail.
        let _ = writeln!(text, "its log cannot be read, so its files were asked: {problem}\n");
    }
    let days = overview.days();
    text.push_str(&totals(overview, kinds.len(), &days, requests).render());
    let counts: Vec<_> = kinds.iter().map(|kind| (kind.overview.kind.as_str(), kind.overview.rows)).collect();
    text.push_str(&sections::kinds(bars, "row", &counts, 0));
    text.push_str(&sections::days(bars, "row", &days, 0));
    text.push_str(&largest(&overview.partitions));
    let fields: Vec<_> = kinds
        .iter()
        .map(|kind| sections::KindFields {
            kind: &kind.overview.kind,
            sampled: kind.sampled,
            total: kind.overview.rows,
            is_cut: kind.fields_cut,
            fields: &kind.fields,
        })
        .collect();
    text.push_str(&sections::fields("row", &fields));
    text.push_str(&sections::warnings("row", warnings, writers));
    text
}

fn totals(overview: &TableOverview, kinds: usize, days: &BTreeMap<NaiveDate, u64>, requests: Option<Requests>) -> Grid {
    let mut grid = Grid::default();
    let (rows, files, bytes) = (overview.rows(), overview.files(), overview.bytes());
    let a_row = bytes.checked_div(rows).map(|bytes| format!(", {} a row", Bytes(bytes))).unwrap_or_default();
    grid.line("rows", Count(rows), "");
    grid.line("files", Count(files), format!("{}{a_row}", Bytes(bytes)));
    grid.line("partitions", Count(overview.partitions.len() as u64), "");
    grid.line("kinds", Count(kinds as u64), "");
    let span = days.first_key_value().zip(days.last_key_value());
    let span = span.map(|((first, _), (last, _))| format!("{first} to {last}")).unwrap_or_default();
    grid.line("days", Count(days.len() as u64), span);
    if let Some(horizon) = overview.horizon_days {
        grid.line("horizon", Count(u64::from(horizon)), "days apart, events of one id are two");
    }
    if overview.strangers > 0 {
        grid.line("strangers", Count(overview.strangers), "objects among the files that are none of a partition");
    }
    if let Some(requests) = requests {
        grid.line("requests", Count(requests.total()), requests.to_string());
    }
    grid
}

/// The largest partitions by their bytes.
fn largest(partitions: &[PartitionOverview]) -> String {
    let mut largest: Vec<_> = partitions.iter().filter(|partition| partition.rows > 0).collect();
    if largest.is_empty() {
        return String::new();
    }
    largest.sort_by_key(|partition| std::cmp::Reverse(partition.bytes));
    let mut grid = Grid::default();
    for partition in largest.into_iter().take(PARTITIONS_SHOWN) {
        let files = counted(partition.files.len() as u64, "file");
        let note = format!("{} in {files}", counted(partition.rows, "row"));
        grid.line(format!("  {}", sections::visible(&partition.path)), Bytes(partition.bytes), note);
    }
    format!("\nlargest partitions\n{}", grid.render())
}
