//! `events report`: what runs have done, as one page that needs nothing else.
//!
//! | module | holds |
//! |---|---|
//! | `figures` | the numbers of the page, from the reports of runs |
//! | `samples` | some rejects and repairs, with their values masked |
//! | `page` | the page |
//! | `charts` | its bars and columns |
//! | `html` | text that a browser takes for text |

mod charts;
mod figures;
mod html;
mod page;
mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use events_core::config::Config;
use events_core::run::{Distributor, PastRun, RejectFilter};
use events_stores::Access;
use serde::Serialize;

use crate::console::Console;
use crate::error::{Error, Result};
use crate::options::OutputForm;
use crate::settings::{ReportSettings, ReportedRuns};
use crate::units::counted;
use crate::{console, exit, places, runtime};

use figures::Figures;
use samples::{Masking, Samples};

/// What was written, for machines.
#[derive(Serialize)]
struct Document<'a> {
    html: &'a Path,
    bytes: usize,
    runs: usize,
}

/// Writes the page, and touches nothing of the zones.
pub(crate) fn command(settings: &ReportSettings, console: &Console) -> Result<u8> {
    let zones = places::open(&settings.zones, &places::opening(Access::Look))?;
    // A look takes no scratch, so the folder is only named.
    let distributor = Distributor::new(zones.clone(), PathBuf::new(), Config::default())?;
    let masking = if settings.show_values { Masking::Off } else { Masking::On };
    let runtime = runtime::start()?;
    let read = runtime.block_on(async {
        let runs = chosen(&distributor, &settings.runs).await?;
        let mut samples = Samples::new(masking);
        runs.iter().filter_map(|run| run.report.as_ref()).for_each(|report| samples.take_repairs(report));
        for run in runs.iter().filter(|run| run.totals.rejects_total() > 0) {
            let filter = RejectFilter { run: Some(run.run.clone()), ..RejectFilter::default() };
            distributor.rejects(&filter, |_, line| samples.take_reject(line)).await?;
        }
        Ok::<_, Error>((runs, samples))
    });
    runtime::shut_down(runtime);
    let (runs, samples) = read?;
    let place = places::table(&zones.trusted);
    let page = page::render(&place, settings.made, &Figures::of(&runs), &runs, &samples);
    if settings.html.as_os_str() == "-" {
        console.print(&page)?;
        return Ok(exit::DONE);
    }
    write(&settings.html, &page)?;
    let document = Document { html: &settings.html, bytes: page.len(), runs: runs.len() };
    console.print(&match console.output() {
        OutputForm::Human => told(&settings.html, runs.len()),
        OutputForm::Json => console::json(&document),
    })?;
    Ok(exit::DONE)
}

/// The runs that the page is about, in the order of their commits.
async fn chosen(distributor: &Distributor, runs: &ReportedRuns) -> Result<Vec<PastRun>> {
    match runs {
        ReportedRuns::Last(last) => Ok(distributor.history(*last).await?),
        ReportedRuns::Named(name) => {
            let named = distributor.history_of(name).await?;
            if named.is_empty() {
                let problem = format!("no run `{name}` has committed: `events runs` shows those that have");
                return Err(Error::Missing { problem });
            }
            Ok(named)
        }
    }
}

fn write(path: &Path, page: &str) -> Result<()> {
    let failed = |source| Error::Io { operation: "writing", path: path.to_owned(), source };
    fs::write(path, page).map_err(failed)
}

fn told(path: &Path, runs: usize) -> String {
    let of = match runs {
        0 => "a table without runs".to_owned(),
        runs => counted(runs as u64, "run"),
    };
    format!("wrote `{}`, the report of {of}: open it in a browser\n", path.display())
}

/// When the page was made.
pub(crate) type Made = DateTime<Utc>;
