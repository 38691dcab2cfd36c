//! `events quarantine list` and `events quarantine show`: a look at rejects. `retry` is a job.
//!
//! | module | holds |
//! |---|---|
//! | `list` | how many there are, by reason and object |
//! | `show` | the rejects themselves |

mod list;
mod show;

use std::path::PathBuf;

use events_core::config::Config;
use events_core::run::{Distributor, Input, RejectLine};
use events_stores::Access;

use crate::console::Console;
use crate::error::Result;
use crate::options::OutputForm;
use crate::settings::{QuarantineSettings, View};
use crate::{console, exit, places, runtime};

/// How many rejects people are shown when they do not say.
const REJECTS_SHOWN: u64 = 20;

/// Looks at all rejects, and touches nothing.
pub(crate) fn command(settings: &QuarantineSettings, console: &Console) -> Result<u8> {
    let zones = places::open(&settings.zones, &places::opening(Access::Look))?;
    let place = places::quarantine(&zones.landing, None);
    // A look takes no scratch, so the folder is only named.
    let distributor = Distributor::new(zones, PathBuf::new(), Config::default())?;
    let each = |take: &mut dyn FnMut(&Input, &RejectLine<'_>)| -> Result<()> {
        let runtime = runtime::start()?;
        let looked = runtime.block_on(distributor.rejects(&settings.filter, take));
        runtime::shut_down(runtime);
        Ok(looked?)
    };
    match (settings.view, console.output()) {
        (View::List, output) => {
            let mut list = list::List::default();
            each(&mut |input, line| list.count(input, line))?;
            console.print(&match output {
                OutputForm::Human => list.render(&place),
                OutputForm::Json => console::json(&list.document()),
            })?;
        }
        (View::Show { limit }, output) => {
            let limit = limit.unwrap_or(if output == OutputForm::Json { u64::MAX } else { REJECTS_SHOWN });
            let mut show = show::Show::new(output, limit);
            each(&mut |input, line| show.take(input, line))?;
            show.finish(&place)?;
        }
    }
    Ok(exit::DONE)
}
