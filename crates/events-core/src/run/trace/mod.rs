//! Where the rows of an event come from.
//!
//! Nothing is kept for it: the inputs in `processed` are the provenance, and the log says which run took which. So a trace
//! costs no byte of the table, and it reads inputs: those of the days that it is asked for.
//!
//! 1. [`TableRows`]: the index tells which partitions took the event, and their files have its rows.
//! 2. [`Sieve`]: inputs that cannot hold the event are found out without being parsed.
//! 3. [`Search`]: the others are parsed as a run would, and each record of the event is kept with its place.
//! 4. Each record is held against the rows: it is the row, or how it relates to the row that it gave way to.

mod commits;
mod sieve;
mod table_rows;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::control::Table;
use super::layout::{self, RunId};
use super::parse::Parse;
use super::plan::{DateRange, Input, Place, Plan};
use super::rejects::{RejectFilter, RejectLine, read_lines};
use super::report::{Phase, iso_time};
use super::search::{Found, HITS_MAX, Hits, Search};
use super::zone::Zone;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{EventId, Reason};
use crate::json::{Level, RepairKind};
use crate::table::{Duplicate, day, is_within, join};

use commits::Commits;
use sieve::Sieve;
use table_rows::TableRows;

/// What is known of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Its id as the table spells it.
    pub event_id: String,
    /// Its rows in the table: one, or none; several where a [horizon](crate::Horizon) keeps them apart. The newest first.
    pub rows: Vec<TracedRow>,
    /// Its records in the inputs that were searched: the newest first, of equal ones those that came first.
    pub records: Vec<TracedRecord>,
    /// Rejects in the quarantine whose bytes have the id in them, in the order of their objects.
    pub rejects: Vec<TracedReject>,
    /// How many more records and rejects there are: of all that is found, the first 10,000 records, up to 64 MiB, and the
    /// first 10,000 rejects of an event are kept, those of processed inputs before those that are pending. With some left
    /// out, the record that became the row may be among them.
    #[serde(default)]
    pub left_out: u64,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedRow {
    /// The file that has it, by its path in the trusted zone.
    pub file: String,
    /// When the event happened.
    #[serde(with = "iso_time")]
    pub timestamp: DateTime<Utc>,
    /// Its domain.
    pub domain: String,
    /// Its type.
    pub event_type: String,
    /// Its `data`, as text.
    pub data: Option<String>,
    /// Its other fields, as the text of an object.
    pub extra: Option<String>,
    /// What was done to its record.
    pub repairs: Vec<RepairKind>,
    #[serde(skip)]
    digest: u64,
}

/// A record of an event in an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedRecord {
    /// The input, by its path in the landing zone.
    pub object: String,
    /// Where the record begins in the decompressed input.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// The bytes as they came; what is no UTF-8 is replaced by U+FFFD.
    pub raw: String,
    /// When the event happened, by this record.
    #[serde(with = "iso_time")]
    pub timestamp: DateTime<Utc>,
    /// Its domain.
    pub domain: String,
    /// Its type.
    pub event_type: String,
    /// What was done to the record.
    pub repairs: Vec<RepairKind>,
    /// What became of it.
    pub fate: Fate,
    /// The commits that took its input, and their runs. More than one has taken it when the same bytes came again under the
    /// same name. Of an input that [`Distributor::parse`](super::Distributor::parse) took it is the first commit of a
    /// [`Distributor::distribute`](super::Distributor::distribute) behind that whose report names it, and none when there
    /// is no such report.
    pub commits: Vec<TracedCommit>,
    #[serde(skip)]
    digest: u64,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is the row that the table has.
    Row,
    /// It gave way to that row, as the same content.
    Exact,
    /// It gave way to that row, which is newer.
    OtherTime,
    /// It gave way to that row, which has the same timestamp and other content.
    OtherContent,
    /// Its input is still pending: no run has read it.
    Pending,
    /// Its input was read, and the table has no row that it gave way to: its row waits in the stage for
    /// [`Distributor::distribute`](super::Distributor::distribute), or was taken away by hand, or the record was a reject by
    /// the rules of then.
    NoRow,
}

/// A commit that took an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedCommit {
    /// Its number.
    pub commit: u64,
    /// The run that has made it.
    pub run: RunId,
}

/// A reject in which an id stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedReject {
    /// The object of the quarantine, by its path in the landing zone.
    pub object: String,
    /// The name of the input below `pending`.
    pub source: String,
    /// Where the bytes begin in the decompressed input.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
    /// What is wrong with them.
    pub reason: Reason,
    /// What exactly.
    pub detail: String,
}

