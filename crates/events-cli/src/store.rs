//! From the URLs of zones to stores.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use events_core::run::{Zone, Zones};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ClientConfigKey, ObjectStore, RetryConfig};

use crate::durable_folder::DurableFolder;
use crate::error::{Error, Result};
use crate::options::Durability;
use crate::places::EVENTS;
use crate::zone_url::{StoreName, ZoneUrl};

/// No retry begins later than this after the first try: with five seconds to connect, an endpoint that nobody can reach
/// is reported within half a minute.
const RETRY_TIMEOUT: Duration = Duration::from_secs(25);

/// The variable for the time that a request may take, and what holds when it is not set: a file of 64 MiB at 5 Mbit/s.
const REQUEST_TIMEOUT: (&str, &str) = ("AWS_TIMEOUT", "120 seconds");

/// Where the zones of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneUrls {
    pub(crate) landing: ZoneUrl,
    pub(crate) stage: ZoneUrl,
    pub(crate) trusted: ZoneUrl,
}

/// What a command does to the zones that it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Local folders of the stage and trusted zones are created when they are missing.
    Write(Durability),
    /// Nothing is created: a folder that is missing reads as an empty one.
    Look,
}

impl ZoneUrls {
    /// Checks what can be checked without a request, and gives the zones.
    ///
    /// Zones in one bucket, below one root or in memory share one store, because publishing between zones of one store
    /// is a rename or a copy within it.
    pub(crate) fn open(&self, access: Access) -> Result<Zones> {
        let urls = [&self.landing, &self.stage, &self.trusted];
        for (index, url) in urls.iter().enumerate() {
            if let Some(other) = urls[..index].iter().find(|other| other.overlaps(url)) {
                return Err(
                    url.problem(format!("is the same place as zone `{}`, or one is inside the other", other.text))
                );
            }
        }
        require_folder(&self.landing)?;
        let mut stores: HashMap<StoreName, Arc<dyn ObjectStore>> = HashMap::new();
        let mut open = |url: &ZoneUrl| -> Result<Zone> {
            if url.local_folder().is_some_and(|folder| folder.is_file()) {
                return Err(url.problem("is a file, not a folder"));
            }
            let store = match stores.get(&url.store) {
                Some(store) => Arc::clone(store),
                None => open_store(url, access)?,
            };
            stores.insert(url.store.clone(), Arc::clone(&store));
            Ok(Zone::new(store, url.prefix.clone(), &url.text))
        };
        Ok(Zones { landing: open(&self.landing)?, stage: open(&self.stage)?, trusted: open(&self.trusted)? })
    }
}

impl ZoneUrl {
    /// Whether two URLs name one place, however it is spelled, or one a place inside the other: there a run would take
    /// its own files for inputs.
    fn overlaps(&self, other: &Self) -> bool {
        match (self.local_folder(), other.local_folder()) {
            (Some(one), Some(two)) => {
                let (one, two) = (resolved(&one), resolved(&two));
                one.starts_with(&two) || two.starts_with(&one)
            }
            _ => {
                self.store == other.store
                    && (self.prefix.prefix_matches(&other.prefix) || other.prefix.prefix_matches(&self.prefix))
            }
        }
    }

    fn problem(&self, problem: impl Into<String>) -> Error {
        Error::Zone { zone: self.text.clone(), problem: problem.into() }
    }
}

/// The canonical path of a folder of which the last parts need not exist yet.
fn resolved(folder: &Path) -> std::path::PathBuf {
    match (folder.canonicalize(), folder.parent(), folder.file_name()) {
        (Ok(canonical), ..) => canonical,
        (Err(_), Some(parent), Some(name)) if parent != Path::new("") => resolved(parent).join(name),
        (Err(_), _, Some(name)) => resolved(Path::new(".")).join(name),
        (Err(_), ..) => folder.to_owned(),
    }
}

/// A landing zone is somebody else's: creating it would hide a mistyped name.
fn require_folder(zone: &ZoneUrl) -> Result<()> {
    let (StoreName::Folder(root), Some(folder)) = (&zone.store, zone.local_folder()) else { return Ok(()) };
    match zone.text.rsplit_once('/') {
        // Below a root, the root comes first: a message about the zone would name the wrong thing.
        Some((root_text, name)) if *root != folder => {
            check_folder(root_text, root, "does not exist")?;
            check_folder(&zone.text, &folder, &format!("does not exist: below a root, inputs are expected in `{name}`"))
        }
        _ => check_folder(&zone.text, &folder, "does not exist"),
    }
}

