//! Tasks become rows and keys in the exchange, and rejects.
//!
//! Threads parse tasks in any order, each as if it were cut right. They are put into the exchange in the order of their
//! input, because only the task before can tell: when it ends in the middle of a record, the cut lay inside a string or a
//! record was longer than a range, and the task is parsed again with what the one before has left. By induction from the
//! start of the input every task is parsed from where a single thread would have.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::context::Context;
use super::control::{Digest, Taken};
use super::exchange::{Exchange, Spool};
use super::feed::{Feed, LOOK_AROUND, Task};
use super::intake::{Batch, Damaged, Intake, LaneBatch};
use super::plan::{Input, Place, Plan};
use super::profile::spend;
use super::rejects::RejectFilter;
use super::remote::Remote;
use super::report::{Counts, Part, SampledRepair};
use super::search::{Hits, Search};
use crate::error::{Error, Result};
use crate::json::{Damage, Level, Repair, RepairKind, Separated, Separations, Separators};
use crate::table::{Key, KindCache};

/// The parse of a plan, for many threads.
pub(crate) struct Parse {
    context: Arc<Context>,
    plan: Arc<Plan>,
    /// Of rejects that are tried again: which.
    filter: RejectFilter,
    feed: Feed,
    /// By input.
    orders: Vec<Mutex<Order>>,
    advanced: Condvar,
    exchange: Arc<Exchange>,
    /// By input: lines of the quarantine.
    rejects: Arc<Spool>,
    /// What is only looked for.
    search: Option<Arc<Search>>,
    found: Mutex<Hits>,
    /// Batches that can be used again.
    batches: Mutex<Vec<Batch>>,
}

/// The most bytes of parsed tasks that wait for their turn. Most tasks are far smaller; those of long damage are not.
const WAITING_BYTES_MAX: usize = 16 << 20;

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
    separators: Separators,
    repairs: Vec<SampledRepair>,
}

