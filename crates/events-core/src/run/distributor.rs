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
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};

use super::actions;
use super::context::Context;
use super::exchange::{Exchange, Scratch, Spool, Staged};
use super::layout::{self, RunId};
use super::ledger::{Ledger, check_parsed, check_written};
use super::log::{self, LOG_VERSION, LogEntry, Publication, Target};
use super::losers::{Dropped, Losers};
use super::parse::Parse;
use super::plan::Plan;
use super::progress::Progress;
use super::quarantine::Quarantine;
use super::remote::on_threads;
use super::report::{Counts, InputReport, Job, PartitionReport, Phase, PhaseReport, REPORT_VERSION, Report};
use super::stage::{self, StageManifest};
use super::stop::{Cancel, Stop};
use super::write::{Output, Write};
use super::zone::Zones;
use crate::config::Config;
use crate::error::Result;
use crate::table::Kinds;

/// What makes a run this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name, new for each run.
    pub run: RunId,
    /// The day under which inputs and rejects are filed.
    pub date: NaiveDate,
}

type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

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
        Plan::of(&self.zones.landing).await
    }

    /// Turns what is pending into rows of the table, and moves it to `processed`.
    ///
    /// # Errors
    /// Before the commit nothing was published and every input is still pending.
    pub async fn run(&self, start: &Start) -> Result<Report> {
        let mut run = Run::begin(self, start, Job::Run);
        let plan = run.plan().await?;
        if plan.inputs.is_empty() {
            return Ok(run.report());
        }
        let exchange = run.context.scratch_exchange(plan.bytes());
        let staged = run.stage(&plan, Arc::new(exchange)).await;
        let entry = run.or_erase(staged, &layout::stage(&start.run)).await?;
        run.apply(&entry, std::slice::from_ref(&start.run)).await?;
        Ok(run.report())
    }

    /// Turns what is pending into a parsed stage, and moves it to `processed`: the first half of the job.
    ///
    /// # Errors
    /// Before the stage is whole every input is still pending.
    pub async fn parse(&self, start: &Start) -> Result<Report> {
        let mut run = Run::begin(self, start, Job::Parse);
        let plan = run.plan().await?;
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
        let mut run = Run::begin(self, start, Job::Distribute);
        let mut manifests = StageManifest::all(&self.zones.stage).await?;
        run.end(Phase::Plan);
        run.report.inputs = manifests.iter().flat_map(|manifest| manifest.inputs.clone()).collect();
        let exchange = Arc::new(stage::open(&run.context, &mut manifests)?);
        let written = run.write(&exchange, Vec::new(), Vec::new()).await;
        // The stages of the parses are not this run's to erase.
        let entry = run.or_erase(written, &layout::stage_outs(&start.run)).await?;
        let mut runs: Vec<_> = manifests.into_iter().map(|manifest| manifest.run).collect();
        runs.push(start.run.clone());
        run.apply(&entry, &runs).await?;
        Ok(run.report())
    }
}

/// A run under way.
struct Run {
    context: Arc<Context>,
    clock: Option<Clock>,
    began: Duration,
    report: Report,
}

impl Run {
    fn begin(distributor: &Distributor, start: &Start, job: Job) -> Self {
        let context = Context {
            config: distributor.config.clone(),
            zones: distributor.zones.clone(),
            start: start.clone(),
            stop: Arc::new(Stop::new(distributor.cancel.clone())),
            progress: Arc::clone(&distributor.progress),
            scratch: Arc::new(Scratch::new(distributor.scratch.clone())),
            kinds: Arc::new(Kinds::default()),
        };
        let report = Report {
            version: REPORT_VERSION,
            run: start.run.clone(),
            job,
            date: start.date,
            commit: None,
            totals: Counts::default(),
            inputs: Vec::new(),
            partitions: Vec::new(),
            elapsed: Vec::new(),
        };
        context.progress.enter(Phase::Plan);
        let began = distributor.clock.as_ref().map(|clock| clock()).unwrap_or_default();
        Self { context: Arc::new(context), clock: distributor.clock.clone(), began, report }
    }

    /// Ends a phase: notes how long it took.
    fn end(&mut self, phase: Phase) {
        if let Some(clock) = &self.clock {
            let now = clock();
            let elapsed_ms = now.saturating_sub(self.began).as_millis() as u64;
            self.report.elapsed.push(PhaseReport { phase, elapsed_ms });
            self.began = now;
        }
    }

    fn enter(&self, phase: Phase) {
        self.context.progress.enter(phase);
    }

    fn report(self) -> Report {
        self.report
    }