/// Traces events. Inputs of other days than `dates` are not searched.
pub(super) async fn trace(context: Context, ids: &[EventId<'_>], dates: Option<DateRange>) -> Result<Vec<Trace>> {
    // A record is to be found whatever else is in its input.
    let repair = context.config.repair.max(Level::Framing);
    let context = Arc::new(Context { config: Config { repair, ..context.config.clone() }, ..context });
    let trusted = &context.zones.trusted;
    let search = Arc::new(Search::new(ids));
    let table = Table::open(trusted).await?;
    context.progress.enter(Phase::Deduplicate);
    let rows = match TableRows::new(&context, &table.snapshot, &search).await {
        Ok(rows) => rows.read().await,
        Err(error) => Err(error),
    };
    let rows = rows.map_err(|error| behind(&table, trusted, error))?;
    context.progress.enter(Phase::Parse);
    let found = find(&context, &search, dates).await?;
    let with_records = found.hits.iter().map(|record| found.inputs[record.input].path()).collect();
    let commits = Commits::read(trusted, &with_records).await?;
    let mut records: HashMap<u128, Vec<&Found>> = HashMap::new();
    for record in found.hits.iter() {
        records.entry(record.id).or_default().push(record);
    }
    let mut rejects = rejects(&context, ids).await?;
    let mut traces = Vec::with_capacity(ids.len());
    for (number, id) in ids.iter().enumerate() {
        let mut rows = rows.get(&id.fingerprint()).cloned().unwrap_or_default();
        rows.sort_by_key(|row| Reverse((row.timestamp, row.digest)));
        let records = records.get(&id.fingerprint()).into_iter().flatten();
        let mut records: Vec<_> = records.map(|record| traced(record, &found.inputs, &commits)).collect();
        records.sort_by(|one, two| in_order(one).cmp(&in_order(two)));
        settle(&mut records, &rows, table.snapshot.horizon_days);
        let (rejects, more_rejects) = std::mem::take(&mut rejects[number]);
        let left_out = found.hits.left_out(id.fingerprint()) + more_rejects;
        traces.push(Trace { event_id: id.to_string(), rows, records, rejects, left_out });
    }
    Ok(traces)
}

/// What went wrong with the table's files, or that they may not be there yet.
fn behind(table: &Table, trusted: &Zone, source: Error) -> Error {
    match table.unfinished.last() {
        Some(entry) => {
            Error::Unfinished { entry: trusted.name(&layout::log_entry(entry.sequence)), source: Box::new(source) }
        }
        None => source,
    }
}

/// The newest first; of equal ones those that were taken first, and by their places.
fn in_order(record: &TracedRecord) -> impl Ord + '_ {
    let commit = record.commits.first().map_or(u64::MAX, |commit| commit.commit);
    (Reverse((record.timestamp, record.digest)), commit, &record.object, record.offset)
}

fn traced(found: &Found, inputs: &[Input], commits: &Commits) -> TracedRecord {
    let input = &inputs[found.input];
    let commits = commits.of(input);
    TracedRecord {
        object: input.path(),
        offset: found.offset,
        length: found.bytes.len() as u64,
        raw: String::from_utf8_lossy(&found.bytes).into_owned(),
        timestamp: instant(found.timestamp),
        domain: found.domain.clone(),
        event_type: found.event_type.clone(),
        repairs: found.repairs.iter().collect(),
        fate: if input.place == Place::Pending { Fate::Pending } else { Fate::NoRow },
        commits,
        digest: found.digest,
    }
}

/// Tells of each record that was read what became of it.
fn settle(records: &mut [TracedRecord], rows: &[TracedRow], horizon: Option<u32>) {
    let mut taken = HashSet::new();
    for record in records.iter_mut().filter(|record| record.fate != Fate::Pending) {
        let version = (record.timestamp.timestamp_micros(), record.digest);
        let days = |row: &TracedRow| (day(row.timestamp.timestamp_micros()), day(version.0));
        let apart = |row: &TracedRow| days(row).0.abs_diff(days(row).1);
        let kind = (&record.domain, &record.event_type);
        let near = |row: &TracedRow| {
            let same_kind = || join(&row.domain, &row.event_type) == join(kind.0, kind.1);
            row.version() >= version && is_within(horizon, days(row), same_kind)
        };
        // With a horizon there is a row for each time that is far enough from the others.
        let row = rows.iter().enumerate().filter(|(_, row)| near(row)).min_by_key(|(_, row)| apart(row));
        let Some((number, row)) = row else { continue };
        record.fate = match Duplicate::of(version, row.version()) {
            Duplicate::Exact if taken.insert(number) => Fate::Row,
            Duplicate::Exact => Fate::Exact,
            Duplicate::OtherTime => Fate::OtherTime,
            Duplicate::OtherContent => Fate::OtherContent,
        };
    }
}

