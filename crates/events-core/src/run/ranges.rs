//! The bytes of an input, as a store gives them.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use bytes::{Buf, Bytes};
use object_store::{GetOptions, GetRange, ObjectStore};
use xxhash_rust::xxh3::Xxh3;

use super::context::Context;
use super::plan::Input;
use super::remote::{Remote, Ticket};
use super::writers::Writers;
use crate::error::{Error, Result};

/// The ranges of an input, in order, a few ahead.
pub(crate) struct Ranges {
    context: Arc<Context>,
    remote: Remote,
    input: Input,
    next: u64,
    ahead: VecDeque<Ticket<Bytes>>,
    put_back: Option<Bytes>,
    reading: Box<Xxh3>,
    digest: Arc<OnceLock<u128>>,
}

impl Ranges {
    /// The ranges of an input. `digest` is set to the XXH3-128 of its bytes when the last one is read.
    pub(crate) fn new(context: &Arc<Context>, input: &Input, digest: &Arc<OnceLock<u128>>, remote: &Remote) -> Self {
        Self {
            reading: Box::default(),
            digest: Arc::clone(digest),
            context: Arc::clone(context),
            remote: remote.clone(),
            input: input.clone(),
            next: 0,
            ahead: VecDeque::new(),
            put_back: None,
        }
    }

    pub(crate) fn at_end(&self) -> bool {
        self.put_back.is_none() && self.ahead.is_empty() && self.next == self.input.bytes
    }

    pub(crate) fn put_back(&mut self, range: Bytes) {
        self.put_back = Some(range).filter(|range| !range.is_empty());
    }

    pub(crate) fn next(&mut self) -> Result<Option<Bytes>> {
        if let Some(range) = self.put_back.take() {
            return Ok(Some(range));
        }
        while self.ahead.len() < self.context.config.requests_max && self.next < self.input.bytes {
            let end = self.input.bytes.min(self.next + self.context.chunk_bytes() as u64);
            let ticket = self.request(self.next..end);
            self.ahead.push_back(ticket);
            self.next = end;
        }
        let Some(ticket) = self.ahead.pop_front() else { return Ok(None) };
        let range = ticket.wait()?;
        self.note(&range);
        self.context.progress.bytes_read.fetch_add(range.len() as u64, Ordering::Relaxed);
        Ok(Some(range))
    }

    /// Goes on with the digest. Where one writer renames, nobody asks for it.
    fn note(&mut self, range: &[u8]) {
        if self.context.writers == Writers::Single {
            return;
        }
        self.reading.update(range);
        if self.ahead.is_empty() && self.next == self.input.bytes {
            // Each input has one reader, so nobody else sets it.
            let _ = self.digest.set(self.reading.digest128());
        }
    }

    fn request(&self, range: Range<u64>) -> Ticket<Bytes> {
        let landing = self.context.zones.landing.clone();
        let (path, e_tag) = (self.input.path(), self.input.e_tag.clone());
        self.remote.start(async move {
            let failed = |error| match error {
                object_store::Error::Precondition { .. } => Error::InputChanged { object: landing.name(&path) },
                error => landing.error("reading", &path, error),
            };
            let expected = range.end - range.start;
            let options =
                GetOptions { range: Some(GetRange::Bounded(range)), if_match: e_tag, ..GetOptions::default() };
            let got = landing.store().get_opts(&landing.path(&path)?, options).await.map_err(failed)?;
            let bytes = got.bytes().await.map_err(failed)?;
            if bytes.len() as u64 == expected {
                Ok(bytes)
            } else {
                Err(Error::InputChanged { object: landing.name(&path) })
            }
        })
    }
}

/// The ranges of an input as a stream of bytes. Its errors carry an [`Error`].
pub(crate) struct RangeReader {
    pub(crate) ranges: Box<Ranges>,
    pub(crate) current: Bytes,
}

impl BufRead for RangeReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.is_empty() {
            self.current = self.ranges.next().map_err(io::Error::other)?.unwrap_or_default();
        }
        Ok(&self.current)
    }

    fn consume(&mut self, bytes: usize) {
        self.current.advance(bytes);
    }
}

impl Read for RangeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
