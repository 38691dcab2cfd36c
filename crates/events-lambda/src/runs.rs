//! Runs: one an invocation, that keep to its time and tell what they did.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use events_catalog::Catalog;
use events_core::Config;
use events_core::run::{Cancel, Distributor, Grace, RejectFilter, Report, Start, Writers, Zones};
use events_stores::{Access, HeldLease, Opening, RequestCounter, Requests, TableLock, ZoneUrl};
use lambda_runtime::Context;
use tempfile::TempDir;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::error::{Error, Result};
use crate::metrics::Outcome;
use crate::pace::Pace;
use crate::request::Command;
use crate::run_id::new_run_id;
use crate::settings::Settings;
use crate::time_limit::{TimeLimit, run_time, time_left};

/// The most objects of the quarantine that a run names in the log. The report has the counts of all inputs.
const QUARANTINED_NAMED_MAX: usize = 20;

/// How long the end of an invocation waits for a store to take the lease back. Without that, the next run is refused until
/// the term has passed.
pub(crate) const LEASE_RELEASE_MAX: Duration = Duration::from_secs(2);

/// What an invocation keeps of its time to answer in.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// No retry of a request begins later than this after the first try. A store that refuses for a while is waited for,
/// because a run that begins again costs more.
const RETRY_WITHIN: Duration = Duration::from_secs(180);

/// What all runs of a process share.
pub(crate) struct Runs {
    pub(crate) zones: Zones,
    pub(crate) stage: ZoneUrl,
    pub(crate) trusted: ZoneUrl,
    config: Config,
    reader_grace: Duration,
    pace: Pace,
    /// Of what is asked of buckets.
    counter: RequestCounter,
    catalog: Option<Catalog>,
}

impl Runs {
    /// Opens the zones. No request is made.
    pub(crate) fn open(settings: Settings) -> Result<Self> {
        let Settings { zones, config, reader_grace, input_bytes_max, function_memory_bytes, landing: _, catalog } =
            settings;
        let pace = Pace::new(input_bytes_max, function_memory_bytes);
        let opening = Opening::new(Access::Write, RETRY_WITHIN);
        let opened = zones.open(&opening)?;
        let catalog = catalog.map(|name| Catalog::open(name, &zones.trusted, &opening)).transpose()?;
        Ok(Self {
            zones: opened,
            stage: zones.stage,
            trusted: zones.trusted,
            config,
            reader_grace,
            pace,
            counter: opening.counter,
            catalog,
        })
    }

    /// Does a run, and tells log and metrics how it went.
    pub(crate) async fn run(&self, command: Command, context: &Context) -> Result<Report> {
        let (began, before) = (Instant::now(), self.counter.requests());
        let result = self.run_in_time(command, context, began).await;
        if let Ok(report) = &result {
            log(report, &self.zones, began.elapsed());
        }
        let result = match result {
            Ok(report) => self.register(context).await.map(|()| report),
            failed => failed,
        };
        self.tell(&result, began.elapsed(), &before, context);
        result
    }

    /// Tells the catalog, when there is one, what it has not seen of the table. What fails is made good by the next run, also by
    /// one that has nothing else to do: by that of the host which repeats this invocation.
    pub(crate) async fn register(&self, context: &Context) -> Result<()> {
        let Some(catalog) = &self.catalog else { return Ok(()) };
        // Nothing is computed, so the folder for scratch files is only named.
        let table = Distributor::new(self.zones.clone(), PathBuf::new(), self.config.clone())?;
        // What a run leaves of its time is for this.
        let time = time_left(context.deadline, SystemTime::now()).map(|time| time.saturating_sub(ANSWER_TIME));
        let registering = catalog.keep_up(&table);
        let registered = match time {
            Some(time) => timeout(time, registering).await.map_err(|_| Error::CatalogTime)??,
            None => registering.await?,
        };
        info!(table = %catalog.name(), created = registered.created, partitions = registered.partitions, "registered");
        Ok(())
    }

    /// The requests until now, of all invocations of this process.
    pub(crate) fn requests(&self) -> Requests {
        self.counter.requests()
    }

    /// Tells metrics how a run went, and what it has asked of buckets since then.
    pub(crate) fn tell(&self, result: &Result<Report>, elapsed: Duration, since: &Requests, context: &Context) {
        let requests = Some(self.counter.requests().since(since).total());
        let (function, table) = (&*context.env_config.function_name, &*self.trusted.text);
        let (request_id, result) = (&*context.request_id, result.as_ref());
        Outcome { function, table, request_id, elapsed, requests, result }.emit(SystemTime::now());
    }

