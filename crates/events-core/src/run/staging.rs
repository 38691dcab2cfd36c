//! Files on their way to the stage zone.
//!
//! Where several write to one store each request costs money and time, so small files go there together, as one object
//! that each is read from again when it is published. On a file system each goes by itself, because a rename publishes it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};
use xxhash_rust::xxh3::Xxh3;

use super::context::Context;
use super::control::{Digest, StagedAt, Step};
use super::layout;
use super::outputs::{Destination, Output};
use super::remote::{Remote, Ticket};
use super::writers::Writers;
use crate::error::Result;
use crate::table::EncodedFile;

/// The bytes of objects that may be on their way to the store while the next file is encoded.
const PUT_BYTES_MAX: u64 = 8 << 20;

/// A file that goes together with others has at most so many bytes.
const PACKED_FILE_BYTES_MAX: u64 = 256 << 10;

/// An object of several files takes no more when it has so many bytes.
const PACK_BYTES: u64 = 4 << 20;

/// Sends the files of a thread to the stage zone.
pub(crate) struct Staging<'a> {
    context: &'a Arc<Context>,
    remote: &'a Remote,
    puts: VecDeque<(u64, Ticket<()>)>,
    pack: Pack,
    outputs: Vec<Output>,
}

/// Files that go to the stage as one object.
#[derive(Default)]
struct Pack {
    /// What the files become, without the name of the object, which is that of what is in it.
    outputs: Vec<Output>,
    pieces: Vec<Bytes>,
    bytes: u64,
}

impl<'a> Staging<'a> {
    pub(crate) fn new(context: &'a Arc<Context>, remote: &'a Remote) -> Self {
        Self { context, remote, puts: VecDeque::new(), pack: Pack::default(), outputs: Vec::new() }
    }

    /// Sends a file, `new_rows` of which the run brings.
    pub(crate) fn send(
        &mut self,
        file: EncodedFile,
        folder: String,
        new_rows: u64,
        destination: Destination,
        step: Step,
    ) -> Result<()> {
        let EncodedFile { bytes: mut pieces, digest, rows, length: bytes, tail: tail_bytes, .. } = file;
        let packed = self.context.writers == Writers::Many && bytes <= PACKED_FILE_BYTES_MAX;
        let staged = if packed {
            StagedAt { object: String::new(), offset: Some(self.pack.bytes) }
        } else {
            StagedAt::whole(layout::stage_out(&self.context.stage, &folder, destination.replaces(), digest))
        };
        let digest = Digest(digest);
        let output = Output { folder, destination, step, staged, digest, rows, new_rows, bytes, tail_bytes };
        if packed {
            self.pack.pieces.append(&mut pieces);
            self.pack.bytes += bytes;
            self.pack.outputs.push(output);
            return if self.pack.bytes >= PACK_BYTES { self.put_pack() } else { Ok(()) };
        }
        self.put(output.staged.object.clone(), pieces, bytes)?;
        self.outputs.push(output);
        Ok(())
    }

    /// Sends the files that go together.
    fn put_pack(&mut self) -> Result<()> {
        let Pack { mut outputs, pieces, bytes } = std::mem::take(&mut self.pack);
        if outputs.is_empty() {
            return Ok(());
        }
        let mut digest = Xxh3::new();
        for output in &outputs {
            digest.update(&output.digest.0.to_le_bytes());
        }
        let object = layout::stage_pack(&self.context.stage, digest.digest128());
        for output in &mut outputs {
            output.staged.object.clone_from(&object);
        }
        self.outputs.append(&mut outputs);
        self.put(object, pieces, bytes)
    }

    /// Begins to put an object, and waits for others when many are on their way.
    fn put(&mut self, path: String, pieces: Vec<Bytes>, bytes: u64) -> Result<()> {
        let zone = self.context.zones.stage.clone();
        let put = self.remote.start(async move {
            let payload: PutPayload = pieces.into_iter().collect();
            let put = zone.store().put(&zone.path(&path)?, payload).await;
            put.map(drop).map_err(|error| zone.error("writing", &path, error))
        });
        self.puts.push_back((bytes, put));
        while self.puts.len() > self.context.config.requests_max
            || self.puts.iter().map(|(bytes, _)| bytes).sum::<u64>() > PUT_BYTES_MAX
        {
            let Some((_, put)) = self.puts.pop_front() else { break };
            put.wait()?;
        }
        Ok(())
    }

    /// Waits until all files are in the stage.
    pub(crate) fn finish(mut self) -> Result<Vec<Output>> {
        self.put_pack()?;
        for (_, put) in self.puts {
            put.wait()?;
        }
        Ok(self.outputs)
    }
}
