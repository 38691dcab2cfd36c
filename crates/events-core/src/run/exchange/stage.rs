//! The side of the exchange that people can look at: Parquet objects in the stage zone.
//!
//! Rows have the columns of the table. Keys have `event_id` (the fingerprint of the id: 16 bytes, big-endian),
//! `timestamp` (µs), `digest`, `input`, `bucket`, `ordinal`, the number of the row in its bucket, `kind`, the number of
//! its kind in the manifest, and `uuid`, whether the id is one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::sealed::read_range;
use crate::error::{Error, Result};
use crate::run::layout::{self, RunId};
use crate::run::remote::Remote;
use crate::run::zone::Zone;
use crate::table::{Batches, EncodedFile, FileRows, FileWriter, Key, KindCache, Kinds, column, encode_staged, rows};

/// An object that holds entries of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Staged {
    /// Its path in the stage zone.
    pub(crate) path: String,
    /// Where in that it begins and how long it is; `None` when it is the whole object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<(u64, usize)>,
    pub(crate) entries: u64,
    /// The bytes of the entries in memory.
    pub(crate) bytes: u64,
    /// What to add to the ordinals and inputs of keys, because several stages are read as one.
    #[serde(skip)]
    pub(crate) rebase: Option<Arc<Rebase>>,
}

/// Where the rows and inputs of a stage begin among those of all stages that are read together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rebase {
    pub(crate) input: u32,
    /// By bucket.
    pub(crate) ordinals: Vec<u32>,
    /// By number of a kind in the stage: its number among the kinds of all.
    pub(crate) kinds: Vec<u32>,
}

/// What the entries of the lanes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageWhat {
    Rows,
    Keys,
}

/// Entries of more bytes in memory are an object of their own.
const PACKED_BYTES_MAX: usize = 4 << 20;

/// An object of several lanes takes no more when it has so many bytes.
const PACK_BYTES: u64 = 16 << 20;

/// Entries of several lanes, on their way to the stage as one object.
struct Pack {
    number: usize,
    pieces: Vec<Bytes>,
    bytes: u64,
}

/// Lanes of a run in the stage zone.
pub(crate) struct StageLanes {
    zone: Zone,
    run: RunId,
    what: StageWhat,
    kinds: Arc<Kinds>,
    /// Lanes go to the stage all at once, so that small ones share an object: requests cost more than bytes.
    pub(crate) together: bool,
    /// How many objects are shared so far.
    packs: AtomicUsize,
}

impl StageLanes {
    pub(crate) fn new(zone: Zone, run: RunId, what: StageWhat, kinds: Arc<Kinds>, together: bool) -> Self {
        Self { zone, run, what, kinds, together, packs: AtomicUsize::new(0) }
    }

    /// Writes entries as the object of that number of a lane.
    pub(crate) fn write(&self, lane: usize, number: usize, entries: &[u8], remote: &Remote) -> Result<Staged> {
        let file = self.encode(entries)?;
        let path = match self.what {
            StageWhat::Rows => layout::stage_rows(&self.run, lane, number),
            StageWhat::Keys => layout::stage_keys(&self.run, lane, number),
        };
        let staged = Staged { path, part: None, entries: file.rows, bytes: entries.len() as u64, rebase: None };
        self.put(staged.path.clone(), file.bytes, remote)?;
        Ok(staged)
    }

