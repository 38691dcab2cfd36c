//! A run over several workers, from the side of one of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};

use super::claim::{Claim, Claimed};
use super::document;
use super::item::{WorkItem, WorkPhase};
use super::plan::{Prepared, Split, WorkPlan};
use super::results::CommitResult;
use super::worker::Worker;
use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::control::{self, Table};
use crate::run::distributor::Distributor;
use crate::run::layout::{self, RunId};
use crate::run::phases::Run;
use crate::run::plan::{Place, Plan};
use crate::run::poison::Poison;
use crate::run::redo;
use crate::run::report::{Job, Report};
use crate::run::start::Start;
use crate::run::writers::Writers;

/// Fixes what is pending as the work of a run. One that was fixed before under the same name stays as it is.
pub(crate) async fn prepare(context: &Arc<Context>, split: Split) -> Result<Prepared> {
    let zones = &context.zones;
    let run = Run::begin(Arc::clone(context), None, Job::Run);
    let mut table = Table::open(&zones.trusted).await?;
    let mut config = context.config.clone();
    config.adopt_horizon(table.snapshot.horizon_days)?;
    redo::recover(context, &mut table).await?;
    let behind = table.snapshot.sequence;
    match WorkPlan::get(&zones.stage, &context.start.run).await? {
        // Whoever asks again has not seen the answer.
        Some(plan) if plan.behind == behind => return Ok(Prepared::of(&plan)),
        // Of a plan that was not finished, or that somebody else is making, nobody reads anything but through the plan.
        None if redo::is_of_workers(context).await? => {
            let results = layout::work_results(&context.start.run);
            // Results without a plan are what is left of a run that is over.
            if !redo::is_empty(&zones.stage, &results).await? {
                run.erase_stage().await;
                run.require_new().await?;
            }
        }
        _ => run.require_new().await?,
    }
    redo::sweep(context, behind).await?;
    let plan = Plan::of(&zones.landing, Place::Pending).await?;
    if plan.inputs.is_empty() {
        return Ok(Prepared::nothing(context.start.run.clone(), behind + 1, plan.refused));
    }
    context.stop.check()?;
    if context.writers == Writers::Many {
        control::require_conditional(&zones.trusted).await?;
    }
    table.note(&zones.trusted).await?;
    let (plan, groups) = WorkPlan::new(&context.start, behind, &config, plan, split)?;
    redo::begin_for_workers(context, behind).await?;
    plan.put(&zones.stage, &groups).await?;
    // Of several who plan at once, the first one's is that of all.
    let first = WorkPlan::get(&zones.stage, &context.start.run).await?;
    Ok(Prepared::of(&first.unwrap_or(plan)))
}

/// A run over several workers that has a plan, and is not over.
pub struct SharedRun<'a> {
    distributor: &'a Distributor,
    plan: WorkPlan,
}

/// An item that can be done now and has no result yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenItem {
    /// The item.
    pub item: WorkItem,
    /// Whether somebody has said to be at work on it, and may be dead.
    claimed: Option<Claimed>,
}

impl OpenItem {
    /// Whether somebody has claimed it.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.claimed.is_some()
    }
}

/// Who was faster.
enum Overtaken {
    /// Other workers of this run, or whoever has recovered it.
    ByWorkers,
    /// A run whose commit has the place of this one's.
    ByAnotherRun,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worked {
    /// The run.
    pub run: RunId,
    /// The item.
    pub item: WorkItem,
    /// Whether it was done before, by this worker or another.
    pub again: bool,
    /// Of the commit, and of the last item: what the run did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl<'a> SharedRun<'a> {
    /// `None`: the run has no plan, because nobody has made one or it is over.
    pub(crate) async fn join(distributor: &'a Distributor, run: &RunId) -> Result<Option<Self>> {
        let plan = WorkPlan::get(&distributor.zones().stage, run).await?;
        Ok(plan.map(|plan| Self { distributor, plan }))
    }

    /// What the run is divided into.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        Prepared::of(&self.plan)
    }

