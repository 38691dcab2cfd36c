//! What a run will do, fixed before it begins.

use chrono::NaiveDate;
use futures::TryStreamExt;
use object_store::ObjectStore;
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

    /// Lists what lies in a place of a landing zone.
    pub(crate) async fn of(landing: &Zone, place: Place) -> Result<Self> {
        let folder = place.folder();
        let failed = |error| landing.error("listing", folder, error);
        let prefix = landing.path(folder)?;
        let mut inputs = Vec::new();
        let mut objects = landing.store().list(Some(&prefix));
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            // The folder itself, which consoles of S3 make an object for, is not below itself.
            let Some(key) =
                landing.relative(&object.location).and_then(|path| path.strip_prefix(folder)?.strip_prefix('/'))
            else {
                continue;
            };
            inputs.push(Input { place, key: key.to_owned(), bytes: object.size, e_tag: object.e_tag });
        }
        inputs.sort_unstable_by(|one, two| one.key.cmp(&two.key));
        Ok(Self { inputs })
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