    /// Writes entries of lanes, given by lane and the number of the object: small ones together. They come out in their
    /// order.
    pub(crate) fn write_together(&self, lanes: Vec<(usize, usize, Vec<u8>)>, remote: &Remote) -> Result<Vec<Staged>> {
        let mut written = Vec::with_capacity(lanes.len());
        let mut pack = self.new_pack();
        for (lane, number, entries) in lanes {
            if entries.len() > PACKED_BYTES_MAX {
                written.push(self.write(lane, number, &entries, remote)?);
                continue;
            }
            let mut file = self.encode(&entries)?;
            let part = Some((pack.bytes, file.length as usize));
            let path = self.pack_path(pack.number);
            written.push(Staged { path, part, entries: file.rows, bytes: entries.len() as u64, rebase: None });
            pack.bytes += file.length;
            pack.pieces.append(&mut file.bytes);
            if pack.bytes >= PACK_BYTES {
                self.put(self.pack_path(pack.number), std::mem::take(&mut pack.pieces), remote)?;
                pack = self.new_pack();
            }
        }
        if !pack.pieces.is_empty() {
            self.put(self.pack_path(pack.number), pack.pieces, remote)?;
        }
        Ok(written)
    }

    fn new_pack(&self) -> Pack {
        Pack { number: self.packs.fetch_add(1, Ordering::Relaxed), pieces: Vec::new(), bytes: 0 }
    }

    fn pack_path(&self, number: usize) -> String {
        let what = match self.what {
            StageWhat::Rows => "rows",
            StageWhat::Keys => "keys",
        };
        layout::stage_lanes_pack(&self.run, what, number)
    }

    fn encode(&self, entries: &[u8]) -> Result<EncodedFile> {
        let file = match self.what {
            StageWhat::Rows => self.encode_rows(entries),
            StageWhat::Keys => encode_keys(entries),
        };
        file.map_err(Error::encoding)
    }

    fn put(&self, path: String, pieces: Vec<Bytes>, remote: &Remote) -> Result<()> {
        let zone = self.zone.clone();
        let put = async move {
            let payload: PutPayload = pieces.into_iter().collect();
            let put = zone.store().put(&zone.path(&path)?, payload).await;
            put.map(drop).map_err(|error| zone.error("writing", &path, error))
        };
        remote.start(put).wait()
    }

    /// Appends the entries of an object to a block.
    pub(crate) fn read(&self, staged: &Staged, block: &mut Vec<u8>, remote: &Remote) -> Result<()> {
        let object = if let Some((offset, length)) = staged.part {
            read_range(&self.zone, &staged.path, offset, length, remote)?
        } else {
            let (zone, path) = (self.zone.clone(), staged.path.clone());
            let get = async move {
                let failed = |error| zone.error("reading", &path, error);
                zone.store().get(&zone.path(&path)?).await.map_err(failed)?.bytes().await.map_err(failed)
            };
            remote.start(get).wait()?
        };
        let entries = match self.what {
            StageWhat::Rows => self.decode_rows(object, block),
            StageWhat::Keys => decode_keys(object, staged.rebase.as_deref(), block),
        };
        let problem = match entries {
            Ok(entries) if entries == staged.entries => return Ok(()),
            Ok(entries) => format!("{entries} entries where there were {}", staged.entries),
            Err(problem) => problem,
        };
        Err(Error::Stage { object: self.zone.name(&staged.path), problem })
    }

    fn encode_rows(&self, entries: &[u8]) -> parquet::errors::Result<EncodedFile> {
        let kinds = self.kinds.list();
        let mut writer = FileWriter::staged()?;
        for row in rows(entries) {
            writer.push(&row, &kinds[row.kind as usize])?;
        }
        writer.finish()
    }

    fn decode_rows(&self, object: Bytes, block: &mut Vec<u8>) -> Result<u64, String> {
        let mut kinds = KindCache::new(Arc::clone(&self.kinds));
        let mut rows = FileRows::open(object)?;
        while rows.append_to(block, &mut kinds)? {}
        Ok(rows.rows())
    }
}

const DIGEST: &str = "digest";
const INPUT: &str = "input";
const BUCKET: &str = "bucket";
const ORDINAL: &str = "ordinal";
const KIND: &str = "kind";
const UUID: &str = "uuid";

