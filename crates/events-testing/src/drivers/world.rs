//! A lake, everything that may go wrong with it, and someone who watches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events_core::run::{DateRange, Distributor, Job, RejectFilter, RunId, Split, Start};
use events_core::{Error, ErrorKind};
use futures::executor::block_on;
use object_store::ObjectStoreExt;

use crate::broken::{Broken, Invariant, Violation};
use crate::fault::{Director, Fault};
use crate::faults::Faults;
use crate::lake::{Lake, StoreKind};
use crate::lock_step::faults_with_turns;
use crate::operation::Operation;
use crate::oracle::Input;
use crate::scenario::Task;
use crate::schedule::Schedule;
use crate::store::FaultStore;
use crate::table::Decoded;
use crate::watch::Watch;

/// Clean runs after which all must be at rest: one that recovers, one that sweeps what the first could not yet know to
/// be dead, one that proves that there is nothing more to do, and one to spare.
const CLEAN_RUNS_MAX: usize = 4;

/// A simulation under way.
#[derive(Debug)]
pub struct World {
    lake: Arc<Lake>,
    faults: Arc<Faults>,
    watch: Arc<Mutex<Watch>>,
    /// From now on no faults.
    calm: Arc<AtomicBool>,
    runs: AtomicUsize,
    /// The first bug that a run found in itself.
    bug: Mutex<Option<Broken>>,
}

impl World {
    /// A world for one runner at a time.
    #[must_use]
    pub fn new(kind: StoreKind, decoded: Decoded, director: impl Director + 'static) -> Self {
        let calm = Arc::default();
        let faults = Faults::new(Calming { calm: Arc::clone(&calm), director });
        Self::around(kind, decoded, faults, calm)
    }

    /// A world for runners that take turns.
    #[must_use]
    pub fn with_turns(
        kind: StoreKind,
        decoded: Decoded,
        seats: usize,
        schedule: impl Schedule + 'static,
        director: impl Director + 'static,
    ) -> Self {
        let calm = Arc::default();
        let faults = faults_with_turns(seats, schedule, Calming { calm: Arc::clone(&calm), director });
        Self::around(kind, decoded, faults, calm)
    }

    fn around(kind: StoreKind, decoded: Decoded, faults: Arc<Faults>, calm: Arc<AtomicBool>) -> Self {
        let lake = Arc::new(Lake::new(kind));
        let watch = Arc::new(Mutex::new(Watch::new(Arc::clone(&lake), decoded)));
        if kind.is_memory() {
            // A disk is read too slowly to look at it after every operation.
            let watch = Arc::clone(&watch);
            faults.observe(move || {
                let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                watch.look().map_err(|broken| broken.to_string())
            });
        }
        Self { lake, faults, watch, calm, runs: AtomicUsize::new(0), bug: Mutex::default() }
    }

    /// What decides about faults, and the trace.
    #[must_use]
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// The stores.
    #[must_use]
    pub fn lake(&self) -> &Arc<Lake> {
        &self.lake
    }

    /// Runs so far.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// Who watches.
    pub fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an input, without an operation.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn put(&self, input: &Input) -> Result<(), Broken> {
        self.lake.put(input).map_err(|problem| Invariant::Other.broken(problem))?;
        self.faults.note(format!("input `{}`, {} bytes", input.key, input.bytes.len()));
        self.watch().put(input.clone());
        Ok(())
    }

    /// Puts an input as an operation of a producer. One that fails is as if it had not been.
    pub fn produce(&self, producer: &FaultStore, input: &Input) {
        if block_on(producer.put(&Lake::pending(input), input.bytes.clone().into())).is_ok() {
            self.watch().put(input.clone());
        }
    }

    /// Puts more under the name of an input, as an operation of a producer that does not fail.
    pub fn overwrite(&self, producer: &FaultStore, input: &Input) {
        // Whoever looks must know before it is there.
        self.watch().overwrite(input.clone());
        let _ = block_on(producer.put(&Lake::pending(input), input.bytes.clone().into()));
    }

    /// A run in a process of its own. It may fail as faults will have it; that it finds a bug is remembered.
    ///
    /// # Errors
    /// The run's.
    pub fn run(&self, store: &FaultStore, task: Task) -> Result<(), Error> {
        let runner = store.runner();
        self.runs.fetch_add(1, Ordering::Relaxed);
        let name = |_| Error::Interrupted;
        let start = Start {
            run: format!("r{runner}").parse()?,
            // The day changes now and then.
            date: format!("2026-11-{:02}", 1 + runner % 3).parse().map_err(name)?,
        };
        let distributor = self.lake.distributor(store, task.level)?;
        let outcome = block_on(async {
            let report = match task.job {
                Job::Run if task.shared => return item_by_item(&distributor, &start, runner).await,
                Job::Run => distributor.run(&start).await,
                Job::Retry => distributor.retry(&start, &RejectFilter::default()).await,
                Job::Parse => distributor.parse(&start).await,
                Job::Distribute => distributor.distribute(&start).await,
                Job::Compact => distributor.compact(&start).await,
                // Everything that was ever filed.
                Job::Reprocess => {
                    let day = |text: &str| text.parse().map_err(name);
                    let dates = DateRange { first: day("2026-11-01")?, last: day("2026-11-30")? };
                    distributor.reprocess(&start, dates).await
                }
                Job::Rebuild => distributor.rebuild(&start).await,
            };
            report.map(|report| report.commit)
        });
        let job = task.job;
        self.faults.note(match &outcome {
            Ok(commit) => format!("runner {runner}: {job:?} r{runner} has ended, commit {commit:?}"),
            Err(error) => format!("runner {runner}: {job:?} r{runner} has failed: {}", chain(error)),
        });
        if let Err(error) = &outcome
            && error.kind() == ErrorKind::Bug
        {
            let mut bug = self.bug.lock().unwrap_or_else(PoisonError::into_inner);
            bug.get_or_insert_with(|| Invariant::NoBug.broken(format!("run r{runner}: {}", chain(error))));
        }
        outcome.map(drop)
    }