fn check_folder(zone: &str, folder: &Path, missing: &str) -> Result<()> {
    let problem = match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "is a file, not a folder",
        // A path through a file is missing too.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => missing,
        Err(source) => return Err(Error::Io { operation: "reading folder", path: folder.to_owned(), source }),
    };
    Err(Error::Zone { zone: zone.to_owned(), problem: problem.to_owned() })
}

fn open_store(zone: &ZoneUrl, access: Access) -> Result<Arc<dyn ObjectStore>> {
    match &zone.store {
        StoreName::Folder(folder) => open_folder(zone, folder, access),
        StoreName::Bucket(bucket) => Ok(Arc::new(open_bucket(zone, bucket)?)),
        StoreName::Memory => Ok(Arc::new(InMemory::new())),
    }
}

fn open_folder(zone: &ZoneUrl, folder: &Path, access: Access) -> Result<Arc<dyn ObjectStore>> {
    if !folder.exists() {
        if access == Access::Look {
            return Ok(Arc::new(InMemory::new()));
        }
        let failed = |source| Error::Io { operation: "creating folder", path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let store = LocalFileSystem::new_with_prefix(folder);
    let store = store.map_err(|source| Error::Store { zone: zone.text.clone(), source: Box::new(source) })?;
    Ok(if access == Access::Write(Durability::Commit) { Arc::new(DurableFolder::new(store)) } else { Arc::new(store) })
}

/// The store of a bucket, set up by the usual `AWS_*` variables. A builder prints its secrets: it never leaves here.
fn open_bucket(zone: &ZoneUrl, bucket: &str) -> Result<impl ObjectStore> {
    let (variable, default) = REQUEST_TIMEOUT;
    let timeout = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), timeout)
        .with_retry(RetryConfig { retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() })
        .build()
        .map_err(|source| Error::Store { zone: zone.text.clone(), source: Box::new(source) })
}

/// Removes the empty folders that a run leaves in a local stage zone, whose objects are gone by then. When this run is
/// alone, also what was being written when another was killed: files that the store shows to nobody, whatever run comes.
///
/// A folder with anything else in it stays, and so does what cannot be removed: it harms nobody.
pub(crate) fn tidy_stage(stage: &ZoneUrl, alone: bool) {
    if let Some(folder) = stage.local_folder() {
        tidy(&folder.join(EVENTS), alone);
    }
}

fn tidy(folder: &Path, alone: bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            tidy(&entry.path(), alone);
        } else if alone && is_being_written(&entry.file_name()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    // The system refuses to remove a folder that is not empty, so nothing is lost to a run beside this one.
    let _ = fs::remove_dir(folder);
}

/// Whether the store of folders writes a file under that name, to give it its own when it is whole: `<its own>#<number>`.
fn is_being_written(name: &OsStr) -> bool {
    let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidies_away_what_was_being_written_only_when_nobody_else_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let stage = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        write("events/run=dead/out/a.parquet#1");
        write("events/run=parsed/complete.json");
        write("events/run=parsed/moved#12");
        tidy_stage(&stage, false);
        assert!(folder.path().join("events/run=dead/out/a.parquet#1").exists());
        tidy_stage(&stage, true);
        assert!(!folder.path().join("events/run=dead").exists());
        assert!(folder.path().join("events/run=parsed/complete.json").exists());
        assert!(!folder.path().join("events/run=parsed/moved#12").exists());
        for name in ["a", "a#", "a#1b", "#a"] {
            assert!(!is_being_written(OsStr::new(name)), "{name}");
        }
    }

    fn open(landing: &str, stage: &str, trusted: &str) -> Zones {
        let url = |text| ZoneUrl::parse(text).unwrap();
        ZoneUrls { landing: url(landing), stage: url(stage), trusted: url(trusted) }.open(Access::Look).unwrap()
    }

    #[test]
    fn opens_one_store_for_zones_that_can_share_it() {
        let share = |zones: &Zones| Arc::ptr_eq(zones.stage.store(), zones.trusted.store());
        assert!(share(&open("memory:///a", "memory:///b", "memory:///c")));
        assert!(share(&open("memory:///a", "s3://bucket/b", "s3://bucket/c")));
        assert!(!share(&open("memory:///a", "s3://bucket/b", "s3://other/b")));
        let folder = tempfile::tempdir().unwrap();
        let root = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        fs::create_dir(folder.path().join("landing")).unwrap();
        let urls = ["landing", "stage", "trusted"].map(|name| root.below(name));
        let [landing, stage, trusted] = urls;
        assert!(share(&ZoneUrls { landing, stage, trusted }.open(Access::Write(Durability::Commit)).unwrap()));
    }
}
