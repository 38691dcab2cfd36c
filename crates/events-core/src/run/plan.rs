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

    fn folder(self) -> &'static str {
        match self {
            Self::Pending => PENDING,
            Self::Quarantine => QUARANTINE,
            Self::Processed => PROCESSED,
        }
    }
}

impl Plan {
    /// The bytes of all inputs, as stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.bytes).sum()
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
        let date = key.split_once('/').and_then(|(date, _)| date.strip_prefix("date=")?.parse().ok());
        date.is_some_and(|date: NaiveDate| self.first <= date && date <= self.last)
    }
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
