//! What the table says about itself, and who is at work on it.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use events_core::run::{Holder, Lease, TableState, Writers, Zone};
use events_stores::{TableLock, ZoneUrls};

use super::check::{Check, Verdict};
use super::zones::Found;
use crate::error::{Error, Result};
use crate::settings::DoctorSettings;
use crate::units::{Bytes, Count, Elapsed, counted};

const TABLE: &str = "table";
const UNFINISHED: &str = "unfinished";
const LEASE: &str = "lease";
const SMALL_FILES: &str = "small-files";

/// From so many files on that others could take in, queries and runs feel them: each is a request and a footer to read.
const SMALL_FILES_MAX: u64 = 100;

/// The log, what it leaves to be done, who holds the table, and files that are many.
pub(super) async fn checks(urls: &ZoneUrls, settings: &DoctorSettings, trusted: &Found) -> [Check; 4] {
    let names = [TABLE, UNFINISHED, LEASE, SMALL_FILES];
    let Some(zone) = &trusted.zone else {
        return names.map(|name| Check::skipped(name, "the trusted zone has failed"));
    };
    let alone = settings.single_writer || urls.trusted.local_folder().is_some();
    let writers = if alone { Writers::Single } else { Writers::Many };
    let lease = match holder(urls, zone, trusted).await {
        Ok(check) => check,
        Err(error) => Check::failed(LEASE, &error, "a lease can be erased at any time: it only saves work"),
    };
    match TableState::read(zone, &settings.config, writers).await {
        Ok(state) => [table(&state), unfinished(&state, &lease), lease, small_files(&state)],
        Err(error) => {
            let mend = "`events rebuild` makes log and index anew from the files, when nobody else is at work";
            let failed = Check::failed(TABLE, &error.into(), mend);
            let skip = |name| Check::skipped(name, "the log of the table cannot be read");
            [failed, skip(UNFINISHED), lease, skip(SMALL_FILES)]
        }
    }
}

fn table(state: &TableState) -> Check {
    let TableState { commit, partitions, files, rows, bytes, horizon_days, .. } = state;
    if *commit == 0 {
        return Check::ok(TABLE, "no commit yet");
    }
    let horizon =
        horizon_days.map(|days| format!(", with a horizon of {}", counted(days.into(), "day"))).unwrap_or_default();
    let (rows, files) = (counted(*rows, "row"), counted(*files, "file"));
    let partitions = counted(*partitions, "partition");
    Check::ok(TABLE, format!("commit {commit}: {rows} in {files} of {partitions}, {}{horizon}", Bytes(*bytes)))
}

fn unfinished(state: &TableState, lease: &Check) -> Check {
    let numbers: Vec<_> = state.unfinished.iter().map(ToString::to_string).collect();
    if numbers.is_empty() {
        return Check::ok(UNFINISHED, "every commit is carried out");
    }
    let is_held = lease.verdict == Verdict::Warning;
    let mend = if is_held {
        "the run at work may be doing so; if it dies, the next `events run` does"
    } else {
        "`events run` finishes it first"
    };
    Check::warning(UNFINISHED, format!("not carried out to its end: commit {}", numbers.join(", ")), mend)
}

/// Who is at work on the table.
async fn holder(urls: &ZoneUrls, zone: &Zone, trusted: &Found) -> Result<Check> {
    if urls.trusted.local_folder().is_some() {
        return Ok(if TableLock::is_taken(&urls.trusted)? {
            Check::warning(
                LEASE,
                "a run has the lock of the table",
                "--wait 60 lets another one wait up to a minute for it",
            )
        } else {
            Check::ok(LEASE, "nobody has the lock of the table")
        });
    }
    let holder = Lease::holder(zone).await.map_err(Error::from)?;
    // Where nothing was written, only this machine's clock says what time it is.
    let now = trusted.times.map_or_else(|| DateTime::from(SystemTime::now()), |times| times.store);
    Ok(holder.map_or_else(|| Check::ok(LEASE, "nobody holds it"), |holder| held(&holder, now)))
}

fn held(Holder { run, renewed }: &Holder, now: DateTime<Utc>) -> Check {
    let run = run.as_deref().unwrap_or("unknown");
    let age = (now - *renewed).to_std().unwrap_or_default();
    match Lease::TERM.checked_sub(age).filter(|left| *left > Duration::ZERO) {
        Some(left) => Check::warning(
            LEASE,
            format!(
                "run `{run}` holds it: renewed {} ago at {}, until {} unless it is renewed",
                Elapsed(age),
                renewed.format("%T"),
                (*renewed + Lease::TERM).format("%T UTC"),
            ),
            format!("--wait 90 lets another run wait for it; when that one was killed, it ends in {}", Elapsed(left)),
        ),
        None => Check::ok(LEASE, format!("run `{run}` has been silent for {}, and counts as dead", Elapsed(age))),
    }
}

fn small_files(state: &TableState) -> Check {
    let seen = format!("{} of {} could be taken in by others", Count(state.small_files), counted(state.files, "file"));
    if state.small_files > SMALL_FILES_MAX {
        Check::warning(SMALL_FILES, seen, "`events compact` does so: queries then read fewer files")
    } else {
        Check::ok(SMALL_FILES, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_until_when_the_lease_is_held() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let holder = Holder { run: Some("a".to_owned()), renewed: time("2026-11-23T10:00:00Z") };
        let live = held(&holder, time("2026-11-23T10:00:20Z"));
        assert_eq!(live.verdict, Verdict::Warning);
        assert!(live.seen.contains("run `a`") && live.seen.contains("until 10:01:00 UTC"), "{live:?}");
        assert!(live.mend.unwrap().contains("ends in 40.0 s"));
        let dead = held(&holder, time("2026-11-23T10:01:00Z"));
        assert_eq!(dead.verdict, Verdict::Ok);
        assert!(dead.seen.contains("counts as dead"), "{dead:?}");
    }
}
