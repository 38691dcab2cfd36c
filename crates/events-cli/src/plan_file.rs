//! A saved plan: what a run is to do, and what it says of that.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use events_core::run::{Expected, Outcome, Report, RunId};
use events_stores::{Requests, ZoneUrl, ZoneUrls};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::options::ZoneOptions;
use crate::places::{LANDING, STAGE, TRUSTED};

/// The version of [`PlanFile`]'s form. It grows when a field is renamed, removed or changes its meaning.
pub(crate) const PLAN_VERSION: u32 = 1;

/// The document that `events plan` saves and prints for machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlanFile {
    /// [`PLAN_VERSION`].
    pub(crate) plan: u32,
    pub(crate) run: RunId,
    /// The day under which inputs and rejects are filed.
    pub(crate) date: NaiveDate,
    pub(crate) zones: PlannedZones,
    /// What the run is held to.
    pub(crate) expected: Expected,
    /// What it would say.
    pub(crate) report: Report,
    /// What it would write where readers see it.
    pub(crate) outcome: Outcome,
    /// What it would ask of the zones, as requests to buckets.
    pub(crate) requests: Requests,
    /// What these cost in S3, about.
    pub(crate) dollars: f64,
    /// What was asked of buckets to find all this out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Requests>,
}

/// The zones of a plan, by names that mean the same wherever it is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedZones {
    landing: String,
    stage: String,
    trusted: String,
}

impl PlannedZones {
    pub(crate) fn of(zones: &ZoneUrls) -> Result<Self> {
        Ok(Self { landing: name(&zones.landing)?, stage: name(&zones.stage)?, trusted: name(&zones.trusted)? })
    }

    /// As somebody would type them.
    pub(crate) fn options(&self) -> ZoneOptions {
        let [landing, stage, trusted] = self.each().map(|(_, zone)| Some(zone.to_owned()));
        ZoneOptions { root: None, landing, stage, trusted }
    }

    /// Each with what it is.
    pub(crate) fn each(&self) -> [(&'static str, &str); 3] {
        [(LANDING, &self.landing), (STAGE, &self.stage), (TRUSTED, &self.trusted)]
    }
}

/// A zone as any working folder knows it: a URL, or the whole path of a folder.
fn name(zone: &ZoneUrl) -> Result<String> {
    let Some(folder) = zone.local_folder() else { return Ok(zone.location()?) };
    let failed = |source| Error::Io { operation: "finding folder", path: folder.clone(), source };
    let path = whole(&folder).map_err(failed)?;
    match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::Folder { path: folder, problem: "has a name that is no text".to_owned() }),
    }
}

/// The same path from wherever it is named: without `..` and symbolic links, as far as it is there.
fn whole(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let of = |ancestor: &Path| {
        let below = absolute.strip_prefix(ancestor).ok()?;
        // Not joined, which would leave a slash behind a whole path.
        Some(ancestor.canonicalize().ok()?.components().chain(below.components()).collect::<PathBuf>())
    };
    let whole = absolute.ancestors().find_map(of);
    Ok(whole.unwrap_or(absolute))
}

/// Reads a plan.
///
/// # Errors
/// [`Error::Plan`] when the file cannot be read or is no plan of this version.
pub(crate) fn read(path: &Path) -> Result<PlanFile> {
    #[derive(Deserialize)]
    struct Version {
        plan: u32,
    }
    let wrong = |problem: String| Error::Plan { path: path.to_owned(), problem };
    let bytes = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let no_plan = |error: serde_json::Error| wrong(format!("is no plan: {error}"));
    // A plan of another version may lack anything else.
    match serde_json::from_slice::<Version>(&bytes).map_err(no_plan)?.plan {
        PLAN_VERSION => serde_json::from_slice(&bytes).map_err(no_plan),
        version => Err(wrong(format!("has version {version}, and this program reads {PLAN_VERSION}"))),
    }
}

/// Saves a plan.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn save(path: &Path, document: &str) -> Result<()> {
    let failed = |source| Error::Io { operation: "saving plan", path: path.to_owned(), source };
    fs::write(path, document).map_err(failed)
}
