//! `events prepare` and `events work`: a run over several processes, on one host or many.

use std::time::{Duration, Instant};

use events_catalog::Registered;
use events_core::ErrorKind;
use events_core::run::{
    Claim, OpenItem, Prepared, Report, RunId, SharedRun, Split, WorkItem, WorkPhase, Worked, Writers,
};
use events_stores::{HeldLease, Requests, TableLock};
use serde::Serialize;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::console::Console;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::job::{self, RELEASE_MAX, Session};
use crate::options::OutputForm;
use crate::settings::{JobSettings, WorkSettings, WorkTask};
use crate::stage_folder::tidy_run;
use crate::summary::Times;
use crate::units::{Bytes, Count, counted, noun};
use crate::{catalog, console, exit, irregular, places, runtime, summary};

/// How often a worker that finds nothing to do looks again.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often it asks whether the workers that have what is left are still alive: that takes requests for each item.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Of how many it asks that.
const ASKED_MAX: usize = 4;

/// How long a worker waits for the lock of a table in a folder, which others have while they do an item.
const LOCK_WAIT: Duration = Duration::from_secs(600);

/// What a worker has done.
#[derive(Debug, Serialize)]
struct Work<'a> {
    run: &'a RunId,
    worker: &'a RunId,
    /// The items that it has brought to an end.
    items: Vec<WorkItem>,
    /// What the run did; `None` when others have brought it to its end.
    report: Option<Report>,
    /// What this worker has asked of buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Requests>,
    /// What it has told the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<Registered>,
}

pub(crate) fn command(settings: &WorkSettings, console: &Console) -> Result<u8> {
    match &settings.task {
        WorkTask::Prepare(split) => prepare(&settings.job, *split, console),
        WorkTask::Work { item, worker } => work(&settings.job, *item, worker, console),
    }
}

fn prepare(settings: &JobSettings, split: Split, console: &Console) -> Result<u8> {
    let opened = job::open_zones(settings)?;
    let session = Session::open(settings, opened, job::writers_there(settings))?;
    let runtime = runtime::start()?;
    let prepared = runtime.block_on(async {
        let _watch = session.watch(console)?;
        let (distributor, start) = (&session.distributor, &settings.start);
        let hold = match Hold::take(settings, &session, Duration::ZERO).await {
            // It may be its own workers: whoever asks again has not seen the answer.
            Err(error) if error.kind() == ErrorKind::Busy => match distributor.join(&start.run).await? {
                Some(shared) => return Ok(shared.prepared()),
                None => Hold::take(settings, &session, settings.wait).await?,
            },
            hold => hold?,
        };
        let prepared = distributor.prepare(start, split).await;
        match (hold.lease, &prepared) {
            // The workers have it from now on.
            (Some(lease), Ok(prepared)) if prepared.inputs > 0 => drop(lease),
            (Some(lease), _) => lease.release(RELEASE_MAX).await,
            (None, _) => {}
        }
        Ok::<_, Error>(prepared?)
    });
    runtime::shut_down(runtime);
    irregular::warn_of_pending(&settings.zones.landing);
    let prepared = with_urls(prepared?, session.zones.stage.url());
    console.print(&match console.output() {
        OutputForm::Human => describe(&prepared, &places::pending(&session.zones.landing)),
        OutputForm::Json => console::json(&prepared),
    })?;
    Ok(if prepared.refused.is_empty() { exit::DONE } else { exit::DONE_WITH_REJECTS })
}

/// What keeps other runs away from a table while a run is divided.
struct Hold {
    lease: Option<HeldLease>,
    _lock: TableLock,
}

impl Hold {
    async fn take(settings: &JobSettings, session: &Session, wait: Duration) -> Result<Self> {
        let lock = TableLock::wait(TableLock::take, &settings.zones.trusted, wait, &session.cancel).await?;
        let lease = match job::writers_there(settings) {
            Writers::Many => Some(HeldLease::take(&session.distributor, &settings.start, wait, &session.cancel).await?),
            Writers::Single => None,
        };
        Ok(Self { lease, _lock: lock })
    }
}

/// Lists by their URLs, because whoever hands out their items knows nothing of zones.
fn with_urls(mut prepared: Prepared, stage: &str) -> Prepared {
    for list in prepared.phases.iter_mut().filter_map(|phase| phase.list.as_mut()) {
        *list = format!("{stage}/{list}");
    }
    prepared
}

