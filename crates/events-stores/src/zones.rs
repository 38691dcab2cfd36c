//! From the URLs of zones to stores.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use events_core::run::{Zone, Zones};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;

use crate::bucket::Bucket;
use crate::durable_folder::DurableFolder;
use crate::error::{Error, Place, Result};
use crate::opening::{Access, Opening};
use crate::overlay::Overlay;
use crate::requests::RequestCounter;
use crate::tally::{Asked, Tally};
use crate::zone_url::{StoreName, ZoneUrl};

/// Where the zones of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneUrls {
    /// Where inputs wait.
    pub landing: ZoneUrl,
    /// What a run writes before it commits.
    pub stage: ZoneUrl,
    /// The table.
    pub trusted: ZoneUrl,
}

impl ZoneUrls {
    /// The zones `landing`, `stage` and `trusted` below a root.
    #[must_use]
    pub fn below(root: &ZoneUrl) -> Self {
        Self { landing: root.below("landing"), stage: root.below("stage"), trusted: root.below("trusted") }
    }

    /// Checks that each zone has a place of its own, as far as can be told without a request.
    ///
    /// # Errors
    /// [`Error::Zone`].
    pub fn check_apart(&self) -> Result<()> {
        let urls = [&self.landing, &self.stage, &self.trusted];
        for (index, url) in urls.iter().enumerate() {
            if let Some(other) = urls[..index].iter().find(|other| other.overlaps(url)) {
                return Err(url.problem(format!("is the same place as {}, or one is inside the other", other.place)));
            }
        }
        Ok(())
    }

    /// Checks that a landing zone on this machine is there: it is somebody else's, and creating it would hide a mistyped
    /// name.
    ///
    /// # Errors
    /// [`Error::Zone`] when it is missing, [`Error::Io`] when that cannot be told.
    pub fn require_landing(&self) -> Result<()> {
        require_folder(&self.landing)
    }

    /// Opens the zones. No request is made.
    ///
    /// Zones in one bucket, below one root or in memory share one store, because publishing between zones of one store
    /// is a rename or a copy within it.
    ///
    /// # Errors
    /// Those of [`Self::check_apart`]; [`Error::Store`] when a setting of a store is wrong, and [`Error::Io`] when a folder
    /// cannot be created.
    pub fn open(&self, opening: &Opening) -> Result<Zones> {
        self.open_over(opening, |_, store| Ok(store))
    }

    /// Opens a view of the zones, which only seems to change: see [`Overlay`]. Nothing in the zones does, and no folder is
    /// created for them. What would be put there goes to `scratch`, an existing local folder; `counter` has what would be
    /// asked of them, as requests to buckets, whatever they are: see [`Tally`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn view(&self, opening: &Opening, scratch: &Path, counter: &RequestCounter) -> Result<Zones> {
        let look = Opening { access: Access::Look, ..opening.clone() };
        let mut views = 0;
        self.open_over(&look, |url, store| {
            views += 1;
            let folder = scratch.join(format!("view-{views}"));
            let failed = |source| Error::Io { operation: "creating folder", path: folder.clone(), source };
            fs::create_dir(&folder).map_err(failed)?;
            let beside = LocalFileSystem::new_with_prefix(&folder);
            let beside =
                beside.map_err(|source| Error::Store { place: url.place.clone(), source: Box::new(source) })?;
            let asked = match (&url.store, opening.is_shared) {
                (StoreName::Bucket(_), true) => Asked::SharedBucket,
                (StoreName::Bucket(_), false) => Asked::OwnBucket,
                (StoreName::Folder(_) | StoreName::Memory, _) => Asked::Folder,
            };
            let beside: Arc<dyn ObjectStore> = Arc::new(beside);
            let overlay = match &url.store {
                StoreName::Folder(_) => Overlay::of_folder(store, beside),
                StoreName::Bucket(_) | StoreName::Memory => Overlay::new(store, beside),
            };
            Ok(Arc::new(Tally::new(Arc::new(overlay), counter.clone(), asked)))
        })
    }

    /// Opens the zones over what is made of each store, once for those that share one.
    fn open_over(
        &self,
        opening: &Opening,
        mut over: impl FnMut(&ZoneUrl, Arc<dyn ObjectStore>) -> Result<Arc<dyn ObjectStore>>,
    ) -> Result<Zones> {
        self.check_apart()?;
        let mut stores: HashMap<StoreName, Arc<dyn ObjectStore>> = HashMap::new();
        let mut open = |url: &ZoneUrl| -> Result<Zone> {
            url.refuse_file()?;
            let store = match stores.get(&url.store) {
                Some(store) => Arc::clone(store),
                None => over(url, open_store(url, opening)?)?,
            };
            stores.insert(url.store.clone(), Arc::clone(&store));
            Ok(Zone::new(store, url.prefix.clone(), &url.text))
        };
        Ok(Zones { landing: open(&self.landing)?, stage: open(&self.stage)?, trusted: open(&self.trusted)? })
    }
}

