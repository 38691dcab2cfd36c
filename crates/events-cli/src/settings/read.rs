//! How input is read.

use events_core::config::Config;
use events_core::json::Level;

use crate::options::LimitOptions;
use crate::units::Size;

/// The configuration with that level and those limits, where they were given.
pub(super) fn resolve(repair: Option<Level>, limits: &LimitOptions, config: &Config) -> Config {
    let length = |size: Size| usize::try_from(size.0).unwrap_or(usize::MAX);
    Config {
        repair: repair.unwrap_or(config.repair),
        record_bytes_max: limits.record_max.map_or(config.record_bytes_max, length),
        depth_max: limits.depth_max.unwrap_or(config.depth_max),
        keys_max: limits.keys_max.unwrap_or(config.keys_max),
        decompressed_bytes_max: limits.decompressed_max.map_or(config.decompressed_bytes_max, |size| size.0),
        decompression_ratio_max: limits.ratio_max.unwrap_or(config.decompression_ratio_max),
        ..config.clone()
    }
}
