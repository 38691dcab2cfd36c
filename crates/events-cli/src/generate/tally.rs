//! Counting while writing.

use std::collections::BTreeMap;

use super::config::GenerateConfig;
use super::damage::Damage;
use super::event::Facts;
use super::expected::{DuplicateCounts, Expected};
use super::kind::Kind;

/// The counts of one lane; those of several add up in any order.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) bytes: u64,
    pub(crate) stored_bytes: u64,
    duplicates: DuplicateCounts,
    damaged: [u64; Damage::ALL.len()],
    guessable: [u64; Damage::ALL.len()],
    repaired: [u64; Damage::ALL.len()],
    /// Winners by kind and day, the days of a kind side by side.
    winners: Vec<u64>,
    /// Days a kind: those of the configuration, and one for newer versions.
    days: usize,
    timestamp_micros_sum: i128,
    data_id_sum: i128,
}

impl Tally {
    /// Nothing counted yet, over that many days.
    pub(crate) fn new(days: u32) -> Self {
        let days = days as usize + 1;
        Self {
            bytes: 0,
            stored_bytes: 0,
            duplicates: DuplicateCounts::default(),
            damaged: [0; Damage::ALL.len()],
            guessable: [0; Damage::ALL.len()],
            repaired: [0; Damage::ALL.len()],
            winners: vec![0; Kind::ALL.len() * days],
            days,
            timestamp_micros_sum: 0,
            data_id_sum: 0,
        }
    }

    /// Counts an event's first record, the winner so far.
    pub(crate) fn count_first(&mut self, facts: &Facts) {
        self.winners[facts.kind_index * self.days + facts.day] += 1;
        self.timestamp_micros_sum += i128::from(facts.timestamp_micros);
        self.data_id_sum += i128::from(facts.data_id);
    }

    /// Counts a record that repeats the winner.
    pub(crate) fn count_exact(&mut self) {
        self.duplicates.exact += 1;
    }

    /// Counts the second version of an event, which wins if it is the newer.
    pub(crate) fn count_version(&mut self, first: &Facts, second: &Facts) {
        self.duplicates.newer += 1;
        if second.timestamp_micros > first.timestamp_micros {
            self.winners[first.kind_index * self.days + first.day] -= 1;
            self.timestamp_micros_sum -= i128::from(first.timestamp_micros);
            self.data_id_sum -= i128::from(first.data_id);
            self.count_first(second);
        }
    }

    /// Counts a damaged record that stays damaged.
    pub(crate) fn count_damaged(&mut self, damage: Damage) {
        self.damaged[damage as usize] += 1;
    }

    /// Counts one of these again that is an event for whoever guesses.
    pub(crate) fn count_guessable(&mut self, damage: Damage) {
        self.guessable[damage as usize] += 1;
    }

    /// Counts a damaged record that is an event once it is mended.
    pub(crate) fn count_repaired(&mut self, damage: Damage, facts: &Facts) {
        self.repaired[damage as usize] += 1;
        self.count_first(facts);
    }

    /// Adds the counts of another lane over the same days.
    pub(crate) fn add(&mut self, other: &Self) {
        let add_all = |sums: &mut [u64], counts: &[u64]| {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        };
        self.bytes += other.bytes;
        self.stored_bytes += other.stored_bytes;
        self.duplicates.exact += other.duplicates.exact;
        self.duplicates.newer += other.duplicates.newer;
        add_all(&mut self.damaged, &other.damaged);
        add_all(&mut self.guessable, &other.guessable);
        add_all(&mut self.repaired, &other.repaired);
        add_all(&mut self.winners, &other.winners);
        self.timestamp_micros_sum += other.timestamp_micros_sum;
        self.data_id_sum += other.data_id_sum;
    }

    /// The counts of all lanes as the result.
    pub(crate) fn into_expected(self, config: &GenerateConfig) -> Expected {
        let rows: u64 = self.winners.iter().sum();
        let kind_rows = self.winners.chunks(self.days).map(|days| days.iter().sum());
        let kind_names = Kind::ALL.iter().map(|kind| format!("{}-{}", kind.domain(), kind.event_type()));
        let by_damage = |counts| named_counts(Damage::ALL.iter().map(|damage| damage.name().to_owned()), counts);
        Expected {
            config: config.clone(),
            bytes: self.bytes,
            stored_bytes: self.stored_bytes,
            files: config.files,
            records: rows + self.duplicates.exact + self.duplicates.newer,
            rows,
            duplicates: self.duplicates,
            repaired: by_damage(self.repaired),
            repaired_total: self.repaired.iter().sum(),
            damaged: by_damage(self.damaged),
            damaged_total: self.damaged.iter().sum(),
            guessable_total: self.guessable.iter().sum(),
            guessable: by_damage(self.guessable),
            rows_by_kind: named_counts(kind_names, kind_rows),
            partitions: self.winners.iter().filter(|&&rows| rows > 0).count() as u64,
            timestamp_micros_sum: self.timestamp_micros_sum,
            data_id_sum: self.data_id_sum,
        }
    }
}

/// The counts above zero by name.
fn named_counts(names: impl Iterator<Item = String>, counts: impl IntoIterator<Item = u64>) -> BTreeMap<String, u64> {
    names.zip(counts).filter(|(_, count)| *count > 0).collect()
}