impl Order {
    /// Whether so much waits that more would only take memory.
    fn has_enough(&self, threads: usize) -> bool {
        let bytes =
            |parsed: &Parsed| parsed.task.pieces.iter().map(Bytes::len).sum::<usize>() + parsed.batch.rejects.len();
        self.waiting.len() > 2 * threads || self.waiting.values().map(bytes).sum::<usize>() > WAITING_BYTES_MAX
    }

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
        filter: RejectFilter,
    ) -> Self {
        Self {
            filter,
            context: Arc::clone(context),
            plan: Arc::clone(plan),
            feed: Feed::new(Arc::clone(context), Arc::clone(plan)),
            orders: plan.inputs.iter().map(|_| Mutex::default()).collect(),
            advanced: Condvar::new(),
            exchange: Arc::clone(exchange),
            rejects: Arc::clone(rejects),
            search: None,
            found: Mutex::default(),
            batches: Mutex::default(),
        }
    }

    /// Looks for events instead of taking them.
    pub(crate) fn searching(self, search: &Arc<Search>) -> Self {
        Self { search: Some(Arc::clone(search)), ..self }
    }

    /// What was looked for, when all threads are done.
    pub(crate) fn found(&self) -> Hits {
        std::mem::take(&mut lock(&self.found))
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<()> {
        let mut worker = Worker {
            remote,
            kinds: KindCache::new(Arc::clone(&self.context.kinds)),
            keys: vec![Vec::new(); self.exchange.spread.shards],
        };
        let _decoding = spend(Part::Decode);
        while let Some(task) = self.feed.next(remote)? {
            let input = &self.plan.inputs[task.input];
            let parsed = self.context.poison.guard(input, || self.parse(task, Rest::default(), &mut worker))?;
            self.submit(parsed, &mut worker)?;
        }
        Ok(())
    }

    /// What is known of each input when all threads are done.
    pub(crate) fn counts(&self) -> Vec<Counts> {
        let inputs = self.orders.iter().zip(&self.plan.inputs);
        inputs.map(|(order, input)| Counts { bytes: input.bytes, ..lock(order).counts.clone() }).collect()
    }

    /// The inputs, with what is known of their bytes when all threads are done.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let taken = |(number, input): (usize, &Input)| Taken {
            input: input.clone(),
            digest: self.feed.digest(number).map(Digest),
        };
        self.plan.inputs.iter().enumerate().map(taken).collect()
    }

    /// Some of the repairs of all inputs, when all threads are done.
    pub(crate) fn repairs(&self) -> Vec<SampledRepair> {
        let sampled = self.orders.iter().flat_map(|order| std::mem::take(&mut lock(order).repairs));
        sampled.take(SampledRepair::A_RUN_MAX).collect()
    }

    /// Parses a task behind what the one before has left.
    fn parse(&self, task: Task, mut rest: Rest, worker: &mut Worker<'_>) -> Result<Parsed> {
        let mut batch = lock(&self.batches).pop().unwrap_or_default();
        batch.lanes.resize_with(self.exchange.spread.buckets, LaneBatch::default);
        let mut offset = task.offset - rest.bytes.len() as u64;
        let input = &self.plan.inputs[task.input];
        let mut intake = Intake {
            config: &self.context.config,
            buckets: self.exchange.spread.buckets,
            input: task.input,
            source: &input.key,
            batch: &mut batch,
            kinds: &mut worker.kinds,
            search: self.search.as_deref(),
        };
        for (index, piece) in task.pieces.iter().enumerate() {
            let joined;
            let bytes = if rest.bytes.is_empty() {
                &piece[..]
            } else {
                joined = [&rest.bytes[..], piece].concat();
                &joined
            };
            #[cfg(test)]
            super::poison::planted_bug(bytes);
            let at_end = task.last && index + 1 == task.pieces.len();
            let (left, continued) = match input.place {
                Place::Pending | Place::Processed => intake.piece(bytes, offset, rest.continued, at_end)?,
                Place::Quarantine => (intake.lines(bytes, &self.filter, at_end)?, None),
            };
            offset += (bytes.len() - left.len()) as u64;
            rest = Rest { bytes: left.to_vec(), continued };
        }
        if let Some((reason, detail)) = task.damage.as_ref().filter(|_| self.search.is_none()) {
            intake.batch.counts.records += 1;
            intake.reject(&input.key, offset + rest.bytes.len() as u64, &[], *reason, detail)?;
        }
        Ok(Parsed { task, batch, rest })
    }

    /// Hands over a parsed task, and puts into the exchange whatever has its turn.
    fn submit(&self, parsed: Parsed, worker: &mut Worker<'_>) -> Result<()> {
        let input = parsed.task.input;
        let mut order = lock(&self.orders[input]);
        order.waiting.insert(parsed.task.sequence, parsed);
        while order.has_enough(self.context.config.threads) && !order.can_advance() {
            // Enough waits. The thread that has the next task does not wait here, so this ends.
            self.context.stop.check()?;
            let _waiting = spend(Part::Wait);
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
            let mut parsed = parsed;
            let mut repairs = std::mem::take(&mut parsed.batch.repairs);
            let mut separations = std::mem::take(&mut parsed.batch.separations);
            if parsed.task.transcoded {
                let kind = RepairKind::Utf16Transcoded;
                *parsed.batch.counts.repairs.entry(kind).or_default() += 1;
                repairs.insert(0, self.sampled(input, Repair::new(kind, 0, b"", 0, b"")));
                if self.context.config.repair == Level::Strict {
                    return Err(self.damaged(input, 0, format!("needs repair `{kind}`")));
                }
            }
            if let Some(Damaged { offset, problem }) = parsed.batch.damaged.take() {
                return Err(self.damaged(input, offset, problem));
            }
            let (rest, counts) = self.exchange(parsed, worker)?;
            if last && !rest.bytes.is_empty() {
                return Err(Error::Ledger {
                    problem: format!("{} bytes at the end of an input are in no record", rest.bytes.len()),
                });
            }
            order = lock(&self.orders[input]);
            order.counts += &counts;
            order.counts.text_bytes = text_bytes;
            self.repaired(input, &mut order, &mut repairs, &mut separations, last)?;
            order.rest = rest;
            order.next += 1;
            order.advancing = false;
            self.advanced.notify_all();
        }
    }

    /// Counts what was done between the records of a task, and keeps some of its repairs.
    fn repaired(
        &self,
        input: usize,
        order: &mut Order,
        repairs: &mut Vec<SampledRepair>,
        separations: &mut Separations,
        last: bool,
    ) -> Result<()> {
        let mut violation = None;
        let strict = self.context.config.repair == Level::Strict;
        let (counts, text_bytes) = (&mut order.counts.repairs, order.counts.text_bytes);
        let mut tell = |separated: Separated| {
            let count = counts.entry(separated.kind).or_default();
            *count += separated.times;
            // Only the first are shown, and there may be millions.
            if separated.times > 0 && *count - separated.times < SampledRepair::A_KIND_MAX {
                let repair = Repair::new(separated.kind, separated.offset, &separated.before, 0, b"");
                repairs.push(self.sampled(input, repair));
            }
            if strict && !separated.strict && violation.is_none() {
                violation = Some((separated.offset, format!("needs repair `{}`", separated.kind)));
            }
        };
        order.separators.read(separations, &mut tell);
        if last {
            order.separators.finish(text_bytes, &mut tell);
        }
        SampledRepair::keep_some(&mut order.repairs, repairs);
        match violation {
            Some((offset, problem)) => Err(self.damaged(input, offset, problem)),
            None => Ok(()),
        }
    }

    fn sampled(&self, input: usize, repair: Repair) -> SampledRepair {
        SampledRepair { source: self.plan.inputs[input].key.clone(), repair }
    }

    fn damaged(&self, input: usize, offset: u64, problem: String) -> Error {
        let object = self.context.zones.landing.name(&self.plan.inputs[input].path());
        Error::Damaged { object, offset, problem }
    }

    fn parse_again(&self, mut parsed: Parsed, before: Rest, worker: &mut Worker<'_>) -> Result<Parsed> {
        parsed.batch.clear();
        lock(&self.batches).push(parsed.batch);
        self.parse(parsed.task, before, worker)
    }

    /// Puts a task into the exchange. What is left is the beginning of a record.
    fn exchange(&self, parsed: Parsed, worker: &mut Worker<'_>) -> Result<(Rest, Counts)> {
        let _exchanging = spend(Part::Exchange);
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
        if !batch.found.is_empty() {
            let mut hits = lock(&self.found);
            for found in batch.found.drain(..) {
                hits.add(found);
            }
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
