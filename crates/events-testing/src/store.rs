//! A store that does wrong what it is told to do wrong.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::lock::Mutex;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode, Result, UploadPart,
};

use crate::fault::Fault;
use crate::faults::{Begun, DEAD, Faults, refused};
use crate::operation::{Operation, OperationKind, WriteMode};

/// The store as one runner sees it.
///
/// Every request to it is an [`Operation`]. Copies and renames reach the inner store as they are, so what is atomic there
/// stays so. Clones are the same runner.
#[derive(Debug, Clone)]
pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    faults: Arc<Faults>,
    runner: usize,
    seat: Option<usize>,
}

impl FaultStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, faults: Arc<Faults>, runner: usize, seat: Option<usize>) -> Self {
        Self { inner, faults, runner, seat }
    }

    /// The number of the runner.
    #[must_use]
    pub fn runner(&self) -> usize {
        self.runner
    }

    /// Whether the runner is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.faults.is_dead(self.runner)
    }

    fn operation(&self, kind: OperationKind, path: &Path) -> Operation {
        Operation { runner: self.runner, number: 0, kind, path: path.clone(), to: None, mode: None }
    }

    async fn operate<T: 'static>(
        &self,
        operation: Operation,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Begun { operation, fault } = self.faults.begin(operation, self.seat).await?;
        match fault {
            Fault::None => effect.await,
            Fault::CrashBefore => Err(refused(DEAD)),
            Fault::CrashAfter => {
                let _ = effect.await;
                self.faults.kill(self.runner);
                Err(refused(DEAD))
            }
            Fault::Error { .. } => Err(refused("503 Slow Down")),
            // What the store says is not known to the runner, so a refusal is lost as an answer too.
            Fault::LostAnswer => {
                let _ = effect.await;
                Err(refused("the connection was reset before the answer"))
            }
            // The request that the client repeats finds its own write, or whatever refused the first.
            Fault::OwnWriteRefused => {
                effect.await?;
                Err(conflict(&operation))
            }
            Fault::SpuriousConflict => Err(conflict(&operation)),
            Fault::Delayed { operations } => {
                self.faults.delay(operation, operations, effect.map(drop).boxed());
                Err(refused("the request timed out"))
            }
        }
    }

    fn listing(
        &self,
        prefix: Option<&Path>,
        objects: impl FnOnce(&dyn ObjectStore) -> BoxStream<'static, Result<ObjectMeta>> + Send + 'static,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let operation = self.operation(OperationKind::List, prefix.unwrap_or(&Path::default()));
        let listed = async move {
            let inner = Arc::clone(&store.inner);
            let list = async move {
                let mut objects: Vec<_> = objects(&*inner).try_collect().await?;
                // A disk lists in no order, and a trace is to be the same each time.
                objects.sort_unstable_by(|one, two| one.location.cmp(&two.location));
                Ok(objects)
            };
            let objects = store.operate(operation, list).await?;
            Ok::<_, Error>(stream::iter(objects.into_iter().map(Ok)))
        };
        stream::once(listed).try_flatten().boxed()
    }
}

fn conflict(operation: &Operation) -> Error {
    let (path, source) = (operation.path.to_string(), "the condition does not hold".into());
    match operation.mode {
        Some(WriteMode::Update) => Error::Precondition { path, source },
        _ => Error::AlreadyExists { path, source },
    }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FaultStore({}, runner {})", self.inner, self.runner)
    }
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let operation = Operation { mode: Some((&opts.mode).into()), ..self.operation(OperationKind::Put, location) };
        let (inner, location) = (Arc::clone(&self.inner), location.clone());
        self.operate(operation, async move { inner.put_opts(&location, payload, opts).await }).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let operation = self.operation(OperationKind::StartUpload, location);
        let inner = Arc::clone(&self.inner);
        let path = location.clone();
        let upload = self.operate(operation, async move { inner.put_multipart_opts(&path, opts).await }).await?;
        Ok(Box::new(FaultUpload {
            store: self.clone(),
            location: location.clone(),
            inner: Arc::new(Mutex::new(upload)),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let kind = if options.head { OperationKind::Head } else { OperationKind::Get };
        let (inner, path) = (Arc::clone(&self.inner), location.clone());
        self.operate(self.operation(kind, location), async move { inner.get_opts(&path, options).await }).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (inner, path, ranges) = (Arc::clone(&self.inner), location.clone(), ranges.to_vec());
        let operation = self.operation(OperationKind::GetRanges, location);
        self.operate(operation, async move { inner.get_ranges(&path, &ranges).await }).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let location = location?;
                let operation = store.operation(OperationKind::Delete, &location);
                let inner = Arc::clone(&store.inner);
                let one = stream::iter([Ok(location.clone())]).boxed();
                let deleted = async move { inner.delete_stream(one).try_for_each(|_| async { Ok(()) }).await };
                store.operate(operation, deleted).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let below = prefix.cloned();
        self.listing(prefix, move |inner| inner.list(below.as_ref()))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (below, offset) = (prefix.cloned(), offset.clone());
        self.listing(prefix, move |inner| inner.list_with_offset(below.as_ref(), &offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let operation = self.operation(OperationKind::List, prefix.unwrap_or(&Path::default()));
        let (inner, prefix) = (Arc::clone(&self.inner), prefix.cloned());
        let list = async move {
            let mut listed = inner.list_with_delimiter(prefix.as_ref()).await?;
            listed.objects.sort_unstable_by(|one, two| one.location.cmp(&two.location));
            listed.common_prefixes.sort_unstable();
            Ok(listed)
        };
        self.operate(operation, list).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => WriteMode::Overwrite,
            CopyMode::Create => WriteMode::Create,
        };
        let operation =
            Operation { to: Some(to.clone()), mode: Some(mode), ..self.operation(OperationKind::Copy, from) };
        let (inner, from, to) = (Arc::clone(&self.inner), from.clone(), to.clone());
        self.operate(operation, async move { inner.copy_opts(&from, &to, options).await }).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let mode = match options.target_mode {
            RenameTargetMode::Overwrite => WriteMode::Overwrite,
            RenameTargetMode::Create => WriteMode::Create,
        };
        let operation =
            Operation { to: Some(to.clone()), mode: Some(mode), ..self.operation(OperationKind::Rename, from) };
        let (inner, from, to) = (Arc::clone(&self.inner), from.clone(), to.clone());
        self.operate(operation, async move { inner.rename_opts(&from, &to, options).await }).await
    }
}

/// An upload in parts of which each step is an operation.
#[derive(Debug)]
struct FaultUpload {
    store: FaultStore,
    location: Path,
    inner: Arc<Mutex<Box<dyn MultipartUpload>>>,
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    /// The inner upload is given the part at once, because the order of calls is the order of parts. That it has it before
    /// a fault is decided nobody sees: parts are nothing before they are put together, and who lost one cannot send it
    /// again.
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.try_lock().map(|mut upload| upload.put_part(data));
        let store = self.store.clone();
        let operation = store.operation(OperationKind::PutPart, &self.location);
        async move {
            let part = part.ok_or_else(|| refused("a part came while the upload was completed"))?;
            store.operate(operation, part).await
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let inner = Arc::clone(&self.inner);
        let operation = self.store.operation(OperationKind::CompleteUpload, &self.location);
        self.store.operate(operation, async move { inner.lock().await.complete().await }).await
    }

    async fn abort(&mut self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let operation = self.store.operation(OperationKind::AbortUpload, &self.location);
        self.store.operate(operation, async move { inner.lock().await.abort().await }).await
    }
}
