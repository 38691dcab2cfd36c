//! What is to be registered, and when.

use std::collections::BTreeSet;

use events_core::run::{Distributor, Report};
use events_core::table::PartitionKey;
use events_stores::{Opening, StoreName, ZoneUrl};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::glue::{Glue, PARTITIONS_MAX, TableName};
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

/// How much of the table is looked at.
#[derive(Clone, Copy)]
enum Scope<'a> {
    /// What the catalog has not seen: of a run, when nothing is missing before it.
    News(Option<&'a Report>),
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

    /// Registers what the catalog has not seen of the table: called behind a run, with its report, or at any other time
    /// without one. The table, and its database, are made when they are missing and the table has a commit.
    ///
    /// The catalog's table notes up to which commit it is complete. Where Athena computes partitions, only columns are kept in
    /// step.
    ///
    /// # Errors
    /// [`Error`]. What is missing then is registered by the next call.
    pub async fn keep_up(&self, table: &Distributor, report: Option<&Report>) -> Result<Registered> {
        self.register(table, Scope::News(report)).await
    }

    /// Registers all of the table, whatever the catalog has noted: partitions were taken out of it, or it is another table's
    /// note.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sync(&self, table: &Distributor) -> Result<Registered> {
        self.register(table, Scope::All).await
    }

    async fn register(&self, table: &Distributor, scope: Scope<'_>) -> Result<Registered> {
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
                None if table.newest_commit().await? == 0 => return Ok(registered),
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
        scope: Scope<'_>,
        registered: &mut Registered,
    ) -> Result<bool> {
        let columns_changed = found.complete();
        let mut is_noted = true;
        if !found.is_projected() {
            let noted = found.commit();
            let report = match scope {
                Scope::News(report) => report.and_then(|report| Some((report, report.commit?))),
                Scope::All => None,
            };
            let newest = match report {
                Some((_, commit)) if noted < Some(commit) => commit,
                _ => table.newest_commit().await?,
            };
            is_noted = matches!(scope, Scope::News(_)) && noted == Some(newest);
            if !is_noted {
                let partitions = match report {
                    Some((report, commit)) if commit == newest && noted == commit.checked_sub(1) => of_report(report),
                    _ => table.partitions().await?,
                };
                registered.partitions += self.add(&found, &partitions).await?;
                found.note(newest);
            }
        }
        if is_noted && !columns_changed {
            return Ok(true);
        }
        registered.columns_changed |= columns_changed;
        self.glue.update(&self.name, &found.input(), found.version.as_deref()).await
    }

    async fn add(&self, table: &CatalogTable, partitions: &BTreeSet<PartitionKey>) -> Result<u64> {
        let inputs: Vec<Value> = partitions.iter().map(|key| table.partition(key, &self.location)).collect();
        let requests = inputs.chunks(PARTITIONS_MAX).map(|inputs| self.glue.add(&self.name, inputs));
        let added: Vec<u64> = stream::iter(requests).buffered(REQUESTS_MAX).try_collect().await?;
        Ok(added.iter().sum())
    }
}

fn of_report(report: &Report) -> BTreeSet<PartitionKey> {
    report.partitions.iter().filter_map(|partition| PartitionKey::of_folder(&partition.path)).collect()
}
