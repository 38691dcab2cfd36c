//! What inputs hold: what a run would find in them, counted.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::INSPECT_VERSION;
use super::ids::{DistinctIds, Ids};
use super::kinds::{KindContents, Kinds};
use super::sample::Sampling;
use super::span::{Span, by_date};
use super::warning::{self, Warning};
use crate::config::Config;
use crate::event::{Event, EventFinding, EventReader, Fault, Reason};
use crate::json::{Compression, Layout, Level, RepairKind};
use crate::table::{date, day};

/// The days that are told apart: as many as a run may make partitions.
const DAYS_MAX: usize = Config::DEFAULT_PARTITIONS_MAX;

/// The bytes of a reject that are kept.
const EXCERPT_BYTES_MAX: usize = 240;

/// Counts what inputs hold, one after the other, in memory that does not grow with their length.
///
/// ```
/// use events_core::Config;
/// use events_core::run::{Census, Sampling};
///
/// let mut census = Census::new(&Config::default(), Sampling::default());
/// let mut input = census.input("a.json");
/// input.push(br#"{"event_id":"7","timestamp":0,"domain":"card","event_type":"issued","data":{"to":"me"}}{"oops"#);
/// input.finish(None, 93);
/// let report = census.report("2026-11-27".parse()?);
/// assert_eq!((report.totals.records, report.totals.events, report.rejects.len()), (2, 1, 1));
/// assert_eq!((report.kinds[0].kind.as_str(), report.kinds[0].fields[0].path.as_str()), ("card-issued", "to"));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Census {
    config: Config,
    inputs: Vec<InputContents>,
    found: Found,
}

/// What is known of all inputs together.
#[derive(Debug)]
struct Found {
    kinds: Kinds,
    ids: Ids,
    /// Events by day.
    days: BTreeMap<i32, u64>,
    /// Events of days that there was no room for.
    other_days: u64,
    /// The first of each reason.
    rejects: BTreeMap<Reason, RejectSample>,
    examples: bool,
}

/// Counts of what one input or all of them hold. `records = events + rejects`, as in the report of a run on the same
/// inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Bytes as stored.
    pub bytes: u64,
    /// Bytes after decompression, as UTF-8.
    pub text_bytes: u64,
    /// Records and pieces of damage that were framed.
    pub records: u64,
    /// Records that met the contract.
    pub events: u64,
    /// Events whose records were mended first.
    pub repaired: u64,
    /// Events whose records take several lines, as pretty-printed ones do.
    pub multi_line: u64,
    /// How many records lie how.
    pub layouts: BTreeMap<Layout, u64>,
    /// Records that would be in the quarantine, by reason.
    pub rejects: BTreeMap<Reason, u64>,
    /// What would be done within records that are events, and between records, by kind.
    pub repairs: BTreeMap<RepairKind, u64>,
    /// From when to when events are; nothing without any.
    #[serde(flatten)]
    pub span: Option<Span>,
}

impl Contents {
    /// All rejects.
    #[must_use]
    pub fn rejects_total(&self) -> u64 {
        self.rejects.values().sum()
    }

    fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.text_bytes += other.text_bytes;
        self.records += other.records;
        self.events += other.events;
        self.repaired += other.repaired;
        self.multi_line += other.multi_line;
        add(&mut self.layouts, &other.layouts);
        add(&mut self.rejects, &other.rejects);
        add(&mut self.repairs, &other.repairs);
        self.span = joined(self.span, other.span);
    }
}

/// What an input holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputContents {
    /// What it is called.
    pub name: String,
    /// How it is compressed; `None` when it is not.
    pub compression: Option<Compression>,
    /// Its counts.
    #[serde(flatten)]
    pub contents: Contents,
}

/// The first reject of a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectSample {
    /// The reason.
    pub reason: Reason,
    /// What is wrong, without content of the record.
    pub detail: String,
    /// The name of its input.
    pub source: String,
    /// Where its bytes begin in the decompressed input.
    pub offset: u64,
    /// How many bytes there are.
    pub length: u64,
    /// The first 240 bytes, with U+FFFD for what is not UTF-8; `None` when examples are not wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

/// What inputs hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputsReport {
    /// [`INSPECT_VERSION`].
    pub version: u32,
    /// How far records were mended.
    pub level: Level,
    /// The sum over all inputs.
    pub totals: Contents,
    /// How many different ids there are.
    pub ids: DistinctIds,
    /// The kinds, the most frequent first.
    pub kinds: Vec<KindContents>,
    /// Events of kinds beyond the first 10,000, which are not listed.
    pub other_kinds: u64,
    /// Events by day, in UTC.
    #[serde(serialize_with = "by_date")]
    pub days: BTreeMap<NaiveDate, u64>,
    /// Events of days beyond the first 20,000, which are not listed.
    pub other_days: u64,
    /// The first reject of each reason.
    pub rejects: Vec<RejectSample>,
    /// What a person should look at.
    pub warnings: Vec<Warning>,
    /// By input, in the order in which they came.
    pub inputs: Vec<InputContents>,
}