impl TracedRow {
    fn version(&self) -> (i64, u64) {
        (self.timestamp.timestamp_micros(), self.digest)
    }
}

/// An instant of the table: always one that chrono knows, because years end with 9999.
fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

#[derive(Default)]
struct FoundRecords {
    inputs: Vec<Input>,
    hits: Hits,
}

impl FoundRecords {
    fn append(&mut self, mut other: Self) {
        self.hits.append(other.hits, self.inputs.len());
        self.inputs.append(&mut other.inputs);
    }
}

/// How often pending inputs are searched again because a run took one of them meanwhile.
const ATTEMPTS_MAX: usize = 10;

/// The records in what was processed and what is pending.
///
/// What is pending is listed first: an input that a run moves away meanwhile is in the list of processed ones behind that,
/// or missed when it is read, and then found in the next list of them.
async fn find(context: &Arc<Context>, search: &Arc<Search>, dates: Option<DateRange>) -> Result<FoundRecords> {
    let landing = &context.zones.landing;
    let mut found = FoundRecords::default();
    let mut searched = HashSet::new();
    for attempt in 1.. {
        let pending = Plan::of(landing, Place::Pending).await?;
        let mut processed = Plan::of(landing, Place::Processed).await?;
        processed.retain(|key| dates.is_none_or(|dates| dates.takes(key)) && !searched.contains(key));
        searched.extend(processed.inputs.iter().map(|input| input.key.clone()));
        found.append(search_in(context, search, processed).await?);
        match search_in(context, search, pending).await {
            Ok(in_pending) => {
                found.append(in_pending);
                break;
            }
            Err(error) if attempt < ATTEMPTS_MAX && is_taken(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether an input is not there any more, or is another.
fn is_taken(error: &Error) -> bool {
    match error {
        Error::InputChanged { .. } => true,
        Error::Storage { source, .. } => matches!(**source, object_store::Error::NotFound { .. }),
        _ => false,
    }
}

async fn search_in(context: &Context, search: &Arc<Search>, mut plan: Plan) -> Result<FoundRecords> {
    plan.refused.clear();
    // Threads of another search may have failed.
    let context = &Arc::new(Context { stop: Arc::new(context.stop.again()), ..context.clone() });
    let plan = Arc::new(Sieve::new(context, plan, search).pass().await?);
    let exchange = Arc::new(context.scratch_exchange(0));
    let rejects = Arc::new(context.scratch_spool(plan.inputs.len(), 16));
    let parse = Parse::new(context, &plan, &exchange, &rejects, RejectFilter::default()).searching(search);
    let parse = Arc::new(parse);
    let work = Arc::clone(&parse);
    context.on_threads(context.config.threads, move |remote| work.work(remote)).await?;
    Ok(FoundRecords { inputs: plan.inputs.clone(), hits: parse.found() })
}

/// The rejects in which an id stands, by its number, and how many more there are.
async fn rejects(context: &Context, ids: &[EventId<'_>]) -> Result<Vec<(Vec<TracedReject>, u64)>> {
    let texts: Vec<_> = ids.iter().map(|id| id.to_string().into_bytes()).collect();
    let mut found = vec![(Vec::new(), 0); ids.len()];
    for object in Plan::of(&context.zones.landing, Place::Quarantine).await?.inputs {
        context.stop.check()?;
        let take = |line: &RejectLine<'_>| {
            let Some(bytes) = line.bytes() else { return };
            let folded = bytes.to_ascii_lowercase();
            // A UUID is the same in capitals, and spelled here in small letters.
            let has = |(number, text): &(usize, &Vec<u8>)| match ids[*number] {
                EventId::Uuid(_) => memmem::find(&folded, text).is_some(),
                EventId::Text(_) => memmem::find(&bytes, text).is_some(),
            };
            for (number, _) in texts.iter().enumerate().filter(has) {
                let (kept, more) = &mut found[number];
                if kept.len() == HITS_MAX {
                    *more += 1;
                    continue;
                }
                kept.push(TracedReject {
                    object: object.path(),
                    source: line.source.clone().into_owned(),
                    offset: line.offset,
                    length: line.length,
                    reason: line.reason,
                    detail: line.detail.clone().into_owned(),
                });
            }
        };
        read_lines(&context.zones.landing, &object, take).await?;
    }
    Ok(found)
}
