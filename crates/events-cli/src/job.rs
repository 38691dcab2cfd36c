//! A run, one of its halves or another job on a table: from settings to a report and an exit code.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_catalog::Registered;
use events_core::run::{Cancel, Distributor, Grace, Job, Progress, Report, Writers, Zones};
use events_stores::{Access, HeldLease, RequestCounter, Requests, TableLock};
use serde::Serialize;
use tempfile::TempDir;
use tracing::{debug, info, warn};

use crate::console::Console;
use crate::dry_run::{self, DryRun};
use crate::durability;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::live::Watch;
use crate::options::OutputForm;
use crate::settings::{JobSettings, Task};
use crate::stage_folder::tidy_stage;
use crate::summary::Times;
use crate::{catalog, console, exit, irregular, places, runtime, summary};

/// How long the end of a run waits for a store to take the lease back. Without that, the next run waits for the term.
pub(crate) const RELEASE_MAX: Duration = Duration::from_secs(5);

/// `events run`, `events parse`, `events distribute`, `events reprocess`, `events compact`, `events rebuild` and
/// `events quarantine retry`.
pub(crate) fn command(settings: &JobSettings, console: &Console) -> Result<u8> {
    if settings.dry_run {
        return show_plan(settings, console);
    }
    let Done { report, zones, requests, catalog } = execute(settings, console)?;
    let registered = catalog.as_ref().ok().copied().flatten();
    let requests_told = Some(requests).filter(|sent| sent.total() > 0);
    console.print(&match console.output() {
        OutputForm::Human => {
            summary::render(&report, &zones, requests, times(settings)) + &registered_line(settings, registered)
        }
        OutputForm::Json => console::json(&Told { report: &report, requests: requests_told, catalog: registered }),
    })?;
    // What the job has done is told first.
    catalog?;
    Ok(code(&report))
}

/// How much people are told of the time of a run.
pub(crate) fn times(settings: &JobSettings) -> Times {
    if settings.profile { Times::Profile } else { Times::Phases }
}

/// What was told the catalog, for people.
pub(crate) fn registered_line(settings: &JobSettings, registered: Option<Registered>) -> String {
    let told = settings.catalog.as_ref().zip(registered);
    told.map(|(name, registered)| catalog::line(&registered, name)).unwrap_or_default()
}

/// What a job has done.
pub(crate) struct Done {
    pub(crate) report: Report,
    pub(crate) zones: Zones,
    /// What was asked of buckets.
    pub(crate) requests: Requests,
    pub(crate) catalog: catalog::Told,
}

/// A report for machines.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Requests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<Registered>,
}

/// The exit code of a run that was done. One that reads inputs again puts nothing into the quarantine, so its rejects are no
/// news to whoever waits for them.
pub(crate) fn code(report: &Report) -> u8 {
    let is_whole = report.totals.rejects_total() == 0 && report.refused.is_empty();
    if is_whole || report.job == Job::Reprocess { exit::DONE } else { exit::DONE_WITH_REJECTS }
}

/// Zones, and what counts what is asked of buckets.
pub(crate) type Opened = (Zones, RequestCounter);

/// Opens the zones: before anything is locked or made in them, what is wrong with them is told.
pub(crate) fn open_zones(settings: &JobSettings) -> Result<Opened> {
    let opening = places::opening(durability::access(settings.durability));
    let opening = if settings.single_writer { opening.alone() } else { opening };
    Ok((places::open(&settings.zones, &opening)?, opening.counter))
}

/// What a command works on a table with, until it is dropped.
pub(crate) struct Session {
    pub(crate) zones: Zones,
    pub(crate) distributor: Distributor,
    pub(crate) cancel: Cancel,
    /// Of what is asked of buckets.
    pub(crate) counter: RequestCounter,
    progress: Arc<Progress>,
    /// Nothing that happens here stays.
    is_view: bool,
    scratch: TempDir,
}

