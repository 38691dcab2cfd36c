//! Where encoded bytes go.

use std::io::{self, Write};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

/// Collects what is written in blocks, because a growing vector is copied and takes twice its length meanwhile.
#[derive(Default)]
pub(super) struct Blocks {
    full: Vec<Bytes>,
    open: Vec<u8>,
    digest: Box<Xxh3>,
    length: u64,
}

impl Blocks {
    const BLOCK_BYTES: usize = 1 << 20;

    /// What was written, its length and its XXH3-128.
    pub(super) fn finish(mut self) -> (Vec<Bytes>, u64, u128) {
        self.full.push(Bytes::from(self.open));
        (self.full, self.length, self.digest.digest128())
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        if !self.open.is_empty() && self.open.len() + bytes.len() > Self::BLOCK_BYTES {
            self.full.push(Bytes::from(std::mem::take(&mut self.open)));
        }
        self.open.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
