//! Settings: plain data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json::{FrameLimits, Level};
use crate::table::{Codec, FileConfig};

/// The settings of a run.
///
/// Later versions have more of them, each with a default: write `Config { threads: 4, ..Config::default() }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Threads that parse, sort and encode. More threads are faster and share `memory_bytes`. Default 2, at least 1.
    pub threads: usize,
    /// Bytes that rows and keys may take in memory before they go to scratch files. A file in the making for each thread
    /// comes on top, up to `file_bytes_max`, and the rejects and keys that are worked on. Less memory means more scratch files and, for large partitions, a second pass over them.
    /// The table does not depend on it. Default 128 MiB, at least 8 MiB.
    pub memory_bytes: usize,
    /// How files of the table are compressed: smaller files against faster runs. Default `zstd`.
    pub compression: Codec,
    /// The most rows of a row group of a file. Default 131,072.
    pub row_group_rows_max: usize,
    /// The encoded bytes after which a partition's next rows go to another file of it; a file is held in memory while it
    /// is written. Default 64 MiB, at least 64 KiB.
    pub file_bytes_max: usize,
    /// How far damaged records are mended; what the level does not mend is a reject. Default [`Level::Lenient`]: only what
    /// has one reading. With [`Level::Strict`] the first damage fails the run.
    pub repair: Level,
    /// The longest record, in bytes; a longer one is a reject. Default 8 MiB, at most 1 GiB.
    pub record_bytes_max: usize,
    /// The deepest nesting of a record; a deeper one is a reject. Default 127, which is also the most.
    pub depth_max: u32,
    /// The most keys of a record, nested ones included; one with more is a reject. Default 10,000, at least 1.
    pub keys_max: usize,
    /// The most bytes that a compressed input may decompress to; the rest is not read, and a reject says so. A guard
    /// against bombs: it costs no memory to raise it. Default 64 GiB, at least 1 MiB.
    pub decompressed_bytes_max: u64,
    /// How many times larger than itself a compressed input may become, once it is larger than 64 MiB. Default 100, at
    /// least 1.
    pub decompression_ratio_max: u64,
    /// The most partitions that a run may write to; with more it fails before it commits. A guard against a field that was
    /// mistaken for a kind. Default 20,000, at least 1.
    pub partitions_max: usize,
    /// How far apart two events of one id are two events, and not two versions of one. Default none: what the table has,
    /// which is everything as long as no run on it was told otherwise. A table keeps the narrowest horizon that a commit
    /// was made with, and a wider one is refused, because it would drop rows that others have kept.
    pub dedup_horizon_days: Option<Horizon>,
    /// Files smaller than this many bytes get new rows of their partition, instead of another small file beside them; 0
    /// makes a file of its own for each run. More means fewer files and more rewriting. Default 64 MiB, as
    /// `file_bytes_max`.
    pub fold_below_bytes: u64,
    /// Requests to a store that a thread has in flight while it works on, and of a phase that only waits for the store
    /// eight times as many. Default 4, at least 1.
    pub requests_max: usize,
}

impl Config {
    /// What [`Config::threads`] is when nobody says.
    pub const DEFAULT_THREADS: usize = 2;
    /// What [`Config::memory_bytes`] is when nobody says.
    pub const DEFAULT_MEMORY_BYTES: usize = 128 << 20;
    /// What [`Config::file_bytes_max`] is when nobody says: above it, readers gain nothing from larger files.
    pub const DEFAULT_FILE_BYTES_MAX: usize = 64 << 20;
    /// Up to here a compressed input may grow by any ratio: a few kilobytes of the same line are no bomb.
    pub const DECOMPRESSED_BYTES_FREE: u64 = 64 << 20;
    /// What [`Config::decompressed_bytes_max`] is when nobody says: ten times the largest object that S3 moves in a request.
    pub const DEFAULT_DECOMPRESSED_BYTES_MAX: u64 = 64 << 30;
    /// What [`Config::decompression_ratio_max`] is when nobody says: events compress to a tenth or a thirtieth, bombs to a
    /// thousandth.
    pub const DEFAULT_DECOMPRESSION_RATIO_MAX: u64 = 100;
    /// What [`Config::partitions_max`] is when nobody says: ten kinds over five years.
    pub const DEFAULT_PARTITIONS_MAX: usize = 20_000;
    /// What [`Config::requests_max`] is when nobody says.
    pub const DEFAULT_REQUESTS_MAX: usize = 4;

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first value that a field cannot have.
    pub fn validate(&self) -> Result<()> {
        let check = |name, fits: bool, problem: &str| {
            if fits { Ok(()) } else { Err(Error::Setting { name, problem: problem.to_owned() }) }
        };
        check("threads", (1..=1024).contains(&self.threads), "between 1 and 1024")?;
        check("memory_bytes", self.memory_bytes >= 8 << 20, "at least 8 MiB")?;
        check("row_group_rows_max", self.row_group_rows_max > 0, "at least 1")?;
        check("file_bytes_max", self.file_bytes_max >= 64 << 10, "at least 64 KiB")?;
        check("record_bytes_max", (2..=1 << 30).contains(&self.record_bytes_max), "between 2 bytes and 1 GiB")?;
        check("depth_max", (1..=FrameLimits::DEFAULT_DEPTH_MAX).contains(&self.depth_max), "between 1 and 127")?;
        check("keys_max", self.keys_max > 0, "at least 1")?;
        check("decompressed_bytes_max", self.decompressed_bytes_max >= 1 << 20, "at least 1 MiB")?;
        check("decompression_ratio_max", self.decompression_ratio_max > 0, "at least 1")?;
        check("partitions_max", self.partitions_max > 0, "at least 1")?;
        check("requests_max", (1..=1024).contains(&self.requests_max), "between 1 and 1024")?;
        check(
            "compression",
            !matches!(self.compression, Codec::Zstd(level) if !(1..=22).contains(&level)),
            "a zstd level from 1 to 22",
        )
    }

