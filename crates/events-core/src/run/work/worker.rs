//! An item of work, done: from the results of the items before it to its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use serde::Serialize;

use super::document;
use super::item::{WorkItem, WorkPhase, share};
use super::plan::WorkPlan;
use super::results::{
    CommitResult, CompareResult, DeduplicateResult, IndexResult, ParseResult, PublishResult, WriteResult,
};
use crate::error::{Error, Result};
use crate::event::Reason;
use crate::run::barrier::Barrier;
use crate::run::context::Context;
use crate::run::control::{self, Commit, LogEntry, Publication, Snapshot, Step, Table};
use crate::run::exchange::{Exchange, Sealed, Spool};
use crate::run::files::Against;
use crate::run::grace::Grace;
use crate::run::history;
use crate::run::layout;
use crate::run::ledger::{Ledger, check_written};
use crate::run::losers::{self, Dropped};
use crate::run::merge::{self, CANDIDATE_BYTES, Candidate, Compare, Compared, FoundList, KnownIds};
use crate::run::outputs::{files, partitions, sort};
use crate::run::phases::{CANDIDATE_LANES, Lost, Parsed, Run};
use crate::run::poison::Poison;
use crate::run::profile::Clock;
use crate::run::redo;
use crate::run::remote::Remote;
use crate::run::report::{Job, Report, SampledRepair};
use crate::run::stage::{self, StageContent, StageManifest};
use crate::run::upload::{parts, upload};
use crate::run::writers::Writers;
use crate::table::PartitionKey;
use crate::table::index::Partitions;

/// A worker at an item. What it makes is below a name of this attempt alone, so another one at the same item is not in
/// its way; the result of whoever comes to the end first counts.
pub(super) struct Worker<'a> {
    pub(super) context: Arc<Context>,
    pub(super) clock: Option<Clock>,
    pub(super) plan: &'a WorkPlan,
    pub(super) item: WorkItem,
}

