//! The job: phases in an order that loses nothing wherever it stops.
//!
//! ```text
//! recover → sweep → plan → parse → deduplicate → write to stage → commit → publish → move inputs → erase stage → done
//! ```
//!
//! Until the commit, which is one conditional put, nothing is touched but the run's own stage; a run that fails or is
//! stopped before it erases that stage and leaves the inputs where they are. What comes after the commit stands in its
//! entry of the table's log, and anybody may do it, any number of times: every run begins with what others have left.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::barrier::Barrier;
use super::context::Context;
use super::control::{self, Lease, Table};
use super::exchange::Scratch;
use super::expected::{Decision, Expected, Outcome};
use super::grace::Grace;
use super::history::{PastRun, past_runs};
use super::inspect::{self, Sampling, TableOverview, TableSample};
use super::layout::RunId;
use super::phases::Run;
use super::plan::{DateRange, Input, InputsMax, Place, Plan};
use super::poison::Poison;
use super::profile::{Clock, Profile};
use super::progress::Progress;
use super::redo;
use super::rejects::{RejectFilter, RejectLine, read_lines};
use super::report::{Job, Report};
use super::start::Start;
use super::stop::{Cancel, Stop};
use super::trace::{Trace, trace};
use super::work::{self, Prepared, SharedRun, Split, WorkPlan};
use super::writers::Writers;
use super::zone::Zones;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::EventId;
use crate::table::{Kinds, PartitionKey};

/// Carries out runs on a table.
///
/// Its futures wait for stores in the runtime of whoever awaits them and compute on threads of their own. Each of them may
/// be dropped at any await, and is `Send`: see [Embedding](crate#embedding).
pub struct Distributor {
    zones: Zones,
    scratch: PathBuf,
    config: Config,
    writers: Writers,
    barrier: Option<Barrier>,
    grace: Option<Grace>,
    inputs_max: Option<InputsMax>,
    expected: Option<Arc<Expected>>,
    clock: Option<Clock>,
    cancel: Cancel,
    progress: Arc<Progress>,
}

/// Partitions of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// The newest commit of the table, whose partitions are among them; 0 when it has none.
    pub commit: u64,
    /// In their order.
    pub keys: BTreeSet<PartitionKey>,
}

/// Which part of what is there a job is about.
#[derive(Default)]
struct Work {
    filter: RejectFilter,
    dates: Option<DateRange>,
    expected: Option<Arc<Expected>>,
    /// Of all attempts.
    poison: Arc<Poison>,
}

/// How often a job begins because other runs commit first.
const ATTEMPTS_MAX: usize = 8;

impl Distributor {
    /// A distributor of a table. `scratch` is an existing local folder for what memory has no room for; a run that fits
    /// its memory writes nothing there, and none leaves anything.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that cannot be.
    pub fn new(zones: Zones, scratch: PathBuf, config: Config) -> Result<Self> {
        config.validate()?;
        let (cancel, progress) = (Cancel::default(), Arc::default());
        let writers = Writers::default();
        let (barrier, grace, inputs_max, expected, clock) = (None, None, None, None, None);
        Ok(Self { zones, scratch, config, writers, barrier, grace, inputs_max, expected, clock, cancel, progress })
    }

    /// Who else may write to the table meanwhile. Default [`Writers::Many`].
    #[must_use]
    pub fn with_writers(mut self, writers: Writers) -> Self {
        self.writers = writers;
        self
    }

    /// What makes writes survive a loss of power, where the store does not see to it.
    #[must_use]
    pub fn with_barrier(mut self, barrier: Barrier) -> Self {
        self.barrier = Some(barrier);
        self
    }

    /// The time that commits give to readers, those of others that this one finishes too. Without it a reader misses no row
    /// at any one moment, and a scan that takes a while may.
    #[must_use]
    pub fn with_grace(mut self, grace: Grace) -> Self {
        self.grace = Some(grace);
        self
    }

    /// How much of what is pending [`Distributor::run`] and [`Distributor::parse`] take at once, so that a run ends in the
    /// time that it has; [`Report::left`] tells how many inputs stay for later runs. Default all.
    #[must_use]
    pub fn with_inputs_max(mut self, max: InputsMax) -> Self {
        self.inputs_max = Some(max);
        self
    }

