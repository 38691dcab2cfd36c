//! What became of each record.

use std::collections::HashMap;

use events_core::json::{Level, RepairKinds};
use serde::Serialize;
use serde_json::Value;

use super::corpus::{Corpus, Record};
use super::damage::{Damage, Harm};

/// How many there are, and how many of them are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Score {
    pub(crate) all: u64,
    pub(crate) right: u64,
}

/// The scores of an output.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Scores {
    pub(crate) undamaged: Score,
    /// In the order of [`Damage::ALL`].
    pub(crate) kinds: [Score; Damage::ALL.len()],
}

/// What a record of an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// It is a record of the input, and has not its value, or comes again.
    Wrong,
    /// No record of the input has its id, or it has none.
    Stranger,
}

/// Compares records with what they should be.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    /// The records by their ids; `None` for one that came right. It must not come again.
    awaited: HashMap<&'a str, Option<&'a Record>>,
    scores: Scores,
}

impl Score {
    /// Per cent of them that are right.
    pub(crate) fn percent(self) -> f64 {
        self.right as f64 / self.all as f64 * 1e2
    }
}

impl Scores {
    /// All kinds of damage together.
    pub(crate) fn damaged(&self) -> Score {
        let add = |sum: Score, score: &Score| Score { all: sum.all + score.all, right: sum.right + score.right };
        self.kinds.iter().fold(Score::default(), add)
    }

    /// The kinds of which every record is right.
    pub(crate) fn kinds_right(&self) -> usize {
        self.kinds.iter().filter(|score| score.right == score.all).count()
    }

    fn of(&mut self, harm: Option<&Harm>) -> &mut Score {
        match harm {
            Some(harm) => &mut self.kinds[harm.damage as usize],
            None => &mut self.undamaged,
        }
    }
}

impl<'a> Judge<'a> {
    pub(crate) fn new(corpus: &'a Corpus) -> Self {
        let awaited = corpus.records.iter().map(|record| (record.id(), Some(record))).collect();
        let mut scores = Scores { undamaged: Score::default(), kinds: Default::default() };
        corpus.records.iter().for_each(|record| scores.of(record.harm.as_ref()).all += 1);
        Self { awaited, scores }
    }

    /// Takes a record as it was put out, and tells whether it is right: an undamaged one has the very bytes that it had and
    /// no repairs, a damaged one has its true value, and says so when it took a guess.
    pub(crate) fn record(&mut self, json: &str, repairs: RepairKinds) -> Verdict {
        let Ok(value) = serde_json::from_str::<Value>(json) else { return Verdict::Wrong };
        self.take(&value, |record| match &record.harm {
            None => record.sound == json && repairs.is_empty(),
            Some(harm) => {
                harm.truth.admits(&value) && (!harm.damage.is_guess() || repairs.level() == Some(Level::Guess))
            }
        })
    }

    /// Takes a value from whoever writes JSON anew and marks nothing. An array holds records.
    pub(crate) fn value(&mut self, value: &Value) {
        if let Value::Array(values) = value {
            return values.iter().for_each(|value| self.value(value));
        }
        self.take(value, |record| match &record.harm {
            None => serde_json::from_str::<Value>(&record.sound).is_ok_and(|sound| sound == *value),
            Some(harm) => harm.truth.admits(value),
        });
    }

    pub(crate) fn scores(self) -> Scores {
        self.scores
    }

    fn take(&mut self, value: &Value, is_right: impl FnOnce(&Record) -> bool) -> Verdict {
        let awaited = value["event_id"].as_str().and_then(|id| self.awaited.get_mut(id));
        let Some(awaited) = awaited else { return Verdict::Stranger };
        match awaited.take_if(|record| is_right(record)) {
            None => Verdict::Wrong,
            Some(record) => {
                self.scores.of(record.harm.as_ref()).right += 1;
                Verdict::Right
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use events_core::json::RepairKind;

    use super::*;

    #[test]
    fn wants_bytes_of_the_undamaged_and_marks_of_guesses() {
        let corpus = Corpus::generate(60_000, 0.5, 1);
        let find = |damage| {
            let is_it = |record: &&Record| record.harm.as_ref().map(|harm| harm.damage) == damage;
            corpus.records.iter().find(is_it).unwrap().sound.as_str()
        };
        let none = RepairKinds::default();
        let mut judge = Judge::new(&corpus);

        let undamaged = find(None);
        assert_eq!(judge.record(&undamaged.replacen(':', ": ", 1), none), Verdict::Wrong);
        assert_eq!(judge.record(undamaged, none), Verdict::Right);
        assert_eq!(judge.record(undamaged, none), Verdict::Wrong, "the same twice");
        assert_eq!(judge.record(r#"{"id":1}"#, none), Verdict::Stranger);

        let guessed = find(Some(Damage::MissingColon));
        assert_eq!(judge.record(guessed, none), Verdict::Wrong);
        assert_eq!(judge.record(guessed, [RepairKind::MissingColon].into_iter().collect()), Verdict::Right);
        assert_eq!(judge.record(find(Some(Damage::SingleQuotes)), none), Verdict::Right);

        let scores = judge.scores();
        assert_eq!((scores.undamaged.right, scores.damaged().right), (1, 2));
    }

    #[test]
    fn takes_the_elements_of_an_array_as_records() {
        let corpus = Corpus::generate(10_000, 0.0, 1);
        let records: Vec<_> = corpus.records.iter().map(|record| record.sound.as_str()).collect();
        let mut judge = Judge::new(&corpus);
        judge.value(&serde_json::from_str(&format!("[{}]", records.join(", "))).unwrap());
        let score = judge.scores().undamaged;
        assert_eq!((score.all, score.right), (records.len() as u64, records.len() as u64));
    }
}
