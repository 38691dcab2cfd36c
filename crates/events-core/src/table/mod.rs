//! Events become rows, partitions and Parquet: everything that is about the table and nothing about where it lies.

mod batch;
mod blocks;
mod codec;
mod content;
mod dedup;
mod file;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "commits do not keep the index yet"))]
pub(crate) mod index;
mod kind;
mod partition;
mod row;
mod schema;
mod transform;

pub(crate) use batch::BATCH_ROWS;
pub use codec::Codec;
pub(crate) use content::content_digest;
pub use dedup::Duplicate;
pub(crate) use dedup::{Key, resolve};
pub use file::{EncodedFile, FileConfig};
pub(crate) use file::{FileWriter, encode_staged, parquet_batches};
pub(crate) use kind::{Kind, KindCache, Kinds};
pub use partition::{PARTITION_VALUE_BYTES_MAX, PartitionKey, escape_partition_value};
pub(crate) use partition::{day, folder};
pub(crate) use row::{Header, Row, header_at, headers, id_at, row_at, rows};
pub use schema::{column, table_schema};
pub use transform::{Deduplicated, deduplicate, to_batch, with_partition_columns, write_parquet};
