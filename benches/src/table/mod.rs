//! What it costs to add a little to a table, to load much into an empty one, and to go on adding.
//!
//! | module | holds |
//! |---|---|
//! | `batch` | the inputs |
//! | `ground` | the zones of a table in such a store, and a run in them |
//! | `micro` | few events into a large table |
//! | `bulk` | a large input into an empty table, beside the build before |
//! | `series` | a thousand times a few events |
//! | `chart` | its times as a picture |

mod batch;
mod bulk;
mod chart;
mod ground;
mod micro;
mod series;

use crate::error::Result;
use crate::machine::Machine;
use crate::options::{TableOptions, TablePart};

/// The threads of every job here.
const THREADS: u16 = 2;

/// The events of a micro-batch.
const BATCH_EVENTS: usize = 5556;

/// Measures what was asked for.
pub(crate) fn measure(options: &TableOptions) -> Result<()> {
    println!("{}", Machine::look());
    for part in options.parts() {
        println!();
        match part {
            TablePart::Micro => micro::measure(options)?,
            TablePart::Bulk => bulk::measure(options)?,
            TablePart::Series => series::measure(options)?,
        }
    }
    Ok(())
}