    /// What [`Distributor::run`] is to find and to decide, or else to refuse with [`Error::Outdated`], before it has published
    /// anything of its own; what earlier runs have committed may be finished by then. It takes the inputs that are expected
    /// and no others, whatever [`Distributor::with_inputs_max`] says, and [`Report::left`] tells how many came since.
    #[must_use]
    pub fn with_expected(mut self, expected: Expected) -> Self {
        self.expected = Some(Arc::new(expected));
        self
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

    /// Takes the lease of the table, by which runs keep out of each other's way where several may write. It is to be
    /// [renewed](Lease::renew) every [`Lease::RENEW_EVERY`] while the run is at work, and [released](Lease::release) then.
    ///
    /// No job asks for it and nothing is lost without it: of two runs at once only one commits what they have both read,
    /// and the other one begins again. With it, that one knows beforehand.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run holds it.
    pub async fn lease(&self, start: &Start) -> Result<Lease> {
        Lease::take(&self.zones.trusted, &start.run).await
    }

    /// The lease of a run whose workers hold it together: the first of them takes it, and each renews it for all. Whoever
    /// carries out the last item releases it; when a worker stops before, it is just dropped.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run holds it.
    pub async fn shared_lease(&self, run: &RunId) -> Result<Lease> {
        Lease::share(&self.zones.trusted, run).await
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
    /// Before the commit nothing was published and every input is still pending. [`Error::Unfinished`]: after it, and the
    /// next run goes on where this one stopped. [`Error::Setting`] for a wider horizon than that of the table: nothing was
    /// done.
    pub async fn run(&self, start: &Start) -> Result<Report> {
        self.attempt(start, Job::Run, Work { expected: self.expected.clone(), ..Work::default() }).await
    }

    /// What a [run](Distributor::run) that is done has written, and what another one of the same name and day must find and
    /// decide to write the same.
    ///
    /// After a run on zones that only seem to change, this is what one on the real zones can be [held
    /// to](Distributor::with_expected).
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn outcome(&self, report: &Report) -> Result<(Outcome, Expected)> {
        let (trusted, config) = (&self.zones.trusted, self.config.clone());
        let Some(commit) = report.commit else {
            let base = control::newest(trusted).await?;
            return Ok((Outcome::default(), Expected { base, inputs: Vec::new(), config, decision: None }));
        };
        let entry = control::entry(trusted, commit).await?;
        let decision = Some(Decision::of(&entry)?);
        let inputs = entry.inputs.iter().map(|taken| taken.input.clone()).collect();
        Ok((Outcome::of(&entry), Expected { base: commit - 1, inputs, config, decision }))
    }

    /// Puts rejects of the quarantine through again, with the level and the limits of now. What succeeds becomes rows of the
    /// table; the rest stays in the quarantine, and what was there before is moved to `retried`.
    ///
    /// Objects of the quarantine of which nothing succeeds are not touched.
    ///
    /// # Errors
    /// As [`Distributor::run`]. Before the commit the quarantine is as it was.
    pub async fn retry(&self, start: &Start, filter: &RejectFilter) -> Result<Report> {
        self.attempt(start, Job::Retry, Work { filter: filter.clone(), ..Work::default() }).await
    }

    /// Puts inputs of `processed` through again, with the rules of now. The table changes only where they give other rows;
    /// the inputs stay where they are, and their rejects, which are in the quarantine since they were first read, are only
    /// counted.
    ///
    /// Of two readings of the same event at the same time the one stays that would stay if they came as two events.
    ///
    /// # Errors
    /// As [`Distributor::run`]. Before the commit the table is as it was.
    pub async fn reprocess(&self, start: &Start, dates: DateRange) -> Result<Report> {
        self.attempt(start, Job::Reprocess, Work { dates: Some(dates), ..Work::default() }).await
    }

    /// Merges small files of each partition, up to `file_bytes_max`. The rows of the table stay the same.
    ///
    /// # Errors
    /// As [`Distributor::run`]. Before the commit the table is as it was.
    pub async fn compact(&self, start: &Start) -> Result<Report> {
        self.attempt(start, Job::Compact, Work::default()).await
    }

    /// Makes the log, the checkpoint and the index of a table anew, from its files alone: they are lost or damaged, or files
    /// were put there or taken away by hand. Of events that several files have, only the row that stays remains, by the
    /// horizon that can be read in the log, or a narrower one that is set. The entries of a log that is there are kept, and
    /// no longer count; inputs that are pending are not touched.
    ///
    /// No other run may be at work.
    ///
    /// # Errors
    /// [`Error::Table`] for a file that is none of a table. It can be moved away, and the rebuild begun again.
    /// [`Error::Setting`] for a wider horizon than that of the log.
    pub async fn rebuild(&self, start: &Start) -> Result<Report> {
        let context = self.context(start, Job::Rebuild, 1, &Work::default());
        Run::begin(Arc::new(context), self.clock.clone(), Job::Rebuild).rebuild().await
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
    /// Before the stage is whole every input is still pending. [`Error::Unfinished`]: after it, and the next run moves them.
    pub async fn parse(&self, start: &Start) -> Result<Report> {
        self.attempt(start, Job::Parse, Work::default()).await
    }

    /// Turns all parsed stages into rows of the table, and erases them: the second half of the job.
    ///
    /// # Errors
    /// [`Error::NoStage`] when there is none; else as [`Distributor::run`]. Before the commit the stages are as they were.
    pub async fn distribute(&self, start: &Start) -> Result<Report> {
        self.attempt(start, Job::Distribute, Work::default()).await
    }

    /// Carries out what runs have committed and not brought to an end, and tells which commits those were: what any run
    /// begins with.
    ///
    /// # Errors
    /// As [`Distributor::run`].
    pub async fn recover(&self, start: &Start) -> Result<Vec<u64>> {
        let mut table = Table::open(&self.zones.trusted).await?;
        let recovered = table.unfinished.iter().map(|entry| entry.sequence).collect();
        redo::recover(&self.context(start, Job::Run, 1, &Work::default()), &mut table).await?;
        Ok(recovered)
    }

    /// Fixes what is pending as the work of a run that several workers do, and writes it to the stage zone, unless there is no
    /// input. Asked again under the same name, it gives the same plan. Each worker then [joins](Distributor::join) the run, and does [items](SharedRun::work) of it.
    ///
    /// The table must not change until the run commits: of another run at the same time only one of the two commits, and
    /// here that is all workers' work.
    ///
    /// # Errors
    /// As [`Distributor::run`]; [`Error::Setting`] when there are too many items.
    pub async fn prepare(&self, start: &Start, split: Split) -> Result<Prepared> {
        work::prepare(&Arc::new(self.context(start, Job::Run, 1, &Work::default())), split).await
    }

    /// Joins a run that several workers do. `None`: it is over, or nobody has prepared it.
    ///
    /// # Errors
    /// When its plan cannot be read.
    pub async fn join(&self, run: &RunId) -> Result<Option<SharedRun<'_>>> {
        SharedRun::join(self, run).await
    }

    /// The commit of a run, and whether that is carried out to its end. `None`: it has not committed, or more than 64 runs
    /// have since.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn committed(&self, run: &RunId) -> Result<Option<(u64, bool)>> {
        let trusted = &self.zones.trusted;
        let Some(entry) = control::entry_of(trusted, run).await? else { return Ok(None) };
        Ok(Some((entry.sequence, control::is_done(trusted, entry.sequence).await?)))
    }

    /// The last `last` runs that have committed, in the order of their commits. Touches nothing.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn history(&self, last: usize) -> Result<Vec<PastRun>> {
        past_runs(&self.zones.trusted, last, None).await
    }