impl Worker<'_> {
    /// Does the item, and tells what the run did when that is known.
    ///
    /// # Errors
    /// The work's; [`Error::Setting`] when items before it have no result yet; [`Error::Conflict`] when another run has
    /// committed, so this one never will.
    pub(super) async fn work(&self) -> Result<Option<Report>> {
        match self.item.phase {
            WorkPhase::Parse => {
                let result = self.parse().await?;
                self.put(&result).await?;
            }
            WorkPhase::Deduplicate => {
                let result = self.deduplicate().await?;
                self.put(&result).await?;
            }
            WorkPhase::Compare => {
                let result = self.compare().await?;
                self.put(&result).await?;
            }
            WorkPhase::Write => {
                let result = self.write().await?;
                self.put(&result).await?;
            }
            WorkPhase::Index => {
                let result = self.index().await?;
                self.put(&result).await?;
            }
            WorkPhase::Commit => {
                let report = self.commit().await?;
                self.put(&CommitResult { report: report.clone() }).await?;
                return Ok(Some(report));
            }
            WorkPhase::Publish => {
                let result = self.publish().await?;
                self.put(&result).await?;
            }
            // Nothing is left of the stage to put a result into.
            WorkPhase::Finish => return self.finish().await.map(Some),
        }
        Ok(None)
    }

    async fn put(&self, result: &impl Serialize) -> Result<()> {
        // What a result names must be there for good before the result is.
        Barrier::pass(self.context.barrier.as_ref())?;
        document::put_result(&self.context.zones.stage, &self.plan.run, self.item, result).await
    }

    async fn results<T: serde::de::DeserializeOwned>(&self, phase: WorkPhase) -> Result<Vec<T>> {
        document::results(&self.context.zones.stage, &self.plan.run, self.plan.all(phase)).await
    }

    fn run(&self) -> Run {
        Run::begin(Arc::clone(&self.context), self.clock.clone(), Job::Run)
    }

    fn share(&self, all: usize) -> std::ops::Range<usize> {
        share(self.item.number, self.plan.items(self.item.phase), all)
    }

    async fn parse(&self) -> Result<ParseResult> {
        let plan = Arc::new(self.plan.inputs(&self.context.zones.stage, self.item).await?);
        let mut run = self.run();
        let exchange = Arc::new(self.context.stage_exchange(self.plan.spread, true));
        let Parsed { taken, rejects } = run.parse(&plan, &exchange).await?;
        let quarantine = run.quarantine(&plan, &rejects).await?;
        let flushed = self.context.on_threads(1, move |remote| {
            Ok((exchange.rows.flush_together(remote)?, exchange.keys.flush_together(remote)?))
        });
        let (rows, keys) = flushed.await?.pop().unwrap_or_default();
        let (name, spread) = (self.plan.run.clone(), self.plan.spread);
        let content = StageContent { inputs: run.report.inputs, taken, quarantine, rows, keys };
        let stage = StageManifest::new(&self.context, name, spread, content);
        Ok(ParseResult { stage, repairs: run.report.repairs })
    }

    /// The table, as it must still be: what the items find in it goes together only if they all see the same.
    async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let trusted = &self.context.zones.trusted;
        let table = Table::open(trusted).await?;
        if table.snapshot.sequence == self.plan.behind && table.unfinished.is_empty() {
            return Ok(Arc::new(table.snapshot));
        }
        Err(self.conflict())
    }

    fn conflict(&self) -> Error {
        Error::Conflict { table: self.context.zones.trusted.url().to_owned(), attempts: 1 }
    }

    /// The rows and keys of all items that parse. Inputs have their numbers in the order of the items.
    async fn exchange(&self) -> Result<Arc<Exchange>> {
        let parsed: Vec<ParseResult> = self.results(WorkPhase::Parse).await?;
        let mut stages: Vec<_> = parsed.into_iter().map(|parsed| parsed.stage).collect();
        Ok(Arc::new(stage::open(&self.context, &mut stages)?))
    }

    async fn deduplicate(&self) -> Result<DeduplicateResult> {
        let (snapshot, exchange) = (self.snapshot().await?, self.exchange().await?);
        let shards = self.share(exchange.spread.shards);
        let Lost { spools, partitions, dropped, .. } = self.run().lose(&exchange, &snapshot, shards).await?;
        let context = Arc::clone(&self.context);
        let sealed = self.context.on_threads(1, move |remote| {
            let seal = |spool: &Spool, what| {
                let path = layout::work_lanes(&context.stage, what);
                Sealed::write(spool, &context.zones.stage, path, remote)
            };
            let losers = seal(&spools.found, "losers")?;
            Ok((losers, seal(&spools.candidates, "candidates")?, seal(&spools.entries, "entries")?))
        });
        // One thread gives one result.
        let (losers, candidates, entries) = sealed.await?.pop().ok_or(Error::Interrupted)?;
        let dropped = dropped.into_iter().map(|((input, duplicate), count)| (input, duplicate, count)).collect();
        Ok(DeduplicateResult { dropped, losers, candidates, partitions: partitions.into_keys(), entries })
    }

    async fn compare(&self) -> Result<CompareResult> {
        let (snapshot, lost) =
            (self.snapshot().await?, self.results::<DeduplicateResult>(WorkPhase::Deduplicate).await?);
        let lanes = self.share(CANDIDATE_LANES);
        if lost.iter().all(|lost| lost.candidates.entries() == 0) {
            return Ok(CompareResult { found: None, files: Vec::new() });
        }
        let context = Arc::clone(&self.context);
        let of_lanes = lanes.clone();
        let read = self.context.on_threads(1, move |remote| {
            let candidates = context.scratch_spool(CANDIDATE_LANES, 16);
            let mut partitions = Partitions::default();
            for lost in &lost {
                let of_item =
                    Spool::sealed(CANDIDATE_LANES, std::slice::from_ref(&lost.candidates), &context.zones.stage);
                let numbers = partitions.intern_all(&lost.partitions);
                for lane in of_lanes.clone() {
                    renumber(&of_item, &candidates, lane, &numbers, remote)?;
                }
            }
            Ok((Arc::new(candidates), partitions))
        });
        let (candidates, partitions) = read.await?.pop().ok_or(Error::Interrupted)?;
        let compare = Compare::new(&self.context, &snapshot, &candidates, partitions, lanes);
        let threads = self.context.config.threads;
        let found = self.context.on_threads(threads, move |remote| compare.work(remote)).await?;
        let mut all = FoundList::default();
        found.iter().flatten().for_each(|found| all.push(found));
        if all.entries.is_empty() {
            return Ok(CompareResult { found: None, files: Vec::new() });
        }
        let (path, zone) = (layout::work_lanes(&self.context.stage, "found"), self.context.zones.stage.clone());
        let name = path.clone();
        let FoundList { entries, files } = all;
        let put = self
            .context
            .on_threads(1, move |remote| upload(&zone, &name, parts(std::iter::once(Ok(entries.clone()))), remote));
        put.await?;
        Ok(CompareResult { found: Some(path), files })
    }

    /// What the comparison of all rows has found.
    async fn compared(&self) -> Result<Compared> {
        let stage = &self.context.zones.stage;
        let results: Vec<CompareResult> = self.results(WorkPhase::Compare).await?;
        let found = results.into_iter().map(|result| async move {
            let Some(path) = result.found else { return Ok(Vec::new()) };
            let wrong = |problem: String| Error::Stage { object: stage.name(&path), problem };
            let entries = document::get(stage, &path).await?.ok_or_else(|| wrong("it is not there".to_owned()))?;
            FoundList::read(&entries, &result.files).map_err(wrong)
        });
        let found = futures::stream::iter(found.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
        Ok(Compared::of(found.try_collect().await?, self.context.config.horizon_days()))
    }

    async fn write(&self) -> Result<WriteResult> {
        let (snapshot, exchange) = (self.snapshot().await?, self.exchange().await?);
        let lost: Vec<DeduplicateResult> = self.results(WorkPhase::Deduplicate).await?;
        let all = exchange.spread.buckets;
        let buckets = self.share(all);
        let sealed: Vec<_> = lost.into_iter().map(|lost| lost.losers).collect();
        let losers = Arc::new(Spool::sealed(all, &sealed, &self.context.zones.stage));
        let Compared { losers: mut late, mut superseded } = self.compared().await?;
        late.retain(|(key, _)| buckets.contains(&usize::from(key.bucket)));
        superseded.retain(|(folder, _), _| buckets.contains(&bucket_of(folder, all)));
        let append = Arc::clone(&losers);
        self.context.on_threads(1, move |remote| losers::append(&append, &late, remote)).await?;
        let rows = buckets.clone().map(|bucket| exchange.rows.entries(bucket)).sum::<u64>();
        let dropped = buckets.clone().map(|bucket| losers.entries(bucket)).sum::<u64>();
        let against = Against { snapshot, superseded: Arc::new(superseded) };
        let outputs =
            self.run().write_files(&exchange, against, &losers, buckets, rows.saturating_sub(dropped)).await?;
        Ok(WriteResult { outputs })
    }

    async fn index(&self) -> Result<IndexResult> {
        // The kinds of the entries are those of the exchange.
        let (snapshot, exchange) = (self.snapshot().await?, self.exchange().await?);
        let lost: Vec<DeduplicateResult> = self.results(WorkPhase::Deduplicate).await?;
        let sealed: Vec<_> = lost.into_iter().map(|lost| lost.entries).collect();
        let entries = Arc::new(Spool::sealed(exchange.spread.shards, &sealed, &self.context.zones.stage));
        let known = Arc::new(KnownIds::open(&self.context.zones.trusted, &snapshot).await?);
        let share = (self.item.number as usize, self.plan.items(WorkPhase::Index) as usize);
        let (segments, emptied) = self.run().update_index(&snapshot, &known, &entries, share).await?;
        let publication = |segment| merge::index_publication(&self.context, &snapshot, segment);
        let publications = segments.iter().map(publication).collect();
        Ok(IndexResult { segments, publications, emptied })
    }

    /// Makes one entry of the log from all results, and commits it.
    async fn commit(&self) -> Result<Report> {
        let trusted = &self.context.zones.trusted;
        let mut run = self.run();
        let entry = self.entry(&mut run).await?;
        self.context.stop.check()?;
        if self.context.writers == Writers::Many {
            // The plan may have been made where nobody asked for it.
            control::require_conditional(trusted).await?;
        }
        run.report.commit = Some(entry.sequence);
        if control::commit(trusted, &entry).await? == Commit::Lost {
            // Another worker at this item has the same, but perhaps for how its build writes it.
            let there = control::entry(trusted, entry.sequence).await?;
            if (&there.run, &there.inputs, &there.totals) != (&entry.run, &entry.inputs, &entry.totals) {
                return Err(self.conflict());
            }
        }
        Ok(run.report)
    }

    /// The entry, when everything that the items have counted balances.
    async fn entry(&self, run: &mut Run) -> Result<LogEntry> {
        let parsed: Vec<ParseResult> = self.results(WorkPhase::Parse).await?;
        let lost: Vec<DeduplicateResult> = self.results(WorkPhase::Deduplicate).await?;
        let written: Vec<WriteResult> = self.results(WorkPhase::Write).await?;
        let indexed: Vec<IndexResult> = self.results(WorkPhase::Index).await?;
        let compared = self.compared().await?;
        let (mut publish, mut taken, mut repairs, mut exchanged) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for mut parsed in parsed {
            exchanged += parsed.stage.row_count();
            publish.append(&mut parsed.stage.quarantine);
            taken.append(&mut parsed.stage.taken);
            repairs.append(&mut parsed.repairs);
            run.report.inputs.append(&mut parsed.stage.inputs);
        }
        repairs.truncate(SampledRepair::A_RUN_MAX);
        run.report.repairs = repairs;
        run.report.left = self.plan.left() as usize;
        run.report.refused.clone_from(&self.plan.refused);
        require_healthy(&run.report)?;
        let mut dropped = Dropped::new();
        for (input, duplicate, count) in lost.iter().flat_map(|lost| &lost.dropped) {
            *dropped.entry((*input, *duplicate)).or_default() += count;
        }
        let found = lost.iter().map(|lost| lost.losers.entries()).sum::<u64>() + compared.losers.len() as u64;
        run.count_dropped(&dropped);
        run.count_compared(&compared);
        run.count_rows();
        let mut outputs: Vec<_> = written.into_iter().flat_map(|written| written.outputs).collect();
        sort(&mut outputs);
        let written = outputs.iter().map(|output| output.new_rows).sum();
        check_written(&run.report.totals, Ledger { exchanged, written, dropped: found })?;
        let sequence = self.plan.behind + 1;
        run.report.partitions = partitions(&outputs, sequence);
        let partitions_max = self.context.config.partitions_max;
        if run.report.partitions.len() > partitions_max {
            return Err(Error::TooManyPartitions { partitions_max });
        }
        publish.extend(outputs.iter().map(|output| output.publication(sequence)));
        let (mut index, mut index_emptied) = (Vec::new(), Vec::new());
        for mut indexed in indexed {
            publish.append(&mut indexed.publications);
            index.append(&mut indexed.segments);
            index_emptied.append(&mut indexed.emptied);
        }
        index.sort_by_key(|segment| segment.meta.cell.number());
        index_emptied.sort_unstable();
        index_emptied.dedup();
        let files = files(&outputs, sequence);
        let stages = vec![self.plan.run.clone()];
        Ok(LogEntry { publish, inputs: taken, stages, files, index, index_emptied, ..run.entry(sequence) })
    }

    /// The run's entry of the log.
    async fn committed(&self) -> Result<(LogEntry, Report)> {
        let mut results = self.results::<CommitResult>(WorkPhase::Commit).await?;
        let none = || Error::Setting { name: "item", problem: "the commit has no result yet".to_owned() };
        let report = results.pop().ok_or_else(none)?.report;
        let sequence = report.commit.unwrap_or(self.plan.behind + 1);
        Ok((control::entry(&self.context.zones.trusted, sequence).await?, report))
    }

    /// Publishes this item's share of what is new.
    async fn publish(&self) -> Result<PublishResult> {
        let (entry, _) = self.committed().await?;
        let added: Vec<_> = entry.publish.iter().filter(|publication| publication.step == Step::Add).collect();
        // What lies in one object of the stage is read once.
        let mut objects: BTreeMap<&str, Vec<&Publication>> = BTreeMap::new();
        for publication in added {
            objects.entry(&publication.stage.object).or_default().push(publication);
        }
        let objects: Vec<_> = objects.into_values().collect();
        let share = self.share(objects.len());
        let publish: Vec<_> = objects[share].iter().flatten().map(|&publication| publication.clone()).collect();
        match redo::publish(&self.context, &publish, Some(entry.sequence)).await {
            Ok(_) => {}
            // What is missing here may have been done, and gone on from, by others.
            Err(error) => {
                if !control::is_done(&self.context.zones.trusted, entry.sequence).await.unwrap_or(false) {
                    return Err(self.unfinished(&entry, error));
                }
            }
        }
        Ok(PublishResult { published: publish.len() as u64 })
    }

    /// Carries the entry out to its end.
    async fn finish(&self) -> Result<Report> {
        let (mut entry, mut report) = self.committed().await?;
        let published: Vec<PublishResult> = self.results(WorkPhase::Publish).await?;
        let all = entry.publish.len();
        let brings_rows = entry.publish.iter().any(Publication::brings_rows);
        entry.publish.retain(|publication| publication.step != Step::Add);
        let added = (all - entry.publish.len()) as u64;
        if published.iter().map(|result| result.published).sum::<u64>() != added {
            let problem = format!("{added} new objects, and another number of them published");
            return Err(self.unfinished(&entry, Error::Ledger { problem }));
        }
        // Readers under way may not see what the others have published.
        if brings_rows && (!entry.removed.is_empty() || entry.publish.iter().any(Publication::takes_rows)) {
            Grace::pass(self.context.grace.as_ref()).await;
        }
        let applied = redo::apply(&self.context, &entry, |_| {}).await;
        applied.map_err(|error| self.unfinished(&entry, error))?;
        history::save(&self.context.zones.trusted, &mut report).await;
        Ok(report)
    }

    fn unfinished(&self, entry: &LogEntry, source: Error) -> Error {
        let entry = self.context.zones.trusted.name(&layout::log_entry(entry.sequence));
        Error::Unfinished { entry, source: Box::new(source) }
    }
}

