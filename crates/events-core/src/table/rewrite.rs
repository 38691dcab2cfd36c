//! Files of a partition become other files of the same partition: without some rows, or with those of several files.
//!
//! The rows that stay come to the encoder in the order in which a run would give them to it, so the files are those that
//! a run over the same events would write.

use std::cmp::{Ordering, Reverse};
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;

use super::columns::{Columns, strings};
use super::file::{EncodedFile, FileConfig};
use super::kind::{Kind, KindCache};
use super::partition::day;
use super::read::{Batches, FileRows};
use super::schema::column;
use super::series::FileSeries;
use crate::event::EventId;

/// A file to rewrite, and which of its rows are left out.
pub(crate) struct Source<'s> {
    pub(crate) file: Bytes,
    /// The fingerprints of their ids; `None` when all stay, which saves reading the ids first.
    pub(crate) without: Option<&'s HashSet<u128>>,
}

/// Why files cannot be rewritten.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RewriteError {
    /// The place of the file among the sources; `None` when encoding failed.
    pub(crate) source: Option<usize>,
    pub(crate) problem: String,
}

impl From<ParquetError> for RewriteError {
    fn from(error: ParquetError) -> Self {
        Self { source: None, problem: error.to_string() }
    }
}

/// The files that become of others, one after the other. There is at least one: when no row stays, it has none.
///
/// In memory are the sources, a batch of each, and a file in the making.
pub(crate) struct Rewrite<'a, 's> {
    kinds: &'a mut KindCache,
    heads: BinaryHeap<Reverse<Head<'s>>>,
    /// `None` behind the last file.
    series: Option<FileSeries>,
    partition: Option<(Arc<Kind>, i32)>,
    dropped: u64,
}

impl<'a, 's> Rewrite<'a, 's> {
    /// Begins to rewrite files of one partition. Of rows with the same time and id that of the first source comes first.
    pub(crate) fn open(
        sources: Vec<Source<'s>>,
        kinds: &'a mut KindCache,
        config: &FileConfig,
        file_bytes_max: usize,
    ) -> Result<Self, RewriteError> {
        let (mut kept, mut dropped) = (0, 0);
        let mut heads = BinaryHeap::with_capacity(sources.len());
        for (number, source) in sources.into_iter().enumerate() {
            let failed = |problem| RewriteError { source: Some(number), problem };
            // The size of Bloom filters depends on the rows that stay, so they are counted first.
            let lost = source.count().map_err(failed)?;
            let rest = FileRows::open(source.file).map_err(failed)?;
            let rows = rest.rows();
            kept += rows.checked_sub(lost).ok_or_else(|| failed("fewer rows than ids".to_owned()))?;
            dropped += lost;
            heads.extend(Head::open(number, source.without, rest)?.map(Reverse));
        }
        let series = FileSeries::new(config, file_bytes_max, kept as usize);
        Ok(Self { kinds, heads, series: Some(series), partition: None, dropped })
    }

    /// The rows that are left out, of all sources.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn next_file(&mut self) -> Result<Option<EncodedFile>, RewriteError> {
        let Some(series) = &mut self.series else { return Ok(None) };
        while let Some(mut top) = self.heads.peek_mut() {
            if series.is_full()? {
                return Ok(Some(series.cut()?));
            }
            let Reverse(head) = &mut *top;
            head.write(series, self.kinds, &mut self.partition)?;
            if !head.advance()? {
                PeekMut::pop(top);
            }
        }
        Ok(self.series.take().map(FileSeries::finish).transpose()?)
    }
}

impl Iterator for Rewrite<'_, '_> {
    type Item = Result<EncodedFile, RewriteError>;

    fn next(&mut self) -> Option<Self::Item> {
        let file = self.next_file();
        if file.is_err() {
            self.series = None;
        }
        file.transpose()
    }
}

impl Source<'_> {
    /// How many rows are left out.
    fn count(&self) -> Result<u64, String> {
        let Some(without) = self.without else { return Ok(0) };
        let mut dropped = 0;
        for batch in Batches::of_column(self.file.clone(), column::EVENT_ID)? {
            let ids = strings(&batch?, column::EVENT_ID)?;
            let drops = |id: &str| without.contains(&EventId::new(id.into()).fingerprint());
            dropped += ids.iter().flatten().filter(|id| drops(id)).count() as u64;
        }
        Ok(dropped)
    }
}

/// The row of a source that comes next.
struct Head<'s> {
    number: usize,
    without: Option<&'s HashSet<u128>>,
    rest: FileRows,
    columns: Columns,
    row: usize,
}

impl<'s> Head<'s> {
    /// The first row of a source that stays; `None` when none does.
    fn open(
        number: usize,
        without: Option<&'s HashSet<u128>>,
        mut rest: FileRows,
    ) -> Result<Option<Self>, RewriteError> {
        let failed = |problem| RewriteError { source: Some(number), problem };
        while let Some(columns) = rest.next() {
            let columns = columns.map_err(failed)?;
            if columns.rows() > 0 {
                let mut head = Self { number, without, rest, columns, row: 0 };
                return Ok((!head.drops() || head.advance()?).then_some(head));
            }
        }
        Ok(None)
    }

    /// Goes to the next row that stays; `false` when there is none.
    fn advance(&mut self) -> Result<bool, RewriteError> {
        while self.step().map_err(|problem| self.failed(problem))? {
            if !self.drops() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes to the next row.
    fn step(&mut self) -> Result<bool, String> {
        let in_order = if self.row + 1 < self.columns.rows() {
            self.row += 1;
            compare((&self.columns, self.row - 1), (&self.columns, self.row)).is_le()
        } else {
            let Some(next) = self.rest.find(|columns| columns.as_ref().map_or(true, |columns| columns.rows() > 0))
            else {
                return Ok(false);
            };
            let last = (std::mem::replace(&mut self.columns, next?), std::mem::take(&mut self.row));
            compare((&last.0, last.1), (&self.columns, 0)).is_le()
        };
        if in_order { Ok(true) } else { Err("rows are not sorted by `timestamp` and `event_id`".to_owned()) }
    }

    fn drops(&self) -> bool {
        self.without.is_some_and(|without| without.contains(&self.columns.id(self.row).fingerprint()))
    }

    /// Gives the row to the encoder. `partition` is that of the rows before.
    fn write(
        &self,
        series: &mut FileSeries,
        kinds: &mut KindCache,
        partition: &mut Option<(Arc<Kind>, i32)>,
    ) -> Result<(), RewriteError> {
        let (domain, event_type) = self.columns.kind(self.row);
        let (number, kind) = kinds.get(domain, event_type).map_err(|fault| self.failed(fault.to_string()))?;
        let row = self.columns.row(self.row, *number).map_err(|problem| self.failed(problem))?;
        let (first, first_day) = partition.get_or_insert_with(|| (Arc::clone(kind), day(row.timestamp)));
        if *first_day != day(row.timestamp) || first.name != kind.name {
            return Err(self.failed("rows of more than one partition".to_owned()));
        }
        Ok(series.push(&row, kind)?)
    }

    fn failed(&self, problem: String) -> RewriteError {
        RewriteError { source: Some(self.number), problem }
    }
}

/// The order of two rows in a file of the table.
fn compare((one, one_row): (&Columns, usize), (two, two_row): (&Columns, usize)) -> Ordering {
    // Ids are looked up where times tie.
    one.timestamp(one_row).cmp(&two.timestamp(two_row)).then_with(|| one.id(one_row).cmp(&two.id(two_row)))
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare((&self.columns, self.row), (&other.columns, other.row)).then_with(|| self.number.cmp(&other.number))
    }
}
