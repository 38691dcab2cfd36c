//! What is to be registered, and when.

use events_core::run::Distributor;
use events_core::table::PartitionKey;
use events_stores::{Opening, StoreName, ZoneUrl};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::glue::{Glue, PARTITIONS_MAX};
use crate::name::TableName;
use crate::table::{CatalogTable, new_table};

/// The folder of a trusted zone that is the table.
const TABLE: &str = "events";

/// Tries before others who change the catalog's table at the same time have the last word.
const TRIES_MAX: usize = 8;
/// Requests with partitions that are on their way at once.
const REQUESTS_MAX: usize = 4;

/// A table in the catalog of AWS Glue.
///
/// Anybody may register at any time, several at once as well: what is there already stays as it is.
#[derive(Debug)]
pub struct Catalog {
    glue: Glue,
    name: TableName,
    location: String,
}

/// What was registered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// Whether the table was not in the catalog before.
    pub created: bool,
    /// Whether columns were added to it, or got another type.
    pub columns_changed: bool,
    /// Partitions that were not in the catalog before.
    pub partitions: u64,
}

/// How much of the table is registered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// What the catalog has not seen.
    News,
    All,
}

impl Catalog {
    /// Sets a catalog up. No request is made.
    ///
    /// # Errors
    /// [`Error::Other`] for a table that is in no bucket, which no service can read; [`Error::Service`] when a setting is wrong.
    pub fn open(name: TableName, trusted: &ZoneUrl, opening: &Opening) -> Result<Self> {
        let location = format!("{}/{TABLE}/", trusted.location()?);
        if !matches!(trusted.store, StoreName::Bucket(_)) {
            return Err(Error::Other { name, problem: format!("would be at `{location}`, which is in no bucket") });
        }
        Ok(Self { glue: Glue::open(opening)?, name, location })
    }

    /// The name of the table.
    #[must_use]
    pub fn name(&self) -> &TableName {
        &self.name
    }

    /// Whether the table is in the catalog. Changes nothing.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Other`] when something else has its name.
    pub async fn is_there(&self) -> Result<bool> {
        let found = self.glue.table(&self.name).await?;
        found.map(|found| CatalogTable::of(found, &self.name, &self.location)).transpose().map(|found| found.is_some())
    }

    /// Registers what the catalog has not seen of the table: called behind a run, or at any other time. The table, and its
    /// database, are made when they are missing and the table has a commit.
    ///
    /// The catalog's table notes up to which commit it is complete. Where Athena computes partitions, only columns are kept in
    /// step.
    ///
    /// # Errors
    /// [`Error`]. What is missing then is registered by the next call.
    pub async fn keep_up(&self, table: &Distributor) -> Result<Registered> {
        self.register(table, Scope::News).await
    }

    /// Registers all of the table, whatever the catalog has noted: partitions were taken out of it, or it is another table's
    /// note.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Empty`] when the table has no commit yet.
    pub async fn sync(&self, table: &Distributor) -> Result<Registered> {
        self.register(table, Scope::All).await
    }

    async fn register(&self, table: &Distributor, scope: Scope) -> Result<Registered> {
        let mut registered = Registered::default();
        for _ in 0..TRIES_MAX {
            // It is read before the log, so that it never knows of more commits than we do.
            match self.glue.table(&self.name).await? {
                Some(found) => {
                    let found = CatalogTable::of(found, &self.name, &self.location)?;
                    if self.bring_up(found, table, scope, &mut registered).await? {
                        return Ok(registered);
                    }
                }
                None if table.partitions_since(0).await?.commit == 0 => {
                    return if scope == Scope::All { Err(self.empty()) } else { Ok(registered) };
                }
                None => {
                    self.glue.create(&self.name, &new_table(&self.name, &self.location)).await?;
                    registered.created = true;
                }
            }
        }
        Err(Error::Contended { name: self.name.clone(), tries: TRIES_MAX })
    }

    /// Brings the catalog's table up to the newest commit. False: somebody else has changed it meanwhile.
    async fn bring_up(
        &self,
        mut found: CatalogTable,
        table: &Distributor,
        scope: Scope,
        registered: &mut Registered,
    ) -> Result<bool> {
        let columns_changed = found.complete();
        let mut is_noted = true;
        if !found.is_projected() {
            let noted = found.commit().filter(|_| scope == Scope::News);
            let news = table.partitions_since(noted.unwrap_or_default()).await?;
            if news.commit == 0 && scope == Scope::All {
                return Err(self.empty());
            }
            is_noted = news.commit == 0 || noted == Some(news.commit);
            if !is_noted {
                let keys: Vec<_> = news.keys.into_iter().collect();
                registered.partitions += self.add(&found, &keys).await?;
                found.note(news.commit);
            }
        }
        if is_noted && !columns_changed {
            return Ok(true);
        }
        registered.columns_changed |= columns_changed;
        self.glue.update(&self.name, &found.input(), found.version.as_deref()).await
    }

    async fn add(&self, table: &CatalogTable, keys: &[PartitionKey]) -> Result<u64> {
        // A description is larger than its key by far: there are only those of requests that are on their way.
        let requests = keys.chunks(PARTITIONS_MAX).map(|keys| async move {
            let partitions = keys.iter().map(|key| table.partition(key, &self.location)).collect();
            self.glue.add(&self.name, partitions).await
        });
        let added = stream::iter(requests).buffered(REQUESTS_MAX);
        added.try_fold(0, |sum, added| async move { Ok(sum + added) }).await
    }

    fn empty(&self) -> Error {
        Error::Empty { location: self.location.clone() }
    }
}
