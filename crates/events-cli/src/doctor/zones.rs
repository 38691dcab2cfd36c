//! The zones: what a run does in each, tried on an object that no job takes for anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use events_core::run::{Probe, RunId, Zone};
use events_stores::{ZoneUrl, ZoneUrls};

use super::check::{Check, told};
use super::opening;
use crate::error::{Error, Result};
use crate::places::{LANDING, PENDING, STAGE, TRUSTED};
use crate::settings::DoctorSettings;
use crate::units::Elapsed;

/// How far a store's time may be from this machine's. S3 refuses requests that are signed a quarter of an hour off.
const CLOCKS_APART_MAX: TimeDelta = TimeDelta::minutes(2);

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Landing,
    Stage,
    Trusted,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Landing => LANDING,
            Self::Stage => STAGE,
            Self::Trusted => TRUSTED,
        }
    }

    pub(super) fn url(self, urls: &ZoneUrls) -> &ZoneUrl {
        match self {
            Self::Landing => &urls.landing,
            Self::Stage => &urls.stage,
            Self::Trusted => &urls.trusted,
        }
    }

    fn probe<'a>(self, zone: &'a Zone, run: &RunId) -> Probe<'a> {
        match self {
            Self::Landing => Probe::of_landing(zone, run),
            Self::Stage => Probe::of_stage(zone, run),
            Self::Trusted => Probe::of_trusted(zone, run),
        }
    }
}

/// What was found out about a zone.
pub(super) struct Found {
    pub(super) check: Check,
    /// The zone, when it can at least be listed.
    pub(super) zone: Option<Zone>,
    /// Whether its store keeps conditions, when that was tried.
    conditional: Option<Result<()>>,
    /// What the store's clock and this machine's said, when something was written.
    pub(super) times: Option<Times>,
    /// Folders that are there only for this.
    pub(super) made: Vec<PathBuf>,
}

/// The time of a store beside that of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Of what was written.
    pub(super) store: DateTime<Utc>,
    before: DateTime<Utc>,
    after: DateTime<Utc>,
}

impl Found {
    fn only(check: Check) -> Self {
        Self { check, zone: None, conditional: None, times: None, made: Vec::new() }
    }
}

/// Looks at a zone. What was put into it is gone then, but for folders, which [`tidy`] takes away.
pub(super) async fn look(role: Role, urls: &ZoneUrls, settings: &DoctorSettings, has_credentials: bool) -> Found {
    if !has_credentials {
        return Found::only(Check::skipped(role.name(), "there are no credentials"));
    }
    let new = role.url(urls).local_folder().as_deref().map(missing).unwrap_or_default();
    let mut found = try_zone(role, urls, settings).await;
    if !new.is_empty() && found.check.holds() {
        found.check.seen.push_str("; a run makes the folder");
    }
    found.made.extend(new);
    found
}

/// Takes away the folders that were made, when all zones are looked at: one may be around several of them.
pub(super) fn tidy(mut made: Vec<PathBuf>) {
    made.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    for folder in made {
        // One that somebody has used meanwhile is not empty any more, and stays.
        let _ = fs::remove_dir(folder);
    }
}

/// The folders that making this one would make.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    missing.map(Path::to_owned).collect()
}

async fn try_zone(role: Role, urls: &ZoneUrls, settings: &DoctorSettings) -> Found {
    let (name, url) = (role.name(), role.url(urls));
    let mend = "name another place with --landing, --stage or --trusted, or mend this one";
    let failed = |error: Error| Check::failed(name, &error, mend);
    let is_there = if role == Role::Landing { urls.require_landing() } else { Ok(()) };
    let zone = match is_there.and_then(|()| url.open(&opening(settings))) {
        Ok(zone) => zone,
        Err(events_stores::Error::Zone { place, problem }) => {
            let mend = match url.local_folder() {
                Some(folder) if role == Role::Landing && problem.starts_with("does not exist") => {
                    format!("`mkdir -p '{}'` makes it, and inputs go there", folder.join(PENDING).display())
                }
                _ => mend.to_owned(),
            };
            return Found::only(Check::wrong(name, format!("{place} {problem}"), mend));
        }
        Err(error) => return Found::only(failed(error.into())),
    };
    let probe = role.probe(&zone, &settings.run);
    if let Err(error) = probe.list().await {
        return Found::only(failed(error.into()));
    }
    if settings.read_only {
        let check = Check::ok(name, format!("`{}` can be listed", url.text));
        return Found { zone: Some(zone), ..Found::only(check) };
    }
    let object = url.local_folder().map(|folder| folder.join(probe.path()));
    let made = object.and_then(|object| object.parent().map(missing)).unwrap_or_default();
    let before = now();
    if let Err(error) = probe.write().await {
        return Found { zone: Some(zone.clone()), made, ..Found::only(failed(error.into())) };
    }
    let after = now();
    let read = probe.read_back().await;
    // A folder has a lock, and nothing else is asked of a store that only one run may write to.
    let is_conditional = role == Role::Trusted && url.local_folder().is_none() && !settings.single_writer;
    let conditional = match (&read, is_conditional) {
        (Ok(_), true) => Some(probe.require_conditional().await.map_err(Error::from)),
        _ => None,
    };
    let erased = probe.erase().await;
    let times = read.as_ref().ok().map(|store| Times { store: *store, before, after });
    let check = match (read, erased) {
        (Err(error), _) => failed(error.into()),
        (Ok(_), Ok(())) => Check::ok(name, format!("`{}` can be listed, written to, read and erased from", url.text)),
        (Ok(_), Err(error)) if role == Role::Stage => failed(error.into()),
        (Ok(_), Err(error)) => Check::warning(
            name,
            format!("`{}` can be listed, written to and read, and not erased from: {}", url.text, told(&error.into())),
            format!("erase `{}`; a run erases nothing there, and in landing only below `pending`", probe.url()),
        ),
    };
    Found { check, zone: Some(zone), conditional, times, made }
}

