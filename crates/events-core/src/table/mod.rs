//! Events become rows, partitions and Parquet: everything that is about the table and nothing about where it lies.

mod batch;
mod blocks;
mod codec;
mod columns;
mod content;
mod ddl;
mod dedup;
mod file;
mod footer;
mod guard;
pub(crate) mod index;
mod kind;
mod partition;
mod parts;
mod probe;
mod read;
mod rewrite;
mod row;
mod row_groups;
mod schema;
mod series;
#[cfg(test)]
mod tests;
mod transform;

pub(crate) use batch::BATCH_ROWS;
pub use codec::Codec;
pub(crate) use content::content_digest;
pub use ddl::{Dialect, Projection, StageDdl, TableDdl, TypedColumn};
pub use dedup::Duplicate;
pub(crate) use dedup::{Key, is_within, resolve, settle};
pub use file::{EncodedFile, FileConfig};
pub(crate) use file::{FileWriter, encode_staged};
pub(crate) use footer::{Footer, Opened};
pub(crate) use kind::{Kind, KindCache, Kinds};
pub use partition::{PARTITION_VALUE_BYTES_MAX, PartitionKey, escape_partition_value};
pub(crate) use partition::{date, day, escaped_name, folder, join};
pub(crate) use probe::{Probe, tail_bytes};
pub(crate) use read::{Batches, FileRows, Version};
pub(crate) use rewrite::{Rewrite, RewriteError, Source};
pub(crate) use row::{Header, Row, header_at, headers, id_at, row_at, rows};
pub(crate) use row_groups::{Chore, Hands};
pub use schema::{column, partition_schema, table_schema};
pub(crate) use series::FileSeries;
pub use transform::{Deduplicated, deduplicate, to_batch, with_partition_columns, write_parquet};
