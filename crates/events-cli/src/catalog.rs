//! The catalog of AWS Glue: behind each job that is to tell it, and with `events catalog sync`.

use std::path::PathBuf;

use events_catalog::{Catalog, Registered, TableName};
use events_core::Config;
use events_core::run::Distributor;
use events_stores::{Access, ZoneUrl};
use serde::Serialize;

use crate::console::Console;
use crate::error::Result;
use crate::options::OutputForm;
use crate::settings::{JobSettings, SyncSettings};
use crate::units::counted;
use crate::{console, exit, places, runtime};

/// What a job has told the catalog, which is no part of the job: the table is whole also without.
pub(crate) type Told = Result<Option<Registered>>;

/// The catalog that a job is to tell. No request is made.
pub(crate) fn of_job(settings: &JobSettings) -> Result<Option<Catalog>> {
    settings.catalog.as_ref().map(|name| open(name, &settings.zones.trusted)).transpose()
}

/// Tells the catalog, when there is one, what it has not seen of the table.
pub(crate) async fn tell(catalog: Option<&Catalog>, table: &Distributor) -> Told {
    match catalog {
        Some(catalog) => Ok(Some(catalog.keep_up(table).await?)),
        None => Ok(None),
    }
}

/// `events catalog sync`.
pub(crate) fn sync(settings: &SyncSettings, console: &Console) -> Result<u8> {
    let catalog = open(&settings.name, &settings.zones.trusted)?;
    let zones = settings.zones.open(&places::opening(Access::Look))?;
    // Nothing is computed, so the folder for scratch files is only named.
    let table = Distributor::new(zones, PathBuf::new(), Config::default())?;
    let runtime = runtime::start()?;
    let registered = runtime.block_on(catalog.sync(&table));
    runtime::shut_down(runtime);
    let registered = registered?;
    console.print(&match console.output() {
        OutputForm::Human => line(&registered, catalog.name()),
        OutputForm::Json => console::json(&Document { catalog: registered }),
    })?;
    Ok(exit::DONE)
}

#[derive(Serialize)]
struct Document {
    catalog: Registered,
}

/// What was registered, for people.
pub(crate) fn line(registered: &Registered, name: &TableName) -> String {
    let table = if registered.created { "is new in the catalog" } else { "is in the catalog" };
    let columns = if registered.columns_changed { ", with other columns" } else { "" };
    format!("table {name} {table}{columns}: {}\n", counted(registered.partitions, "new partition"))
}

fn open(name: &TableName, trusted: &ZoneUrl) -> Result<Catalog> {
    Ok(Catalog::open(name.clone(), trusted, &places::opening(Access::Look))?)
}
