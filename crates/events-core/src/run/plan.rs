//! What a run will do, fixed before it begins.

use futures::TryStreamExt;
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};

use super::layout::{PENDING, pending};
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
    /// Its name below `pending`.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the store calls this version of it.
    pub e_tag: Option<String>,
}

impl Plan {
    /// The bytes of all inputs, as stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.bytes).sum()
    }

    /// Lists what is pending in a landing zone.
    pub(crate) async fn of(landing: &Zone) -> Result<Self> {
        let failed = |error| landing.error("listing", PENDING, error);
        let prefix = landing.path(PENDING)?;
        let mut inputs = Vec::new();
        let mut objects = landing.store().list(Some(&prefix));
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            // The folder itself, which consoles of S3 make an object for, is not below itself.
            let Some(key) =
                landing.relative(&object.location).and_then(|path| path.strip_prefix(PENDING)?.strip_prefix('/'))
            else {
                continue;
            };
            inputs.push(Input { key: key.to_owned(), bytes: object.size, e_tag: object.e_tag });
        }
        inputs.sort_unstable_by(|one, two| one.key.cmp(&two.key));
        Ok(Self { inputs })
    }
}

impl Input {
    /// Its path in the landing zone.
    pub(crate) fn path(&self) -> String {
        pending(&self.key)
    }
}
