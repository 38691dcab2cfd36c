//! Runs: one an invocation, that keep to its time and tell what they did.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use events_core::Config;
use events_core::run::{Cancel, Distributor, Grace, RejectFilter, Report, Start, Writers, Zones};
use events_stores::{Access, HeldLease, Opening, TableLock, ZoneUrl};
use lambda_runtime::Context;
use tracing::{info, warn};

use crate::error::{Error, Result};
use crate::metrics::Outcome;
use crate::pace::Pace;
use crate::request::Command;
use crate::run_id::new_run_id;
use crate::settings::Settings;
use crate::time_limit::{TimeLimit, run_time};

/// The most objects of the quarantine that a run names in the log. The report has the counts of all inputs.
const QUARANTINED_NAMED_MAX: usize = 20;

/// How long the end of an invocation waits for a store to take the lease back. Without that, the next run is refused until
/// the term has passed.
const LEASE_RELEASE_MAX: Duration = Duration::from_secs(2);

/// How the function opens its zones. A store that refuses for a while is waited for, because a run that begins again costs
/// more.
const OPENING: Opening = Opening { access: Access::Write, retry_within: Duration::from_secs(180) };

/// What all runs of a process share.
pub(crate) struct Runs {
    zones: Zones,
    trusted: ZoneUrl,
    config: Config,
    reader_grace: Duration,
    pace: Pace,
}

impl Runs {
    /// Opens the zones. No request is made.
    pub(crate) fn open(settings: Settings) -> Result<Self> {
        let Settings { zones, config, reader_grace, input_bytes_max, function_memory_bytes, landing: _ } = settings;
        let pace = Pace::new(input_bytes_max, function_memory_bytes);
        Ok(Self { zones: zones.open(&OPENING)?, trusted: zones.trusted, config, reader_grace, pace })
    }

    /// Does a run, and tells log and metrics how it went.
    pub(crate) async fn run(&self, command: Command, context: &Context) -> Result<Report> {
        let began = Instant::now();
        let result = self.run_in_time(command, context, began).await;
        if let Ok(report) = &result {
            self.log(report, began.elapsed());
        }
        Outcome {
            function: &context.env_config.function_name,
            table: &self.trusted.text,
            request_id: &context.request_id,
            elapsed: began.elapsed(),
            requests: None,
            result: result.as_ref(),
        }
        .emit(SystemTime::now());
        result
    }

    async fn run_in_time(&self, command: Command, context: &Context, began: Instant) -> Result<Report> {
        let now = SystemTime::now();
        let time = run_time(context.deadline, now, self.reader_grace);
        let now = DateTime::<Utc>::from(now);
        let start = Start {
            run: new_run_id(now, &context.request_id),
            date: command.date().unwrap_or_else(|| now.date_naive()),
        };
        let scratch = tempfile::Builder::new().prefix("events-").tempdir();
        let scratch = scratch.map_err(|source| Error::Scratch { source })?;
        let lock = TableLock::take(&self.trusted, Duration::ZERO)?;
        let (cancel, reader_grace) = (Cancel::default(), self.reader_grace);
        let _limit = TimeLimit::watch(time, cancel.clone());
        let mut distributor = Distributor::new(self.zones.clone(), scratch.path().to_owned(), self.config.clone())?
            .with_writers(lock.writers)
            .with_grace(Grace::new(move || tokio::time::sleep(reader_grace)))
            .with_clock(move || began.elapsed())
            .with_cancel(cancel.clone());
        if let Some(max) = self.pace.inputs_max(time) {
            distributor = distributor.with_inputs_max(max);
        }
        let lease = match lock.writers {
            Writers::Many => Some(HeldLease::take(&distributor, &start, Duration::ZERO, &cancel).await?),
            Writers::Single => None,
        };
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
            self.pace.learn(time, began.elapsed(), &result);
        }
        result
    }

    fn log(&self, report: &Report, elapsed: Duration) {
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
            let zone = self.zones.landing.url();
            warn!(run = %report.run, rejects, zone, ?objects, unnamed, "records are in the quarantine");
        }
    }
}
