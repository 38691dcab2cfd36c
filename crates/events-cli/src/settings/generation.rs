//! What `events generate` is to write.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::generate::GenerateConfig;
use crate::options::GenerateOptions;

/// A generation.
#[derive(Debug, Clone)]
pub(crate) struct GenerateSettings {
    pub(crate) folder: PathBuf,
    /// Where the counts go; `None` for the place beside the folder.
    pub(crate) expected: Option<PathBuf>,
    pub(crate) config: GenerateConfig,
}

pub(super) fn resolve(options: GenerateOptions) -> Result<GenerateSettings> {
    let Some(folder) = options.out else {
        return Err(Error::Missing { problem: "no folder to fill: name it with --out".to_owned() });
    };
    let default = GenerateConfig::default();
    let config = GenerateConfig {
        seed: options.seed.unwrap_or(default.seed),
        bytes: options.bytes.map_or(default.bytes, |bytes| bytes.0),
        files: options.files.unwrap_or(default.files),
        days: options.days.unwrap_or(default.days),
        start_date: options.start_date.unwrap_or(default.start_date),
        layout: options.layout.unwrap_or(default.layout),
        compression: options.compression.map_or(default.compression, Into::into),
        duplicates: options.duplicates.unwrap_or(default.duplicates),
        damage: options.damage.unwrap_or(default.damage),
        kinds: options.kinds.unwrap_or(default.kinds),
    };
    Ok(GenerateSettings { folder, expected: options.expected, config })
}
