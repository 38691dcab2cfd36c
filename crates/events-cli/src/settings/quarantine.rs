//! What is to be shown of a quarantine.

use events_core::run::RejectFilter;
use events_stores::ZoneUrls;

use super::zones;
use crate::error::Result;
use crate::options::{FilterOptions, ZoneOptions};

/// A look at rejects.
#[derive(Debug, Clone)]
pub(crate) struct QuarantineSettings {
    pub(crate) zones: ZoneUrls,
    pub(crate) filter: RejectFilter,
    pub(crate) view: View,
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Counts.
    List,
    /// The rejects themselves, at most so many when somebody said so.
    Show { limit: Option<u64> },
}

pub(super) fn resolve(zones: ZoneOptions, filter: FilterOptions, view: View) -> Result<QuarantineSettings> {
    Ok(QuarantineSettings { zones: zones::resolve_landing(zones)?, filter: resolve_filter(filter), view })
}

pub(super) fn resolve_filter(options: FilterOptions) -> RejectFilter {
    RejectFilter { run: options.run, source: options.source, reasons: options.reason }
}
