//! Zones: a store, the prefix in it, and the name that messages use.

use std::fmt;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

use crate::error::{Error, Result};

/// A part of a store that a run owns.
#[derive(Clone)]
pub struct Zone {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    url: String,
}

impl Zone {
    /// The zone below `prefix` in `store`. `url` is what messages call it.
    ///
    /// Zones that share one store (the same `Arc`) publish by renaming, which on a disk copies nothing.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path, url: impl Into<String>) -> Self {
        let mut url = url.into();
        url.truncate(url.trim_end_matches('/').len());
        Self { store, prefix, url }
    }

    /// The store of the zone.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// What messages call the zone.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path in the store of a path in the zone. Both are encoded already.
    pub(crate) fn path(&self, relative: &str) -> Result<Path> {
        let full =
            if self.prefix.as_ref().is_empty() { relative.to_owned() } else { format!("{}/{relative}", self.prefix) };
        Path::parse(&full).map_err(|source| self.error("naming", relative, source.into()))
    }

    /// What stands behind the zone's prefix in a path of its store; `None` for a path outside of it.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let prefix = self.prefix.as_ref();
        if prefix.is_empty() { Some(path.as_ref()) } else { path.as_ref().strip_prefix(prefix)?.strip_prefix('/') }
    }

    /// The URL of a path in the zone, for messages.
    pub(crate) fn name(&self, relative: &str) -> String {
        format!("{}/{relative}", self.url)
    }

    pub(crate) fn error(&self, operation: &'static str, relative: &str, source: object_store::Error) -> Error {
        Error::Storage { operation, object: self.name(relative), source: Box::new(source) }
    }

    pub(crate) fn shares_store(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store)
    }
}

impl fmt::Debug for Zone {
    /// A store may print its credentials: only the name is shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Zone").field(&self.url).finish()
    }
}

/// The three zones of a table.
#[derive(Debug, Clone)]
pub struct Zones {
    /// Where producers put inputs, and where they stay.
    pub landing: Zone,
    /// What a run writes before it commits.
    pub stage: Zone,
    /// The table.
    pub trusted: Zone,
}

impl Zones {
    /// `landing`, `stage` and `trusted` below one prefix of a store.
    #[must_use]
    pub fn below(store: &Arc<dyn ObjectStore>, prefix: &Path, url: &str) -> Self {
        let url = url.trim_end_matches('/');
        let zone = |name: &str| Zone::new(Arc::clone(store), prefix.clone().join(name), format!("{url}/{name}"));
        Self { landing: zone("landing"), stage: zone("stage"), trusted: zone("trusted") }
    }
}
