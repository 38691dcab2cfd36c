//! The job: phases in an order that loses nothing wherever it stops.
//!
//! ```text
//! plan → parse → deduplicate → write to stage → commit → publish → move inputs → erase stage
//! ```
//!
//! Until the commit nothing is touched but the run's own stage; a run that fails or is stopped before it erases that
//! stage and leaves the inputs where they are.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::exchange::Scratch;
use super::layout;
use super::log;
use super::phases::{Clock, Run};
use super::plan::{Input, Place, Plan};
use super::progress::Progress;
use super::rejects::{RejectFilter, RejectLine, read_lines};
use super::report::{Job, Phase, Report};
use super::stage::{self, StageManifest};
use super::start::Start;
use super::stop::{Cancel, Stop};
use super::zone::Zones;
use crate::config::Config;
use crate::error::Result;
use crate::table::Kinds;

/// Carries out runs on a table.
///
/// Its futures wait for stores in the runtime of whoever awaits them and compute on threads of their own.
pub struct Distributor {
    zones: Zones,
    scratch: PathBuf,
    config: Config,
    clock: Option<Clock>,
    cancel: Cancel,
    progress: Arc<Progress>,
}

impl Distributor {
    /// A distributor of a table. `scratch` is an existing local folder for what memory has no room for; a run that fits
    /// its memory writes nothing there, and none leaves anything.
    ///
    /// # Errors
    /// [`crate::error::Error::Setting`] for a setting that cannot be.
    pub fn new(zones: Zones, scratch: PathBuf, config: Config) -> Result<Self> {
        config.validate()?;
        let (cancel, progress) = (Cancel::default(), Arc::default());
        Ok(Self { zones, scratch, config, clock: None, cancel, progress })
    }

    /// The time since some moment, for the durations in reports. Without it they have none.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The switch that stops runs.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The counters to keep. They are of one run: give a new one for the next.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// What [`Distributor::run`] would do now. Touches nothing.
    ///
    /// # Errors
    /// When the landing zone cannot be listed.
    pub async fn plan(&self) -> Result<Plan> {
        Plan::of(&self.zones.landing, Place::Pending).await
    }

    /// Turns what is pending into rows of the table, and moves it to `processed`.
    ///
    /// # Errors
    /// Before the commit nothing was published and every input is still pending.
    pub async fn run(&self, start: &Start) -> Result<Report> {
        let mut run = self.begin(start, Job::Run);
        run.require_new(&layout::stage(&start.run)).await?;
        // Before the inputs are listed: of runs that list the same ones only one gets this number.
        let sequence = log::next_sequence(&self.zones.trusted).await?;
        let plan = run.plan(Place::Pending).await?;
        if plan.inputs.is_empty() {
            return Ok(run.report());
        }
        let exchange = run.context.scratch_exchange(plan.bytes());
        let staged = run.stage(&plan, Arc::new(exchange), sequence).await;
        let entry = run.or_erase(staged, &layout::stage(&start.run)).await?;
        run.apply(&entry, std::slice::from_ref(&start.run)).await?;
        Ok(run.report())
    }

    /// Puts rejects of the quarantine through again, with the level and the limits of now. What succeeds becomes rows of the
    /// table; the rest stays in the quarantine, and what was there before is moved to `retried`.
    ///
    /// Objects of the quarantine of which nothing succeeds are not touched.
    ///
    /// # Errors
    /// Before the commit the quarantine is as it was.
    pub async fn retry(&self, start: &Start, filter: &RejectFilter) -> Result<Report> {
        let mut run = self.begin(start, Job::Retry);
        run.filter = filter.clone();
        run.require_new(&layout::stage(&start.run)).await?;
        let sequence = log::next_sequence(&self.zones.trusted).await?;
        let plan = run.plan(Place::Quarantine).await?;
        if plan.inputs.is_empty() {
            return Ok(run.report());
        }
        let exchange = run.context.scratch_exchange(plan.bytes());
        let staged = run.stage_again(&plan, Arc::new(exchange), sequence).await;
        if let Some(entry) = run.or_erase(staged, &layout::stage(&start.run)).await? {
            run.apply(&entry, std::slice::from_ref(&start.run)).await?;
        }
        Ok(run.report())
    }

    /// Calls `take` with every reject of the quarantine that the filter takes, and the object that it is in.
    ///
    /// # Errors
    /// When the quarantine cannot be listed or read.
    pub async fn rejects(&self, filter: &RejectFilter, mut take: impl FnMut(&Input, &RejectLine<'_>)) -> Result<()> {
        let plan = Plan::of(&self.zones.landing, Place::Quarantine).await?;
        for input in plan.inputs.iter().filter(|input| filter.takes_object(&input.key)) {
            read_lines(&self.zones.landing, input, |line| {
                if filter.takes(line) {
                    take(input, line);
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Turns what is pending into a parsed stage, and moves it to `processed`: the first half of the job.
    ///
    /// # Errors
    /// Before the stage is whole every input is still pending.
    pub async fn parse(&self, start: &Start) -> Result<Report> {
        let mut run = self.begin(start, Job::Parse);
        run.require_new(&layout::stage(&start.run)).await?;
        let plan = run.plan(Place::Pending).await?;
        if plan.inputs.is_empty() {
            return Ok(run.report());
        }
        let exchange = Arc::new(run.context.stage_exchange());
        let parsed = run.parse_to_stage(&plan, &exchange).await;
        let quarantine = run.or_erase(parsed, &layout::stage(&start.run)).await?;
        run.publish(&quarantine).await?;
        run.move_inputs(&plan).await?;
        Ok(run.report())
    }

    /// Turns all parsed stages into rows of the table, and erases them: the second half of the job.
    ///
    /// # Errors
    /// [`crate::error::Error::NoStage`] when there is none. Before the commit the stages are as they were.
    pub async fn distribute(&self, start: &Start) -> Result<Report> {
        let mut run = self.begin(start, Job::Distribute);
        run.require_new(&layout::stage_outs(&start.run)).await?;
        let sequence = log::next_sequence(&self.zones.trusted).await?;
        let mut manifests = StageManifest::all(&self.zones.stage).await?;
        run.end(Phase::Plan);
        run.report.inputs = manifests.iter().flat_map(|manifest| manifest.inputs.clone()).collect();
        let exchange = Arc::new(stage::open(&run.context, &mut manifests)?);
        let written = run.write(&exchange, Vec::new(), Vec::new(), sequence).await;
        // The stages of the parses are not this run's to erase.
        let entry = run.or_erase(written, &layout::stage_outs(&start.run)).await?;
        let mut runs: Vec<_> = manifests.into_iter().map(|manifest| manifest.run).collect();
        runs.push(start.run.clone());
        run.apply(&entry, &runs).await?;
        Ok(run.report())
    }

    fn begin(&self, start: &Start, job: Job) -> Run {
        let context = Context {
            config: self.config.clone(),
            zones: self.zones.clone(),
            start: start.clone(),
            stop: Arc::new(Stop::new(self.cancel.clone())),
            progress: Arc::clone(&self.progress),
            scratch: Arc::new(Scratch::new(self.scratch.clone())),
            kinds: Arc::new(Kinds::default()),
        };
        Run::begin(Arc::new(context), self.clock.clone(), job)
    }
}
