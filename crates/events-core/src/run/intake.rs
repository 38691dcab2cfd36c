//! What a piece of input holds, on its way to the exchange: rows and keys by bucket, rejects as lines, counts.

use super::rejects::{RejectFilter, RejectLine};
use super::report::{Counts, SampledRepair};
use super::search::{Found, Search};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Events, Fault, Reason, Reject};
use crate::json::{Damage, Level, Separations};
use crate::table::{Key, KindCache, Row, content_digest, day};

/// What a task holds.
#[derive(Default)]
pub(super) struct Batch {
    /// By bucket.
    pub(super) lanes: Vec<LaneBatch>,
    /// The buckets that hold something.
    pub(super) touched: Vec<usize>,
    pub(super) rejects: Vec<u8>,
    pub(super) counts: Counts,
    /// Some of the repairs, in their order.
    pub(super) repairs: Vec<SampledRepair>,
    pub(super) separations: Separations,
    /// The first damage, when the run is strict.
    pub(super) damaged: Option<Damaged>,
    /// What was searched for.
    pub(super) found: Vec<Found>,
}

/// The first damage of an input.
#[derive(Debug, Clone)]
pub(super) struct Damaged {
    pub(super) offset: u64,
    pub(super) problem: String,
}

#[derive(Default)]
pub(super) struct LaneBatch {
    pub(super) rows: Vec<u8>,
    /// With the row's number among these rows for its ordinal.
    pub(super) keys: Vec<Key>,
}

impl Batch {
    pub(super) fn clear(&mut self) {
        for bucket in self.touched.drain(..) {
            self.lanes[bucket].rows.clear();
            self.lanes[bucket].keys.clear();
        }
        self.rejects.clear();
        self.counts = Counts::default();
        self.repairs.clear();
        self.separations.clear();
        self.damaged = None;
        self.found.clear();
    }
}

/// Puts the records of pieces of one input into a batch.
pub(super) struct Intake<'a> {
    pub(super) config: &'a Config,
    pub(super) buckets: usize,
    /// The number of the input.
    pub(super) input: usize,
    /// Its name.
    pub(super) source: &'a str,
    pub(super) batch: &'a mut Batch,
    pub(super) kinds: &'a mut KindCache,
    /// Events are only looked for: none becomes a row, and nothing a reject.
    pub(super) search: Option<&'a Search>,
}

