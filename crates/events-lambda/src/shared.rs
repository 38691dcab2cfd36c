//! A run that many invocations share: one makes the plan, each of the others does an item of it.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use events_core::run::{Distributor, Prepared, RunId, Start, WorkItem, WorkPhase, Writers};
use events_stores::{HeldLease, StoreName, TableLock, ZoneUrl};
use lambda_runtime::Context;
use tracing::info;

use crate::error::{Error, Result};
use crate::request::{Division, Part};
use crate::response::{Done, Lists, Planned, Worked};
use crate::run_id::{attempt_name, new_run_id};
use crate::runs::{LEASE_RELEASE_MAX, Runs, log};

impl Runs {
    /// Divides what is pending.
    pub(crate) async fn prepare(&self, division: Division, context: &Context) -> Result<Planned> {
        let began = Instant::now();
        let now = DateTime::<Utc>::from(SystemTime::now());
        let run = division.run.clone().unwrap_or_else(|| new_run_id(now, &context.request_id));
        let start = Start { run, date: division.date.unwrap_or_else(|| now.date_naive()) };
        let lock = TableLock::take(&self.trusted, Duration::ZERO)?;
        let session = self.session(context, lock.writers, began)?;
        let lease = match lock.writers {
            // It may be a plan that is asked for again.
            Writers::Many => Some(HeldLease::share(&session.distributor, &start.run).await?),
            Writers::Single => None,
        };
        let prepared = session.distributor.prepare(&start, division.split()).await;
        match (lease, &prepared) {
            // The workers have it from now on.
            (Some(lease), Ok(prepared)) if prepared.inputs > 0 => drop(lease),
            (Some(lease), _) => lease.release(LEASE_RELEASE_MAX).await,
            (None, _) => {}
        }
        let planned = self.planned(prepared?);
        info!(run = %planned.run, inputs = planned.inputs, bytes = planned.bytes, items = ?planned.items, "planned");
        Ok(planned)
    }

    fn planned(&self, prepared: Prepared) -> Planned {
        let Prepared { run, inputs, bytes, left, refused, phases, .. } = prepared;
        let items = phases.iter().map(|phase| (phase.phase, phase.items)).collect();
        let lists = match &self.stage.store {
            StoreName::Bucket(bucket) if inputs > 0 => {
                let key = |path: &str| key(&self.stage, path);
                let keys = phases.iter().filter_map(|phase| Some((phase.phase, key(phase.list.as_ref()?))));
                Some(Lists { bucket: bucket.clone(), keys: keys.collect() })
            }
            StoreName::Bucket(_) | StoreName::Folder(_) | StoreName::Memory => None,
        };
        Planned { run, inputs, bytes, left, refused, items, lists }
    }

    /// Does an item.
    pub(crate) async fn work(&self, part: Part, context: &Context) -> Result<Worked> {
        let (began, before) = (Instant::now(), self.requests());
        let Part { run, item } = part;
        let lock = if item.phase.takes_table() {
            TableLock::take(&self.trusted, Duration::ZERO)?
        } else {
            TableLock::share(&self.trusted, Duration::ZERO)?
        };
        let session = self.session(context, lock.writers, began)?;
        let lease = match lock.writers {
            Writers::Many => Some(HeldLease::share(&session.distributor, &run).await?),
            Writers::Single => None,
        };
        let worked = work(&session.distributor, &run, item, context).await;
        match lease {
            Some(lease) if worked.is_ok() && item.phase == WorkPhase::Finish => lease.release(LEASE_RELEASE_MAX).await,
            // Others may be at work.
            lease => drop(lease),
        }
        let worked = worked?;
        if let Some(report) = worked.report.as_ref().filter(|_| item.phase == WorkPhase::Commit && !worked.again) {
            log(report, &self.zones, began.elapsed());
            self.tell(&Ok(report.clone()), began.elapsed(), &before, context);
        }
        if item.phase == WorkPhase::Finish {
            self.register(context).await?;
        }
        let elapsed_ms = began.elapsed().as_millis() as u64;
        info!(%run, %item, again = worked.again, elapsed_ms, "item done");
        let report = worked.report.map(|report| Box::new(Done::totals_of(report)));
        Ok(Worked { run, item, again: worked.again, report })
    }
}

async fn work(
    distributor: &Distributor,
    run: &RunId,
    item: WorkItem,
    context: &Context,
) -> Result<events_core::run::Worked> {
    match distributor.join(run).await? {
        Some(shared) => Ok(shared.work(item, &attempt_name(SystemTime::now(), &context.request_id)).await?),
        // Whoever asks again for the last item has not seen its answer.
        None => match distributor.committed(run).await? {
            Some((_, is_done)) => {
                if !is_done {
                    // Whoever did it has died behind the stage's end.
                    let date = DateTime::<Utc>::from(SystemTime::now()).date_naive();
                    distributor.recover(&Start { run: run.clone(), date }).await?;
                }
                Ok(events_core::run::Worked { run: run.clone(), item, again: true, report: None })
            }
            None => Err(Error::Request { problem: format!("run `{run}` has no plan and is not committed") }),
        },
    }
}

/// The key of a path in a zone that is a bucket, or a part of one.
fn key(zone: &ZoneUrl, path: &str) -> String {
    if zone.prefix.as_ref().is_empty() { path.to_owned() } else { format!("{}/{path}", zone.prefix) }
}