fn now() -> DateTime<Utc> {
    DateTime::from(SystemTime::now())
}

/// Why something was not tried in a zone.
fn not_tried(settings: &DoctorSettings, trusted: &Found) -> &'static str {
    if settings.read_only && trusted.check.holds() {
        "it needs an object that is written, and --read-only forbids that"
    } else {
        "the trusted zone has failed"
    }
}

/// Whether several runs can be kept apart by the store.
pub(super) fn conditional_writes(urls: &ZoneUrls, settings: &DoctorSettings, trusted: &Found) -> Check {
    const NAME: &str = "conditional-writes";
    match &trusted.conditional {
        _ if urls.trusted.local_folder().is_some() => {
            Check::skipped(NAME, "in a folder a lock keeps runs apart, and no condition")
        }
        _ if settings.single_writer => Check::skipped(NAME, "--unsafe-single-writer goes on without"),
        None => Check::skipped(NAME, not_tried(settings, trusted)),
        Some(Ok(())) => {
            Check::ok(NAME, "no object was created over another, and none replaced whose version was another")
        }
        Some(Err(error)) => Check::failed(NAME, error, "docs/S3.md says what a store must do"),
    }
}

/// The store's clock against this machine's.
pub(super) fn clock(settings: &DoctorSettings, trusted: &Found) -> Check {
    const NAME: &str = "clock";
    let Some(Times { store, before, after }) = trusted.times else {
        return Check::skipped(NAME, not_tried(settings, trusted));
    };
    let (apart, direction) = if store > after { (store - after, "ahead") } else { (before - store, "behind") };
    let shown = Elapsed(apart.to_std().unwrap_or_default());
    if apart > CLOCKS_APART_MAX {
        let mend = "set this machine's clock: requests are signed with it, and runs are named and filed by it; leases go by the \
             store's";
        Check::warning(NAME, format!("the store's is {shown} {direction} of this machine's"), mend)
    } else {
        // Stores tell whole seconds.
        Check::ok(NAME, format!("the store's is within {} of this machine's", Elapsed(whole(apart))))
    }
}

/// A second at least.
fn whole(apart: TimeDelta) -> std::time::Duration {
    let seconds = apart.num_seconds().max(0).unsigned_abs() + 1;
    std::time::Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_at(store: &str) -> Check {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let times =
            Times { store: time(store), before: time("2026-11-23T10:00:00.5Z"), after: time("2026-11-23T10:00:01Z") };
        let check = Check::ok(TRUSTED, "");
        clock_of(&Found { times: Some(times), ..Found::only(check) })
    }

    fn clock_of(found: &Found) -> Check {
        clock(&crate::settings::DoctorSettings::of_nothing(), found)
    }

    #[test]
    fn warns_when_clocks_are_minutes_apart() {
        use crate::doctor::check::Verdict;

        for (store, verdict, text) in [
            ("2026-11-23T10:00:00Z", Verdict::Ok, "within 1.00 s"),
            ("2026-11-23T10:00:30Z", Verdict::Ok, "within 30.0 s"),
            ("2026-11-23T10:05:01Z", Verdict::Warning, "5 min 00 s ahead"),
            ("2026-11-23T09:00:00Z", Verdict::Warning, "1 h 00 min behind"),
        ] {
            let check = clock_at(store);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.seen.contains(text), "{check:?}");
        }
        assert_eq!(clock_of(&Found::only(Check::ok(TRUSTED, ""))).verdict, Verdict::Skipped);
    }

    #[test]
    fn knows_which_folders_are_new() {
        let folder = tempfile::tempdir().unwrap();
        let names = missing(&folder.path().join("a/b"));
        assert_eq!(names, [folder.path().join("a/b"), folder.path().join("a")]);
        assert!(missing(folder.path()).is_empty());
    }
}