    /// The items that can be done now: those of the first phase that is not over. Empty when nothing is left to do.
    ///
    /// # Errors
    /// When the stage zone cannot be listed.
    pub async fn open_items(&self) -> Result<Vec<OpenItem>> {
        let (run, stage) = (&self.plan.run, &self.distributor.zones().stage);
        let (results, claims) = (layout::work_results(run), layout::work_claims(run));
        let (mut done, mut claimed): (HashSet<String>, HashMap<String, Claimed>) = Default::default();
        for folder in [&results, &claims] {
            let failed = |error| stage.error("listing", folder, error);
            let mut objects = stage.store().list(Some(&stage.path(folder)?));
            while let Some(object) = objects.try_next().await.map_err(failed)? {
                let Some(path) = stage.relative(&object.location) else { continue };
                if let Some(item) = layout::item_of_result(run, path) {
                    done.insert(item.to_owned());
                } else if let Some((item, number)) = layout::item_of_claim(run, path) {
                    let claim = Claimed { number, renewed: object.last_modified };
                    let last = claimed.entry(item.to_owned()).or_insert(claim);
                    if last.number < number {
                        *last = claim;
                    }
                }
            }
        }
        for phases in WorkPhase::BARRIERS {
            let items = phases.iter().flat_map(|phase| self.plan.all(*phase));
            let open = items.filter(|item| !done.contains(&item.to_string()));
            let open = open.map(|item| OpenItem { item, claimed: claimed.get(&item.to_string()).copied() });
            let open: Vec<_> = open.collect();
            // The last item takes the stage with it, and with that its plan.
            if !open.is_empty() {
                return if WorkPlan::get(stage, run).await?.is_some() { Ok(open) } else { Ok(Vec::new()) };
            }
        }
        Ok(Vec::new())
    }

    /// Says that a worker is at work on an item. `None`: another one is, and lives.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(&self, open: &OpenItem, worker: &RunId) -> Result<Option<Claim>> {
        Claim::take(&self.distributor.zones().stage, &self.plan.run, open.item, open.claimed, worker).await
    }

    /// Does an item. `attempt` is a name that nobody else uses for this run and item, now or later.
    ///
    /// It can be called as often as one likes, by any number of workers at once: the first result stays. With
    /// [`Writers::Single`] only one at a time may do what [takes the table](WorkPhase::takes_table).
    ///
    /// # Errors
    /// [`Error::Setting`] when the run has no such item, or items before it have no result yet. [`Error::Conflict`] when
    /// another run has committed meanwhile: this one never will, its inputs are pending or that one's. Else as
    /// [`Distributor::run`].
    pub async fn work(&self, item: WorkItem, attempt: &RunId) -> Result<Worked> {
        let (run, stage) = (&self.plan.run, &self.distributor.zones().stage);
        self.plan.check(item)?;
        let again = item.phase != WorkPhase::Finish && document::has_result(stage, run, item).await?;
        let mut report = None;
        if !again {
            match self.work_anew(item, attempt).await {
                Ok(done) => report = done,
                Err(error) => {
                    return match self.overtaken(item.phase).await? {
                        // Somebody else has come to the end meanwhile, and the stage is gone.
                        Some(Overtaken::ByWorkers) => Ok(Worked { run: run.clone(), item, again: true, report }),
                        Some(Overtaken::ByAnotherRun) => Err(Error::Conflict {
                            table: self.distributor.zones().trusted.url().to_owned(),
                            attempts: 1,
                        }),
                        None => Err(error),
                    };
                }
            }
        } else if item.phase == WorkPhase::Commit {
            report = document::result::<CommitResult>(stage, run, item).await?.map(|result| result.report);
        }
        Ok(Worked { run: run.clone(), item, again, report })
    }

    /// Whether an error at an item of that phase may come from others that were faster: then it is not the thing to tell.
    async fn overtaken(&self, phase: WorkPhase) -> Result<Option<Overtaken>> {
        let (trusted, sequence) = (&self.distributor.zones().trusted, self.plan.behind + 1);
        if !control::is_committed(trusted, sequence).await? {
            return Ok(None);
        }
        if control::entry(trusted, sequence).await?.run != self.plan.run {
            return Ok(Some(Overtaken::ByAnotherRun));
        }
        // What comes before the commit is in vain behind it, and finds another table than the one of the plan.
        let is_over = phase.is_before_commit()
            || control::is_done(trusted, sequence).await?
            // Of a stage the plan is erased first.
            || WorkPlan::get(&self.distributor.zones().stage, &self.plan.run).await?.is_none();
        Ok(is_over.then_some(Overtaken::ByWorkers))
    }

    /// Does an item, from the beginning again without an input that it has panicked of.
    async fn work_anew(&self, item: WorkItem, attempt: &RunId) -> Result<Option<Report>> {
        let poison: Arc<Poison> = Arc::default();
        let mut number = 1;
        loop {
            let start = Start { run: self.plan.run.clone(), date: self.plan.date };
            let stage = self.plan.run.attempt_at(&item.to_string(), &attempt.stage(false, number));
            let context = self.distributor.item_context(&start, stage, &self.plan, &poison);
            let poisoned = poison.len();
            let clock = self.distributor.clock();
            let worker = Worker { context: Arc::new(context), clock, plan: &self.plan, item };
            match worker.work().await {
                // Whether it is the inputs or the program shows when all of them are known: at the commit.
                Err(Error::Panic { .. }) if poison.len() > poisoned && poison.len() <= Poison::INPUTS_MAX => {
                    number += 1;
                }
                done => return done,
            }
        }
    }
}
