//! The phases of a run, one after the other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};

use super::actions;
use super::context::Context;
use super::exchange::{Exchange, Spool, Staged};
use super::files::Output;
use super::layout::{self, RunId};
use super::ledger::{Ledger, check_parsed, check_written};
use super::log::{self, LOG_VERSION, LogEntry, Publication, Target};
use super::losers::{Dropped, Losers};
use super::parse::Parse;
use super::plan::{Input, Place, Plan};
use super::quarantine::Quarantine;
use super::rejects::RejectFilter;
use super::remote::on_threads;
use super::report::{Counts, InputReport, Job, PartitionReport, Phase, PhaseReport, REPORT_VERSION, Report};
use super::stage::StageManifest;
use super::write::Write;
use super::zone::Zones;
use crate::error::{Error, Result};

/// Objects that are published at once between stores, each up to `file_bytes_max` in memory.
const PUBLICATIONS_BETWEEN_STORES_MAX: usize = 2;

/// The time since some moment.
pub(crate) type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A run under way.
pub(crate) struct Run {
    pub(crate) context: Arc<Context>,
    clock: Option<Clock>,
    began: Duration,
    pub(crate) report: Report,
    /// Of rejects that are tried again: which.
    pub(crate) filter: RejectFilter,
}

impl Run {
    pub(crate) fn begin(context: Arc<Context>, clock: Option<Clock>, job: Job) -> Self {
        let report = Report {
            version: REPORT_VERSION,
            run: context.start.run.clone(),
            job,
            date: context.start.date,
            commit: None,
            totals: Counts::default(),
            repairs: Vec::new(),
            inputs: Vec::new(),
            partitions: Vec::new(),
            elapsed: Vec::new(),
        };
        context.progress.enter(Phase::Plan);
        let began = clock.as_ref().map(|clock| clock()).unwrap_or_default();
        Self { context, clock, began, report, filter: RejectFilter::default() }
    }

