//! What a run will do, fixed before it begins.

use chrono::NaiveDate;
use futures::StreamExt;
use object_store::{Error as StoreError, ObjectStore};
use serde::{Deserialize, Serialize};

use super::layout::{
    PENDING, PROCESSED, QUARANTINE, RunId, pending, processed, processed_before, quarantine, quarantine_again,
    quarantined, retried,
};
use super::zone::Zone;
use crate::error::Result;

/// The inputs of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order of their names.
    pub inputs: Vec<Input>,
    /// What lies there under names that no run can ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedKey>,
}

/// An object whose name no path of a store can be, such as `a//b`. No run can ask for it, so it stays where it is.
///
/// A store that lists such an object gives [`RefusedKey::into_error`] in its place and goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`{key}` {problem}")]
pub struct RefusedKey {
    /// Its name: in a listing that of the store, in a plan or a report below the place where it was listed.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

impl RefusedKey {
    /// What a store gives in a listing. Only a run that lists inputs goes on behind it.
    #[must_use]
    pub fn into_error(self) -> StoreError {
        StoreError::Generic { store: "listing", source: Box::new(self) }
    }

    fn of(error: &StoreError) -> Option<&Self> {
        let StoreError::Generic { source, .. } = error else { return None };
        source.downcast_ref()
    }
}

/// An object in `pending`, as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Place::is_pending")]
    pub place: Place,
    /// Its name below that place.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the store calls this version of it.
    pub e_tag: Option<String>,
}

/// Where inputs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `pending`: what producers have put there.
    #[default]
    Pending,
    /// `quarantine`: what earlier runs have put there.
    Quarantine,
    /// `processed`: what earlier runs have read.
    Processed,
}

impl Place {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_pending(&self) -> bool {
        *self == Self::Pending
    }

    /// Its folder in the landing zone.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Pending => PENDING,
            Self::Quarantine => QUARANTINE,
            Self::Processed => PROCESSED,
        }
    }
}

/// How much of what is pending a run takes at once. The rest stays pending for later runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputsMax {
    /// The most bytes of all its inputs, as stored.
    pub bytes: u64,
    /// The most inputs.
    pub count: usize,
}

impl Plan {
    /// The bytes of all inputs, as stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.bytes).sum()
    }

    /// Keeps the inputs that fit one after the other, in the order of their names; how many it leaves out.
    ///
    /// One that does not fit keeps none behind it waiting. Where none fits it is the smallest that stays, because a run that
    /// takes nothing would never come to an end of what is pending.
    pub(crate) fn keep_up_to(&mut self, max: InputsMax) -> usize {
        let listed = self.inputs.len();
        let smallest = self.inputs.iter().min_by_key(|input| input.bytes).cloned();
        let (mut bytes, mut count) = (0_u64, 0);
        self.inputs.retain(|input| {
            let with = bytes.saturating_add(input.bytes);
            let fits = with <= max.bytes && count < max.count;
            if fits {
                (bytes, count) = (with, count + 1);
            }
            fits
        });
        if self.inputs.is_empty() {
            self.inputs.extend(smallest);
        }
        listed - self.inputs.len()
    }

    /// Keeps what has such a name.
    pub(crate) fn retain(&mut self, takes: impl Fn(&str) -> bool) {
        self.inputs.retain(|input| takes(&input.key));
        self.refused.retain(|refused| takes(&refused.key));
    }

    /// Lists what lies in a place of a landing zone.
    pub(crate) async fn of(landing: &Zone, place: Place) -> Result<Self> {
        let folder = place.folder();
        let failed = |error| landing.error("listing", folder, error);
        let prefix = landing.path(folder)?;
        let (mut inputs, mut refused) = (Vec::new(), Vec::new());
        let mut objects = landing.store().list(Some(&prefix));
        while let Some(object) = objects.next().await {
            let object = match object {
                Ok(object) => object,
                Err(error) => match RefusedKey::of(&error) {
                    Some(RefusedKey { key, problem }) => {
                        let below = key.strip_prefix(prefix.as_ref()).and_then(|key| key.strip_prefix('/'));
                        let key = below.unwrap_or(key).to_owned();
                        refused.push(RefusedKey { key, problem: problem.clone() });
                        continue;
                    }
                    None => return Err(failed(error)),
                },
            };
            // The folder itself, which consoles of S3 make an object for, is not below itself.
            let Some(key) =
                landing.relative(&object.location).and_then(|path| path.strip_prefix(folder)?.strip_prefix('/'))
            else {
                continue;
            };
            inputs.push(Input { place, key: key.to_owned(), bytes: object.size, e_tag: object.e_tag });
        }
        inputs.sort_unstable_by(|one, two| one.key.cmp(&two.key));
        refused.sort_unstable_by(|one: &RefusedKey, two| one.key.cmp(&two.key));
        Ok(Self { inputs, refused })
    }
}

