//! An input: a file, standard input or an object of a bucket.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

use crate::error::{Error, Result};
use crate::input::Input;
use crate::irregular;
use crate::settings::{DecompressionLimits, Source};

/// What is read of an object with a request.
const RANGE_BYTES: u64 = 8 << 20;

/// An input to look at.
#[derive(Debug)]
pub(super) enum InputSource {
    Local(Source),
    Object(Object),
}

/// An object of a bucket.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    pub(super) bytes: u64,
    /// What messages call it.
    pub(super) url: String,
    /// The runtime in which the store is asked.
    pub(super) runtime: Handle,
}

impl InputSource {
    /// What messages and reports call it.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Local(source) => source.name(),
            Self::Object(object) => object.url.as_str().into(),
        }
    }

    /// Looks at its first bytes.
    ///
    /// # Errors
    /// When it cannot be read, and for what is no file.
    pub(super) fn open(&self, limits: DecompressionLimits) -> Result<Input> {
        let opened = match self {
            Self::Local(source) => {
                if let Source::File(path) = source {
                    irregular::refuse(path)?;
                }
                Input::open(source, limits)
            }
            Self::Object(object) => Input::new(object.reader(), object.bytes, limits),
        };
        opened.map_err(|error| self.error(error))
    }

    /// The error for one that cannot be read.
    pub(super) fn error(&self, source: io::Error) -> Error {
        match self {
            Self::Local(local) => local.error(source),
            Self::Object(object) => Error::Io { operation: "reading", path: object.url.clone().into(), source },
        }
    }
}

impl Object {
    fn reader(&self) -> ObjectReader {
        ObjectReader {
            store: Arc::clone(&self.store),
            path: self.path.clone(),
            bytes: self.bytes,
            next: 0,
            range: Bytes::new(),
            runtime: self.runtime.clone(),
        }
    }
}

/// The bytes of an object, a range after the other. Its errors are those of the store.
struct ObjectReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
    next: u64,
    range: Bytes,
    runtime: Handle,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.range.is_empty() && self.next < self.bytes {
            let end = self.bytes.min(self.next + RANGE_BYTES);
            let range = self.runtime.block_on(self.store.get_range(&self.path, self.next..end));
            self.range = range.map_err(io::Error::other)?;
            self.next = end;
        }
        let length = buffer.len().min(self.range.len());
        self.range.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