impl Session {
    /// Makes what a run needs in zones that are open. `writers`: who else may write to the table, as far as locks tell.
    pub(crate) fn open(settings: &JobSettings, opened: Opened, writers: Writers) -> Result<Self> {
        let session = Self::of_view(settings, opened, writers, make_scratch(settings)?)?;
        let began = Instant::now();
        let distributor =
            session.distributor.with_grace(reader_grace(settings.reader_grace)).with_clock(move || began.elapsed());
        let distributor = match &settings.expected {
            Some(expected) => distributor.with_expected(expected.clone()),
            None => distributor,
        };
        let zones = &session.zones;
        let distributor = match durability::barrier(settings.durability, &settings.zones)? {
            Some(barrier) => distributor.with_barrier(barrier),
            None => distributor,
        };
        info!(
            run = %settings.start.run,
            date = %settings.start.date,
            landing = zones.landing.url(),
            stage = zones.stage.url(),
            trusted = zones.trusted.url(),
            threads = settings.config.threads,
            memory_bytes = settings.config.memory_bytes,
            durability = ?settings.durability,
            "started"
        );
        debug!(
            scratch = %session.scratch.path().display(),
            writers = ?writers,
            wait_s = settings.wait.as_secs(),
            reader_grace_s = settings.reader_grace.as_secs_f64(),
            config = ?settings.config,
            "settings"
        );
        Ok(Self { distributor, is_view: false, ..session })
    }

    /// Makes what a run needs in a view of zones, where it waits for nobody.
    pub(crate) fn of_view(
        settings: &JobSettings,
        (zones, counter): Opened,
        writers: Writers,
        scratch: TempDir,
    ) -> Result<Self> {
        let (cancel, progress) = (Cancel::default(), Arc::<Progress>::default());
        let distributor = Distributor::new(zones.clone(), scratch.path().to_owned(), settings.config.clone())?
            .with_writers(writers)
            .with_cancel(cancel.clone())
            .with_progress(Arc::clone(&progress));
        Ok(Self { zones, distributor, cancel, counter, progress, is_view: true, scratch })
    }

    /// Listens for signals, and says what goes on until the watch is dropped. Called in a runtime.
    pub(crate) fn watch(&self, console: &Console) -> Result<Watch> {
        let scratch = self.scratch.path().to_owned();
        // A commit in a view is none that a next run could finish.
        let progress = if self.is_view { Arc::default() } else { Arc::clone(&self.progress) };
        interrupt::listen(self.cancel.clone(), progress, scratch, console.clone())?;
        Ok(Watch::start(Arc::clone(&self.progress), console))
    }
}

/// Who else may write to a table whose lock is held so.
pub(crate) fn writers(settings: &JobSettings, lock: &TableLock) -> Writers {
    if settings.single_writer { Writers::Single } else { lock.writers }
}

/// Who else may write to a table, by where it is: what its lock would tell.
pub(crate) fn writers_there(settings: &JobSettings) -> Writers {
    let is_alone = settings.single_writer || settings.zones.trusted.local_folder().is_some();
    if is_alone { Writers::Single } else { Writers::Many }
}

/// The lease of the table, where several may write to it.
pub(crate) async fn lease(settings: &JobSettings, session: &Session, writers: Writers) -> Result<Option<HeldLease>> {
    let Session { distributor, cancel, .. } = session;
    Ok(match writers {
        Writers::Many => Some(HeldLease::take(distributor, &settings.start, settings.wait, cancel).await?),
        Writers::Single => None,
    })
}