/// How a run is divided, for people.
fn describe(prepared: &Prepared, pending: &str) -> String {
    let Prepared { run, inputs, bytes, left, refused, .. } = prepared;
    let refused = places::refused(pending, refused);
    if *inputs == 0 {
        return format!("nothing pending in `{pending}`\n{refused}");
    }
    let mut grid = Grid::default();
    for phase in &prepared.phases {
        grid.line(format!("  {}", phase.phase), Count(phase.items.into()), noun(phase.items.into(), "item"));
    }
    let left = if *left > 0 { format!(", and {} left for another run", Count(*left)) } else { String::new() };
    format!(
        "run {run}: {}, {}{left}\n{refused}\n{}\nAs many workers as you like do it: events work --run-id {run} and \
         the zones of this one\n",
        counted(*inputs, "input"),
        Bytes(*bytes),
        grid.render(),
    )
}

fn work(settings: &JobSettings, item: Option<WorkItem>, worker: &RunId, console: &Console) -> Result<u8> {
    let opened = job::open_zones(settings)?;
    let catalog = catalog::of_job(settings)?;
    let session = Session::open(settings, opened, job::writers_there(settings))?;
    let runtime = runtime::start()?;
    let crew = Worker { settings, session: &session, name: worker };
    let done = runtime.block_on(async {
        let _watch = session.watch(console)?;
        let done = match item {
            Some(item) => crew.one(item).await?,
            None => crew.all().await?,
        };
        // Each worker that sees the end does so, because the one that made it may have died.
        let catalog = catalog.as_ref().filter(|_| done.is_over);
        let told = catalog::tell(catalog, &session.distributor).await;
        Ok::<_, Error>((done, told))
    });
    runtime::shut_down(runtime);
    let (Done { items, report, is_over }, catalog) = done?;
    if is_over {
        tidy_run(&settings.zones.stage, &settings.start.run);
    }
    let requests = Some(session.counter.requests()).filter(|sent| sent.total() > 0);
    let code = report.as_ref().map_or(exit::DONE, job::code);
    let registered = catalog.as_ref().ok().copied().flatten();
    let work = Work { run: &settings.start.run, worker, items, report, requests, catalog: registered };
    console.print(&match console.output() {
        OutputForm::Human => told(&work, &session) + &job::registered_line(settings, registered),
        OutputForm::Json => console::json(&work),
    })?;
    catalog?;
    Ok(code)
}

/// What a worker has done, for people.
fn told(work: &Work<'_>, session: &Session) -> String {
    let here = format!("run {}: {} done here\n", work.run, counted(work.items.len() as u64, "item"));
    match &work.report {
        Some(report) => {
            format!("{here}\n{}", summary::render(report, &session.zones, session.counter.requests(), Times::Phases))
        }
        None => here,
    }
}

/// A process at work on a run.
struct Worker<'a> {
    settings: &'a JobSettings,
    session: &'a Session,
    name: &'a RunId,
}

#[derive(Default)]
struct Done {
    items: Vec<WorkItem>,
    report: Option<Report>,
    /// Nothing of the run is left to do.
    is_over: bool,
}

impl Done {
    fn add(&mut self, worked: Worked) {
        self.items.extend((!worked.again).then_some(worked.item));
        self.report = worked.report.or(self.report.take());
    }
}

