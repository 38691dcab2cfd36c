//! What is to be checked.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use events_catalog::TableName;
use events_core::config::Config;
use events_core::run::RunId;
use events_stores::ZoneUrls;

use super::job::{new_run_id, resolve_engine};
use super::{catalog, zones};
use crate::error::Result;
use crate::options::{DoctorOptions, Durability, GlueOptions, ZoneOptions};

/// Checks. What is wrong with a setting is one of them, so that it is found out where it is looked at.
#[derive(Debug, Clone)]
pub(crate) struct DoctorSettings {
    zones: ZoneOptions,
    glue: GlueOptions,
    /// Threads and memory; all else as it is when nobody says.
    pub(crate) config: Config,
    /// Where the folder for scratch files would be made.
    pub(crate) scratch: Option<PathBuf>,
    pub(crate) durability: Durability,
    pub(crate) single_writer: bool,
    /// Nothing is written.
    pub(crate) read_only: bool,
    /// What the objects are called that are written.
    pub(crate) run: RunId,
    /// The settings file, when one is named.
    pub(crate) file: Option<PathBuf>,
}

impl DoctorSettings {
    /// Where the zones are.
    pub(crate) fn zones(&self) -> Result<ZoneUrls> {
        let zones = zones::resolve(&self.zones)?;
        zones.check_apart()?;
        Ok(zones)
    }

    /// The table of the catalog, when one is to be told.
    pub(crate) fn catalog(&self) -> Result<Option<TableName>> {
        catalog::resolve_name(self.glue.clone())
    }
}

pub(super) fn resolve(options: DoctorOptions, file: Option<PathBuf>, now: DateTime<Utc>) -> DoctorSettings {
    let DoctorOptions { zones, read_only, unsafe_single_writer, durability, glue, engine } = options;
    DoctorSettings {
        zones,
        glue,
        config: resolve_engine(&engine),
        scratch: engine.scratch,
        durability: durability.unwrap_or_default(),
        single_writer: unsafe_single_writer.unwrap_or_default(),
        read_only: read_only.unwrap_or_default(),
        run: new_run_id(now),
        file,
    }
}

#[cfg(test)]
impl DoctorSettings {
    /// Settings where nobody has said anything.
    pub(crate) fn of_nothing() -> Self {
        let options = DoctorOptions {
            zones: ZoneOptions::default(),
            read_only: None,
            unsafe_single_writer: None,
            durability: None,
            glue: GlueOptions::default(),
            engine: crate::options::EngineOptions::default(),
        };
        resolve(options, None, DateTime::UNIX_EPOCH)
    }
}
