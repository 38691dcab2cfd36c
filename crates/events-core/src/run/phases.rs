//! The phases of a run, one after the other.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::barrier::Barrier;
use super::context::Context;
use super::control::{self, Commit, IndexSegment, LOG_VERSION, LogEntry, Publication, Snapshot, Table, Taken};
use super::exchange::{Exchange, Spool, Spread, Staged};
use super::files::Against;
use super::history;
use super::layout::{self, RunId};
use super::ledger::{Ledger, check_parsed, check_written};
use super::losers::{self, Dropped, LoserSpools, Losers};
use super::merge::{self, Compare, Compared, KnownIds, Shrink, Superseded, UpdateIndex};
use super::outputs::{Output, files, partitions, sort};
use super::parse::Parse;
use super::plan::{Input, Place, Plan};
use super::poison::Poison;
use super::profile::Clock;
use super::quarantine::Quarantine;
use super::redo;
use super::report::{Counts, InputReport, Job, Phase, PhaseReport, REPORT_VERSION, Report};
use super::stage::{self, StageContent, StageManifest};
use super::write::Write;
use super::writers::Writers;
use crate::error::{Error, Result};
use crate::table::index::Partitions;

/// A run under way.
pub(crate) struct Run {
    pub(super) context: Arc<Context>,
    clock: Option<Clock>,
    began: Duration,
    /// How many inputs there are to read.
    planned: usize,
    /// What is pending, when that had to be looked at first.
    listed: Option<Plan>,
    /// Inputs that were pending then and that earlier runs had taken.
    moved: BTreeSet<String>,
    pub(super) report: Report,
}

impl Run {
    pub(crate) fn begin(context: Arc<Context>, clock: Option<Clock>, job: Job) -> Self {
        let report = Report {
            version: REPORT_VERSION,
            run: context.start.run.clone(),
            job,
            date: context.start.date,
            commit: None,
            recovered: Vec::new(),
            superseded: 0,
            files_emptied: 0,
            doubled: 0,
            left: 0,
            totals: Counts::default(),
            repairs: Vec::new(),
            inputs: Vec::new(),
            refused: Vec::new(),
            partitions: Vec::new(),
            elapsed: Vec::new(),
            unsaved: None,
        };
        context.progress.restart();
        let began = clock.as_ref().map(|clock| clock()).unwrap_or_default();
        Self { context, clock, began, planned: 0, listed: None, moved: BTreeSet::new(), report }
    }

