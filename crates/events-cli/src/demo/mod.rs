//! `events demo`: everything once, on inputs made for it.
//!
//! | module | holds |
//! |---|---|
//! | `folder` | the folder, which is only ever an earlier demo's or new |
//! | `excerpt` | what an input looks like |
//! | `rows` | rows of the table, read back from a file of it |
//! | `tree` | what lies where |
//! | `next` | what to try next |

mod excerpt;
mod folder;
mod next;
mod rows;
mod tree;

use std::path::Path;

use events_core::run::Report;

use crate::console::Console;
use crate::error::Result;
use crate::generate::{GenerateConfig, Layout, generate};
use crate::options::OutputForm;
use crate::places::{EVENTS, LANDING, PENDING, TRUSTED};
use crate::settings::JobSettings;
use crate::summary::Times;
use crate::units::{Bytes, counted};
use crate::{console, exit, job, summary};

/// How many rows are shown.
const ROWS_SHOWN: usize = 3;

/// Makes the folder, fills its landing zone, runs the job and shows all of it.
pub(crate) fn command(folder: &Path, settings: &JobSettings, console: &Console) -> Result<u8> {
    folder::prepare(folder)?;
    let pending = folder.join(LANDING).join(PENDING);
    // Seven inputs show every layout once.
    let config = GenerateConfig {
        bytes: 2_000_000,
        files: 7,
        days: 3,
        layout: Layout::Mixed,
        duplicates: 0.1,
        damage: 0.01,
        kinds: 5,
        ..GenerateConfig::default()
    };
    let generated = generate(&config, &pending, &mut |_| {})?;
    if console.output() == OutputForm::Json {
        let report = job::execute(settings, console)?.report;
        console.print(&console::json(&report))?;
        return Ok(exit::DONE);
    }
    console.print(&format!(
        "1. {} of inputs in {} of every layout, in `{}`\n{}\n",
        Bytes(generated.stored_bytes),
        counted(generated.files as u64, "file"),
        pending.display(),
        indent(&excerpt::of(&pending)?),
    ))?;
    let job::Done { report, zones, requests, catalog: _ } = job::execute(settings, console)?;
    console.print(&format!(
        "2. The job: {}\n",
        indent(&summary::render(&report, &zones, requests, Times::Phases)).trim_start()
    ))?;
    show_table(folder, &report, console)?;
    console.print(&next::steps(folder))?;
    // Its rejects are part of the show: a demo that ended with another code would look as if it had failed.
    Ok(exit::DONE)
}

fn show_table(folder: &Path, report: &Report, console: &Console) -> Result<()> {
    let largest = report.partitions.iter().max_by_key(|partition| partition.rows);
    if let Some(partition) = largest {
        let title = format!("{ROWS_SHOWN} of {} in `{}`", counted(partition.rows, "row"), partition.path);
        let table = folder.join(TRUSTED).join(EVENTS).join(&partition.path);
        console.print(&format!("3. {title}\n{}\n", indent(&rows::of(&table, ROWS_SHOWN)?)))?;
    }
    console.print(&format!("4. What lies where\n{}\n", indent(&tree::of(folder)?)))
}

/// Sets lines off from the headings.
fn indent(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("   {line}\n") }).collect()
}

/// The text with its middle left out when it is longer than that many characters.
fn shortened(text: &str, characters_max: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= characters_max {
        return text.to_owned();
    }
    let (head, tail) = (characters_max - characters_max / 3 - 1, characters_max / 3);
    let text = |part: &[char]| part.iter().collect::<String>();
    format!("{}…{}", text(&characters[..head]), text(&characters[characters.len() - tail..]))
}
