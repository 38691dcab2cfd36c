//! A store of a folder whose documents are whole once they have their names, also after a loss of power.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// Syncs each document before it gets its name; everything else is left to the next barrier.
///
/// The few documents of a run, such as its entry of the log, are what later runs go by. Between their putting and the
/// barrier behind it, a loss of power would leave an empty one, and nobody could go on.
#[derive(Debug)]
pub(crate) struct DurableFolder {
    folder: LocalFileSystem,
    synced: LocalFileSystem,
}

impl DurableFolder {
    pub(crate) fn new(folder: LocalFileSystem) -> Self {
        Self { synced: folder.clone().with_fsync(true), folder }
    }
}

fn is_document(location: &Path) -> bool {
    matches!(location.extension(), Some("json" | "done"))
}

impl fmt::Display for DurableFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DurableFolder({})", self.folder)
    }
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let store = if is_document(location) { &self.synced } else { &self.folder };
        store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.folder.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.folder.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.folder.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.folder.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.folder.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.folder.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.folder.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.folder.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.folder.rename_opts(from, to, options).await
    }
}
