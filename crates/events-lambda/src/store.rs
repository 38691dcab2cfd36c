//! From the URLs of zones to stores.

use std::collections::HashMap;
use std::sync::Arc;

use events_core::run::{Zone, Zones};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;

use crate::error::{Error, Result};
use crate::zone_url::{StoreName, ZoneUrl};

/// Where the zones of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneUrls {
    pub(crate) landing: ZoneUrl,
    pub(crate) stage: ZoneUrl,
    pub(crate) trusted: ZoneUrl,
}

impl ZoneUrls {
    /// Opens the zones. No request is made.
    ///
    /// Zones in one bucket share one store, because publishing between zones of one store is a copy within it.
    pub(crate) fn open(&self) -> Result<Zones> {
        let mut stores: HashMap<&StoreName, Arc<dyn ObjectStore>> = HashMap::new();
        for url in [&self.landing, &self.stage, &self.trusted] {
            if !stores.contains_key(&url.store) {
                stores.insert(&url.store, open_store(url)?);
            }
        }
        let zone = |url: &ZoneUrl| Zone::new(Arc::clone(&stores[&url.store]), url.prefix.clone(), &url.text);
        Ok(Zones { landing: zone(&self.landing), stage: zone(&self.stage), trusted: zone(&self.trusted) })
    }
}

fn open_store(url: &ZoneUrl) -> Result<Arc<dyn ObjectStore>> {
    match &url.store {
        StoreName::FileSystem => Ok(Arc::new(LocalFileSystem::new())),
        StoreName::Bucket(bucket) => {
            // The credentials that Lambda sets outlive the process, so they are read once. A builder prints them: it
            // never leaves here.
            let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
            let store = store.map_err(|source| Error::Store { variable: url.variable, source: Box::new(source) })?;
            Ok(Arc::new(store))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_a_store_between_zones_of_a_bucket() {
        let url = |text| ZoneUrl::parse("EVENTS_ROOT", text).unwrap();
        let urls = ZoneUrls { landing: url("s3://one/a"), stage: url("s3://two"), trusted: url("s3://one/b") };
        let zones = urls.open().unwrap();
        assert!(Arc::ptr_eq(zones.landing.store(), zones.trusted.store()));
        assert!(!Arc::ptr_eq(zones.landing.store(), zones.stage.store()));
    }
}