/// Carries out the job, and says meanwhile what goes on.
pub(crate) fn execute(settings: &JobSettings, console: &Console) -> Result<Done> {
    let opened = open_zones(settings)?;
    let catalog = catalog::of_job(settings)?;
    let runtime = runtime::start()?;
    // Until there is a lock there is nothing that an interrupt would have to end in order.
    let never = Cancel::default();
    let lock = TableLock::wait(TableLock::take, &settings.zones.trusted, settings.wait, &never);
    let lock = runtime.block_on(lock)?;
    let (writers, began) = (writers(settings, &lock), Instant::now());
    let session = Session::open(settings, opened, writers)?;
    let (distributor, start) = (&session.distributor, &settings.start);
    let result = runtime.block_on(async {
        let _watch = session.watch(console)?;
        let lease = lease(settings, &session, writers).await?;
        let report = match &settings.task {
            Task::Run => distributor.run(start).await,
            Task::Retry(filter) => distributor.retry(start, filter).await,
            Task::Reprocess(days) => distributor.reprocess(start, *days).await,
            Task::Compact => distributor.compact(start).await,
            Task::Rebuild => distributor.rebuild(start).await,
            Task::Parse => distributor.parse(start).await,
            Task::Distribute => distributor.distribute(start).await,
        };
        if let Some(lease) = lease {
            lease.release(RELEASE_MAX).await;
        }
        let report = report?;
        let told = catalog::tell(catalog.as_ref(), distributor).await;
        Ok::<_, Error>((report, told))
    });
    // Nobody else may work on the table before what a store still does in the background is over.
    runtime::shut_down(runtime);
    tidy_stage(&settings.zones.stage, lock.is_held());
    if matches!(settings.task, Task::Run | Task::Parse) {
        // Also when the run has failed, perhaps because of them.
        irregular::warn_of_pending(&settings.zones.landing);
    }
    let (report, catalog) = result?;
    let requests = session.counter.requests();
    let totals = &report.totals;
    let recovered = (!report.recovered.is_empty()).then(|| tracing::field::debug(&report.recovered));
    info!(
        run = %report.run,
        commit = report.commit,
        recovered,
        inputs = report.inputs.len(),
        bytes = totals.bytes,
        records = totals.records,
        events = totals.events,
        repaired = totals.repaired,
        rows = totals.rows,
        superseded = report.superseded,
        rejects = totals.rejects_total(),
        refused = report.refused.len(),
        requests = requests.total(),
        partitions = report.partitions.len(),
        elapsed_ms = began.elapsed().as_millis() as u64,
        "done"
    );
    if let Some(problem) = &report.unsaved {
        warn!(problem, "the report could not be left in the control zone; the run is done");
    }
    for refused in &report.refused {
        warn!(key = refused.key, problem = refused.problem, "an object stays pending: no run can ask for it");
    }
    Ok(Done { report, zones: session.zones, requests, catalog })
}

/// Nothing interrupts it but the end of the process, as with all that comes behind a commit.
fn reader_grace(time: Duration) -> Grace {
    Grace::new(move || async move {
        if !time.is_zero() {
            info!(seconds = time.as_secs_f64(), "waiting for readers");
            tokio::time::sleep(time).await;
        }
    })
}

fn show_plan(settings: &JobSettings, console: &Console) -> Result<u8> {
    let zones = places::open(&settings.zones, &places::opening(Access::Look))?;
    // A plan takes no scratch, so the folder is only named.
    let distributor = Distributor::new(zones.clone(), PathBuf::new(), settings.config.clone())?;
    irregular::warn_of_pending(&settings.zones.landing);
    let runtime = runtime::start()?;
    let plan = runtime.block_on(distributor.plan());
    runtime::shut_down(runtime);
    let plan = plan?;
    console.print(&match console.output() {
        OutputForm::Human => dry_run::render(settings.task.job(), settings.start.date, &zones, &plan),
        OutputForm::Json => console::json(&DryRun::new(settings, &zones, &plan)),
    })?;
    Ok(exit::DONE)
}

/// A folder of this run's own, gone when it is dropped.
pub(crate) fn make_scratch(settings: &JobSettings) -> Result<TempDir> {
    let parent = settings.scratch.clone().unwrap_or_else(std::env::temp_dir);
    if settings.scratch.is_some() && !parent.is_dir() {
        return Err(Error::Folder {
            path: parent,
            problem: "for scratch files does not exist: make it, or leave --scratch out".to_owned(),
        });
    }
    let made = tempfile::Builder::new().prefix("events-").tempdir_in(&parent);
    made.map_err(|source| Error::Io { operation: "creating a scratch folder in", path: parent, source })
}
