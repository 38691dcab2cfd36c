//! The function: what stays between invocations, and what an invocation does.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use events_core::Config;
use events_core::run::{Cancel, Distributor, Grace, Job, Report, Start, Writers, Zones};
use events_stores::{Access, HeldLease, Opening, TableLock, ZoneUrl};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use tracing::info;

use crate::error::{Error, Result};
use crate::message::Secrets;
use crate::request::Request;
use crate::response::Response;
use crate::run_id::new_run_id;
use crate::settings::Settings;
use crate::time_limit::TimeLimit;

/// How long the end of an invocation waits for a store to take the lease back. Without that, the next run is refused until
/// the term has passed.
const LEASE_RELEASE_MAX: Duration = Duration::from_secs(2);

/// No retry of a request begins later than this after the first try. A store that refuses for a while is waited for,
/// because a run that begins again costs more.
const RETRY_WITHIN: Duration = Duration::from_secs(180);

/// The function of a process. Its stores are opened once and keep their connections between invocations.
pub struct Function {
    secrets: Secrets,
    /// The error is the answer to every invocation.
    opened: Result<Opened>,
}

struct Opened {
    zones: Zones,
    trusted: ZoneUrl,
    config: Config,
    reader_grace: Duration,
}

impl Function {
    /// Opens the function that the variables describe. No request is made.
    #[must_use]
    pub fn open(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self { secrets: Secrets::of(&variable), opened: Opened::of(&variable) }
    }

    /// Does what the payload asks for.
    ///
    /// # Errors
    /// A wrong variable or payload, or the run's error: its causes in one line, and in `error_type` what to do.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
        let told = |error: &Error| self.secrets.diagnostic(error);
        let opened = self.opened.as_ref().map_err(told)?;
        let report = opened.run(event.payload, &event.context).await.map_err(|error| told(&error))?;
        Ok(report.into())
    }
}

impl Opened {
    fn of(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Settings { zones, config, reader_grace } = Settings::of(variable)?;
        Ok(Self {
            zones: zones.open(&Opening::new(Access::Write, RETRY_WITHIN))?,
            trusted: zones.trusted,
            config,
            reader_grace,
        })
    }

    async fn run(&self, payload: Value, context: &Context) -> Result<Report> {
        let request = Request::of(payload)?;
        let now = DateTime::<Utc>::from(SystemTime::now());
        let start =
            Start { run: new_run_id(now, &context.request_id), date: request.date.unwrap_or_else(|| now.date_naive()) };
        let scratch = tempfile::Builder::new().prefix("events-").tempdir();
        let scratch = scratch.map_err(|source| Error::Scratch { source })?;
        let lock = TableLock::take(&self.trusted, Duration::ZERO)?;
        let (began, cancel) = (Instant::now(), Cancel::default());
        let reader_grace = self.reader_grace;
        let _limit = TimeLimit::watch(context.deadline, reader_grace, cancel.clone());
        let distributor = Distributor::new(self.zones.clone(), scratch.path().to_owned(), self.config.clone())?
            .with_writers(lock.writers)
            .with_grace(Grace::new(move || tokio::time::sleep(reader_grace)))
            .with_clock(move || began.elapsed())
            .with_cancel(cancel.clone());
        let lease = match lock.writers {
            Writers::Many => Some(HeldLease::take(&distributor, &start, Duration::ZERO, &cancel).await?),
            Writers::Single => None,
        };
        let report = match request.job {
            Job::Parse => distributor.parse(&start).await,
            Job::Distribute => distributor.distribute(&start).await,
            // Requests ask for none of the others.
            _ => distributor.run(&start).await,
        };
        if let Some(lease) = lease {
            lease.release(LEASE_RELEASE_MAX).await;
        }
        let report = report?;
        log(&report, began);
        Ok(report)
    }
}

fn log(report: &Report, began: Instant) {
    let totals = &report.totals;
    info!(
        run = %report.run,
        job = ?report.job,
        commit = report.commit,
        inputs = report.inputs.len(),
        bytes = totals.bytes,
        records = totals.records,
        events = totals.events,
        rows = totals.rows,
        superseded = report.superseded,
        duplicates = totals.duplicates_total(),
        rejects = totals.rejects_total(),
        partitions = report.partitions.len(),
        elapsed_ms = began.elapsed().as_millis() as u64,
        "done"
    );
}