    /// The commits of the run of that name: one, or none; two of a rebuild. Touches nothing.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn history_of(&self, run: &RunId) -> Result<Vec<PastRun>> {
        past_runs(&self.zones.trusted, usize::MAX, Some(run)).await
    }

    /// What is known of events by their ids, in the order of `ids`: their rows, and every record of them in what is pending
    /// and in `processed`, or in what of that was filed under some days. Touches nothing.
    ///
    /// Reads inputs as [`Distributor::run`] would, with the level and the limits of now, so it takes the longer the larger they
    /// are. Those in whose bytes none of a few ids stands are only looked through, the others parsed.
    ///
    /// # Errors
    /// When a zone cannot be read, and for a log or an index that is damaged.
    pub async fn trace(&self, ids: &[EventId<'_>], dates: Option<DateRange>) -> Result<Vec<Trace>> {
        trace(self.context(&Start::of_a_look()?, Job::Run, 1, &Work::default()), ids, dates).await
    }

    /// The partitions that got files after a commit: those of the whole table after commit 0, when many have followed it,
    /// and when the table has no such commit.
    ///
    /// What the log says counts, also where a commit is not carried out to its end: then a partition may still be empty.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn partitions_since(&self, commit: u64) -> Result<Partitions> {
        let (commit, folders) = control::folders_since(&self.zones.trusted, commit).await?;
        let keys = folders.iter().filter_map(|folder| PartitionKey::of_folder(folder)).collect();
        Ok(Partitions { commit, keys })
    }

    /// What the table has, by its log: some requests, however large it is. Where the log cannot be read, each file is asked.
    /// Changes nothing.
    ///
    /// # Errors
    /// When the trusted zone cannot be listed or read.
    pub async fn overview(&self) -> Result<TableOverview> {
        inspect::overview(&self.zones.trusted, self.config.requests_max).await
    }

    /// Which fields the `data` of rows has, by kind: from the first rows of a few files that are spread over the days. What
    /// cannot be read is told, and keeps nothing else from being read. Changes nothing.
    pub async fn sample(&self, overview: &TableOverview, sampling: &Sampling) -> TableSample {
        inspect::sample(&self.zones.trusted, overview, sampling, self.config.requests_max).await
    }

    pub(super) fn zones(&self) -> &Zones {
        &self.zones
    }

    pub(super) fn clock(&self) -> Option<Clock> {
        self.clock.clone()
    }

    /// What an attempt at an item shares.
    pub(super) fn item_context(&self, start: &Start, stage: RunId, plan: &WorkPlan, poison: &Arc<Poison>) -> Context {
        let work = Work { poison: Arc::clone(poison), ..Work::default() };
        let context = self.context(start, Job::Run, 1, &work);
        Context { config: plan.config(&self.config), stage, ..context }
    }

    /// Does a job, from the beginning again when another run commits first: then there is something else to do; and when it
    /// panics of an input, which it then leaves out.
    async fn attempt(&self, start: &Start, job: Job, work: Work) -> Result<Report> {
        let mut recovered = Vec::new();
        let mut number = 0;
        // An attempt that has panicked of inputs does not count.
        while number < ATTEMPTS_MAX + work.poison.len() {
            number += 1;
            let context = self.context(start, job, number, &work);
            if let Some(report) = Run::begin(Arc::new(context), self.clock.clone(), job).attempt(&mut recovered).await?
            {
                return Ok(report);
            }
        }
        Err(Error::Conflict { table: self.zones.trusted.url().to_owned(), attempts: ATTEMPTS_MAX })
    }

    fn context(&self, start: &Start, job: Job, attempt: usize, work: &Work) -> Context {
        Context {
            config: self.config.clone(),
            zones: self.zones.clone(),
            writers: self.writers,
            barrier: self.barrier.clone(),
            grace: self.grace.clone(),
            start: start.clone(),
            stage: start.run.stage(job == Job::Distribute, attempt),
            filter: work.filter.clone(),
            dates: work.dates,
            inputs_max: self.inputs_max,
            expected: work.expected.clone(),
            poison: Arc::clone(&work.poison),
            stop: Arc::new(Stop::new(self.cancel.clone())),
            progress: Arc::clone(&self.progress),
            profile: self.clock.clone().map(Profile::new).map(Arc::new),
            scratch: Arc::new(Scratch::new(self.scratch.clone())),
            kinds: Arc::new(Kinds::default()),
        }
    }
}
