//! `events repair`: damaged JSON of any layout in, one record a line out.
//!
//! | module | holds |
//! |---|---|
//! | `sinks` | what becomes of each finding: records, report, rejects |
//! | `diff` | what changes, for people |
//! | `tally` | what there was |
//! | `overlap` | files that are read and written at once |

mod diff;
mod overlap;
mod sinks;
mod tally;

use std::borrow::Cow;

use events_core::error::ErrorKind;
use events_core::json::Repairer;
use serde::Serialize;

use self::sinks::Sinks;
use self::tally::Tally;
use crate::console::{Console, complain};
use crate::error::Result;
use crate::input::{Chunk, Input, PIECE_BYTES};
use crate::options::OutputForm;
use crate::settings::{Product, RepairSettings, Source};
use crate::{console, exit, message};

/// Repairs all files, one after the other. One that cannot be read does not keep the others from it.
pub(crate) fn command(settings: &RepairSettings, console: &Console) -> Result<u8> {
    overlap::refuse(settings)?;
    let mut sinks = Sinks::open(settings)?;
    let mut buffer = vec![0; PIECE_BYTES];
    let mut totals = Tally::default();
    let (mut inputs, mut unread) = (Vec::new(), Vec::new());
    for source in &settings.sources {
        let mut tally = Tally::default();
        let ended = file(source, settings, &mut sinks, &mut buffer, &mut tally);
        // Before anything is said: on a terminal, what is said belongs behind the records that it is about.
        let flushed = sinks.finish();
        totals.add(&tally);
        match ended {
            Err(error) if error.kind() == ErrorKind::Storage => {
                complain(&message::line(&error));
                unread.push(message::told(&error));
            }
            Err(error) => return Err(error),
            Ok(()) if settings.product == Product::Nothing && console.output() == OutputForm::Human => {
                console.say(&format!("{}: {}", source.name(), tally.verdict()));
            }
            Ok(()) => {}
        }
        if settings.product == Product::Nothing {
            inputs.push(CheckedInput { name: source.name(), tally });
        }
        flushed?;
        if sinks.is_closed() {
            return Ok(exit::DONE);
        }
    }
    let code = match settings.product {
        _ if !unread.is_empty() => exit::STORAGE,
        Product::Nothing if !totals.is_clean() => exit::DONE_WITH_REJECTS,
        _ if totals.has_rejects() => exit::DONE_WITH_REJECTS,
        _ => exit::DONE,
    };
    match (settings.product, console.output()) {
        (Product::Records, _) => console.say(&totals.summary()),
        (Product::Nothing, OutputForm::Json) => console.print(&console::json(&Checked { inputs, totals, unread }))?,
        _ => {}
    }
    Ok(code)
}

/// What a check has found, for machines.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    inputs: Vec<CheckedInput<'a>>,
    totals: Tally,
    /// What could not be read, or not to its end.
    unread: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CheckedInput<'a> {
    name: Cow<'a, str>,
    #[serde(flatten)]
    tally: Tally,
}

/// Repairs a file.
fn file(
    source: &Source,
    settings: &RepairSettings,
    sinks: &mut Sinks,
    buffer: &mut [u8],
    tally: &mut Tally,
) -> Result<()> {
    let failed = |error| source.error(error);
    let mut input = Input::open(source, settings.decompression).map_err(failed)?;
    let mut repairer = Repairer::new(settings.level, settings.limits);
    let name = source.name();
    sinks.begin(&name);
    let ended = loop {
        match input.read(buffer) {
            Ok(Chunk::Bytes(length)) => repairer.push(&buffer[..length], &mut |finding| sinks.take(finding, tally)),
            Ok(Chunk::End) => break Ok(None),
            Ok(Chunk::Damaged(reason, problem)) => break Ok(Some((reason, problem))),
            Err(error) => break Err(failed(error)),
        }
        if sinks.is_done() {
            return sinks.failure();
        }
    };
    // However it ended, what was read is told: no byte disappears.
    repairer.finish(&mut |finding| sinks.take(finding, tally));
    if let Some((reason, problem)) = ended? {
        sinks.damage(input.offset(), reason, &problem, tally);
    }
    sinks.failure()
}