    async fn plan(&mut self) -> Result<Arc<Plan>> {
        let plan = Plan::of(&self.context.zones.landing).await?;
        self.context.progress.input_bytes.store(plan.bytes(), Ordering::Relaxed);
        self.end(Phase::Plan);
        Ok(Arc::new(plan))
    }

    /// Erases what a failed run has left before its commit.
    async fn or_erase<T>(&self, result: Result<T>, path: &str) -> Result<T> {
        if result.is_err() {
            // The error that stopped the run is the one to tell; what cannot be erased now is in nobody's way.
            let _ = actions::erase(&self.context.zones.stage, path).await;
        }
        result
    }

    /// Everything before the commit, and the commit.
    async fn stage(&mut self, plan: &Arc<Plan>, exchange: Arc<Exchange>) -> Result<LogEntry> {
        let rejects = self.parse(plan, &exchange).await?;
        let quarantine = self.quarantine(&rejects).await?;
        self.write(&exchange, plan.inputs.clone(), quarantine).await
    }

    async fn parse_to_stage(&mut self, plan: &Arc<Plan>, exchange: &Arc<Exchange>) -> Result<Vec<Publication>> {
        let rejects = self.parse(plan, exchange).await?;
        let quarantine = self.quarantine(&rejects).await?;
        self.enter(Phase::Write);
        let rows = self.flush(exchange, |exchange| &exchange.rows).await?;
        let keys = self.flush(exchange, |exchange| &exchange.keys).await?;
        let manifest = StageManifest::new(&self.context, &self.report.inputs, rows, keys);
        manifest.put(&self.context.zones.stage).await?;
        self.end(Phase::Write);
        Ok(quarantine)
    }

    async fn parse(&mut self, plan: &Arc<Plan>, exchange: &Arc<Exchange>) -> Result<Arc<Spool>> {
        self.enter(Phase::Parse);
        let rejects = Arc::new(self.context.scratch_spool(plan.inputs.len(), 16));
        let parse = Arc::new(Parse::new(&self.context, plan, exchange, &rejects));
        let threads = {
            let parse = Arc::clone(&parse);
            on_threads(self.context.config.threads, &self.context.stop, move |remote| parse.work(remote))
        };
        threads.await?;
        let inputs = plan.inputs.iter().zip(parse.counts());
        self.report.inputs = inputs.map(|(input, counts)| InputReport { key: input.key.clone(), counts }).collect();
        self.sum();
        check_parsed(&self.report.totals, entries(&exchange.rows), entries(&rejects))?;
        self.end(Phase::Parse);
        Ok(rejects)
    }

    fn sum(&mut self) {
        self.report.totals = Counts::default();
        for input in &self.report.inputs {
            self.report.totals += &input.counts;
        }
    }

    /// Puts rejects into the stage.
    async fn quarantine(&self, rejects: &Arc<Spool>) -> Result<Vec<Publication>> {
        let keys = self.report.inputs.iter().map(|input| input.key.clone()).collect();
        let quarantine = Quarantine::new(&self.context, rejects, keys);
        let written = on_threads(1, &self.context.stop, move |remote| quarantine.work(remote)).await?;
        Ok(written.into_iter().flatten().collect())
    }

    /// Puts what is left of a spool into the stage, and lists all of it.
    async fn flush(&self, exchange: &Arc<Exchange>, spool: fn(&Exchange) -> &Spool) -> Result<Vec<Vec<Staged>>> {
        let (exchange, stop) = (Arc::clone(exchange), Arc::clone(&self.context.stop));
        let flushed = on_threads(1, &self.context.stop, move |remote| {
            let spool = spool(&exchange);
            (0..spool.len())
                .map(|lane| stop.check().and_then(|()| spool.flush(lane, remote)))
                .collect::<Result<Vec<_>>>()
        });
        Ok(flushed.await?.into_iter().flatten().collect())
    }

