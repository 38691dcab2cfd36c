//! Tasks become rows and keys in the exchange, and rejects.
//!
//! Threads parse tasks in any order, each as if it were cut right. They are put into the exchange in the order of their
//! input, because only the task before can tell: when it ends in the middle of a record, the cut lay inside a string or a
//! record was longer than a range, and the task is parsed again with what the one before has left. By induction from the
//! start of the input every task is parsed from where a single thread would have.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use serde::Serialize;

use super::context::Context;
use super::exchange::{Exchange, Spool};
use super::feed::{Feed, LOOK_AROUND, Task};
use super::plan::Plan;
use super::remote::Remote;
use super::report::Counts;
use crate::error::{Error, Result};
use crate::event::{Event, Events, Fault, Reason, Reject};
use crate::json::Damage;
use crate::table::{Key, KindCache, Row, content_digest, day};

/// The parse of a plan, for many threads.
pub(crate) struct Parse {
    context: Arc<Context>,
    plan: Arc<Plan>,
    feed: Feed,
    /// By input.
    orders: Vec<Mutex<Order>>,
    advanced: Condvar,
    exchange: Arc<Exchange>,
    /// By input: lines of the quarantine.
    rejects: Arc<Spool>,
    /// Batches that can be used again.
    batches: Mutex<Vec<Batch>>,
}

/// How far the tasks of an input are.
#[derive(Default)]
struct Order {
    /// The task that comes next.
    next: u64,
    /// Parsed tasks whose turn has not come.
    waiting: BTreeMap<u64, Parsed>,
    /// A thread is putting tasks into the exchange.
    advancing: bool,
    /// What the last task left.
    rest: Rest,
    counts: Counts,
}

impl Order {
    fn can_advance(&self) -> bool {
        !self.advancing && self.waiting.contains_key(&self.next)
    }
}

struct Parsed {
    task: Task,
    batch: Batch,
    rest: Rest,
}

/// What a task leaves to the next one of its input.
#[derive(Default)]
struct Rest {
    /// The beginning of a record.
    bytes: Vec<u8>,
    /// The damage that goes on.
    continued: Option<Damage>,
}

impl Rest {
    fn is_none(&self) -> bool {
        self.bytes.is_empty() && self.continued.is_none()
    }
}

/// What a task holds.
#[derive(Default)]
struct Batch {
    /// By bucket.
    lanes: Vec<LaneBatch>,
    /// The buckets that hold something.
    touched: Vec<usize>,
    rejects: Vec<u8>,
    counts: Counts,
}

#[derive(Default)]
struct LaneBatch {
    rows: Vec<u8>,
    /// With the row's number among these rows for its ordinal.
    keys: Vec<Key>,
}

impl Batch {
    fn clear(&mut self) {
        for bucket in self.touched.drain(..) {
            self.lanes[bucket].rows.clear();
            self.lanes[bucket].keys.clear();
        }
        self.rejects.clear();
        self.counts = Counts::default();
    }
}

/// A line of the quarantine. See `docs/FORMAT.md`.
#[derive(Serialize)]
struct RejectLine<'a> {
    source: &'a str,
    offset: u64,
    length: usize,
    reason: Reason,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

/// What a thread keeps from task to task.
struct Worker<'a> {
    remote: &'a Remote,
    kinds: KindCache,
    /// By shard.
    keys: Vec<Vec<u8>>,
}

impl Parse {
    pub(crate) fn new(
        context: &Arc<Context>,
        plan: &Arc<Plan>,
        exchange: &Arc<Exchange>,
        rejects: &Arc<Spool>,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            plan: Arc::clone(plan),
            feed: Feed::new(Arc::clone(context), Arc::clone(plan)),
            orders: plan.inputs.iter().map(|_| Mutex::default()).collect(),
            advanced: Condvar::new(),
            exchange: Arc::clone(exchange),
            rejects: Arc::clone(rejects),
            batches: Mutex::default(),
        }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<()> {
        let mut worker = Worker {
            remote,
            kinds: KindCache::new(Arc::clone(&self.context.kinds)),
            keys: vec![Vec::new(); self.exchange.spread.shards],
        };
        while let Some(task) = self.feed.next(remote)? {
            let parsed = self.parse(task, Rest::default(), &mut worker)?;
            self.submit(parsed, &mut worker)?;
        }
        Ok(())
    }