impl Worker<'_> {
    /// Does one item.
    async fn one(&self, item: WorkItem) -> Result<Done> {
        let mut done = Done::default();
        let Some(shared) = self.join().await? else { return Ok(Done { is_over: true, ..done }) };
        let lease = self.lease().await?;
        let worked = self.item(&shared, item, 1).await?;
        done.is_over = worked.item.phase == WorkPhase::Finish;
        done.add(worked);
        give_back(lease, done.is_over).await;
        Ok(done)
    }

    /// Does items until the run is over.
    async fn all(&self) -> Result<Done> {
        let mut done = Done::default();
        let Some(shared) = self.join().await? else { return Ok(Done { is_over: true, ..done }) };
        let lease = self.lease().await?;
        let (mut asked, mut attempts) = (Instant::now(), 0);
        loop {
            if self.session.cancel.is_cancelled() {
                return Err(events_core::Error::Interrupted.into());
            }
            let mut open = shared.open_items().await?;
            if open.is_empty() {
                break;
            }
            // What nobody has comes first. What others have is asked for only now and then, a few at a time and as it is
            // now: they may have renewed it since.
            let is_free = open.iter().any(|open| !open.is_claimed());
            if !is_free && asked.elapsed() < ASK_EVERY {
                sleep(LOOK_EVERY).await;
                continue;
            }
            open.retain(|open| open.is_claimed() != is_free);
            let length = open.len();
            open.rotate_left(spread(self.name, length));
            if !is_free {
                open.truncate(ASKED_MAX);
                asked = Instant::now();
            }
            let before = attempts;
            for open in open {
                let claim = match shared.claim(&open, self.name).await {
                    Ok(claim) => claim,
                    // Another worker has come to the end, and cleans up behind the run.
                    Err(_) if self.is_over().await? => break,
                    Err(error) => return Err(error.into()),
                };
                let Some(claim) = claim else { continue };
                attempts += 1;
                done.add(self.claimed(&shared, &open, claim, attempts).await?);
                // An item takes long enough for everything to be different behind it.
                break;
            }
            if attempts == before {
                sleep(LOOK_EVERY).await;
            }
        }
        self.require_committed().await?;
        give_back(lease, true).await;
        done.is_over = true;
        Ok(done)
    }

    /// The run, unless it is over.
    async fn join(&self) -> Result<Option<SharedRun<'_>>> {
        let run = &self.settings.start.run;
        let shared = self.session.distributor.join(run).await?;
        if shared.is_none() {
            self.require_committed().await?;
        }
        Ok(shared)
    }

    async fn is_over(&self) -> Result<bool> {
        let committed = self.session.distributor.committed(&self.settings.start.run).await?;
        Ok(committed.is_some_and(|(_, is_done)| is_done))
    }

    /// A run that has no plan must be over.
    async fn require_committed(&self) -> Result<()> {
        let (run, distributor) = (&self.settings.start.run, &self.session.distributor);
        match distributor.committed(run).await? {
            Some((_, true)) => return Ok(()),
            // The last worker has died behind the stage's end.
            Some((_, false)) => {
                let _lock = self.lock(true).await?;
                distributor.recover(&self.settings.start).await?;
                return Ok(());
            }
            None => {}
        }
        let stage = self.session.zones.stage.url();
        let problem = format!(
            "run `{run}` has no plan in `{stage}` and is not committed: `events prepare` makes one, and another run that \
             commits first takes its place"
        );
        Err(Error::Missing { problem })
    }

    async fn lease(&self) -> Result<Option<HeldLease>> {
        if self.settings.zones.trusted.local_folder().is_some() || self.settings.single_writer {
            return Ok(None);
        }
        let began = Instant::now();
        loop {
            match HeldLease::share(&self.session.distributor, &self.settings.start.run).await {
                Ok(lease) => return Ok(Some(lease)),
                Err(events_core::Error::Busy { .. }) if began.elapsed() < self.settings.wait => sleep(LOOK_EVERY).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does a claimed item, and says meanwhile that it lives.
    async fn claimed(&self, shared: &SharedRun<'_>, open: &OpenItem, claim: Claim, attempt: u32) -> Result<Worked> {
        let work = self.item(shared, open.item, attempt);
        let keep = async {
            loop {
                sleep(Claim::RENEW_EVERY).await;
                if claim.renew().await.is_err() {
                    // The text of a store's error may hold a token.
                    warn!(item = %open.item, "the claim was not renewed: the store failed");
                }
            }
        };
        let worked = tokio::select! {
            worked = work => worked,
            () = keep => unreachable!("it goes on for ever"),
        };
        if worked.is_err() && claim.release().await.is_err() {
            warn!(item = %open.item, "the claim was not given back: others wait until it ends");
        }
        worked
    }

    /// Waits for the table's lock, which others have while they do an item.
    async fn lock(&self, takes_table: bool) -> Result<TableLock> {
        let lock = if takes_table { TableLock::take } else { TableLock::share };
        Ok(TableLock::wait(lock, &self.settings.zones.trusted, LOCK_WAIT, &self.session.cancel).await?)
    }

    /// What is told of an error: a plan that another run has overtaken is not mended by trying again.
    fn told(&self, error: events_core::Error) -> Error {
        match error {
            events_core::Error::Conflict { table, .. } => {
                Error::Overtaken { run: self.settings.start.run.clone(), table }
            }
            error => error.into(),
        }
    }

    /// Does an item, with the lock that it needs where the table is in a folder.
    async fn item(&self, shared: &SharedRun<'_>, item: WorkItem, attempt: u32) -> Result<Worked> {
        let _lock = self.lock(item.phase.takes_table()).await?;
        let began = Instant::now();
        let name: RunId = format!("{}-{attempt}", self.name).parse()?;
        let worked = shared.work(item, &name).await.map_err(|error| self.told(error))?;
        info!(%item, again = worked.again, elapsed_ms = began.elapsed().as_millis() as u64, "item done");
        Ok(worked)
    }
}

/// Ends a worker's hold on the lease: that of the run when it is over.
async fn give_back(lease: Option<HeldLease>, is_over: bool) {
    match lease {
        Some(lease) if is_over => lease.release(RELEASE_MAX).await,
        _ => {}
    }
}

/// Where a worker begins in a list of that length: by its name, so that two seldom begin at the same place.
fn spread(name: &RunId, length: usize) -> usize {
    let sum = name.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    if length == 0 { 0 } else { sum % length }
}
