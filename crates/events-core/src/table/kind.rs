//! Kinds of events, numbered as they are met.
//!
//! The numbers depend on the order in which threads meet the kinds, so nothing that is written may depend on them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::content::kind_digest;
use super::partition;
use crate::event::Fault;

/// A pair of domain and event type.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) domain: String,
    pub(crate) event_type: String,
    /// `domain-event_type`, by which partitions are told apart.
    pub(crate) name: String,
    /// The name as it stands in a path.
    pub(crate) escaped: String,
    pub(crate) digest: u128,
    name_hash: u64,
}

impl Kind {
    fn new(domain: &str, event_type: &str) -> Result<Self, Fault> {
        let name = partition::join(domain, event_type);
        Ok(Self {
            escaped: partition::escaped_name(&name)?,
            digest: kind_digest(domain, event_type),
            name_hash: partition::name_hash(&name),
            domain: domain.to_owned(),
            event_type: event_type.to_owned(),
            name,
        })
    }

    /// The bucket of a partition: the same in every process.
    pub(crate) fn bucket(&self, day: i32, buckets: usize) -> usize {
        partition::lane(self.name_hash, day, buckets)
    }
}

/// All kinds of a run.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    met: RwLock<Met>,
}

#[derive(Debug, Default)]
struct Met {
    /// By number.
    list: Vec<Arc<Kind>>,
    /// By domain and event type.
    numbers: HashMap<(String, String), u32>,
}

impl Kinds {
    pub(crate) fn list(&self) -> Vec<Arc<Kind>> {
        self.met.read().unwrap_or_else(PoisonError::into_inner).list.clone()
    }

    /// The name of the kind of a number that was given.
    pub(crate) fn name(&self, number: u32) -> String {
        self.met.read().unwrap_or_else(PoisonError::into_inner).list[number as usize].name.clone()
    }

    /// Whether the partitions of two kinds have the same name.
    pub(crate) fn share_a_name(&self, one: u32, two: u32) -> bool {
        one == two || self.name(one) == self.name(two)
    }

    /// The number of a kind, a new one when it was not met yet.
    fn number(&self, domain: &str, event_type: &str) -> Result<(u32, Arc<Kind>), Fault> {
        let kind = Arc::new(Kind::new(domain, event_type)?);
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        let Met { list, numbers } = &mut *met;
        let number = *numbers.entry((domain.to_owned(), event_type.to_owned())).or_insert_with(|| {
            list.push(kind);
            list.len() as u32 - 1
        });
        Ok((number, Arc::clone(&list[number as usize])))
    }
}

/// A thread's view of the kinds, without a lock for those it knows.
pub(crate) struct KindCache {
    kinds: Arc<Kinds>,
    known: HashTable<(u32, Arc<Kind>)>,
    hasher: FixedState,
}

impl KindCache {
    pub(crate) fn new(kinds: Arc<Kinds>) -> Self {
        Self { kinds, known: HashTable::new(), hasher: FixedState::default() }
    }

    pub(crate) fn get(&mut self, domain: &str, event_type: &str) -> Result<&(u32, Arc<Kind>), Fault> {
        let hash = self.hasher.hash_one((domain, event_type));
        let same = |(_, kind): &(u32, Arc<Kind>)| kind.domain == domain && kind.event_type == event_type;
        let rehash = |(_, kind): &(u32, Arc<Kind>)| self.hasher.hash_one((&*kind.domain, &*kind.event_type));
        match self.known.entry(hash, same, rehash) {
            hashbrown::hash_table::Entry::Occupied(entry) => Ok(entry.into_mut()),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let numbered = self.kinds.number(domain, event_type)?;
                Ok(entry.insert(numbered).into_mut())
            }
        }
    }
}
