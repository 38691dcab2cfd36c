//! `events doctor`: what a run needs, checked, and how to mend what is wrong.
//!
//! All checks are made: one that fails keeps only those from it that build on it.
//!
//! | module | holds |
//! |---|---|
//! | `check` | a check and what it came to, and the exit code of all |
//! | `layers` | the program, the settings file, the variables |
//! | `account` | credentials, region and endpoint, the catalog |
//! | `zones` | what a run does in each zone, tried there |
//! | `places` | how zones lie to one another, and on which file systems |
//! | `table` | what the table says about itself, and who is at work on it |
//! | `machine`, `disk` | threads, memory, scratch; file systems |
//! | `render` | all of it for people |

mod account;
mod check;
mod disk;
mod layers;
mod machine;
mod places;
mod render;
mod table;
mod zones;

use std::time::Duration;

use events_stores::{Access, Opening, StoreName, ZoneUrl, ZoneUrls};

use self::check::Check;
use self::zones::Role;
use crate::console::Console;
use crate::error::{Error, Result};
use crate::options::OutputForm;
use crate::settings::DoctorSettings;
use crate::{console, durability, runtime};

/// No retry begins later than this after the first try: a run has more patience, and whoever looks waits.
const RETRY_WITHIN: Duration = Duration::from_secs(5);

/// The checks that are about zones, in their order.
const OF_ZONES: [&str; 15] = [
    "credentials",
    "endpoint",
    "landing",
    "stage",
    "trusted",
    "renames",
    "file-systems",
    "durability",
    "conditional-writes",
    "clock",
    "table",
    "unfinished",
    "lease",
    "small-files",
    "catalog",
];

/// Makes all checks, and tells what they came to.
pub(crate) fn command(settings: &DoctorSettings, console: &Console) -> Result<u8> {
    let runtime = runtime::start()?;
    let checks = runtime.block_on(examine(settings));
    runtime::shut_down(runtime);
    console.print(&match console.output() {
        OutputForm::Human => render::render(&checks, render::is_unicode(&|name| std::env::var(name).ok())),
        OutputForm::Json => console::json(&checks),
    })?;
    Ok(check::code(&checks))
}

async fn examine(settings: &DoctorSettings) -> Vec<Check> {
    let mut checks = vec![layers::program()];
    checks.extend(layers::settings(settings));
    checks.extend([machine::threads(settings), machine::memory(settings), machine::scratch(settings)]);
    match settings.zones() {
        Ok(urls) => {
            checks.push(Check::ok("zones", named(&urls)));
            checks.extend(of_zones(&urls, settings).await);
        }
        Err(error) => {
            checks.push(Check::failed("zones", &error, mend(&error)));
            checks.extend(OF_ZONES.map(|name| Check::skipped(name, "there are no zones to look at")));
        }
    }
    checks
}

fn mend(error: &Error) -> &'static str {
    match error {
        Error::NoZone { .. } => {
            "name the folder or bucket of all three with --root, EVENTS_ROOT or `root` in events.toml; `events demo` makes \
             one in ./demo to try with"
        }
        _ => {
            "name each zone with --landing, --stage and --trusted, or all with --root: a folder, `file:///folder` or \
             `s3://bucket/prefix`, each a place of its own"
        }
    }
}

fn named(urls: &ZoneUrls) -> String {
    format!("landing `{}`, stage `{}`, trusted `{}`", urls.landing.text, urls.stage.text, urls.trusted.text)
}

/// Everything that is about zones.
async fn of_zones(urls: &ZoneUrls, settings: &DoctorSettings) -> Vec<Check> {
    let has_bucket = [&urls.landing, &urls.stage, &urls.trusted].into_iter().any(is_bucket);
    let [credentials, endpoint] = account::checks(has_bucket, settings).await;
    let look = |role: Role| zones::look(role, urls, settings, !is_bucket(role.url(urls)) || credentials.holds());
    let (landing, stage, trusted) = tokio::join!(look(Role::Landing), look(Role::Stage), look(Role::Trusted));
    if !settings.read_only {
        zones::tidy([&landing, &stage, &trusted].into_iter().flat_map(|found| found.made.clone()).collect());
    }
    let mut checks = vec![credentials, endpoint, landing.check, stage.check, trusted.check.clone()];
    checks.extend(places::pending(urls));
    checks.extend([places::renames(urls), places::file_systems(urls), places::durability(urls, settings)]);
    checks.extend([zones::conditional_writes(urls, settings, &trusted), zones::clock(settings, &trusted)]);
    checks.extend(table::checks(urls, settings, &trusted).await);
    checks.push(account::catalog(urls, settings, &trusted).await);
    checks
}

fn is_bucket(url: &ZoneUrl) -> bool {
    matches!(url.store, StoreName::Bucket(_))
}

/// How zones are opened: as by a run, with less patience.
fn opening(settings: &DoctorSettings) -> Opening {
    let access = if settings.read_only { Access::Look } else { durability::access(settings.durability) };
    let opening = Opening::new(access, RETRY_WITHIN).with_profiles();
    if settings.single_writer { opening.alone() } else { opening }
}
