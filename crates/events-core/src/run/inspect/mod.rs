//! A look at inputs and at a table, without a run: nothing is changed.

mod census;
mod ids;
mod kinds;
mod overview;
mod sample;
mod span;
mod warning;

pub use census::{Census, Contents, InputCensus, InputContents, InputsReport, RejectSample};
pub use ids::DistinctIds;
pub use kinds::KindContents;
pub(crate) use overview::overview;
pub use overview::{FileOverview, KindOverview, PartitionOverview, TableOverview};
pub(crate) use sample::sample;
pub use sample::{KindSample, Sampling, TableSample};
pub use span::{Span, iso_time};
pub use warning::Warning;

/// The version of the forms of [`InputsReport`] and [`TableOverview`]. It grows when a field is renamed, removed or changes
/// its meaning.
pub const INSPECT_VERSION: u32 = 1;
