//! How files of the table are compressed.

use std::fmt;
use std::str::FromStr;

use parquet::basic::{Compression, ZstdLevel};
use serde::{Deserialize, Serialize};

/// How `data` and `extra` are compressed.
///
/// The other columns are smaller than what compression would save on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Codec {
    /// Zstandard at a level from 1 to 22; `zstd` is level 1.
    Zstd(i32),
    /// Snappy: a tenth faster than `zstd` for files half as large again.
    Snappy,
    /// LZ4 in its raw form.
    Lz4,
    /// As it is.
    None,
}

impl Default for Codec {
    fn default() -> Self {
        Self::Zstd(1)
    }
}

impl Codec {
    pub(super) fn parquet(self) -> Compression {
        match self {
            // `FromStr` lets no other level in; a level that is made in code and does not exist is the default one.
            Self::Zstd(level) => Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default()),
            Self::Snappy => Compression::SNAPPY,
            Self::Lz4 => Compression::LZ4_RAW,
            Self::None => Compression::UNCOMPRESSED,
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zstd(1) => formatter.write_str("zstd"),
            Self::Zstd(level) => write!(formatter, "zstd:{level}"),
            Self::Snappy => formatter.write_str("snappy"),
            Self::Lz4 => formatter.write_str("lz4"),
            Self::None => formatter.write_str("none"),
        }
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let unknown = || format!("unknown compression `{text}`: one of zstd, zstd:1 to zstd:22, snappy, lz4, none");
        match text.split_once(':') {
            Some(("zstd", level)) => match level.parse() {
                Ok(level @ 1..=22) => Ok(Self::Zstd(level)),
                _ => Err(unknown()),
            },
            None if text == "zstd" => Ok(Self::Zstd(1)),
            None if text == "snappy" => Ok(Self::Snappy),
            None if text == "lz4" => Ok(Self::Lz4),
            None if text == "none" => Ok(Self::None),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Codec {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Codec> for String {
    fn from(codec: Codec) -> Self {
        codec.to_string()
    }
}
