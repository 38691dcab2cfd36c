//! Inputs that belong to somebody else: the system may refuse them a second name, by which a rename replaces nothing.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::lake::{Lake, event};
use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode, Result,
};

/// A folder in which no input gets a second name.
#[derive(Debug)]
struct Store(LocalFileSystem);

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Store")
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        if options.target_mode == RenameTargetMode::Create && from.as_ref().contains("/pending/") {
            let source = Box::new(io::Error::from(io::ErrorKind::PermissionDenied));
            return Err(Error::Generic { store: "Store", source });
        }
        self.0.rename_opts(from, to, options).await
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn inputs_of_somebody_else_are_moved_and_replace_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let lake = Lake::over(Arc::new(Store(store)), Some(folder));
    for (number, id) in [1, 2].into_iter().enumerate() {
        lake.put("landing/pending/same.json", event(id, 1_610_000_000, 0, "1")).await;
        lake.run_as(&format!("run-{number}"), events_core::Config::default()).await;
    }
    assert_eq!(lake.list("landing/pending").await, [""; 0]);
    assert_eq!(lake.list("landing/processed").await.len(), 2);
    assert_eq!(lake.rows().await.len(), 2);
}
