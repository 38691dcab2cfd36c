//! Events become rows, partitions and Parquet: everything that is about the table and nothing about where it lies.

mod content;
mod dedup;
mod file;
mod kind;
mod partition;
mod row;
mod schema;
mod transform;

pub(crate) use content::content_digest;
pub use dedup::Duplicate;
pub(crate) use dedup::{Key, resolve};
pub(crate) use file::{BATCH_ROWS, FileWriter, encode_staged, parquet_batches};
pub use file::{Codec, EncodedFile, FileConfig};
pub(crate) use kind::{Kind, KindCache, Kinds};
pub use partition::{PARTITION_VALUE_BYTES_MAX, PartitionKey, escape_partition_value};
pub(crate) use partition::{day, folder};
pub(crate) use row::{Header, Row, header_at, headers, id_at, row_at, rows};
pub use schema::{column, table_schema};
pub use transform::{Deduplicated, deduplicate, to_batch, with_partition_columns, write_parquet};