    /// A run in a new process to which nothing happens but what is late.
    ///
    /// # Errors
    /// When it fails and nothing was late.
    pub fn run_cleanly(&self, task: Task) -> Result<(), Broken> {
        let excused = self.faults.is_anything_late();
        let run = self.run(&self.faults.store(self.lake.store()), task);
        self.so_far()?;
        match run {
            // There is nothing to distribute.
            Err(Error::NoStage { .. }) => Ok(()),
            Err(error) if !excused => Err(Invariant::CleanRunSucceeds.broken(chain(&error))),
            _ => Ok(()),
        }
    }

    /// What was found broken so far.
    ///
    /// # Errors
    /// When something was.
    pub fn so_far(&self) -> Result<(), Broken> {
        if let Some(broken) = self.watch().broken() {
            return Err(broken.clone());
        }
        if let Some(bug) = &*self.bug.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(bug.clone());
        }
        Ok(())
    }

    /// Does tasks cleanly in turn until nothing changes, then checks everything.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn come_to_rest(&self, tasks: &[Task]) -> Result<(), Broken> {
        self.calm.store(true, Ordering::Relaxed);
        self.so_far()?;
        self.faults.note("clean runs");
        for run in 0.. {
            let before = self.watch().fingerprint()?;
            tasks.iter().try_for_each(|task| self.run_cleanly(*task))?;
            // The first clean run may meet what is late.
            let late = block_on(self.faults.settle());
            self.so_far()?;
            late.map_err(|problem| Invariant::Other.broken(problem))?;
            if self.watch().fingerprint()? == before {
                break;
            }
            Invariant::Idempotence
                .holds(run + 1 < CLEAN_RUNS_MAX, || format!("clean run {CLEAN_RUNS_MAX} still changed something"))?;
        }
        self.watch().look_at_rest()
    }

    /// The end: what is broken becomes a violation with its trace. Gives what the next world can use.
    pub(crate) fn end(self, case: impl FnOnce() -> String, outcome: Result<(), Broken>) -> Ended {
        let runs = self.runs();
        let outcome = outcome.map_err(|broken| Violation { case: case(), broken, trace: self.faults.trace() });
        drop(self.faults);
        let watch = Arc::try_unwrap(self.watch).ok();
        let decoded = watch.map(|watch| watch.into_inner().unwrap_or_else(PoisonError::into_inner).into_decoded());
        Ended { runs, outcome, decoded: decoded.unwrap_or_default() }
    }
}

/// How the job is divided into items of work: a small input each.
pub const WORK_SPLIT: Split = Split { item_bytes: Some(200), input_bytes_max: None };

/// The whole job as items of work: first of what others have prepared and not brought to an end, then of what is pending.
/// Gives the last commit.
async fn item_by_item(distributor: &Distributor, start: &Start, runner: usize) -> Result<Option<u64>, Error> {
    let mut commit = None;
    for earlier in 0..runner {
        match work(distributor, &format!("r{earlier}").parse()?, runner).await {
            // It was overtaken, and never commits.
            Err(Error::Conflict { .. }) => {}
            worked => commit = worked?.or(commit),
        }
    }
    if distributor.prepare(start, WORK_SPLIT).await?.inputs > 0 {
        commit = work(distributor, &start.run, runner).await?.or(commit);
    }
    Ok(commit)
}

/// Does whatever is left of a run.
async fn work(distributor: &Distributor, run: &RunId, runner: usize) -> Result<Option<u64>, Error> {
    let Some(shared) = distributor.join(run).await? else { return Ok(None) };
    let mut commit = None;
    loop {
        let open = shared.open_items().await?;
        if open.is_empty() {
            return Ok(commit);
        }
        for open in open {
            let worked = shared.work(open.item, &format!("r{runner}").parse()?).await?;
            commit = worked.report.and_then(|report| report.commit).or(commit);
        }
    }
}

/// What is left of a world.
pub(crate) struct Ended {
    pub(crate) runs: usize,
    pub(crate) outcome: Result<(), Violation>,
    pub(crate) decoded: Decoded,
}

/// A director that can be told to let be.
struct Calming<D> {
    calm: Arc<AtomicBool>,
    director: D,
}

impl<D: Director> Director for Calming<D> {
    fn decide(&mut self, operation: &Operation) -> Fault {
        if self.calm.load(Ordering::Relaxed) { Fault::None } else { self.director.decide(operation) }
    }
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
