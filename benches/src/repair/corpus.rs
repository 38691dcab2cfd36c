//! Records of which it is known what each should have said.

use std::fmt;

use serde::Serialize;

use super::damage::{Damage, Harm};
use super::event::{event, id};
use super::random::Random;

/// How records follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layout {
    /// One a line.
    Lines,
    /// Nothing between them.
    Concatenated,
}

/// Which text the damaged records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    Clean,
    Damaged,
}

/// A record, and its damage.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) sound: String,
    pub(crate) harm: Option<Harm>,
}

/// Records in their order.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) records: Vec<Record>,
}

impl Layout {
    pub(crate) const ALL: [Self; 2] = [Self::Lines, Self::Concatenated];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Concatenated => "concatenated",
        }
    }

    fn separator(self) -> &'static str {
        match self {
            Self::Lines => "\n",
            Self::Concatenated => "",
        }
    }
}

impl Condition {
    pub(crate) const ALL: [Self; 2] = [Self::Clean, Self::Damaged];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Damaged => "damaged",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Record {
    pub(crate) fn id(&self) -> &str {
        id(&self.sound)
    }
}

impl Corpus {
    /// Records of that many bytes, of which that share is damaged, in each way equally often.
    pub(crate) fn generate(bytes: usize, damaged_share: f64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut damages = Damage::ALL.into_iter().cycle();
        let mut records = Vec::new();
        let mut bytes_left = bytes;
        while bytes_left > 0 {
            let sound = event(records.len(), &mut random);
            bytes_left = bytes_left.saturating_sub(sound.len());
            let damage = if random.chance(damaged_share) { damages.next() } else { None };
            let harm = damage.map(|damage| damage.apply(&sound, &mut random));
            records.push(Record { sound, harm });
        }
        Self { records }
    }

    /// The input that the records make.
    pub(crate) fn text(&self, layout: Layout, condition: Condition) -> String {
        let mut text = String::new();
        for record in &self.records {
            text += match (&record.harm, condition) {
                (Some(harm), Condition::Damaged) => &harm.text,
                _ => &record.sound,
            };
            text += layout.separator();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damages_in_each_way_equally_often_and_alike_for_a_seed() {
        let corpus = Corpus::generate(300_000, 0.2, 5);
        let count = |damage| {
            corpus
                .records
                .iter()
                .filter(|record| record.harm.as_ref().is_some_and(|harm| harm.damage == damage))
                .count()
        };
        let counts = Damage::ALL.map(count);
        assert!(counts[17] > 0 && counts[0] - counts[17] <= 1);
        let text = corpus.text(Layout::Lines, Condition::Damaged);
        assert_eq!(Corpus::generate(300_000, 0.2, 5).text(Layout::Lines, Condition::Damaged), text);
        assert_ne!(Corpus::generate(300_000, 0.2, 6).text(Layout::Lines, Condition::Damaged), text);
    }
}