/// Objects that are read at once.
const READS_AT_ONCE: usize = 16;

/// Copies a lane of rows to compare, with other numbers for their partitions.
fn renumber(from: &Spool, to: &Spool, lane: usize, numbers: &[u32], remote: &Remote) -> Result<()> {
    for block in from.take(lane, usize::MAX, remote) {
        let block = block?;
        let (whole, _) = block.as_chunks::<CANDIDATE_BYTES>();
        let mut renumbered = Vec::with_capacity(block.len());
        for candidate in whole.iter().map(Candidate::read) {
            let none = || Error::Ledger { problem: "a row to compare is of no partition".to_owned() };
            let partition = *numbers.get(candidate.partition as usize).ok_or_else(none)?;
            Candidate { partition, ..candidate }.write(&mut renumbered);
        }
        to.append(lane, &renumbered, whole.len() as u64, remote)?;
    }
    Ok(())
}

/// The bucket of the partition that has a folder. One that no run has named is in the first.
fn bucket_of(folder: &str, buckets: usize) -> usize {
    PartitionKey::of_folder(folder).map_or(0, |partition| partition.lane(buckets))
}

/// Refuses a run in which the program has panicked of too many inputs: then it may not be the inputs.
fn require_healthy(report: &Report) -> Result<()> {
    let is_poison = |counts: &crate::run::Counts| counts.rejects.contains_key(&Reason::Poison);
    let poisoned = report.inputs.iter().filter(|input| is_poison(&input.counts)).count();
    if poisoned == 0 || (poisoned <= Poison::INPUTS_MAX && poisoned < report.inputs.len()) {
        return Ok(());
    }
    Err(Error::Panic { message: format!("of {poisoned} of {} inputs", report.inputs.len()) })
}