    /// What is known of each input when all threads are done.
    pub(crate) fn counts(&self) -> Vec<Counts> {
        let inputs = self.orders.iter().zip(&self.plan.inputs);
        inputs.map(|(order, input)| Counts { bytes: input.bytes, ..lock(order).counts.clone() }).collect()
    }

    /// Parses a task behind what the one before has left.
    fn parse(&self, task: Task, mut rest: Rest, worker: &mut Worker<'_>) -> Result<Parsed> {
        let mut batch = lock(&self.batches).pop().unwrap_or_default();
        batch.lanes.resize_with(self.exchange.spread.buckets, LaneBatch::default);
        let mut offset = task.offset - rest.bytes.len() as u64;
        let limits = self.context.config.frame_limits();
        for (index, piece) in task.pieces.iter().enumerate() {
            let joined;
            let bytes = if rest.bytes.is_empty() {
                &piece[..]
            } else {
                joined = [&rest.bytes[..], piece].concat();
                &joined
            };
            let at_end = task.last && index + 1 == task.pieces.len();
            let mut events = Events::of_piece(bytes, limits, offset, rest.continued, at_end);
            while let Some(event) = events.next() {
                batch.counts.records += 1;
                let taken = match &event {
                    Ok(event) => self.take(event, task.input, &mut batch, &mut worker.kinds),
                    Err(reject) => Err(reject.fault.clone()),
                };
                if let Err(fault) = taken {
                    self.reject(&events.reject_last(fault), task.input, &mut batch)?;
                }
            }
            let (left, continued) = events.rest();
            offset += (bytes.len() - left.len()) as u64;
            rest = Rest { bytes: left.to_vec(), continued };
        }
        if let Some(detail) = &task.damage {
            let fault = Fault { reason: Reason::DamagedCompression, detail: detail.clone() };
            let reject = Reject { offset: offset + rest.bytes.len() as u64, bytes: &[], fault };
            batch.counts.records += 1;
            self.reject(&reject, task.input, &mut batch)?;
        }
        Ok(Parsed { task, batch, rest })
    }

    /// Takes an event as a row and a key.
    fn take(&self, event: &Event<'_>, input: usize, batch: &mut Batch, kinds: &mut KindCache) -> Result<(), Fault> {
        let (number, kind) = kinds.get(&event.domain, &event.event_type)?;
        let bucket = kind.bucket(day(event.timestamp), self.exchange.spread.buckets);
        let (data, extra) = (event.data.as_deref(), event.extra.as_deref());
        let lane = &mut batch.lanes[bucket];
        if lane.keys.is_empty() {
            batch.touched.push(bucket);
        }
        lane.keys.push(Key {
            id: event.id.fingerprint(),
            timestamp: event.timestamp,
            digest: content_digest(kind.digest, data, extra),
            ordinal: lane.keys.len() as u32,
            input: input as u32,
            bucket: bucket as u16,
        });
        Row { kind: *number, id: event.id.borrowed(), timestamp: event.timestamp, data, extra }.write(&mut lane.rows);
        batch.counts.events += 1;
        Ok(())
    }

