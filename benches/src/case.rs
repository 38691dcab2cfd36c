//! What is measured.

use clap::ValueEnum;
use events_cli::generate::{Compression, GenerateConfig};
use serde::Serialize;

/// An input, chosen for what it makes the job do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Case {
    /// 1.8 MB in 1 file, 10 days: what a run costs that has little to do
    Seed,
    /// 100 MB in 20 files, 30 days: a run that fits its memory
    M,
    /// 1 GB in 64 files, 30 days: a run that does not
    L,
    /// 1 GB in 1 file, 30 days: a file that is split inside
    OneFile,
    /// 100 MB in 20 files, 30 days, compressed with gzip: `m` behind an inflate
    Gzip,
    /// 100 MB in 20 files, 1,095 days: thousands of small partitions
    Wide,
    /// 300 MB in 4 files, 1 day of 1 kind: a partition larger than a thread's memory
    OnePartition,
}

/// By how much a check is smaller than a measurement.
const CHECK_DIVISOR: u64 = 100;

impl Case {
    pub(crate) const ALL: [Self; 7] =
        [Self::Seed, Self::M, Self::L, Self::OneFile, Self::Gzip, Self::Wide, Self::OnePartition];

    /// The name that the command line knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::M => "m",
            Self::L => "l",
            Self::OneFile => "one-file",
            Self::Gzip => "gzip",
            Self::Wide => "wide",
            Self::OnePartition => "one-partition",
        }
    }

    /// The input to measure.
    pub(crate) fn config(self) -> GenerateConfig {
        let (bytes, files, days, kinds) = match self {
            Self::Seed => (1_800_000, 1, 10, 5),
            Self::M | Self::Gzip => (100_000_000, 20, 30, 5),
            Self::L => (1_000_000_000, 64, 30, 5),
            Self::OneFile => (1_000_000_000, 1, 30, 5),
            Self::Wide => (100_000_000, 20, 1095, 5),
            Self::OnePartition => (300_000_000, 4, 1, 1),
        };
        let compression = (self == Self::Gzip).then_some(Compression::Gzip);
        GenerateConfig { bytes, files, days, kinds, compression, duplicates: 0.10, ..GenerateConfig::default() }
    }

    /// The same in small.
    pub(crate) fn check_config(self) -> GenerateConfig {
        let config = self.config();
        GenerateConfig { bytes: config.bytes / CHECK_DIVISOR, ..config }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_names_of_the_command_line() {
        for &case in Case::value_variants() {
            assert_eq!(case.to_possible_value().unwrap().get_name(), case.name());
            assert_eq!(serde_json::to_value(case).unwrap(), case.name());
        }
        assert_eq!(Case::value_variants(), Case::ALL);
    }

    #[test]
    fn describes_inputs_that_can_be_generated() {
        for case in Case::ALL {
            case.config().validate().unwrap();
            case.check_config().validate().unwrap();
        }
    }
}
