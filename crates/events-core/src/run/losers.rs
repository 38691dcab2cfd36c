//! Which rows are dropped: one shard of keys at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::context::Context;
use super::exchange::{Exchange, Spool};
use super::remote::Remote;
use crate::error::Result;
use crate::table::{Duplicate, resolve};

/// Finds the losers of all shards, for many threads.
pub(crate) struct Losers {
    context: Arc<Context>,
    exchange: Arc<Exchange>,
    /// By bucket: the ordinals of rows that are dropped, four bytes each.
    found: Arc<Spool>,
    next: AtomicUsize,
}

/// How many rows of each input were dropped, by why.
pub(crate) type Dropped = BTreeMap<(u32, Duplicate), u64>;

impl Losers {
    pub(crate) fn new(context: &Arc<Context>, exchange: &Arc<Exchange>, losers: &Arc<Spool>) -> Self {
        Self {
            context: Arc::clone(context),
            exchange: Arc::clone(exchange),
            found: Arc::clone(losers),
            next: AtomicUsize::new(0),
        }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Dropped> {
        let mut dropped = Dropped::new();
        let mut ordinals: Vec<Vec<u8>> = vec![Vec::new(); self.found.len()];
        loop {
            self.context.stop.check()?;
            let shard = self.next.fetch_add(1, Ordering::Relaxed);
            if shard >= self.exchange.spread.shards {
                return Ok(dropped);
            }
            resolve(&self.exchange.keys(shard, remote)?, |key, duplicate| {
                ordinals[usize::from(key.bucket)].extend_from_slice(&key.ordinal.to_le_bytes());
                *dropped.entry((key.input, duplicate)).or_default() += 1;
            });
            for (bucket, ordinals) in ordinals.iter_mut().enumerate().filter(|(_, ordinals)| !ordinals.is_empty()) {
                self.found.append(bucket, ordinals, (ordinals.len() / 4) as u64, remote)?;
                ordinals.clear();
            }
        }
    }
}

/// The ordinals of a bucket's losers, ascending.
pub(crate) fn of_bucket(losers: &Spool, bucket: usize, remote: &Remote) -> Result<Vec<u32>> {
    let mut ordinals = Vec::with_capacity(losers.entries(bucket) as usize);
    for segment in losers.take(bucket, usize::MAX, remote) {
        let segment = segment?;
        let (words, _) = segment.as_chunks();
        ordinals.extend(words.iter().copied().map(u32::from_le_bytes));
    }
    ordinals.sort_unstable();
    Ok(ordinals)
}