impl Intake<'_> {
    /// Takes the records of a piece; gives what it holds of a record that goes on behind it.
    pub(super) fn piece<'p>(
        &mut self,
        bytes: &'p [u8],
        offset: u64,
        continued: Option<Damage>,
        at_end: bool,
    ) -> Result<(&'p [u8], Option<Damage>)> {
        let (level, limits) = (self.config.repair, self.config.frame_limits());
        let mut events = Events::of_piece(bytes, level, limits, offset, continued, at_end);
        self.records(&mut events)?;
        self.batch.separations.append(events.separations());
        Ok(events.rest())
    }

    /// Takes rejects of earlier runs, a line each, whose bytes are tried again.
    pub(super) fn lines<'p>(&mut self, bytes: &'p [u8], filter: &RejectFilter, at_end: bool) -> Result<&'p [u8]> {
        let mut rest = bytes;
        loop {
            let Some(length) = memchr::memchr(b'\n', rest).or((at_end && !rest.is_empty()).then_some(rest.len()))
            else {
                return Ok(rest);
            };
            let (line, after) = rest.split_at(length);
            self.line(line, filter)?;
            rest = &rest[length + usize::from(!after.is_empty())..];
        }
    }

    fn line(&mut self, line: &[u8], filter: &RejectFilter) -> Result<()> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let read: Option<RejectLine<'_>> = serde_json::from_slice(line).ok();
        let bytes = read.as_ref().and_then(RejectLine::bytes);
        let (Some(reject), Some(bytes)) = (&read, bytes) else {
            // Somebody else wrote it, and it stays as it is.
            self.keep_line(line, Reason::InvalidJson);
            return Ok(());
        };
        if !filter.takes(reject) || !reject.can_be_tried() {
            self.keep_line(line, reject.reason);
            return Ok(());
        }
        let (level, limits) = (self.config.repair, self.config.frame_limits());
        let mut intake = Intake { source: &reject.source, batch: self.batch, kinds: self.kinds, ..*self };
        let mut events = Events::of_piece(&bytes, level, limits, reject.offset, None, true);
        let before = (intake.batch.counts.records, intake.batch.counts.repairs.clone(), intake.batch.repairs.len());
        intake.records(&mut events)?;
        // Only separators are left of it, or a guess has dropped it: it stays, and nothing was done to it.
        if intake.batch.counts.records == before.0 {
            intake.batch.counts.repairs = before.1;
            intake.batch.repairs.truncate(before.2);
            intake.batch.counts.records += 1;
            intake.reject(&reject.source, reject.offset, &bytes, reject.reason, &reject.detail)?;
        }
        Ok(())
    }

    fn keep_line(&mut self, line: &[u8], reason: Reason) {
        self.batch.counts.records += 1;
        *self.batch.counts.rejects.entry(reason).or_default() += 1;
        self.batch.rejects.extend_from_slice(line);
        self.batch.rejects.push(b'\n');
    }

    fn records(&mut self, events: &mut Events<'_>) -> Result<()> {
        while let Some(event) = events.next() {
            self.batch.counts.records += 1;
            if let Some(search) = self.search {
                let (offset, bytes) = events.last_record();
                let found = event.ok().and_then(|event| search.take(&event, (self.input, offset, bytes), self.kinds));
                self.batch.found.extend(found);
                continue;
            }
            let taken = match &event {
                Ok(event) => self.take(event),
                Err(reject) => Err(reject.fault.clone()),
            };
            if let Err(fault) = taken {
                let reject = events.reject_last(fault);
                self.reject_event(&reject)?;
            }
        }
        for repair in events.take_repairs() {
            let count = self.batch.counts.repairs.entry(repair.kind).or_default();
            *count += 1;
            if *count <= SampledRepair::A_KIND_MAX {
                self.batch.repairs.push(SampledRepair { source: self.source.to_owned(), repair });
            }
        }
        Ok(())
    }

    /// Takes an event as a row and a key.
    fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let (number, kind) = self.kinds.get(&event.domain, &event.event_type)?;
        let bucket = kind.bucket(day(event.timestamp), self.buckets);
        let (data, extra) = (event.data.as_deref(), event.extra.as_deref());
        let lane = &mut self.batch.lanes[bucket];
        if lane.keys.is_empty() {
            self.batch.touched.push(bucket);
        }
        lane.keys.push(Key {
            id: event.id.fingerprint(),
            timestamp: event.timestamp,
            digest: content_digest(kind.digest, data, extra, event.repairs),
            ordinal: lane.keys.len() as u32,
            input: self.input as u32,
            kind: *number,
            bucket: bucket as u16,
            uuid: matches!(event.id, EventId::Uuid(_)),
        });
        let (id, timestamp, repairs) = (event.id.borrowed(), event.timestamp, event.repairs);
        Row { kind: *number, id, timestamp, data, extra, repairs }.write(&mut lane.rows);
        self.batch.counts.events += 1;
        self.batch.counts.repaired += u64::from(!event.repairs.is_empty());
        Ok(())
    }

    fn reject_event(&mut self, reject: &Reject<'_>) -> Result<()> {
        if self.config.repair == Level::Strict && self.batch.damaged.is_none() && reject.fault.reason.is_syntax() {
            self.batch.damaged = Some(Damaged { offset: reject.offset, problem: reject.fault.to_string() });
        }
        self.reject(self.source, reject.offset, reject.bytes, reject.fault.reason, &reject.fault.detail)
    }

    /// Writes the line of a reject.
    pub(super) fn reject(
        &mut self,
        source: &str,
        offset: u64,
        bytes: &[u8],
        reason: Reason,
        detail: &str,
    ) -> Result<()> {
        let line = RejectLine::new(source, offset, bytes, reason, detail);
        serde_json::to_writer(&mut self.batch.rejects, &line)
            .map_err(|error| Error::Ledger { problem: error.to_string() })?;
        self.batch.rejects.push(b'\n');
        *self.batch.counts.rejects.entry(reason).or_default() += 1;
        Ok(())
    }
}
