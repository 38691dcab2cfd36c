//! The options of `generate`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::date;
use crate::generate::{Compression, Layout};
use crate::units::Size;

/// `events generate`
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerateOptions {
    /// The folder to fill; it is created when missing, and no file in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The file for the counts that the table must show
    /// [default: DIR.expected.json beside DIR, or beside `pending` when DIR lies in it]
    #[arg(long, value_name = "FILE")]
    pub(crate) expected: Option<PathBuf>,
    /// The size of all inputs before compression, such as 10MB [default: 10MB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) bytes: Option<Size>,
    /// How many inputs to write [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) files: Option<usize>,
    /// How records follow one another in an input [default: concatenated]
    #[arg(long)]
    pub(crate) layout: Option<Layout>,
    /// The compression of each input [default: none]
    #[arg(long, value_name = "CODEC")]
    pub(crate) compression: Option<InputCompression>,
    /// Days that the events spread over [default: 30]
    #[arg(long, value_name = "N")]
    pub(crate) days: Option<u32>,
    /// The first of these days [default: 2021-01-01]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    pub(crate) start_date: Option<NaiveDate>,
    /// The same seed gives the same inputs [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The share of records that come again, exact or in another version, 0 to 0.5 [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    pub(crate) duplicates: Option<f64>,
    /// The share of records that are damaged, 0 to 1 [default: 0]
    #[arg(long, value_name = "SHARE")]
    pub(crate) damage: Option<f64>,
    /// How many kinds of events, 1 to 8 [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) kinds: Option<usize>,
}

/// The compression of generated inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputCompression {
    /// As it is
    None,
    /// One gzip member
    Gzip,
    /// One zstd frame
    Zstd,
}

impl From<InputCompression> for Option<Compression> {
    fn from(compression: InputCompression) -> Self {
        match compression {
            InputCompression::None => None,
            InputCompression::Gzip => Some(Compression::Gzip),
            InputCompression::Zstd => Some(Compression::Zstd),
        }
    }
}
