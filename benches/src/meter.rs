//! A store that counts what is asked of it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
    coalesce_ranges,
};

/// A store behind which another does the work.
#[derive(Debug, Clone)]
pub struct Meter {
    inner: Arc<dyn ObjectStore>,
    as_s3: bool,
    counts: Arc<Mutex<Counts>>,
}

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Requests by kind and zone.
    pub requests: BTreeMap<(&'static str, String), u64>,
    /// Bytes read by zone.
    pub read: BTreeMap<String, u64>,
    /// Bytes written by zone.
    pub written: BTreeMap<String, u64>,
    /// The parts that all calls for parts have asked for.
    pub ranges: u64,
}

impl Counts {
    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Requests of a kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> u64 {
        self.requests.iter().filter(|((of, _), _)| *of == kind).map(|(_, count)| count).sum()
    }
}

impl Meter {
    /// With `as_s3` the requests are those that the client of S3 makes: parts of an object that lie within a megabyte are
    /// read at once, with what lies between them, and a request deletes a thousand objects. Without, a call is a request.
    pub fn new(inner: Arc<dyn ObjectStore>, as_s3: bool) -> Self {
        Self { inner, as_s3, counts: Arc::default() }
    }

    /// What was asked for since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn request(&self, kind: &'static str, path: Option<&Path>) {
        let zone = zone(path);
        self.count(|counts| *counts.requests.entry((kind, zone)).or_default() += 1);
    }

    fn read(&self, path: &Path, bytes: u64) {
        self.count(|counts| *counts.read.entry(zone(Some(path))).or_default() += bytes);
    }
}

fn zone(path: Option<&Path>) -> String {
    path.and_then(|path| path.parts().next()).map(|part| part.as_ref().to_owned()).unwrap_or_default()
}

impl fmt::Display for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Meter({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Meter {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.request("put", Some(location));
        let bytes = payload.content_length() as u64;
        self.count(|counts| *counts.written.entry(zone(Some(location))).or_default() += bytes);
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.request("upload", Some(location));
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        self.request(if head { "head" } else { "get" }, Some(location));
        let got = self.inner.get_opts(location, options).await?;
        if !head {
            self.read(location, got.range.end - got.range.start);
        }
        Ok(got)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.count(|counts| counts.ranges += ranges.len() as u64);
        if self.as_s3 {
            let get = |range| self.get_range(location, range);
            return coalesce_ranges(ranges, get, OBJECT_STORE_COALESCE_DEFAULT).await;
        }
        self.request("get", Some(location));
        self.read(location, ranges.iter().map(|range| range.end - range.start).sum());
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let meter = self.clone();
        let locations = locations.enumerate().map(move |(number, location)| {
            if let Ok(location) = &location
                && (!meter.as_s3 || number % 1000 == 0)
            {
                meter.request("delete", Some(location));
            }
            location
        });
        self.inner.delete_stream(locations.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.request("list", prefix);
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.request("list", prefix);
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.request("list", prefix);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.request("copy", Some(to));
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.request("rename", Some(to));
        self.inner.rename_opts(from, to, options).await
    }
}