static KEY_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new(column::EVENT_ID, DataType::FixedSizeBinary(16), false),
        Field::new(column::TIMESTAMP, DataType::Int64, false),
        Field::new(DIGEST, DataType::UInt64, false),
        Field::new(INPUT, DataType::UInt32, false),
        Field::new(BUCKET, DataType::UInt16, false),
        Field::new(ORDINAL, DataType::UInt32, false),
        Field::new(KIND, DataType::UInt32, false),
        Field::new(UUID, DataType::Boolean, false),
    ]))
});

fn encode_keys(entries: &[u8]) -> parquet::errors::Result<EncodedFile> {
    let (keys, _) = entries.as_chunks();
    let keys: Vec<_> = keys.iter().map(Key::read).collect();
    let ids = keys.iter().map(|key| key.id.to_be_bytes());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(FixedSizeBinaryArray::try_from_iter(ids)?),
        Arc::new(keys.iter().map(|key| key.timestamp).collect::<Int64Array>()),
        Arc::new(keys.iter().map(|key| key.digest).collect::<UInt64Array>()),
        Arc::new(keys.iter().map(|key| key.input).collect::<UInt32Array>()),
        Arc::new(keys.iter().map(|key| key.bucket).collect::<UInt16Array>()),
        Arc::new(keys.iter().map(|key| key.ordinal).collect::<UInt32Array>()),
        Arc::new(keys.iter().map(|key| key.kind).collect::<UInt32Array>()),
        Arc::new(keys.iter().map(|key| Some(key.uuid)).collect::<BooleanArray>()),
    ];
    encode_staged(&RecordBatch::try_new(Arc::clone(&KEY_SCHEMA), columns)?)
}

fn decode_keys(object: Bytes, rebase: Option<&Rebase>, block: &mut Vec<u8>) -> Result<u64, String> {
    let mut entries = 0;
    for batch in Batches::open(object)? {
        let batch = batch?;
        let ids = array(&batch, column::EVENT_ID)?.as_fixed_size_binary_opt();
        let ids = ids.filter(|ids| ids.value_length() == 16).ok_or_else(|| wrong_type(column::EVENT_ID))?;
        let timestamps = array(&batch, column::TIMESTAMP)?.as_primitive_opt::<Int64Type>();
        let timestamps = timestamps.ok_or_else(|| wrong_type(column::TIMESTAMP))?.values();
        let digests =
            array(&batch, DIGEST)?.as_primitive_opt::<UInt64Type>().ok_or_else(|| wrong_type(DIGEST))?.values();
        let numbers = |name: &str| {
            array(&batch, name)?
                .as_primitive_opt::<UInt32Type>()
                .ok_or_else(|| wrong_type(name))
                .map(arrow_array::PrimitiveArray::values)
        };
        let (inputs, ordinals, kinds) = (numbers(INPUT)?, numbers(ORDINAL)?, numbers(KIND)?);
        let uuids = array(&batch, UUID)?.as_boolean_opt().ok_or_else(|| wrong_type(UUID))?;
        let buckets =
            array(&batch, BUCKET)?.as_primitive_opt::<UInt16Type>().ok_or_else(|| wrong_type(BUCKET))?.values();
        for row in 0..batch.num_rows() {
            let mut id = [0; 16];
            id.copy_from_slice(ids.value(row));
            let bucket = buckets[row];
            let base = rebase.map_or(0, |rebase| rebase.ordinals[usize::from(bucket)]);
            let key = Key {
                id: u128::from_be_bytes(id),
                timestamp: timestamps[row],
                digest: digests[row],
                ordinal: base + ordinals[row],
                input: rebase.map_or(0, |rebase| rebase.input) + inputs[row],
                kind: match rebase {
                    Some(rebase) => *rebase.kinds.get(kinds[row] as usize).ok_or("a kind is not in the manifest")?,
                    None => kinds[row],
                },
                bucket,
                uuid: uuids.value(row),
            };
            key.write(block);
            entries += 1;
        }
    }
    Ok(entries)
}

fn array<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, String> {
    batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))
}

fn wrong_type(name: &str) -> String {
    format!("column `{name}` has another type")
}
