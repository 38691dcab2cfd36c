//! What `events inspect` is to look at.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use events_core::config::Config;
use events_core::json::OutlineLimits;
use events_core::run::Sampling;
use events_stores::{ZoneUrl, ZoneUrls};

use super::repair::DecompressionLimits;
use super::{read, zones};
use crate::error::Result;
use crate::options::{InspectOptions, ZoneOptions};

/// A look at a table or at inputs.
#[derive(Debug, Clone)]
pub(crate) struct InspectSettings {
    pub(crate) subject: Subject,
    pub(crate) sampling: Sampling,
    /// The level and the limits of records count.
    pub(crate) config: Config,
    pub(crate) decompression: DecompressionLimits,
    /// What days are held against.
    pub(crate) today: NaiveDate,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Table(Box<ZoneUrls>),
    /// Whatever is there: a table, or inputs.
    Places(Vec<PathBuf>),
}

impl Subject {
    /// The table in a trusted zone.
    pub(crate) fn table(trusted: &ZoneUrl) -> Result<ZoneUrls> {
        zones::resolve_trusted(ZoneOptions { trusted: Some(trusted.text.clone()), ..ZoneOptions::default() })
    }
}

pub(super) fn resolve(options: InspectOptions, now: DateTime<Utc>) -> Result<InspectSettings> {
    let config = read::resolve(options.repair, &options.limits, &Config::default());
    config.validate()?;
    let rows_max = options.sample.unwrap_or(Sampling::default().rows_max);
    let outline = OutlineLimits { examples: !options.mask.unwrap_or_default(), ..OutlineLimits::default() };
    let subject = if options.places.is_empty() {
        Subject::Table(Box::new(zones::resolve_trusted(options.zones)?))
    } else {
        Subject::Places(options.places)
    };
    Ok(InspectSettings {
        subject,
        sampling: Sampling { rows_max, outline },
        decompression: DecompressionLimits::of(&config),
        config,
        today: now.date_naive(),
    })
}
