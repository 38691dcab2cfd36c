//! Whether a zone lets a run do there what it will do, found out on an object that nothing takes for anything.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutPayload};

use super::control;
use super::layout::{self, CONTROL, PENDING, RUNS, RunId};
use super::zone::Zone;
use crate::error::{Error, Result};

/// An object in a zone, to be written, read and erased under a name of its own.
///
/// | zone | listed | the object | when it is left |
/// |---|---|---|---|
/// | landing | `pending` | `processed/probe/<run>.json` | it stays, and is no input |
/// | stage | `events` | `events/probe/<run>.json` | it stays, and is no stage |
/// | trusted | `control` | `control/probe/<run>.json` | it stays, and is no file of the table |
#[derive(Debug)]
pub struct Probe<'a> {
    zone: &'a Zone,
    /// What runs list in the zone.
    folder: &'static str,
    path: String,
    content: Bytes,
}

impl<'a> Probe<'a> {
    /// A probe of a landing zone, under the name of a run that nobody else has.
    #[must_use]
    pub fn of_landing(zone: &'a Zone, run: &RunId) -> Self {
        Self::new(zone, PENDING, layout::probe_of_landing(run), run)
    }

    /// A probe of a stage zone.
    #[must_use]
    pub fn of_stage(zone: &'a Zone, run: &RunId) -> Self {
        Self::new(zone, RUNS, layout::probe_of_stage(run), run)
    }

    /// A probe of a trusted zone.
    #[must_use]
    pub fn of_trusted(zone: &'a Zone, run: &RunId) -> Self {
        Self::new(zone, CONTROL, layout::probe_of_trusted(run), run)
    }

    fn new(zone: &'a Zone, folder: &'static str, path: String, run: &RunId) -> Self {
        Self { zone, folder, path, content: format!("{{\"probe\":\"{run}\"}}\n").into() }
    }

    /// The URL of the object.
    #[must_use]
    pub fn url(&self) -> String {
        self.zone.name(&self.path)
    }

    /// The path of the object in its zone.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Lists what runs list, as far as one request goes. Changes nothing.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn list(&self) -> Result<()> {
        let mut objects = self.zone.store().list(Some(&self.zone.path(self.folder)?));
        objects.try_next().await.map(drop).map_err(|error| self.zone.error("listing", self.folder, error))
    }

    /// Writes the object.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn write(&self) -> Result<()> {
        let payload = PutPayload::from(self.content.clone());
        let put = self.zone.store().put(&self.zone.path(&self.path)?, payload).await;
        put.map(drop).map_err(|error| self.failed("writing", error))
    }

    /// Reads the object back, and tells when it was written, by the time of the store.
    ///
    /// # Errors
    /// When the store refuses; [`Error::Changed`] when it gives something else.
    pub async fn read_back(&self) -> Result<DateTime<Utc>> {
        let failed = |error| self.failed("reading", error);
        let got = self.zone.store().get(&self.zone.path(&self.path)?).await.map_err(failed)?;
        let written = got.meta.last_modified;
        if got.bytes().await.map_err(failed)? == self.content { Ok(written) } else { Err(self.changed()) }
    }

    /// Finds out whether the store keeps the conditions of a put, by which several runs at once keep out of each other's way:
    /// a new object must not take the place of one that is there, and a version that is another must not be replaced.
    ///
    /// # Errors
    /// [`Error::Unconditional`] when it does not.
    pub async fn require_conditional(&self) -> Result<()> {
        control::require_conditional_at(self.zone, &self.path).await
    }

    /// Erases the object. One that is not there is no failure.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn erase(&self) -> Result<()> {
        match self.zone.store().delete(&self.zone.path(&self.path)?).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("erasing", error)),
        }
    }

    fn failed(&self, operation: &'static str, error: StoreError) -> Error {
        self.zone.error(operation, &self.path, error)
    }

    fn changed(&self) -> Error {
        Error::Changed { object: self.url() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use futures::executor::block_on;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::run::{DateRange, Distributor, RejectFilter, Start, Writers, Zones};

    fn zones() -> (Arc<dyn ObjectStore>, Zones) {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let zones = Zones::below(&store, &Path::default(), "memory:///");
        (store, zones)
    }

    fn probes<'a>(zones: &'a Zones, run: &RunId) -> [Probe<'a>; 3] {
        [
            Probe::of_landing(&zones.landing, run),
            Probe::of_stage(&zones.stage, run),
            Probe::of_trusted(&zones.trusted, run),
        ]
    }

    fn names(store: &Arc<dyn ObjectStore>) -> Vec<String> {
        let objects: Vec<_> = block_on(store.list(None).try_collect()).unwrap();
        objects.into_iter().map(|object| object.location.to_string()).collect()
    }

    #[test]
    fn leaves_nothing() {
        let (store, zones) = zones();
        for probe in probes(&zones, &"mine".parse().unwrap()) {
            block_on(probe.list()).unwrap();
            block_on(probe.write()).unwrap();
            block_on(probe.read_back()).unwrap();
            block_on(probe.require_conditional()).unwrap();
            assert_eq!(names(&store).len(), 1, "{}", probe.url());
            block_on(probe.erase()).unwrap();
            block_on(probe.erase()).unwrap();
        }
        assert_eq!(names(&store), [""; 0]);
    }

    #[test]
    fn tells_when_something_else_is_read_back() {
        let (store, zones) = zones();
        let run = "mine".parse().unwrap();
        for probe in probes(&zones, &run) {
            assert!(matches!(block_on(probe.read_back()), Err(Error::Storage { operation: "reading", .. })));
            block_on(probe.write()).unwrap();
            for name in names(&store) {
                block_on(store.put(&Path::from(name), "other".into())).unwrap();
            }
            assert!(matches!(block_on(probe.read_back()), Err(Error::Changed { .. })));
            block_on(probe.erase()).unwrap();
        }
    }

    #[test]
    fn is_nothing_to_any_job_when_it_is_left() {
        let (store, zones) = zones();
        for probe in probes(&zones, &"left".parse().unwrap()) {
            block_on(probe.write()).unwrap();
        }
        let start = |run: &str| Start { run: run.parse().unwrap(), date: "2026-11-23".parse().unwrap() };
        let distributor = Distributor::new(zones, PathBuf::new(), Config::default()).unwrap();
        let distributor = distributor.with_writers(Writers::Single);
        let days = DateRange { first: "0001-01-01".parse().unwrap(), last: "9999-12-31".parse().unwrap() };
        block_on(async {
            assert!(distributor.plan().await.unwrap().inputs.is_empty());
            assert!(distributor.reprocess(&start("a"), days).await.unwrap().inputs.is_empty());
            assert!(distributor.retry(&start("b"), &RejectFilter::default()).await.unwrap().inputs.is_empty());
            assert!(distributor.run(&start("c")).await.unwrap().inputs.is_empty());
            assert!(matches!(distributor.distribute(&start("d")).await, Err(Error::NoStage { .. })));
        });
        let left =
            ["landing/processed/probe/left.json", "stage/events/probe/left.json", "trusted/control/probe/left.json"];
        assert_eq!(names(&store), left);
    }
}