    /// The days of [`Config::dedup_horizon_days`]; `None` for all.
    pub(crate) fn horizon_days(&self) -> Option<u32> {
        match self.dedup_horizon_days {
            Some(Horizon::Days(days)) => Some(days),
            Some(Horizon::All) | None => None,
        }
    }

    /// Takes the horizon of a table, where none is set.
    ///
    /// # Errors
    /// [`Error::Setting`] when a wider one is.
    pub(crate) fn adopt_horizon(&mut self, of_table: Option<u32>) -> Result<()> {
        let Some(days) = of_table else { return Ok(()) };
        match self.dedup_horizon_days {
            Some(horizon) if horizon.is_wider_than(days) => {
                let problem = format!(
                    "the table has a horizon of {days} days, and `{horizon}` would drop rows that it keeps; leave the \
                     setting out, which takes the table's, or give it as `{days}` or less"
                );
                Err(Error::Setting { name: "dedup_horizon_days", problem })
            }
            Some(_) => Ok(()),
            None => {
                self.dedup_horizon_days = Some(Horizon::Days(days));
                Ok(())
            }
        }
    }

    pub(crate) fn frame_limits(&self) -> FrameLimits {
        FrameLimits { record_bytes_max: self.record_bytes_max, depth_max: self.depth_max, keys_max: self.keys_max }
    }

    pub(crate) fn file_config(&self) -> FileConfig {
        FileConfig { codec: self.compression, row_group_rows_max: self.row_group_rows_max, commit: None }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: Self::DEFAULT_THREADS,
            memory_bytes: Self::DEFAULT_MEMORY_BYTES,
            compression: Codec::default(),
            row_group_rows_max: FileConfig::DEFAULT_ROW_GROUP_ROWS_MAX,
            file_bytes_max: Self::DEFAULT_FILE_BYTES_MAX,
            repair: Level::default(),
            record_bytes_max: FrameLimits::DEFAULT_RECORD_BYTES_MAX,
            depth_max: FrameLimits::DEFAULT_DEPTH_MAX,
            keys_max: FrameLimits::DEFAULT_KEYS_MAX,
            decompressed_bytes_max: Self::DEFAULT_DECOMPRESSED_BYTES_MAX,
            decompression_ratio_max: Self::DEFAULT_DECOMPRESSION_RATIO_MAX,
            partitions_max: Self::DEFAULT_PARTITIONS_MAX,
            dedup_horizon_days: None,
            fold_below_bytes: Self::DEFAULT_FILE_BYTES_MAX as u64,
            requests_max: Self::DEFAULT_REQUESTS_MAX,
        }
    }
}

/// How far apart two events of one id are two events. For producers that use ids again.
///
/// As text it is the number of days, or `all`; in serde's formats `{"days":7}`, or `"all"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// However far, they are versions of one. This costs no more than days do, as the index is sorted by id.
    All,
    /// So many days before and after its own an event is held against; with 0 it is held against its own partition only.
    Days(u32),
}

impl Horizon {
    fn is_wider_than(self, days: u32) -> bool {
        match self {
            Self::All => true,
            Self::Days(own) => own > days,
        }
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str(ALL),
            Self::Days(days) => write!(formatter, "{days}"),
        }
    }
}

impl FromStr for Horizon {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == ALL {
            return Ok(Self::All);
        }
        text.parse().map(Self::Days).map_err(|_| format!("`{text}` is neither a number of days nor `{ALL}`"))
    }
}

const ALL: &str = "all";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_its_horizon_and_takes_a_narrower_one() {
        let adopt = |asked, of_table| {
            let mut config = Config { dedup_horizon_days: asked, ..Config::default() };
            config.adopt_horizon(of_table).map(|()| config.horizon_days())
        };
        let (all, days) = (Some(Horizon::All), |days| Some(Horizon::Days(days)));
        assert_eq!(adopt(None, None).unwrap(), None);
        assert_eq!(adopt(all, None).unwrap(), None);
        assert_eq!(adopt(days(7), None).unwrap(), Some(7));
        assert_eq!(adopt(None, Some(7)).unwrap(), Some(7));
        assert_eq!(adopt(days(7), Some(7)).unwrap(), Some(7));
        assert_eq!(adopt(days(0), Some(7)).unwrap(), Some(0));
        for (asked, shown) in [(all, "`all`"), (days(8), "`8`")] {
            let error = adopt(asked, Some(7)).unwrap_err();
            assert!(error.to_string().contains(shown) && error.to_string().contains("`7` or less"), "{error}");
        }
    }

    #[test]
    fn a_horizon_is_read_as_it_is_written() {
        for (text, horizon) in [("all", Horizon::All), ("0", Horizon::Days(0)), ("30", Horizon::Days(30))] {
            assert_eq!((text.parse(), horizon.to_string()), (Ok(horizon), text.to_owned()));
        }
        for wrong in ["", "ALL", "-1", "1.5", "week"] {
            assert!(wrong.parse::<Horizon>().is_err(), "{wrong}");
        }
    }
}
