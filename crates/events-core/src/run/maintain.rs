//! What is done to a table without new events: small files become large ones, and log and index are made anew.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::control::{self, LogEntry, Snapshot, Table};
use super::merge::{self, Compact, KnownIds, Shrink, Superseded};
use super::outputs::{files, partitions, partitions_of, sort};
use super::phases::Run;
use super::rebuild::{Doubles, Found, Reindex, Survey};
use super::redo;
use super::report::{Phase, Report};
use super::writers::Writers;
use crate::error::Result;

impl Run {
    /// Small files of each partition to fewer larger ones; `None` when there is nothing to merge.
    pub(super) async fn compact(&mut self, table: &mut Table) -> Result<Option<LogEntry>> {
        let context = Arc::clone(&self.context);
        let compact = Arc::new(Compact::new(&context, &table.snapshot));
        self.end(Phase::Plan);
        if compact.groups().is_empty() {
            return Ok(None);
        }
        self.begin_writing(table).await?;
        self.enter(Phase::Write);
        let work = Arc::clone(&compact);
        let threads = context.on_threads(context.config.threads, move |remote| work.work(remote));
        let mut outputs: Vec<_> = threads.await?.into_iter().flatten().collect();
        sort(&mut outputs);
        self.report.partitions = partitions(&outputs, table.next_sequence());
        let emptied = compact.groups().iter().flat_map(|group| &group[1..]);
        self.report.files_emptied = emptied.clone().count() as u64;
        self.end(Phase::Write);
        // The last moment to stop.
        context.stop.check()?;
        let sequence = table.next_sequence();
        Ok(Some(LogEntry {
            publish: outputs.iter().map(|output| output.publication(sequence)).collect(),
            files: files(&outputs, sequence),
            removed: if context.writers == Writers::Single { emptied.cloned().collect() } else { Vec::new() },
            ..self.entry(sequence)
        }))
    }

    /// Makes log, checkpoint and index anew from the files of the table. Rows of which another file has a newer version
    /// give way in a second commit.
    pub(crate) async fn rebuild(mut self) -> Result<Report> {
        let zones = self.context.zones.clone();
        self.adopt_horizon(control::horizon_days(&zones.trusted).await?)?;
        let context = Arc::clone(&self.context);
        self.require_new().await?;
        let found = Found::list(&zones.trusted).await?;
        let newest = control::newest(&zones.trusted).await?.max(found.sequence);
        context.progress.input_bytes.store(found.bytes(), Ordering::Relaxed);
        self.end(Phase::Plan);
        if context.writers == Writers::Many {
            control::require_conditional(&zones.trusted).await?;
        }
        redo::begin(&context, Some(newest)).await?;
        let rebuilt = self.rebuild_control(found, newest + 1).await;
        if rebuilt.is_err() {
            self.erase_stage().await;
        }
        let (entry, doubles) = rebuilt?;
        self.report.doubled = doubles.beside;
        self.commit_and_apply(&entry).await?;
        let table = Table::anew(&zones.trusted, &entry).await?;
        if !doubles.superseded.is_empty() {
            self.report.superseded = doubles.superseded.values().map(|ids| ids.len() as u64).sum();
            redo::begin(&context, Some(table.snapshot.sequence)).await?;
            let entry = self.shrink(&table, doubles.superseded).await?;
            self.commit_and_apply(&entry).await?;
        }
        Ok(self.report)
    }

    /// The entry that says all of the table, whose index is there by then.
    async fn rebuild_control(&mut self, found: Found, sequence: u64) -> Result<(LogEntry, Doubles)> {
        self.enter(Phase::Parse);
        let context = Arc::clone(&self.context);
        let exchange = Arc::new(context.scratch_exchange(found.bytes()));
        let survey = Survey::new(&context, found.files.clone(), &exchange);
        let threads = context.on_threads(context.config.threads, move |remote| survey.work(remote));
        let mut files: Vec<_> = threads.await?.into_iter().flatten().collect();
        files.sort_by(|one, two| one.folder.cmp(&two.folder).then_with(|| one.name.cmp(&two.name)));
        self.end(Phase::Parse);
        self.enter(Phase::Deduplicate);
        let index = Arc::new(context.scratch_spool(exchange.spread.shards, 16));
        let reindex = Reindex::new(&context, found.files, &exchange, &index);
        let threads = context.on_threads(context.config.threads, move |remote| reindex.work(remote));
        let doubles = Doubles::of(threads.await?);
        self.end(Phase::Deduplicate);
        self.enter(Phase::Write);
        let nothing = Arc::<Snapshot>::default();
        let known = Arc::new(KnownIds::open(&context.zones.trusted, &nothing).await?);
        let (segments, _) = self.update_index(&nothing, &known, &index, (0, 1)).await?;
        for segment in &segments {
            redo::overwrite(&context.zones, &merge::index_publication(&context, &nothing, segment)).await?;
        }
        self.report.partitions = partitions_of(&files);
        self.end(Phase::Write);
        context.stop.check()?;
        Ok((LogEntry { files, anew: true, index: segments, ..self.entry(sequence) }, doubles))
    }

    /// An entry by which files lose rows.
    async fn shrink(&mut self, table: &Table, superseded: Superseded) -> Result<LogEntry> {
        let (context, snapshot) = (Arc::clone(&self.context), Arc::new(table.snapshot.clone()));
        let shrink = Shrink::new(&context, &snapshot, &Arc::new(superseded), &Arc::default());
        let threads = context.on_threads(context.config.threads, move |remote| shrink.work(remote));
        let mut outputs: Vec<_> = threads.await?.into_iter().flatten().collect();
        sort(&mut outputs);
        let sequence = table.next_sequence();
        Ok(LogEntry {
            publish: outputs.iter().map(|output| output.publication(sequence)).collect(),
            files: files(&outputs, sequence),
            ..self.entry(sequence)
        })
    }
}
