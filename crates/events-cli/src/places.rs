//! The zones of a command, and the few folders of a zone that people are pointed to. What else a zone holds is the core's to
//! know.

use std::path::Path;
use std::time::Duration;

use chrono::NaiveDate;
use events_core::run::{RefusedKey, RunId, Zone, Zones};
use events_stores::{Access, Opening, ZoneUrls};

use crate::error::{Error, Result};
use crate::visible::Visible;

/// The names of zones below a root.
pub(crate) const LANDING: &str = "landing";
pub(crate) const STAGE: &str = "stage";
pub(crate) const TRUSTED: &str = "trusted";
/// The folder of a landing zone whose every file, at any depth, is an input.
pub(crate) const PENDING: &str = "pending";
/// The folder of a landing zone for inputs after their run.
pub(crate) const PROCESSED: &str = "processed";
/// The folder of a trusted zone that is the table, and that of a stage zone that holds what runs write.
pub(crate) const EVENTS: &str = "events";

/// No retry begins later than this after the first try: with five seconds to connect, an endpoint that nobody can reach
/// is reported within half a minute.
const RETRY_WITHIN: Duration = Duration::from_secs(25);

/// How many objects that no run can ask for are shown to people.
const REFUSED_SHOWN: usize = 20;

/// Opens zones, of which the landing zone must be there.
pub(crate) fn open(zones: &ZoneUrls, opening: &Opening) -> Result<Zones> {
    zones.check_apart()?;
    zones.require_landing()?;
    Ok(zones.open(opening)?)
}

/// How a command opens zones.
pub(crate) fn opening(access: Access) -> Opening {
    Opening::new(access, RETRY_WITHIN).with_profiles()
}

/// Where inputs wait, in a landing zone.
pub(crate) fn pending(landing: &Zone) -> String {
    format!("{}/{PENDING}", landing.url())
}

/// What lies in a place under names that no run can ask for, a line each.
pub(crate) fn refused(place: &str, keys: &[RefusedKey]) -> String {
    let Some(more) = keys.len().checked_sub(REFUSED_SHOWN).filter(|more| *more > 0) else {
        return keys.iter().map(|refused| line(place, refused)).collect();
    };
    let shown: String = keys.iter().take(REFUSED_SHOWN).map(|refused| line(place, refused)).collect();
    format!(
        "{shown}and {} left\n",
        if more == 1 { "1 more object was".to_owned() } else { format!("{more} more objects were") }
    )
}

fn line(place: &str, refused: &RefusedKey) -> String {
    // The name may hold anything, also what a terminal would obey.
    format!("left `{place}/{}`, which {}: rename it\n", Visible(refused.key.as_bytes()), refused.problem)
}

/// Where inputs of a day are after their run; of all days without one.
pub(crate) fn processed(landing: &Zone, date: Option<NaiveDate>) -> String {
    let below = date.map(|date| format!("/date={date}")).unwrap_or_default();
    format!("{}/{PROCESSED}{below}", landing.url())
}

/// Where the rejects of a run are; of all runs without one.
pub(crate) fn quarantine(landing: &Zone, run: Option<(NaiveDate, &RunId)>) -> String {
    let below = run.map(|(date, run)| format!("/date={date}/run={run}")).unwrap_or_default();
    format!("{}/quarantine{below}", landing.url())
}

/// The run that has put an object into the quarantine, by the object's name there: `date=…/run=<run>/…`.
pub(crate) fn run_of_rejects(key: &str) -> Option<&str> {
    key.split('/').nth(1)?.strip_prefix("run=")
}

/// Where the files of the table are.
pub(crate) fn table(trusted: &Zone) -> String {
    format!("{}/{EVENTS}", trusted.url())
}

/// The `events` of a zone that is a folder: a path that holds wherever it is used, with a slash at the end.
pub(crate) fn events_folder(zone: &Path) -> Result<String> {
    let failed = |source| Error::Io { operation: "finding folder", path: zone.to_owned(), source };
    let folder = std::path::absolute(zone).map_err(failed)?.join(EVENTS);
    match folder.to_str() {
        Some(text) => Ok(format!("{text}/")),
        None => Err(Error::Folder { path: folder, problem: "has a name that is no text".to_owned() }),
    }
}
