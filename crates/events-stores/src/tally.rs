//! A store that counts its calls as the requests that a bucket would get.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result, UploadPart, coalesce_ranges,
};

use crate::requests::{RequestCounter, RequestKind};

/// The entries of a page of a listing of S3, and the objects that one request erases.
const PAGE_ENTRIES: usize = 1000;

/// A store that counts what is asked of it, each call as the requests that the client of S3 makes of it, and asks another
/// store. Nobody tries again here, so what a bucket gets twice is counted once.
#[derive(Debug, Clone)]
pub struct Tally {
    inner: Arc<dyn ObjectStore>,
    counter: RequestCounter,
    asked: Asked,
}

/// As what a store is asked: what a call is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// As a folder or a memory, which nobody is sent a request for. A rename counts as a copy and a deletion.
    Folder,
    /// As a bucket that several write to: a rename is a copy and a deletion, and a copy under a condition an upload of one
    /// part that the bucket copies.
    SharedBucket,
    /// As a bucket that one writes to: the same, but its client refuses a copy under a condition.
    OwnBucket,
}

impl Tally {
    /// Counts what is asked of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, counter: RequestCounter, asked: Asked) -> Self {
        Self { inner, counter, asked }
    }

    fn count(&self, kind: RequestKind) {
        self.counter.count(kind);
    }

    /// Counts each page of a listing when its first entry is asked for.
    fn pages(&self, listing: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let counter = self.counter.clone();
        // The first one is there also when nothing is on it.
        counter.count(RequestKind::List);
        let listing = listing.enumerate().map(move |(number, object)| {
            if number > 0 && number % PAGE_ENTRIES == 0 {
                counter.count(RequestKind::List);
            }
            object
        });
        listing.boxed()
    }

    /// A copy of which the bucket is told that nothing may be replaced: the upload begins, its part is copied, it ends.
    async fn copy_as_upload(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copied = self.inner.copy_opts(from, to, options).await;
        let requests = if matches!(copied, Err(Error::NotFound { .. })) { 2 } else { 3 };
        for _ in 0..requests {
            self.count(RequestKind::Multipart);
        }
        if copied.is_err() {
            // The upload is given up.
            self.count(RequestKind::Delete);
        }
        copied
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tally({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Tally {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.count(RequestKind::Put);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.count(RequestKind::Multipart);
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload { inner, counter: self.counter.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.count(if options.head { RequestKind::Head } else { RequestKind::Get });
        self.inner.get_opts(location, options).await
    }

    /// Ranges that lie close to one another are read at once, with what lies between them.
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        coalesce_ranges(ranges, |range| self.get_range(location, range), OBJECT_STORE_COALESCE_DEFAULT).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let counter = self.counter.clone();
        let locations = locations.enumerate().map(move |(number, location)| {
            if number % PAGE_ENTRIES == 0 {
                counter.count(RequestKind::Delete);
            }
            location
        });
        self.inner.delete_stream(locations.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.pages(self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.pages(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed = self.inner.list_with_delimiter(prefix).await;
        let entries = listed.as_ref().map_or(0, |listed| listed.objects.len() + listed.common_prefixes.len());
        for _ in 0..entries.div_ceil(PAGE_ENTRIES).max(1) {
            self.count(RequestKind::List);
        }
        listed
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        match (self.asked, &options.mode) {
            (Asked::SharedBucket, CopyMode::Create) => self.copy_as_upload(from, to, options).await,
            (Asked::OwnBucket, CopyMode::Create) => {
                Err(Error::NotSupported { source: "a copy under a condition".into() })
            }
            _ => {
                self.count(RequestKind::Copy);
                self.inner.copy_opts(from, to, options).await
            }
        }
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        if self.asked == Asked::Folder {
            self.count(RequestKind::Copy);
            self.count(RequestKind::Delete);
            return self.inner.rename_opts(from, to, options).await;
        }
        let mode = match options.target_mode {
            RenameTargetMode::Overwrite => CopyMode::Overwrite,
            RenameTargetMode::Create => CopyMode::Create,
        };
        self.copy_opts(from, to, CopyOptions { mode, extensions: options.extensions }).await?;
        self.delete(from).await
    }
}

/// An upload whose parts and end are counted.
#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    counter: RequestCounter,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        self.counter.count(RequestKind::Multipart);
        self.inner.put_part(payload)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.counter.count(RequestKind::Multipart);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.counter.count(RequestKind::Delete);
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::{TryStreamExt, stream};
    use object_store::memory::InMemory;

    use super::*;
    use crate::requests::Requests;

    fn tally(asked: Asked) -> Tally {
        Tally::new(Arc::new(InMemory::new()), RequestCounter::default(), asked)
    }

    async fn put(tally: &Tally, count: usize) -> Vec<Path> {
        let paths: Vec<_> = (0..count).map(|number| Path::from(format!("a/{number:05}"))).collect();
        for path in &paths {
            tally.put(path, "x".into()).await.unwrap();
        }
        paths
    }

    #[tokio::test]
    async fn counts_pages_of_listings_and_deletions() {
        let tally = tally(Asked::SharedBucket);
        let asked = |from: &Requests| tally.counter.requests().since(from);
        let root = Path::from("a");
        assert!(tally.list(Some(&root)).try_next().await.unwrap().is_none());
        assert_eq!(asked(&Requests::default()), Requests { list: 1, ..Requests::default() });
        let paths = put(&tally, 2001).await;

        let before = tally.counter.requests();
        assert_eq!(tally.list(Some(&root)).try_collect::<Vec<_>>().await.unwrap().len(), 2001);
        assert_eq!(asked(&before).list, 3);
        let before = tally.counter.requests();
        // Whoever only wants to know whether anything is there asks for one page.
        assert!(tally.list(Some(&root)).try_next().await.unwrap().is_some());
        assert_eq!(
            tally.list_with_offset(Some(&root), &paths[1000]).try_collect::<Vec<_>>().await.unwrap().len(),
            1000
        );
        assert_eq!(asked(&before).list, 2);
        let before = tally.counter.requests();
        assert_eq!(tally.list_with_delimiter(Some(&root)).await.unwrap().objects.len(), 2001);
        assert_eq!(asked(&before).list, 3);

        let before = tally.counter.requests();
        let erased = tally.delete_stream(stream::iter(paths.into_iter().map(Ok)).boxed());
        assert_eq!(erased.try_collect::<Vec<_>>().await.unwrap().len(), 2001);
        assert_eq!(asked(&before), Requests { delete: 3, ..Requests::default() });
    }

    #[tokio::test]
    async fn counts_reads_as_the_client_makes_them() {
        let tally = tally(Asked::Folder);
        let path = Path::from("a");
        tally.put(&path, vec![7; 4 << 20].into()).await.unwrap();
        let before = tally.counter.requests();
        let far = (3 << 20)..(3 << 20) + 2;
        let parts = tally.get_ranges(&path, &[0..1, 10..12, far]).await.unwrap();
        assert_eq!(parts.iter().map(Bytes::len).collect::<Vec<_>>(), [1, 2, 2]);
        tally.head(&path).await.unwrap();
        assert!(tally.get(&Path::from("b")).await.is_err());
        let asked = tally.counter.requests().since(&before);
        assert_eq!(asked, Requests { get: 3, head: 1, ..Requests::default() });
    }

    #[tokio::test]
    async fn a_copy_under_a_condition_is_what_the_client_makes_of_it() {
        let create = || CopyOptions { mode: CopyMode::Create, ..CopyOptions::default() };
        let (from, to) = (Path::from("a/00000"), Path::from("b"));
        let counted = async |asked: Asked| {
            let tally = tally(asked);
            put(&tally, 1).await;
            let copied = tally.copy_opts(&from, &to, create()).await;
            let again = tally.copy_opts(&from, &to, create()).await;
            (copied.is_ok(), again.is_ok(), tally.counter.requests())
        };
        let put = Requests { put: 1, ..Requests::default() };
        assert_eq!(counted(Asked::Folder).await, (true, false, Requests { copy: 2, ..put }));
        assert_eq!(counted(Asked::SharedBucket).await, (true, false, Requests { multipart: 6, delete: 1, ..put }));
        assert_eq!(counted(Asked::OwnBucket).await, (false, false, put));
    }

    #[tokio::test]
    async fn a_rename_is_a_copy_and_a_deletion() {
        for asked in [Asked::Folder, Asked::SharedBucket, Asked::OwnBucket] {
            let tally = tally(asked);
            put(&tally, 1).await;
            tally.rename(&Path::from("a/00000"), &Path::from("b")).await.unwrap();
            let requests = Requests { put: 1, copy: 1, delete: 1, ..Requests::default() };
            assert_eq!(tally.counter.requests(), requests, "{asked:?}");
            assert!(tally.inner.get(&Path::from("b")).await.is_ok());
        }
    }

    #[tokio::test]
    async fn counts_each_part_of_an_upload() {
        let tally = tally(Asked::SharedBucket);
        let mut upload = tally.put_multipart_opts(&Path::from("a"), PutMultipartOptions::default()).await.unwrap();
        for _ in 0..3 {
            upload.put_part("x".into()).await.unwrap();
        }
        upload.complete().await.unwrap();
        assert_eq!(tally.counter.requests(), Requests { multipart: 5, ..Requests::default() });
    }
}