    fn reject(&self, reject: &Reject<'_>, input: usize, batch: &mut Batch) -> Result<()> {
        let raw = simdutf8::basic::from_utf8(reject.bytes).ok();
        let line = RejectLine {
            source: &self.plan.inputs[input].key,
            offset: reject.offset,
            length: reject.bytes.len(),
            reason: reject.fault.reason,
            detail: &reject.fault.detail,
            raw,
            raw_base64: raw.is_none().then(|| base64::engine::general_purpose::STANDARD.encode(reject.bytes)),
        };
        serde_json::to_writer(&mut batch.rejects, &line)
            .map_err(|error| Error::Ledger { problem: error.to_string() })?;
        batch.rejects.push(b'\n');
        *batch.counts.rejects.entry(reject.fault.reason).or_default() += 1;
        Ok(())
    }

    /// Hands over a parsed task, and puts into the exchange whatever has its turn.
    fn submit(&self, parsed: Parsed, worker: &mut Worker<'_>) -> Result<()> {
        let input = parsed.task.input;
        let mut order = lock(&self.orders[input]);
        order.waiting.insert(parsed.task.sequence, parsed);
        while order.waiting.len() > 2 * self.context.config.threads && !order.can_advance() {
            // Enough waits. The thread that has the next task does not wait here, so this ends.
            self.context.stop.check()?;
            order = self.advanced.wait_timeout(order, LOOK_AROUND).unwrap_or_else(PoisonError::into_inner).0;
        }
        if order.advancing {
            return Ok(());
        }
        loop {
            let next = order.next;
            let Some(parsed) = order.waiting.remove(&next) else { return Ok(()) };
            order.advancing = true;
            let rest = std::mem::take(&mut order.rest);
            drop(order);
            self.context.stop.check()?;
            let parsed = if rest.is_none() { parsed } else { self.parse_again(parsed, rest, worker)? };
            let last = parsed.task.last;
            let text_bytes =
                parsed.task.offset + parsed.task.pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
            let (rest, counts) = self.exchange(parsed, worker)?;
            if last && !rest.bytes.is_empty() {
                return Err(Error::Ledger {
                    problem: format!("{} bytes at the end of an input are in no record", rest.bytes.len()),
                });
            }
            order = lock(&self.orders[input]);
            order.counts += &counts;
            order.counts.text_bytes = text_bytes;
            order.rest = rest;
            order.next += 1;
            order.advancing = false;
            self.advanced.notify_all();
        }
    }

    fn parse_again(&self, mut parsed: Parsed, before: Rest, worker: &mut Worker<'_>) -> Result<Parsed> {
        parsed.batch.clear();
        lock(&self.batches).push(parsed.batch);
        self.parse(parsed.task, before, worker)
    }

    /// Puts a task into the exchange. What is left is the beginning of a record.
    fn exchange(&self, parsed: Parsed, worker: &mut Worker<'_>) -> Result<(Rest, Counts)> {
        let Parsed { task, mut batch, rest } = parsed;
        for &bucket in &batch.touched {
            let lane = &batch.lanes[bucket];
            let before = self.exchange.rows.append(bucket, &lane.rows, lane.keys.len() as u64, worker.remote)?;
            let too_many = |_| Error::Ledger { problem: format!("more than 2^32 rows in bucket {bucket}") };
            u32::try_from(before + lane.keys.len() as u64).map_err(too_many)?;
            for key in &lane.keys {
                let key = Key { ordinal: before as u32 + key.ordinal, ..*key };
                key.write(&mut worker.keys[Key::shard(key.id, self.exchange.spread.shards)]);
            }
        }
        for (shard, keys) in worker.keys.iter_mut().enumerate().filter(|(_, keys)| !keys.is_empty()) {
            self.exchange.keys.append(shard, keys, (keys.len() / Key::BYTES) as u64, worker.remote)?;
            keys.clear();
        }
        if !batch.rejects.is_empty() {
            let rejects = batch.counts.rejects_total();
            self.rejects.append(task.input, &batch.rejects, rejects, worker.remote)?;
        }
        self.context.progress.records.fetch_add(batch.counts.records, Ordering::Relaxed);
        let counts = std::mem::take(&mut batch.counts);
        batch.clear();
        lock(&self.batches).push(batch);
        Ok((rest, counts))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked has failed the run.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
