//! Some rows of a table: which fields their `data` has.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::StreamExt;
use object_store::ObjectStoreExt;

use super::overview::{FileOverview, PartitionOverview, TableOverview};
use crate::error::{Error, Result};
use crate::json::{FieldOutline, Outline, OutlineLimits};
use crate::run::layout;
use crate::run::zone::Zone;
use crate::table::{Footer, Opened, column};

/// How much of what is looked at is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampling {
    /// The most events or rows of each kind in which fields are looked for. Default 10,000.
    pub rows_max: u64,
    /// How much of them is kept.
    pub outline: OutlineLimits,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { rows_max: 10_000, outline: OutlineLimits::default() }
    }
}

/// The kinds of which rows are read: the largest.
const KINDS_MAX: usize = 50;
/// The files of a kind of which rows are read.
const FILES_A_KIND: usize = 8;
/// Files up to here are read with one request: a second one would take longer than the bytes.
const WHOLE_FILE_BYTES: u64 = 256 << 10;
/// What is read of the end of a larger one: nearly always all of its footer.
const TAIL_BYTES: u64 = 64 << 10;
/// What is read of a column beyond the bytes that the rows take on average: a page more.
const SLACK_BYTES: u64 = 1 << 20;

/// What some rows of a table have in common.
#[derive(Debug, Default)]
pub struct TableSample {
    /// The largest kinds, in the order of [`TableOverview::kinds`].
    pub kinds: Vec<KindSample>,
    /// Files that could not be read.
    pub unread: Vec<Error>,
}

/// What some rows of a kind have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct KindSample {
    /// `domain-event_type`.
    pub kind: String,
    /// How many rows were looked at.
    pub sampled: u64,
    /// Whether there are more fields than are listed.
    pub fields_cut: bool,
    /// The fields of `data`.
    pub fields: Vec<FieldOutline>,
}

/// A file to read rows of.
struct Wanted {
    /// The number of its kind.
    kind: usize,
    path: String,
    bytes: u64,
    rows: u64,
}

/// Reads some rows of each kind.
pub(crate) async fn sample(
    trusted: &Zone,
    overview: &TableOverview,
    sampling: &Sampling,
    requests_max: usize,
) -> TableSample {
    let mut partitions: BTreeMap<&str, Vec<&PartitionOverview>> = BTreeMap::new();
    for (key, partition) in overview.keyed() {
        partitions.entry(&key.domain_event_type).or_default().push(partition);
    }
    let kinds: Vec<_> = overview.kinds().into_iter().take(KINDS_MAX).map(|kind| kind.kind).collect();
    let wanted = kinds.iter().enumerate().flat_map(|(number, kind)| {
        let of_kind = partitions.get(kind.as_str()).map(Vec::as_slice).unwrap_or_default();
        choose(of_kind, sampling.rows_max).into_iter().map(move |(path, file, rows)| Wanted {
            kind: number,
            path,
            bytes: file.bytes,
            rows,
        })
    });
    let mut outlines = vec![Outline::new(sampling.outline.clone()); kinds.len()];
    let mut unread = Vec::new();
    let wanted: Vec<_> = wanted.collect();
    let chunks = wanted.iter().map(|wanted| async move { (wanted, texts(trusted, wanted).await) });
    let mut chunks = futures::stream::iter(chunks).buffered(requests_max);
    while let Some((wanted, chunk)) = chunks.next().await {
        match chunk {
            Ok(texts) => {
                for text in texts {
                    outlines[wanted.kind].take(text.as_deref());
                }
            }
            // Whoever compacts the table removes files.
            Err(Error::Storage { source, .. }) if matches!(*source, object_store::Error::NotFound { .. }) => {}
            Err(error) => unread.push(error),
        }
    }
    let kinds = kinds.into_iter().zip(outlines).map(|(kind, outline)| KindSample {
        kind,
        sampled: outline.taken(),
        fields_cut: outline.is_cut(),
        fields: outline.fields(),
    });
    TableSample { kinds: kinds.collect(), unread }
}

/// Files of a kind that are spread over its days, with the rows to read of each.
fn choose<'a>(partitions: &[&'a PartitionOverview], rows_max: u64) -> Vec<(String, &'a FileOverview, u64)> {
    let mut partitions = partitions.to_vec();
    partitions.sort_by_key(|partition| partition.key.as_ref().map(|key| key.day));
    let files: Vec<_> = partitions
        .iter()
        .copied()
        .flat_map(|partition| partition.files.iter().map(move |file| (&partition.path, file)))
        .filter(|(_, file)| file.rows > 0)
        .collect();
    let chosen = files.len().min(FILES_A_KIND);
    // The first and the last, and what lies between them in equal steps.
    let place = |number: usize| if chosen < 2 { 0 } else { number * (files.len() - 1) / (chosen - 1) };
    let mut left = rows_max;
    let mut all = Vec::with_capacity(chosen);
    for number in 0..chosen {
        let (folder, file) = files[place(number)];
        let rows = left.div_ceil((chosen - number) as u64).min(file.rows);
        left -= rows;
        if rows > 0 {
            all.push((layout::table_file(folder, &file.name), file, rows));
        }
    }
    all
}

/// The `data` of the first rows of a file, at most so many.
async fn texts(trusted: &Zone, wanted: &Wanted) -> Result<Vec<Option<String>>> {
    let path = &wanted.path;
    let damaged = |problem| Error::Table { object: trusted.name(path), problem };
    let (footer, file) = footer(trusted, path, wanted.bytes).await?;
    let Some(chunk) = footer.texts(column::DATA, wanted.rows).map_err(damaged)? else { return Ok(Vec::new()) };
    if let Some(file) = file {
        return chunk.read(0, file).map_err(damaged);
    }
    // What the first rows take is not known, but about.
    let range = chunk.range();
    let about = (range.end - range.start) * wanted.rows / chunk.rows().max(1) + SLACK_BYTES;
    let end = range.end.min(range.start + about);
    let first = get(trusted, path, range.start..end).await?;
    match chunk.read(range.start, first) {
        Err(_) if end < range.end => {
            let whole = get(trusted, path, range.clone()).await?;
            chunk.read(range.start, whole).map_err(damaged)
        }
        read => read.map_err(damaged),
    }
}

/// The footer of a file of that length, and the whole file when it is a small one.
pub(super) async fn footer(trusted: &Zone, path: &str, bytes: u64) -> Result<(Footer, Option<Bytes>)> {
    let damaged = |problem| Error::Table { object: trusted.name(path), problem };
    if bytes == 0 {
        return Err(damaged("empty, and not Parquet".to_owned()));
    }
    let is_small = bytes <= WHOLE_FILE_BYTES;
    let mut tail_bytes = if is_small { bytes } else { TAIL_BYTES };
    loop {
        let tail = get(trusted, path, bytes - tail_bytes..bytes).await?;
        match Footer::open(&tail, bytes).map_err(damaged)? {
            Opened::Footer(footer) => return Ok((footer, is_small.then_some(tail))),
            Opened::Needs(needed) => tail_bytes = needed,
        }
    }
}

async fn get(trusted: &Zone, path: &str, range: std::ops::Range<u64>) -> Result<Bytes> {
    let failed = |error| trusted.error("reading", path, error);
    trusted.store().get_range(&trusted.path(path)?, range).await.map_err(failed)
}
