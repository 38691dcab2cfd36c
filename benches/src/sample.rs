//! Small inputs from a fixed seed.

use std::fs;
use std::path::{Path, PathBuf};

use events_cli::generate::{Compression, GenerateConfig, GenerateError, Layout, generate};

/// An input of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// 1 MB of sound records, one a line.
    Lines,
    /// The same records with nothing between them.
    Concatenated,
    /// 1 MB of records with nothing between them, of which 2 % are damaged.
    Damaged,
    /// `Lines`, compressed with gzip.
    Compressed,
    /// 2 MB over ten days: what a small run gets.
    Seed,
    /// 250 kB over 200 days: hardly two events a partition.
    Wide,
    /// 200 kB of other events on the days of `Seed`.
    More,
}

impl Sample {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Lines, Self::Concatenated, Self::Damaged, Self::Compressed, Self::Seed, Self::Wide, Self::More];

    fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Concatenated => "concatenated",
            Self::Damaged => "damaged",
            Self::Compressed => "compressed",
            Self::Seed => "seed",
            Self::Wide => "wide",
            Self::More => "more",
        }
    }

    fn config(self) -> GenerateConfig {
        let sound = GenerateConfig { bytes: 1_000_000, files: 1, days: 10, kinds: 5, ..GenerateConfig::default() };
        match self {
            Self::Lines => GenerateConfig { layout: Layout::Lines, ..sound },
            Self::Concatenated => sound,
            Self::Damaged => GenerateConfig { damage: 0.02, ..sound },
            Self::Compressed => GenerateConfig { layout: Layout::Lines, compression: Some(Compression::Gzip), ..sound },
            Self::Seed => GenerateConfig { bytes: 2_000_000, ..sound },
            Self::Wide => GenerateConfig { bytes: 250_000, days: 200, ..sound },
            Self::More => GenerateConfig { seed: 2, bytes: 200_000, ..sound },
        }
    }
}

/// All samples, in a folder. They are made once and then read, because whoever counts instructions counts those that
/// prepare a workload as well.
#[derive(Debug, Clone)]
pub struct Samples {
    folder: PathBuf,
}

impl Samples {
    /// Those that lie in a folder.
    #[must_use]
    pub fn open(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes them in an empty folder.
    ///
    /// # Errors
    /// When the folder is not empty, or cannot be written to.
    pub fn generate(folder: PathBuf) -> Result<Self, GenerateError> {
        for sample in Sample::ALL {
            generate(&sample.config(), &folder.join(sample.name()), &mut |_| ())?;
        }
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bytes of a sample.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, sample: Sample) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in fs::read_dir(self.folder.join(sample.name()))? {
            bytes.extend(fs::read(entry?.path())?);
        }
        Ok(bytes)
    }
}