/// Days under which inputs are filed, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

impl DateRange {
    /// Whether an object of `processed`, by its name below it, is filed under one of the days.
    pub(crate) fn takes(self, key: &str) -> bool {
        filed(key).is_some_and(|(date, _)| self.first <= date && date <= self.last)
    }
}

/// The day under which an object of `processed`, given by its name below it, is filed, and its name below `pending`.
pub(crate) fn filed(key: &str) -> Option<(NaiveDate, &str)> {
    let (date, key) = key.split_once('/')?;
    Some((date.strip_prefix("date=")?.parse().ok()?, key))
}

impl Input {
    /// Its path in the landing zone.
    pub(crate) fn path(&self) -> String {
        match self.place {
            Place::Pending => pending(&self.key),
            Place::Quarantine => quarantined(&self.key),
            Place::Processed => processed_before(&self.key),
        }
    }

    /// Where it goes after the run.
    pub(crate) fn done_path(&self, date: NaiveDate) -> String {
        match self.place {
            Place::Pending => processed(date, &self.key),
            Place::Quarantine => retried(date, &self.key),
            // It stays.
            Place::Processed => self.path(),
        }
    }

    /// Where the rejects go that are left of it; `None` when they are there already, since it was first read.
    pub(crate) fn quarantine_path(&self, date: NaiveDate, run: &RunId) -> Option<String> {
        match self.place {
            Place::Pending => Some(quarantine(date, run, &self.key)),
            Place::Quarantine => Some(quarantine_again(date, run, &self.key)),
            Place::Processed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of inputs of these sizes stay, and how many do not.
    fn kept(sizes: &[u64], bytes: u64, count: usize) -> (Vec<u64>, usize) {
        let input = |(number, &bytes): (usize, &u64)| Input {
            place: Place::Pending,
            key: format!("{number}.json"),
            bytes,
            e_tag: None,
        };
        let mut plan = Plan { inputs: sizes.iter().enumerate().map(input).collect(), refused: Vec::new() };
        let left = plan.keep_up_to(InputsMax { bytes, count });
        (plan.inputs.iter().map(|input| input.bytes).collect(), left)
    }

    #[test]
    fn keeps_inputs_up_to_the_bytes_and_to_the_count() {
        assert_eq!(kept(&[3, 4, 5], 12, 3), (vec![3, 4, 5], 0));
        assert_eq!(kept(&[3, 4, 5], 11, 3), (vec![3, 4], 1));
        assert_eq!(kept(&[3, 4, 5], 12, 2), (vec![3, 4], 1));
        assert_eq!(kept(&[], 0, 0), (vec![], 0));
    }

    #[test]
    fn a_large_input_keeps_none_waiting_and_has_its_turn_when_it_is_alone() {
        assert_eq!(kept(&[9, 3, 4], 7, 3), (vec![3, 4], 1));
        assert_eq!(kept(&[9, 8], 7, 3), (vec![8], 1));
        assert_eq!(kept(&[9], 0, 0), (vec![9], 0));
        assert_eq!(kept(&[u64::MAX, 1, u64::MAX], 7, 3), (vec![1], 2));
    }
}
