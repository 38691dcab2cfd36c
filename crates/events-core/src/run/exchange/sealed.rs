//! Lanes that a process hands to others: one behind the other in an object of the stage zone, and a list of where each is.

use bytes::Bytes;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::spool::Spool;
use crate::error::{Error, Result};
use crate::run::remote::Remote;
use crate::run::upload::{PART_BYTES, parts, upload};
use crate::run::zone::Zone;

/// What a spool held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// In the stage zone; there is no object when no lane has anything.
    pub(super) path: String,
    /// Those that hold something, in their order.
    pub(super) lanes: Vec<SealedLane>,
}

/// Where a lane lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u64, u64, u64)", into = "(u32, u64, u64, u64)")]
pub(super) struct SealedLane {
    pub(super) lane: u32,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) entries: u64,
}

impl From<(u32, u64, u64, u64)> for SealedLane {
    fn from((lane, offset, bytes, entries): (u32, u64, u64, u64)) -> Self {
        Self { lane, offset, bytes, entries }
    }
}

impl From<SealedLane> for (u32, u64, u64, u64) {
    fn from(SealedLane { lane, offset, bytes, entries }: SealedLane) -> Self {
        (lane, offset, bytes, entries)
    }
}

impl Sealed {
    /// Writes what a spool holds, which is empty then.
    pub(crate) fn write(spool: &Spool, zone: &Zone, path: String, remote: &Remote) -> Result<Self> {
        let (mut lanes, mut offset) = (Vec::new(), 0);
        for lane in 0..spool.len() {
            let (bytes, entries) = (spool.bytes(lane), spool.entries(lane));
            if bytes > 0 {
                lanes.push(SealedLane { lane: lane as u32, offset, bytes, entries });
                offset += bytes;
            }
        }
        if !lanes.is_empty() {
            let blocks = lanes.iter().flat_map(|part| spool.take(part.lane as usize, PART_BYTES, remote));
            upload(zone, &path, parts(blocks), remote)?;
        }
        Ok(Self { path, lanes })
    }

    /// How much is in it.
    pub(crate) fn entries(&self) -> u64 {
        self.lanes.iter().map(|part| part.entries).sum()
    }
}

/// A part of an object of the stage zone.
pub(super) fn read_range(zone: &Zone, path: &str, offset: u64, length: usize, remote: &Remote) -> Result<Bytes> {
    let get = {
        let (zone, path) = (zone.clone(), path.to_owned());
        async move {
            let range = offset..offset + length as u64;
            let bytes = zone.store().get_range(&zone.path(&path)?, range).await;
            bytes.map_err(|error| zone.error("reading", &path, error))
        }
    };
    let bytes = remote.start(get).wait()?;
    if bytes.len() == length {
        return Ok(bytes);
    }
    let problem = format!("{} bytes at {offset} where there were {length}", bytes.len());
    Err(Error::Stage { object: zone.name(path), problem })
}