impl Census {
    /// A census of no inputs. Of the configuration, the level of repair and the limits of records count.
    #[must_use]
    pub fn new(config: &Config, sampling: Sampling) -> Self {
        let examples = sampling.outline.examples;
        let found = Found {
            kinds: Kinds::new(sampling.outline, sampling.rows_max),
            ids: Ids::default(),
            days: BTreeMap::new(),
            other_days: 0,
            rejects: BTreeMap::new(),
            examples,
        };
        Self { config: config.clone(), inputs: Vec::new(), found }
    }

    /// Begins with the next input. It counts when it is [finished](InputCensus::finish).
    #[must_use]
    pub fn input(&mut self, name: impl Into<String>) -> InputCensus<'_> {
        let reader = EventReader::new(self.config.repair, self.config.frame_limits());
        InputCensus { census: self, name: name.into(), reader, contents: Contents::default() }
    }

    /// What all inputs hold. `today` is what days are held against.
    #[must_use]
    pub fn report(self, today: NaiveDate) -> InputsReport {
        let mut totals = Contents::default();
        self.inputs.iter().for_each(|input| totals.add(&input.contents));
        let Found { kinds, ids, days, other_days, rejects, .. } = self.found;
        let days: BTreeMap<_, _> = days.into_iter().map(|(day, events)| (date(day), events)).collect();
        let (other_kinds, kinds) = (kinds.others(), kinds.contents());
        let improbable = warning::improbable_days(&days, today);
        let many = warning::many_kinds(kinds.iter().map(|kind| kind.events));
        InputsReport {
            version: INSPECT_VERSION,
            level: self.config.repair,
            totals,
            ids: ids.distinct(),
            kinds,
            other_kinds,
            days,
            other_days,
            rejects: rejects.into_values().collect(),
            warnings: improbable.into_iter().chain(many).collect(),
            inputs: self.inputs,
        }
    }
}

/// An input that is being counted.
#[derive(Debug)]
pub struct InputCensus<'a> {
    census: &'a mut Census,
    name: String,
    reader: EventReader,
    contents: Contents,
}

impl InputCensus<'_> {
    /// Takes the next decompressed bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { census, name, reader, contents } = self;
        reader.push(bytes, &mut |finding| census.found.take(name, contents, finding));
    }

    /// Notes that the input cannot be decompressed any further, and ends here.
    pub fn damaged(&mut self, reason: Reason, detail: &str) {
        self.end();
        let Self { census, name, reader, contents } = self;
        contents.records += 1;
        census.found.reject(name, contents, (reader.text_bytes(), b""), reason, detail);
    }

    /// The input ends here. `bytes` is its length as it is stored.
    pub fn finish(mut self, compression: Option<Compression>, bytes: u64) {
        self.end();
        let (text_bytes, layouts) = (self.reader.text_bytes(), self.reader.layouts());
        let contents = Contents { bytes, text_bytes, layouts, ..self.contents };
        self.census.inputs.push(InputContents { name: self.name, compression, contents });
    }

    /// Takes what is left. Asked again, there is nothing.
    fn end(&mut self) {
        let Self { census, name, reader, contents } = self;
        reader.finish(&mut |finding| census.found.take(name, contents, finding));
    }
}

impl Found {
    fn take(&mut self, source: &str, contents: &mut Contents, finding: EventFinding<'_>) {
        match finding {
            EventFinding::Event { offset, bytes, event } => {
                contents.records += 1;
                match self.event(&event) {
                    Ok(()) => {
                        contents.events += 1;
                        contents.repaired += u64::from(!event.repairs.is_empty());
                        contents.multi_line += u64::from(memchr::memchr(b'\n', bytes).is_some());
                        contents.span = joined(contents.span, Some(Span::at(event.timestamp)));
                    }
                    Err(fault) => self.reject(source, contents, (offset, bytes), fault.reason, &fault.detail),
                }
            }
            EventFinding::Reject(reject) => {
                contents.records += 1;
                let place = (reject.offset, reject.bytes);
                self.reject(source, contents, place, reject.fault.reason, &reject.fault.detail);
            }
            EventFinding::Repair { repair, times } => *contents.repairs.entry(repair.kind).or_default() += times,
        }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        self.kinds.take(event)?;
        self.ids.take(event.id.fingerprint());
        let day = day(event.timestamp);
        if let Some(events) = self.days.get_mut(&day) {
            *events += 1;
        } else if self.days.len() < DAYS_MAX {
            self.days.insert(day, 1);
        } else {
            self.other_days += 1;
        }
        Ok(())
    }

    fn reject(
        &mut self,
        source: &str,
        contents: &mut Contents,
        (offset, bytes): (u64, &[u8]),
        reason: Reason,
        detail: &str,
    ) {
        *contents.rejects.entry(reason).or_default() += 1;
        let examples = self.examples;
        self.rejects.entry(reason).or_insert_with(|| RejectSample {
            reason,
            detail: detail.to_owned(),
            source: source.to_owned(),
            offset,
            length: bytes.len() as u64,
            excerpt: examples.then(|| excerpt(bytes)),
        });
    }
}

/// The first bytes as text. A character is not cut in two.
fn excerpt(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(EXCERPT_BYTES_MAX)];
    let length = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && bytes.len() == EXCERPT_BYTES_MAX => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

fn joined(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.with(other)),
        (one, other) => one.or(other),
    }
}

fn add<K: Copy + Ord>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (&key, count) in others {
        *counts.entry(key).or_default() += count;
    }
}
