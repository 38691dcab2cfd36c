//! `events runs`: the history of a table.

use std::path::PathBuf;
use std::time::Duration;

use chrono::SecondsFormat;
use events_core::config::Config;
use events_core::run::{Distributor, PastRun, Zones};
use events_stores::{Access, ZoneUrls};
use serde::Serialize;

use crate::columns::Align::{Left, Right};
use crate::console::Console;
use crate::error::Result;
use crate::options::OutputForm;
use crate::settings::RunsSettings;
use crate::units::{Bytes, Count, Elapsed};
use crate::{columns, console, exit, names, places, runtime};

/// The history for machines.
#[derive(Serialize)]
struct Document<'a> {
    runs: &'a [PastRun],
}

/// Shows the last runs, and touches nothing.
pub(crate) fn command(settings: &RunsSettings, console: &Console) -> Result<u8> {
    let (zones, runs) = read(&settings.zones, settings.last)?;
    console.print(&match console.output() {
        OutputForm::Human => render(&zones, &runs),
        OutputForm::Json => console::json(&Document { runs: &runs }),
    })?;
    Ok(exit::DONE)
}

/// The last runs that have committed, in the order of their commits.
fn read(urls: &ZoneUrls, last: usize) -> Result<(Zones, Vec<PastRun>)> {
    let zones = places::open(urls, &places::opening(Access::Look))?;
    // A look takes no scratch, so the folder is only named.
    let distributor = Distributor::new(zones.clone(), PathBuf::new(), Config::default())?;
    let runtime = runtime::start()?;
    let runs = runtime.block_on(distributor.history(last));
    runtime::shut_down(runtime);
    Ok((zones, runs?))
}

fn render(zones: &Zones, runs: &[PastRun]) -> String {
    if runs.is_empty() {
        return format!("no run has committed to `{}`\n", places::table(&zones.trusted));
    }
    let heads = [
        ("commit", Right),
        ("committed (UTC)", Left),
        ("job", Left),
        ("inputs", Right),
        ("bytes", Right),
        ("rows", Right),
        ("duplicates", Right),
        ("rejects", Right),
        ("files", Right),
        ("written", Right),
        ("took", Right),
        ("run", Left),
    ];
    // The newest first, as it is what people look for.
    let rows: Vec<_> = runs.iter().rev().map(row).collect();
    let text = columns::render(heads, &rows);
    let unfinished = runs.iter().filter(|run| !run.finished).count();
    if unfinished == 0 {
        return text;
    }
    let told = match unfinished {
        1 => "1 of them is not carried out to its end".to_owned(),
        several => format!("{several} of them are not carried out to their end"),
    };
    format!("{text}\n{told}: the next `events run` does that first\n")
}

fn row(run: &PastRun) -> [String; 12] {
    // Workers tell of their items, not of the run.
    let timed = run.report.as_ref().filter(|report| !report.elapsed.is_empty());
    let took = timed.map(|report| report.elapsed.iter().map(|phase| phase.elapsed_ms).sum());
    let took = took.map(|millis| Elapsed(Duration::from_millis(millis)).to_string());
    [
        run.commit.to_string(),
        run.committed.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ").replace('Z', ""),
        names::job(run.job).to_owned(),
        Count(run.inputs).to_string(),
        Bytes(run.totals.bytes).to_string(),
        Count(run.totals.rows).to_string(),
        Count(run.totals.duplicates_total()).to_string(),
        Count(run.totals.rejects_total()).to_string(),
        Count(run.files).to_string(),
        Bytes(run.bytes).to_string(),
        if run.finished { took.unwrap_or_else(|| "-".to_owned()) } else { "unfinished".to_owned() },
        run.run.to_string(),
    ]
}