    async fn run_in_time(&self, command: Command, context: &Context, began: Instant) -> Result<Report> {
        let now = DateTime::<Utc>::from(SystemTime::now());
        let start = Start {
            run: new_run_id(now, &context.request_id),
            date: command.date().unwrap_or_else(|| now.date_naive()),
        };
        let lock = TableLock::take(&self.trusted, Duration::ZERO)?;
        let session = self.session(context, lock.writers, began)?;
        let lease = match lock.writers {
            Writers::Many => Some(session.take_lease(&start).await?),
            Writers::Single => None,
        };
        let Session { distributor, time, .. } = &session;
        let result = match command {
            Command::Run(_) => distributor.run(&start).await,
            Command::Parse(_) => distributor.parse(&start).await,
            Command::Distribute(_) => distributor.distribute(&start).await,
            Command::Compact(_) => distributor.compact(&start).await,
            Command::Retry(_) => distributor.retry(&start, &RejectFilter::default()).await,
            Command::Reprocess(days) => distributor.reprocess(&start, days.into()).await,
        };
        if let Some(lease) = lease {
            lease.release(LEASE_RELEASE_MAX).await;
        }
        let result = result.map_err(Error::from);
        if matches!(command, Command::Run(_) | Command::Parse(_)) {
            self.pace.learn(*time, began.elapsed(), &result);
        }
        result
    }

    /// What an invocation works with, within its time.
    pub(crate) fn session(&self, context: &Context, writers: Writers, began: Instant) -> Result<Session> {
        let time = run_time(context.deadline, SystemTime::now(), self.reader_grace);
        let scratch = tempfile::Builder::new().prefix("events-").tempdir();
        let scratch = scratch.map_err(|source| Error::Scratch { source })?;
        let (cancel, reader_grace) = (Cancel::default(), self.reader_grace);
        let mut distributor = Distributor::new(self.zones.clone(), scratch.path().to_owned(), self.config.clone())?
            .with_writers(writers)
            .with_grace(Grace::new(move || tokio::time::sleep(reader_grace)))
            .with_clock(move || began.elapsed())
            .with_cancel(cancel.clone());
        if let Some(max) = self.pace.inputs_max(time) {
            distributor = distributor.with_inputs_max(max);
        }
        let limit = TimeLimit::watch(time, cancel.clone());
        Ok(Session { distributor, cancel, time, _limit: limit, _scratch: scratch })
    }
}

/// What an invocation works with, until it is dropped.
pub(crate) struct Session {
    pub(crate) distributor: Distributor,
    cancel: Cancel,
    /// What the invocation has left for a run; `None` when that is unknown.
    time: Option<Duration>,
    _limit: TimeLimit,
    _scratch: TempDir,
}

impl Session {
    /// Takes the lease of the table, if nobody else has it.
    pub(crate) async fn take_lease(&self, start: &Start) -> Result<HeldLease> {
        Ok(HeldLease::take(&self.distributor, start, Duration::ZERO, &self.cancel).await?)
    }
}

/// Tells the log what a run did.
pub(crate) fn log(report: &Report, zones: &Zones, elapsed: Duration) {
    let totals = &report.totals;
    info!(
        run = %report.run,
        job = ?report.job,
        commit = report.commit,
        inputs = report.inputs.len(),
        left = report.left,
        bytes = totals.bytes,
        records = totals.records,
        events = totals.events,
        rows = totals.rows,
        superseded = report.superseded,
        duplicates = totals.duplicates_total(),
        rejects = totals.rejects_total(),
        partitions = report.partitions.len(),
        elapsed_ms = elapsed.as_millis() as u64,
        "done"
    );
    let mut quarantined = report.quarantined();
    let mut objects = Vec::new();
    for (object, rejects) in quarantined.by_ref().take(QUARANTINED_NAMED_MAX) {
        objects.push(format!("{object} ({rejects})"));
    }
    if !objects.is_empty() {
        let (rejects, unnamed) = (totals.rejects_total(), quarantined.count());
        let zone = zones.landing.url();
        warn!(run = %report.run, rejects, zone, ?objects, unnamed, "records are in the quarantine");
    }
}