impl ZoneUrl {
    /// Opens a zone alone, to look at it: a run opens all three, with [`ZoneUrls::open`]. No request is made.
    ///
    /// # Errors
    /// As [`ZoneUrls::open`].
    pub fn open(&self, opening: &Opening) -> Result<Zone> {
        self.refuse_file()?;
        Ok(Zone::new(open_store(self, opening)?, self.prefix.clone(), &self.text))
    }

    fn refuse_file(&self) -> Result<()> {
        let is_file = self.local_folder().is_some_and(|folder| folder.is_file());
        if is_file { Err(self.problem("is a file, not a folder")) } else { Ok(()) }
    }

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
}

/// The canonical path of a folder of which the last parts need not exist yet.
fn resolved(folder: &Path) -> PathBuf {
    match (folder.canonicalize(), folder.parent(), folder.file_name()) {
        (Ok(canonical), ..) => canonical,
        (Err(_), Some(parent), Some(name)) if parent != Path::new("") => resolved(parent).join(name),
        (Err(_), _, Some(name)) => resolved(Path::new(".")).join(name),
        (Err(_), ..) => folder.to_owned(),
    }
}

fn require_folder(zone: &ZoneUrl) -> Result<()> {
    let (StoreName::Folder(root), Some(folder)) = (&zone.store, zone.local_folder()) else { return Ok(()) };
    match zone.text.rsplit_once('/') {
        // Below a root, the root comes first: a message about the zone would name the wrong thing.
        Some((root_text, name)) if *root != folder => {
            check_folder(&Place::Url(root_text.to_owned()), root, "does not exist")?;
            check_folder(
                &zone.place,
                &folder,
                &format!("does not exist: below a root, inputs are expected in `{name}`"),
            )
        }
        _ => check_folder(&zone.place, &folder, "does not exist"),
    }
}

fn check_folder(place: &Place, folder: &Path, missing: &str) -> Result<()> {
    let problem = match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "is a file, not a folder",
        // A path through a file is missing too.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => missing,
        Err(source) => return Err(Error::Io { operation: "reading folder", path: folder.to_owned(), source }),
    };
    Err(Error::Zone { place: place.clone(), problem: problem.to_owned() })
}

fn open_store(zone: &ZoneUrl, opening: &Opening) -> Result<Arc<dyn ObjectStore>> {
    match &zone.store {
        StoreName::Folder(folder) => open_folder(zone, folder, opening.access),
        StoreName::Bucket(bucket) => Ok(Arc::new(Bucket::open(zone, bucket, opening)?)),
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
    let store = store.map_err(|source| Error::Store { place: zone.place.clone(), source: Box::new(source) })?;
    Ok(if access == Access::WriteDurably { Arc::new(DurableFolder::new(store)) } else { Arc::new(store) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn open(landing: &str, stage: &str, trusted: &str) -> Zones {
        let url = |text| ZoneUrl::parse(text).unwrap();
        open_as(Access::Look, &ZoneUrls { landing: url(landing), stage: url(stage), trusted: url(trusted) })
    }

    fn open_as(access: Access, urls: &ZoneUrls) -> Zones {
        urls.open(&Opening::new(access, Duration::ZERO)).unwrap()
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
        assert!(share(&open_as(Access::WriteDurably, &ZoneUrls::below(&root))));
    }
}