    /// Ends a phase: notes how long it took.
    pub(crate) fn end(&mut self, phase: Phase) {
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

    pub(crate) fn report(self) -> Report {
        self.report
    }

    /// Fixes the inputs: all that is pending, or the objects of the quarantine that the filter takes.
    pub(crate) async fn plan(&mut self, place: Place) -> Result<Arc<Plan>> {
        let mut plan = Plan::of(&self.context.zones.landing, place).await?;
        if place == Place::Quarantine {
            plan.inputs.retain(|input| self.filter.takes_object(&input.key));
        }
        self.context.progress.input_bytes.store(plan.bytes(), Ordering::Relaxed);
        self.end(Phase::Plan);
        Ok(Arc::new(plan))
    }

    /// Refuses a name that another run has used and left something under.
    pub(crate) async fn require_new(&self, path: &str) -> Result<()> {
        let stage = &self.context.zones.stage;
        if actions::is_empty(stage, path).await? {
            return Ok(());
        }
        let problem = format!("`{}` is there already: each run needs a name of its own", stage.name(path));
        Err(Error::Setting { name: "run", problem })
    }

    /// Erases what a failed run has left before its commit.
    pub(crate) async fn or_erase<T>(&self, result: Result<T>, path: &str) -> Result<T> {
        if result.is_err() {
            // The error that stopped the run is the one to tell; what cannot be erased now is in nobody's way.
            let _ = actions::erase(&self.context.zones.stage, path).await;
        }
        result
    }

    /// Everything before the commit, and the commit.
    pub(crate) async fn stage(&mut self, plan: &Arc<Plan>, exchange: Arc<Exchange>, sequence: u64) -> Result<LogEntry> {
        let rejects = self.parse(plan, &exchange).await?;
        let quarantine = self.quarantine(plan, &rejects).await?;
        self.write(&exchange, plan.inputs.clone(), quarantine, sequence).await
    }

    /// [`Run::stage`] of rejects that are tried again. What gives no event stays where it is; `None` when nothing does.
    pub(crate) async fn stage_again(
        &mut self,
        plan: &Arc<Plan>,
        exchange: Arc<Exchange>,
        sequence: u64,
    ) -> Result<Option<LogEntry>> {
        let rejects = self.parse(plan, &exchange).await?;
        let moved = |number: usize| self.report.inputs[number].counts.events > 0;
        let kept = plan.inputs.iter().enumerate().filter(|(number, _)| moved(*number));
        let inputs: Vec<_> = kept.map(|(_, input)| input.clone()).collect();
        if inputs.is_empty() {
            return Ok(None);
        }
        let quarantine = self.quarantine(plan, &rejects).await?;
        self.write(&exchange, inputs, quarantine, sequence).await.map(Some)
    }

    pub(crate) async fn parse_to_stage(
        &mut self,
        plan: &Arc<Plan>,
        exchange: &Arc<Exchange>,
    ) -> Result<Vec<Publication>> {
        let rejects = self.parse(plan, exchange).await?;
        let quarantine = self.quarantine(plan, &rejects).await?;
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
        let parse = Arc::new(Parse::new(&self.context, plan, exchange, &rejects, self.filter.clone()));
        let threads = {
            let parse = Arc::clone(&parse);
            on_threads(self.context.config.threads, &self.context.stop, move |remote| parse.work(remote))
        };
        threads.await?;
        let inputs = plan.inputs.iter().zip(parse.counts());
        self.report.inputs = inputs.map(|(input, counts)| InputReport { key: input.key.clone(), counts }).collect();
        self.report.repairs = parse.repairs();
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
    async fn quarantine(&self, plan: &Plan, rejects: &Arc<Spool>) -> Result<Vec<Publication>> {
        let start = &self.context.start;
        // Rejects that were tried again in vain are there already.
        let stays = |number: usize, input: &Input| {
            input.place == Place::Quarantine && self.report.inputs[number].counts.events == 0
        };
        let path = |(number, input): (usize, &Input)| {
            (!stays(number, input)).then(|| input.quarantine_path(start.date, &start.run))
        };
        let paths = plan.inputs.iter().enumerate().map(path).collect();
        let quarantine = Quarantine::new(&self.context, rejects, paths);
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
    pub(crate) async fn write(
        &mut self,
        exchange: &Arc<Exchange>,
        inputs: Vec<Input>,
        mut publish: Vec<Publication>,
        sequence: u64,
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
    pub(crate) async fn apply(&mut self, entry: &LogEntry, staged: &[RunId]) -> Result<()> {
        let name = self.context.zones.trusted.name(&layout::log_entry(entry.sequence));
        self.carry_out(entry, staged).await.map_err(|error| Error::Unfinished { entry: name, source: Box::new(error) })
    }

    async fn carry_out(&mut self, entry: &LogEntry, staged: &[RunId]) -> Result<()> {
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

    pub(crate) async fn publish(&self, publications: &[Publication]) -> Result<()> {
        self.enter(Phase::Publish);
        let progress = &self.context.progress;
        progress.files_expected.store(publications.len() as u64, Ordering::Relaxed);
        let publish = |publication| async move {
            actions::publish(&self.context.zones, publication).await?;
            progress.files_published.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        futures::stream::iter(publications).map(publish).buffer_unordered(self.publications()).try_collect().await
    }

    pub(crate) async fn move_inputs(&mut self, plan: &Plan) -> Result<()> {
        self.enter(Phase::Move);
        let (landing, date) = (&self.context.zones.landing, self.context.start.date);
        let moves = plan.inputs.iter().map(|input| actions::move_input(landing, input, date));
        futures::stream::iter(moves).buffer_unordered(self.requests()).try_collect::<()>().await?;
        self.end(Phase::Move);
        Ok(())
    }

    /// How many objects are published at once. Within a store that moves no bytes; between stores each is in memory.
    fn publications(&self) -> usize {
        let Zones { landing, stage, trusted } = &self.context.zones;
        let within = stage.shares_store(landing) && stage.shares_store(trusted);
        if within { self.requests() } else { self.context.config.requests_max.min(PUBLICATIONS_BETWEEN_STORES_MAX) }
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
