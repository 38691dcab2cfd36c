//! What a store holds at a moment, read without faults.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// All objects below a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// By path below the prefix.
    pub objects: BTreeMap<String, Object>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What the store calls this version of it.
    pub e_tag: Option<String>,
    /// What it holds.
    pub bytes: Bytes,
}

impl Snapshot {
    /// Reads everything below a prefix.
    ///
    /// # Errors
    /// When the store fails, or has to wait for something: memory and a disk without a runtime answer at once.
    pub fn of(store: &dyn ObjectStore, prefix: &str) -> Result<Self, String> {
        let read = async {
            let listed: Vec<_> = store.list(Some(&Path::from(prefix))).try_collect().await?;
            let mut objects = BTreeMap::new();
            for object in listed {
                let path = object.location.as_ref().strip_prefix(prefix).unwrap_or_default();
                let path = path.trim_start_matches('/').to_owned();
                let bytes = store.get(&object.location).await?.bytes().await?;
                objects.insert(path, Object { e_tag: object.e_tag, bytes });
            }
            Ok::<_, object_store::Error>(Self { objects })
        };
        match read.now_or_never() {
            Some(read) => read.map_err(|error| error.to_string()),
            None => Err(format!("{store} does not answer at once")),
        }
    }

    /// The objects below a folder, which ends with a slash, by their path in it.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Object)> {
        let from = self.objects.range::<str, _>((std::ops::Bound::Included(folder), std::ops::Bound::Unbounded));
        from.map_while(move |(path, object)| Some((path.strip_prefix(folder)?, object)))
    }
}
