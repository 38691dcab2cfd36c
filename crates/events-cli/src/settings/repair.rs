//! What `events repair` is to do.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use events_core::config::Config;
use events_core::json::{FrameLimits, Level};

use super::console::wants_color;
use super::read;
use crate::error::{Error, Result};
use crate::options::{OutputForm, RepairOptions};

/// A repair of streams.
#[derive(Debug, Clone)]
pub(crate) struct RepairSettings {
    pub(crate) sources: Vec<Source>,
    pub(crate) level: Level,
    pub(crate) limits: FrameLimits,
    pub(crate) decompression: DecompressionLimits,
    pub(crate) product: Product,
    /// Where repairs are told.
    pub(crate) report: Option<PathBuf>,
    /// Where rejects go.
    pub(crate) rejects: Option<PathBuf>,
}

/// Where input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// What an argument means.
    pub(crate) fn of(file: PathBuf) -> Self {
        if file == Path::new("-") { Self::Stdin } else { Self::File(file) }
    }
}

/// How far a compressed input may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecompressionLimits {
    pub(crate) bytes_max: u64,
    /// Times its stored size.
    pub(crate) ratio_max: u64,
}

impl DecompressionLimits {
    pub(super) fn of(config: &Config) -> Self {
        Self { bytes_max: config.decompressed_bytes_max, ratio_max: config.decompression_ratio_max }
    }
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// Records, one a line.
    Records,
    /// Nothing.
    Nothing,
    /// What changes.
    Diff { color: bool },
}

/// # Errors
/// [`Error::Form`] when what is to be shown has no form for machines; [`Error::Run`] for a limit that cannot be.
pub(super) fn resolve(options: RepairOptions, output: Option<OutputForm>) -> Result<RepairSettings> {
    if options.diff && output == Some(OutputForm::Json) {
        return Err(Error::Form {
            of: "`repair --diff`",
            instead: "--report FILE and --rejects FILE have each repair and reject as JSON",
        });
    }
    let config = read::resolve(options.repair, &options.limits, &Config::default());
    config.validate()?;
    let files: Vec<_> = options.files.into_iter().map(Source::of).collect();
    let color = wants_color(std::io::stdout().is_terminal());
    Ok(RepairSettings {
        sources: if files.is_empty() { vec![Source::Stdin] } else { files },
        level: config.repair,
        limits: FrameLimits {
            record_bytes_max: config.record_bytes_max,
            depth_max: config.depth_max,
            keys_max: config.keys_max,
        },
        decompression: DecompressionLimits::of(&config),
        product: match (options.check, options.diff) {
            (true, _) => Product::Nothing,
            (_, true) => Product::Diff { color },
            _ => Product::Records,
        },
        report: options.report,
        rejects: options.rejects,
    })
}