    /// From an exchange to the commit.
    async fn write(
        &mut self,
        exchange: &Arc<Exchange>,
        inputs: Vec<super::plan::Input>,
        mut publish: Vec<Publication>,
    ) -> Result<LogEntry> {
        let exchanged = entries(&exchange.rows);
        let losers = self.deduplicate(exchange).await?;
        let dropped = entries(&losers);
        let outputs = self.write_files(exchange, &losers, exchanged - dropped).await?;
        let written = outputs.iter().map(|output| output.rows).sum();
        check_written(&self.report.totals, Ledger { exchanged, written, dropped })?;
        self.report.partitions = partitions(&outputs);
        self.end(Phase::Write);
        self.enter(Phase::Publish);
        let sequence = log::next_sequence(&self.context.zones.trusted).await?;
        let start = &self.context.start;
        publish.extend(outputs.iter().map(|output| Publication {
            stage: layout::stage_out(&start.run, output.digest),
            zone: Target::Trusted,
            path: layout::table_file(&output.folder, sequence, output.digest),
            bytes: output.bytes,
        }));
        let (run, date, totals) = (start.run.clone(), start.date.to_string(), self.report.totals.clone());
        let entry = LogEntry { version: LOG_VERSION, sequence, run, date, inputs, publish, totals };
        // The last moment to stop.
        self.context.stop.check()?;
        log::append(&self.context.zones.trusted, &entry).await?;
        self.report.commit = Some(sequence);
        Ok(entry)
    }

    async fn deduplicate(&mut self, exchange: &Arc<Exchange>) -> Result<Arc<Spool>> {
        self.enter(Phase::Deduplicate);
        let losers = Arc::new(self.context.scratch_spool(exchange.spread.buckets, 16));
        let work = Losers::new(&self.context, exchange, &losers);
        let threads = on_threads(self.context.config.threads, &self.context.stop, move |remote| work.work(remote));
        for dropped in threads.await? {
            self.count_dropped(&dropped);
        }
        for input in &mut self.report.inputs {
            input.counts.rows = input.counts.events - input.counts.duplicates_total();
        }
        self.sum();
        self.end(Phase::Deduplicate);
        Ok(losers)
    }

    fn count_dropped(&mut self, dropped: &Dropped) {
        for (&(input, duplicate), count) in dropped {
            *self.report.inputs[input as usize].counts.duplicates.entry(duplicate).or_default() += count;
        }
    }

    async fn write_files(&mut self, exchange: &Arc<Exchange>, losers: &Arc<Spool>, rows: u64) -> Result<Vec<Output>> {
        self.enter(Phase::Write);
        self.context.progress.rows_expected.store(rows, Ordering::Relaxed);
        let work = Write::new(&self.context, exchange, losers);
        let threads = on_threads(self.context.config.threads, &self.context.stop, move |remote| work.work(remote));
        let mut outputs: Vec<_> = threads.await?.into_iter().flatten().collect();
        outputs.sort_unstable();
        Ok(outputs)
    }

    /// Everything after the commit. Nothing stops it but a store that fails.
    async fn apply(&mut self, entry: &LogEntry, staged: &[RunId]) -> Result<()> {
        self.publish(&entry.publish).await?;
        self.end(Phase::Publish);
        self.move_inputs(&Plan { inputs: entry.inputs.clone() }).await?;
        self.enter(Phase::Erase);
        for run in staged {
            actions::erase(&self.context.zones.stage, &layout::stage(run)).await?;
        }
        self.end(Phase::Erase);
        Ok(())
    }

    async fn publish(&self, publications: &[Publication]) -> Result<()> {
        self.enter(Phase::Publish);
        let progress = &self.context.progress;
        progress.files_expected.store(publications.len() as u64, Ordering::Relaxed);
        let publish = |publication| async move {
            actions::publish(&self.context.zones, publication).await?;
            progress.files_published.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        futures::stream::iter(publications).map(publish).buffer_unordered(self.requests()).try_collect().await
    }

    async fn move_inputs(&mut self, plan: &Plan) -> Result<()> {
        self.enter(Phase::Move);
        let (landing, date) = (&self.context.zones.landing, self.context.start.date);
        let moves = plan.inputs.iter().map(|input| actions::move_input(landing, input, date));
        futures::stream::iter(moves).buffer_unordered(self.requests()).try_collect::<()>().await?;
        self.end(Phase::Move);
        Ok(())
    }

    fn requests(&self) -> usize {
        8 * self.context.config.requests_max
    }
}

fn entries(spool: &Spool) -> u64 {
    (0..spool.len()).map(|lane| spool.entries(lane)).sum()
}

/// What was written to each partition.
fn partitions(outputs: &[Output]) -> Vec<PartitionReport> {
    let mut partitions: Vec<PartitionReport> = Vec::new();
    for output in outputs {
        match partitions.last_mut() {
            Some(last) if last.path == output.folder => {
                last.rows += output.rows;
                last.bytes += output.bytes;
                last.files += 1;
            }
            _ => partitions.push(PartitionReport {
                path: output.folder.clone(),
                rows: output.rows,
                bytes: output.bytes,
                files: 1,
            }),
        }
    }
    partitions
}