    /// Ends a phase: notes how long it took.
    pub(super) fn end(&mut self, phase: Phase) {
        if let Some(clock) = &self.clock {
            let now = clock();
            let elapsed_ms = now.saturating_sub(self.began).as_millis() as u64;
            let threads_ms = self.context.profile.as_ref().map(|profile| profile.take(phase)).unwrap_or_default();
            self.report.elapsed.push(PhaseReport { phase, elapsed_ms, threads_ms });
            self.began = now;
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.context.progress.enter(phase);
    }

    /// What others have left is finished, then the job is done. `None`: another run was faster, and what this one has
    /// read is no longer what there is; or it has panicked of an input that the next attempt need not read.
    ///
    /// What it has recovered before is added to `recovered`.
    pub(crate) async fn attempt(mut self, recovered: &mut Vec<u64>) -> Result<Option<Report>> {
        let zones = self.context.zones.clone();
        let mut table = Table::open(&zones.trusted).await?;
        self.require_expected(&table).await?;
        self.adopt_horizon(table.snapshot.horizon_days)?;
        recovered.extend(table.unfinished.iter().map(|entry| entry.sequence));
        self.report.recovered.clone_from(recovered);
        redo::recover(&self.context, &mut table).await?;
        self.require_new().await?;
        self.moved.extend(redo::sweep(&self.context, table.snapshot.sequence).await?);
        self.enter(Phase::Plan);
        let poisoned = self.context.poison.len();
        let written = self.work(&mut table).await;
        let entry = match written {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(Some(self.report)),
            // Of these the stage may be what others go on from.
            Err(error @ (Error::Unfinished { .. } | Error::Undecided { .. })) => return Err(error),
            Err(error) => {
                self.erase_stage().await;
                let again = match error {
                    Error::Panic { .. } => {
                        let found = self.context.poison.len();
                        // When nothing else is left to read, it may as well be the program.
                        found > poisoned && found <= Poison::INPUTS_MAX && found < self.planned
                    }
                    _ => is_of_the_moment(&error) && self.is_behind(&table).await?,
                };
                return if again { Ok(None) } else { Err(error) };
            }
        };
        if self.commit(&entry).await? == Commit::Lost {
            self.erase_stage().await;
            return Ok(None);
        }
        self.report.commit = Some(entry.sequence);
        self.apply(&entry).await?;
        Ok(Some(self.report))
    }

    /// Looks whether everything is as it is to be, before anything is written.
    ///
    /// # Errors
    /// [`Error::Outdated`] when it is not.
    async fn require_expected(&mut self, table: &Table) -> Result<()> {
        let Some(expected) = &self.context.expected else { return Ok(()) };
        let landing = &self.context.zones.landing;
        let pending = Plan::of(landing, Place::Pending).await?;
        expected.require_found(&self.context.config, table.snapshot.sequence, &pending, landing)?;
        let taken = table.unfinished.iter().flat_map(|entry| &entry.inputs);
        self.moved.extend(taken.map(|taken| taken.input.key.clone()));
        self.listed = Some(pending);
        Ok(())
    }

    /// Takes the horizon of the table, unless this run is told a narrower one.
    ///
    /// # Errors
    /// [`Error::Setting`] when it is told a wider one and would go by it.
    pub(super) fn adopt_horizon(&mut self, of_table: Option<u32>) -> Result<()> {
        let config = &mut Arc::make_mut(&mut self.context).config;
        if self.report.job == Job::Compact {
            // It keeps every row.
            config.dedup_horizon_days = None;
        }
        config.adopt_horizon(of_table)
    }

    /// What an entry names must be there for good before the entry is.
    async fn commit(&self, entry: &LogEntry) -> Result<Commit> {
        Barrier::pass(self.context.barrier.as_ref())?;
        // From here on the table may have it.
        self.enter(Phase::Publish);
        control::commit(&self.context.zones.trusted, entry).await
    }

    /// Commits while nobody else is to be at work.
    pub(super) async fn commit_and_apply(&mut self, entry: &LogEntry) -> Result<()> {
        let trusted = self.context.zones.trusted.clone();
        if self.commit(entry).await? == Commit::Lost {
            self.erase_stage().await;
            return Err(Error::Conflict { table: trusted.url().to_owned(), attempts: 1 });
        }
        self.report.commit = Some(entry.sequence);
        self.apply(entry).await
    }

    async fn apply(&mut self, entry: &LogEntry) -> Result<()> {
        let (context, trusted) = (Arc::clone(&self.context), self.context.zones.trusted.clone());
        let applied = redo::apply(&context, entry, |phase| self.end(phase)).await;
        let name = || trusted.name(&layout::log_entry(entry.sequence));
        applied.map_err(|error| Error::Unfinished { entry: name(), source: Box::new(error) })?;
        history::save(&trusted, &mut self.report).await;
        Ok(())
    }

    /// Everything before the commit. `None`: there is nothing to commit.
    async fn work(&mut self, table: &mut Table) -> Result<Option<LogEntry>> {
        let place = match self.report.job {
            // Nobody asks for a rebuild here.
            Job::Run | Job::Parse | Job::Rebuild => Place::Pending,
            Job::Retry => Place::Quarantine,
            Job::Reprocess => Place::Processed,
            Job::Distribute => return self.distribute(table).await,
            Job::Compact => return self.compact(table).await,
        };
        let plan = self.plan(place).await?;
        if plan.inputs.is_empty() {
            return Ok(None);
        }
        if self.report.job == Job::Parse {
            self.parse_to_stage(&plan).await?;
            return Ok(None);
        }
        self.stage(table, &plan).await
    }

    /// What is done before the first write of a run that is to commit.
    pub(super) async fn begin_writing(&self, table: &mut Table) -> Result<()> {
        self.context.stop.check()?;
        if self.context.writers == Writers::Many {
            control::require_conditional(&self.context.zones.trusted).await?;
        }
        table.note(&self.context.zones.trusted).await?;
        redo::begin(&self.context, Some(table.snapshot.sequence)).await
    }

    /// Whether another run has committed since this one looked.
    async fn is_behind(&self, table: &Table) -> Result<bool> {
        Ok(self.context.writers == Writers::Many
            && control::is_committed(&self.context.zones.trusted, table.next_sequence()).await?)
    }

    /// Fixes the inputs: all of a place that the job is about.
    async fn plan(&mut self, place: Place) -> Result<Arc<Plan>> {
        let mut plan = match self.listed.take() {
            Some(listed) => listed,
            None => Plan::of(&self.context.zones.landing, place).await?,
        };
        match place {
            Place::Pending => {
                if let Some(expected) = &self.context.expected {
                    self.report.left = expected.keep(&mut plan, &self.moved);
                } else if let Some(max) = self.context.inputs_max {
                    self.report.left = plan.keep_up_to(max);
                }
            }
            Place::Quarantine => plan.retain(|key| self.context.filter.takes_object(key)),
            Place::Processed => plan.retain(|key| self.context.dates.is_some_and(|dates| dates.takes(key))),
        }
        self.report.refused.clone_from(&plan.refused);
        self.planned = plan.inputs.len();
        self.context.progress.input_bytes.store(plan.bytes(), Ordering::Relaxed);
        self.end(Phase::Plan);
        Ok(Arc::new(plan))
    }

    /// Refuses a name that another run has used and left something under.
    pub(super) async fn require_new(&self) -> Result<()> {
        let (stage, path) = (&self.context.zones.stage, layout::stage(&self.context.stage));
        if redo::is_empty(stage, &path).await? {
            return Ok(());
        }
        let problem = format!("`{}` is there already: each run needs a name of its own", stage.name(&path));
        Err(Error::Setting { name: "run", problem })
    }

    /// Refuses the name of another run that has rejects in the quarantine on that day: those of this one would be taken for
    /// them.
    async fn require_new_rejects(&self) -> Result<()> {
        let start = &self.context.start;
        let (landing, path) = (&self.context.zones.landing, layout::quarantine_of(start.date, &start.run));
        if redo::is_empty(landing, &path).await? {
            return Ok(());
        }
        let problem =
            format!("`{}` has rejects of a run of that name: each run needs a name of its own", landing.name(&path));
        Err(Error::Setting { name: "run", problem })
    }

    /// Erases what this run has staged and will not commit.
    pub(super) async fn erase_stage(&self) {
        // What stopped the run is what to tell; what cannot be erased now is in nobody's way, and a later run erases it.
        let _ = redo::erase_stage(&self.context.zones.stage, &self.context.stage).await;
    }

    /// Inputs to an entry of the log; `None` when nothing would change by it.
    async fn stage(&mut self, table: &mut Table, plan: &Arc<Plan>) -> Result<Option<LogEntry>> {
        self.begin_writing(table).await?;
        let exchange = Arc::new(self.context.scratch_exchange(plan.bytes()));
        let Parsed { mut taken, rejects } = self.parse(plan, &exchange).await?;
        match self.report.job {
            // What gives no event stays where it is.
            Job::Retry => {
                let mut inputs = self.report.inputs.iter();
                taken.retain(|_| inputs.next().is_some_and(|input| input.counts.events > 0));
            }
            Job::Reprocess => taken.clear(),
            Job::Run | Job::Parse | Job::Distribute | Job::Compact | Job::Rebuild => {}
        }
        if self.report.job == Job::Retry && taken.is_empty() {
            self.erase_stage().await;
            return Ok(None);
        }
        let quarantine = self.quarantine(plan, &rejects).await?;
        let stages = vec![self.context.stage.clone()];
        let entry = self.write(table, &exchange, Work { taken, quarantine, stages }).await?;
        if let Some(expected) = &self.context.expected {
            expected.require_decided(&entry)?;
        }
        if self.report.job == Job::Reprocess && entry.publish.is_empty() {
            self.erase_stage().await;
            return Ok(None);
        }
        Ok(Some(entry))
    }

    async fn parse_to_stage(&mut self, plan: &Arc<Plan>) -> Result<()> {
        redo::begin(&self.context, None).await?;
        let exchange = Arc::new(self.context.stage_exchange(Spread::STAGED, false));
        let Parsed { taken, rejects } = self.parse(plan, &exchange).await?;
        let quarantine = self.quarantine(plan, &rejects).await?;
        self.enter(Phase::Write);
        let rows = self.flush(&exchange, |exchange| &exchange.rows).await?;
        let keys = self.flush(&exchange, |exchange| &exchange.keys).await?;
        let content = StageContent { inputs: self.report.inputs.clone(), taken, quarantine, rows, keys };
        let manifest = StageManifest::new(&self.context, self.context.stage.clone(), Spread::STAGED, content);
        let entry = manifest.name(&self.context.zones.stage);
        Barrier::pass(self.context.barrier.as_ref())?;
        let put = manifest.put(&self.context.zones.stage).await;
        put.map_err(|error| Error::Undecided { entry: entry.clone(), source: Box::new(error) })?;
        self.end(Phase::Write);
        let finished = redo::finish_parse(&self.context, &manifest).await;
        self.end(Phase::Move);
        finished.map_err(|error| Error::Unfinished { entry, source: Box::new(error) })
    }

    /// All parsed stages to an entry of the log.
    async fn distribute(&mut self, table: &mut Table) -> Result<Option<LogEntry>> {
        let mut manifests = match StageManifest::all(&self.context.zones.stage).await {
            // What there was to do was what another run had left.
            Err(Error::NoStage { .. }) if !self.report.recovered.is_empty() => return Ok(None),
            manifests => manifests?,
        };
        self.end(Phase::Plan);
        self.begin_writing(table).await?;
        self.report.inputs = manifests.iter().flat_map(|manifest| manifest.inputs.clone()).collect();
        let exchange = Arc::new(stage::open(&self.context, &mut manifests)?);
        let mut stages: Vec<_> = manifests.into_iter().map(|manifest| manifest.run).collect();
        stages.push(self.context.stage.clone());
        self.write(table, &exchange, Work { taken: Vec::new(), quarantine: Vec::new(), stages }).await.map(Some)
    }

    pub(super) async fn parse(&mut self, plan: &Arc<Plan>, exchange: &Arc<Exchange>) -> Result<Parsed> {
        self.enter(Phase::Parse);
        let rejects = Arc::new(self.context.scratch_spool(plan.inputs.len(), 16));
        let parse = Arc::new(Parse::new(&self.context, plan, exchange, &rejects, self.context.filter.clone()));
        let threads = {
            let parse = Arc::clone(&parse);
            self.context.on_threads(self.context.config.threads, move |remote| parse.work(remote))
        };
        threads.await?;
        let inputs = plan.inputs.iter().zip(parse.counts());
        self.report.inputs = inputs.map(|(input, counts)| InputReport { key: input.key.clone(), counts }).collect();
        self.report.repairs = parse.repairs();
        self.sum();
        check_parsed(&self.report.totals, entries(&exchange.rows), entries(&rejects))?;
        self.end(Phase::Parse);
        Ok(Parsed { taken: parse.taken(), rejects })
    }

    pub(super) fn sum(&mut self) {
        self.report.totals = Counts::default();
        for input in &self.report.inputs {
            self.report.totals += &input.counts;
        }
    }

    /// Puts rejects into the stage.
    pub(super) async fn quarantine(&self, plan: &Plan, rejects: &Arc<Spool>) -> Result<Vec<Publication>> {
        let start = &self.context.start;
        // Rejects that were tried again in vain are there already.
        let stays = |number: usize, input: &Input| {
            input.place == Place::Quarantine && self.report.inputs[number].counts.events == 0
        };
        let path = |(number, input): (usize, &Input)| {
            if stays(number, input) { None } else { input.quarantine_path(start.date, &start.run) }
        };
        let paths = plan.inputs.iter().enumerate().map(path).collect();
        let quarantine = Quarantine::new(&self.context, rejects, paths);
        let written = self.context.on_threads(1, move |remote| quarantine.work(remote)).await?;
        let written: Vec<_> = written.into_iter().flatten().collect();
        if !written.is_empty() {
            self.require_new_rejects().await?;
        }
        Ok(written)
    }

    /// Puts what is left of a spool into the stage, and lists all of it.
    pub(super) async fn flush(
        &self,
        exchange: &Arc<Exchange>,
        spool: fn(&Exchange) -> &Spool,
    ) -> Result<Vec<Vec<Staged>>> {
        let (exchange, stop) = (Arc::clone(exchange), Arc::clone(&self.context.stop));
        let flushed = self.context.on_threads(1, move |remote| {
            let spool = spool(&exchange);
            (0..spool.len())
                .map(|lane| stop.check().and_then(|()| spool.flush(lane, remote)))
                .collect::<Result<Vec<_>>>()
        });
        Ok(flushed.await?.into_iter().flatten().collect())
    }

    /// From an exchange to an entry of the log.
    async fn write(&mut self, table: &Table, exchange: &Arc<Exchange>, work: Work) -> Result<LogEntry> {
        let snapshot = Arc::new(table.snapshot.clone());
        let exchanged = entries(&exchange.rows);
        let deduplicated = self.deduplicate(exchange, &snapshot).await?;
        let dropped = entries(&deduplicated.losers);
        let (buckets, rows) = (0..exchange.spread.buckets, exchanged - dropped);
        let against = Against { snapshot: Arc::clone(&snapshot), superseded: Arc::clone(&deduplicated.superseded) };
        self.enter(Phase::Write);
        // Before the rows: both take much memory, and what one has taken serves the other.
        let Deduplicated { losers, known, entries, .. } = deduplicated;
        let (segments, index_emptied) = self.update_index(&snapshot, &known, &entries, (0, 1)).await?;
        drop((known, entries));
        let outputs = self.write_files(exchange, against, &losers, buckets, rows).await?;
        let written = outputs.iter().map(|output| output.new_rows).sum();
        check_written(&self.report.totals, Ledger { exchanged, written, dropped })?;
        let sequence = table.next_sequence();
        self.report.partitions = partitions(&outputs, sequence);
        self.end(Phase::Write);
        // The last moment to stop.
        self.context.stop.check()?;
        let context = &self.context;
        let mut publish = work.quarantine;
        publish.extend(outputs.iter().map(|output| output.publication(sequence)));
        publish.extend(segments.iter().map(|segment| merge::index_publication(context, &snapshot, segment)));
        Ok(LogEntry {
            publish,
            inputs: work.taken,
            stages: work.stages,
            files: files(&outputs, sequence),
            index: segments,
            index_emptied,
            ..self.entry(sequence)
        })
    }

    /// An entry of the log that changes nothing.
    pub(super) fn entry(&self, sequence: u64) -> LogEntry {
        LogEntry {
            version: LOG_VERSION,
            sequence,
            run: self.context.start.run.clone(),
            job: self.report.job,
            date: self.context.start.date,
            publish: Vec::new(),
            inputs: Vec::new(),
            stages: vec![self.context.stage.clone()],
            files: Vec::new(),
            removed: Vec::new(),
            anew: false,
            horizon_days: self.context.config.horizon_days(),
            index: Vec::new(),
            index_emptied: Vec::new(),
            totals: self.report.totals.clone(),
        }
    }

    /// Finds the rows that are dropped: for others of this run, for rows that the table has, and the rows of the table that
    /// give way.
    async fn deduplicate(&mut self, exchange: &Arc<Exchange>, snapshot: &Arc<Snapshot>) -> Result<Deduplicated> {
        self.enter(Phase::Deduplicate);
        let Lost { known, spools, partitions, dropped } =
            self.lose(exchange, snapshot, 0..exchange.spread.shards).await?;
        self.count_dropped(&dropped);
        let superseded = self.compare(snapshot, &spools, partitions).await?;
        self.count_rows();
        self.end(Phase::Deduplicate);
        let LoserSpools { found: losers, entries, .. } = spools;
        Ok(Deduplicated { losers, known, entries, superseded: Arc::new(superseded) })
    }

    /// Finds which rows of some shards lose, to others of this run and to those that the table took as they are.
    pub(super) async fn lose(
        &self,
        exchange: &Arc<Exchange>,
        snapshot: &Arc<Snapshot>,
        shards: Range<usize>,
    ) -> Result<Lost> {
        let (context, spread) = (Arc::clone(&self.context), exchange.spread);
        let known = Arc::new(KnownIds::open(&context.zones.trusted, snapshot).await?);
        let spool = |lanes| Arc::new(context.scratch_spool(lanes, 16));
        let spools = LoserSpools {
            found: spool(spread.buckets),
            candidates: spool(CANDIDATE_LANES),
            entries: spool(spread.shards),
        };
        let losers = Arc::new(Losers::new(&context, exchange, &known, &spools, shards));
        let work = Arc::clone(&losers);
        let threads = context.on_threads(context.config.threads, move |remote| work.work(remote));
        let mut dropped = Dropped::new();
        for (place, count) in threads.await?.into_iter().flatten() {
            *dropped.entry(place).or_default() += count;
        }
        Ok(Lost { known, spools, partitions: losers.take_partitions(), dropped })
    }

    /// Counts the rows that stay, when all that are dropped are known.
    pub(super) fn count_rows(&mut self) {
        for input in &mut self.report.inputs {
            input.counts.rows = input.counts.events - input.counts.duplicates_total();
        }
        self.sum();
    }

    /// Holds rows against other versions of the same events in the table.
    async fn compare(
        &mut self,
        snapshot: &Arc<Snapshot>,
        spools: &LoserSpools,
        partitions: Partitions,
    ) -> Result<Superseded> {
        if entries(&spools.candidates) == 0 {
            return Ok(Superseded::new());
        }
        let (context, losers) = (Arc::clone(&self.context), Arc::clone(&spools.found));
        let compare = Compare::new(&context, snapshot, &spools.candidates, partitions, 0..CANDIDATE_LANES);
        let found = context.on_threads(context.config.threads, move |remote| compare.work(remote)).await?;
        let compared = Compared::of(found, context.config.horizon_days());
        self.count_compared(&compared);
        let lost = compared.losers;
        context.on_threads(1, move |remote| losers::append(&losers, &lost, remote)).await?;
        Ok(compared.superseded)
    }

    pub(super) fn count_compared(&mut self, compared: &Compared) {
        let mut dropped = Dropped::new();
        for (key, duplicate) in &compared.losers {
            *dropped.entry((key.input, *duplicate)).or_default() += 1;
        }
        self.count_dropped(&dropped);
        self.report.superseded = compared.superseded.values().map(|ids| ids.len() as u64).sum();
    }

    pub(super) fn count_dropped(&mut self, dropped: &Dropped) {
        for (&(input, duplicate), count) in dropped {
            *self.report.inputs[input as usize].counts.duplicates.entry(duplicate).or_default() += count;
        }
    }

    /// Writes the rows of some buckets that stay, and what becomes of files that they go to or take rows from: `against`
    /// has what is superseded in the partitions of these buckets.
    pub(super) async fn write_files(
        &self,
        exchange: &Arc<Exchange>,
        against: Against,
        losers: &Arc<Spool>,
        buckets: Range<usize>,
        rows: u64,
    ) -> Result<Vec<Output>> {
        self.enter(Phase::Write);
        let (context, snapshot) = (Arc::clone(&self.context), Arc::clone(&against.snapshot));
        let superseded = Arc::clone(&against.superseded);
        context.progress.rows_expected.store(rows, Ordering::Relaxed);
        let work = Write::new(&context, exchange, losers, against, buckets);
        let threads = context.on_threads(context.config.threads, move |remote| work.work(remote));
        let mut outputs: Vec<_> = threads.await?.into_iter().flatten().collect();
        if !superseded.is_empty() {
            let grown = Arc::new(outputs);
            let shrink = Shrink::new(&context, &snapshot, &superseded, &grown);
            let threads = context.on_threads(context.config.threads, move |remote| shrink.work(remote));
            let smaller: Vec<_> = threads.await?.into_iter().flatten().collect();
            outputs = Arc::unwrap_or_clone(grown);
            outputs.extend(smaller);
        }
        sort(&mut outputs);
        Ok(outputs)
    }

    /// Writes what the index is to know, and tells which levels are empty by that.
    ///
    /// `share`: which part of it is done here, and of how many.
    pub(super) async fn update_index(
        &self,
        snapshot: &Arc<Snapshot>,
        known: &Arc<KnownIds>,
        new: &Arc<Spool>,
        share: (usize, usize),
    ) -> Result<(Vec<IndexSegment>, Vec<u8>)> {
        if entries(new) == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let context = &self.context;
        let update = UpdateIndex::new(context, snapshot, known, new, share);
        let emptied = update.emptied();
        let threads = context.on_threads(context.config.threads, move |remote| update.work(remote));
        let mut segments: Vec<_> = threads.await?.into_iter().flatten().collect();
        segments.sort_by_key(|segment| segment.meta.cell.number());
        Ok((segments, emptied))
    }
}

/// What a search for losers gives.
struct Deduplicated {
    losers: Arc<Spool>,
    known: Arc<KnownIds>,
    /// What goes to the index.
    entries: Arc<Spool>,
    superseded: Arc<Superseded>,
}

/// What a search in some shards gives.
pub(super) struct Lost {
    pub(super) known: Arc<KnownIds>,
    pub(super) spools: LoserSpools,
    /// Those of the candidates.
    pub(super) partitions: Partitions,
    pub(super) dropped: Dropped,
}

/// Lanes for rows that are to be compared: one is held in memory by each thread.
pub(super) const CANDIDATE_LANES: usize = 64;

/// What a parse gives besides rows and keys.
pub(super) struct Parsed {
    pub(super) taken: Vec<Taken>,
    pub(super) rejects: Arc<Spool>,
}

/// What a commit says besides its files.
struct Work {
    taken: Vec<Taken>,
    quarantine: Vec<Publication>,
    /// Runs whose stages are to be erased.
    stages: Vec<RunId>,
}

/// Whether an error may come from another run that was faster: inputs that it has moved, a stage that it has erased, files
/// that it has replaced.
fn is_of_the_moment(error: &Error) -> bool {
    matches!(
        error,
        Error::Storage { .. }
            | Error::Stage { .. }
            | Error::InputChanged { .. }
            | Error::Changed { .. }
            // Parts of two versions of one object.
            | Error::Table { .. }
            | Error::Ledger { .. }
    )
}

pub(super) fn entries(spool: &Spool) -> u64 {
    (0..spool.len()).map(|lane| spool.entries(lane)).sum()
}
