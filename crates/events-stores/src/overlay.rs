//! A view of a store whose changes stay beside it: what a command would do can be done on it, and is not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::{Bound, Range};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::Utc;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, Extensions, GetOptions, GetResult, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    RenameOptions, RenameTargetMode, Result, UploadPart,
};

/// A store that reads from another one, its base, and never writes to it: what is put, copied, renamed or erased is so only
/// here. Clones are the same view.
///
/// What is put goes to a third store, `beside`, each version under a name of its own; a copy or a rename moves no bytes.
/// What is erased is noted. Everything else is as the base has it at the moment of the question.
///
/// Each change is atomic, and a condition holds against the view as a whole. Every version has a name that it shares with
/// none. Erasing what is not there is no failure, as in S3.
///
/// | operation | asks of the base |
/// |---|---|
/// | put, erase, upload | nothing |
/// | put under a condition, on an object of the base | about that object |
/// | copy, rename of an object of the base | about it; under a condition, about the target too |
/// | get, list | the same, unless the object was put here |
#[derive(Debug, Clone)]
pub struct Overlay {
    base: Arc<dyn ObjectStore>,
    beside: Arc<dyn ObjectStore>,
    changes: Arc<Mutex<Changes>>,
    /// A folder stays when everything in it is erased.
    keeps_folders: bool,
}

/// What is not as in the base.
#[derive(Debug, Default)]
struct Changes {
    /// How many there were: it numbers them.
    count: u64,
    by_path: BTreeMap<Path, Change>,
}

#[derive(Debug, Clone)]
struct Change {
    number: u64,
    /// `None` for what was erased.
    object: Option<Object>,
}

/// An object that was put here, or copied from the base.
#[derive(Debug, Clone)]
struct Object {
    meta: ObjectMeta,
    attributes: Attributes,
    content: Content,
}

/// Where bytes are.
#[derive(Debug, Clone)]
enum Content {
    Base(Path),
    Beside(Path),
}

/// What a path is in the view, as far as the view alone knows.
#[derive(Debug, Clone)]
enum State {
    /// As in the base.
    Base,
    Changed(Change),
}

impl State {
    /// Tells versions of what the view knows apart.
    fn number(&self) -> Option<u64> {
        match self {
            Self::Base => None,
            Self::Changed(change) => Some(change.number),
        }
    }
}

impl Overlay {
    /// A view of `base`. `beside` is empty, and nobody else writes there.
    #[must_use]
    pub fn new(base: Arc<dyn ObjectStore>, beside: Arc<dyn ObjectStore>) -> Self {
        Self { base, beside, changes: Arc::default(), keeps_folders: false }
    }

    /// A view of a store of a folder: there folders stay when nothing is in them any more, and listings show them.
    #[must_use]
    pub fn of_folder(base: Arc<dyn ObjectStore>, beside: Arc<dyn ObjectStore>) -> Self {
        Self { keeps_folders: true, ..Self::new(base, beside) }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        // Nothing that holds it can panic half way.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self, location: &Path) -> State {
        self.changes().by_path.get(location).cloned().map_or(State::Base, State::Changed)
    }

    /// What the view has there; `None` when nothing is.
    async fn object(&self, location: &Path, state: &State) -> Result<Option<Object>> {
        match state {
            State::Changed(change) => Ok(change.object.clone()),
            State::Base => match self.base.get_opts(location, GetOptions::new().with_head(true)).await {
                Ok(found) => Ok(Some(Object {
                    meta: found.meta,
                    attributes: found.attributes,
                    content: Content::Base(location.clone()),
                })),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    fn store_of(&self, content: &Content) -> (&Arc<dyn ObjectStore>, Path) {
        match content {
            Content::Base(path) => (&self.base, path.clone()),
            Content::Beside(path) => (&self.beside, path.clone()),
        }
    }

    /// A name beside the base that nothing has.
    fn free_name(&self) -> Path {
        let mut changes = self.changes();
        changes.count += 1;
        Path::from(changes.count.to_string())
    }

    /// Puts an object, when the mode allows it at that moment.
    async fn put_object(
        &self,
        location: &Path,
        (content, size): (Content, u64),
        attributes: Attributes,
        mode: &PutMode,
    ) -> Result<PutResult> {
        loop {
            let before = self.state(location);
            self.require(location, &before, mode).await?;
            let mut changes = self.changes();
            if changes.number(location) == before.number() {
                let e_tag = changes.put(location, content, size, attributes);
                return Ok(PutResult { e_tag: Some(e_tag), version: None, extensions: Extensions::default() });
            }
        }
    }

    /// Whether an object may be put in the place of what is there.
    async fn require(&self, location: &Path, before: &State, mode: &PutMode) -> Result<()> {
        let version = match mode {
            PutMode::Overwrite => return Ok(()),
            PutMode::Create => None,
            PutMode::Update(version) => Some(version),
        };
        let found = self.object(location, before).await?;
        let Some(version) = version else {
            return if found.is_none() { Ok(()) } else { Err(exists(location)) };
        };
        let found = found.and_then(|object| object.meta.e_tag);
        if found.is_some() && found == version.e_tag {
            return Ok(());
        }
        let source = format!("{found:?} is there, and not {:?}", version.e_tag).into();
        Err(Error::Precondition { path: location.to_string(), source })
    }

    /// Copies an object, and erases it where it was when it `moves`.
    async fn copy_object(&self, from: &Path, to: &Path, mode: &PutMode, moves: bool) -> Result<()> {
        loop {
            let (source, target) = (self.state(from), self.state(to));
            let Some(object) = self.object(from, &source).await? else { return Err(missing(from)) };
            self.require(to, &target, mode).await?;
            let mut changes = self.changes();
            if changes.number(from) == source.number() && changes.number(to) == target.number() {
                changes.put(to, object.content, object.meta.size, object.attributes);
                if moves && from != to {
                    changes.erase(from);
                }
                return Ok(());
            }
        }
    }

    /// What the view has below a prefix and behind an offset that is not as in the base, in the order of paths.
    fn changed_below(&self, prefix: Option<&Path>, offset: Option<&Path>) -> VecDeque<(Path, Option<ObjectMeta>)> {
        let root = Path::default();
        let prefix = prefix.unwrap_or(&root);
        let changes = self.changes();
        let after = offset.filter(|offset| *offset >= prefix);
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let behind = changes.by_path.range::<Path, _>((from, Bound::Unbounded));
        let below = behind.take_while(|(path, _)| path.as_ref().starts_with(prefix.as_ref()));
        let below = below.filter(|(path, _)| is_below(path, prefix));
        below.map(|(path, change)| (path.clone(), change.object.as_ref().map(|object| object.meta.clone()))).collect()
    }
}

impl Changes {
    fn number(&self, location: &Path) -> Option<u64> {
        self.by_path.get(location).map(|change| change.number)
    }

    /// Gives the name of the new version.
    fn put(&mut self, location: &Path, content: Content, size: u64, attributes: Attributes) -> String {
        self.count += 1;
        let e_tag = format!("\"overlay-{}\"", self.count);
        let (location_of, last_modified) = (location.clone(), Utc::now());
        let meta = ObjectMeta { location: location_of, last_modified, size, e_tag: Some(e_tag.clone()), version: None };
        let object = Some(Object { meta, attributes, content });
        self.by_path.insert(location.clone(), Change { number: self.count, object });
        e_tag
    }

    fn erase(&mut self, location: &Path) {
        self.count += 1;
        self.by_path.insert(location.clone(), Change { number: self.count, object: None });
    }
}

/// Whether a path is below a prefix, and not the prefix itself.
fn is_below(path: &Path, prefix: &Path) -> bool {
    path.prefix_match(prefix).is_some_and(|mut rest| rest.next().is_some())
}

fn missing(location: &Path) -> Error {
    Error::NotFound { path: location.to_string(), source: "it was erased here, or never there".into() }
}

fn exists(location: &Path) -> Error {
    Error::AlreadyExists { path: location.to_string(), source: "it is there".into() }
}

/// A listing of the base with the changes in it: in the order of paths when the base has that order.
fn merge(
    base: BoxStream<'static, Result<ObjectMeta>>,
    changed: VecDeque<(Path, Option<ObjectMeta>)>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let replaced: BTreeSet<Path> = changed.iter().map(|(path, _)| path.clone()).collect();
    let put: VecDeque<ObjectMeta> = changed.into_iter().filter_map(|(_, meta)| meta).collect();
    let base = base.try_filter(move |object| futures::future::ready(!replaced.contains(&object.location)));
    stream::unfold((base.boxed().peekable(), put), |(mut base, mut put)| async move {
        let first = Pin::new(&mut base).peek().await;
        let is_put_next = match (first, put.front()) {
            (None, _) => true,
            (Some(Ok(listed)), Some(put)) => put.location < listed.location,
            (Some(_), _) => false,
        };
        let next = if is_put_next { put.pop_front().map(Ok) } else { base.next().await };
        next.map(|object| (object, (base, put)))
    })
    .boxed()
}

impl fmt::Display for Overlay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Overlay({})", self.base)
    }
}

#[async_trait]
impl ObjectStore for Overlay {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        // What is refused need not be written first, and the answer may be another by the time that it is.
        self.require(location, &self.state(location), &options.mode).await?;
        let (name, size) = (self.free_name(), payload.content_length() as u64);
        self.beside.put(&name, payload).await?;
        self.put_object(location, (Content::Beside(name), size), options.attributes, &options.mode).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let name = self.free_name();
        let inner = self.beside.put_multipart_opts(&name, PutMultipartOptions::default()).await?;
        let (overlay, location) = (self.clone(), location.clone());
        Ok(Box::new(Upload { overlay, location, attributes: options.attributes, name, size: 0, inner }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let State::Changed(change) = self.state(location) else { return self.base.get_opts(location, options).await };
        let object = change.object.ok_or_else(|| missing(location))?;
        options.check_preconditions(&object.meta)?;
        let (store, path) = self.store_of(&object.content);
        let GetOptions { range, head, .. } = options;
        let found = store.get_opts(&path, GetOptions { range, head, ..GetOptions::default() }).await?;
        Ok(GetResult { meta: object.meta, attributes: object.attributes, ..found })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let State::Changed(change) = self.state(location) else { return self.base.get_ranges(location, ranges).await };
        let object = change.object.ok_or_else(|| missing(location))?;
        let (store, path) = self.store_of(&object.content);
        store.get_ranges(&path, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let overlay = self.clone();
        locations.inspect_ok(move |location| overlay.changes().erase(location)).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        merge(self.base.list(prefix), self.changed_below(prefix, None))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        merge(self.base.list_with_offset(prefix, offset), self.changed_below(prefix, Some(offset)))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let changed = self.changed_below(prefix, None);
        let mut listed = self.base.list_with_delimiter(prefix).await?;
        let root = Path::default();
        let depth = prefix.unwrap_or(&root).parts().count();
        // A folder of the base is one of the view when anything in it is.
        let mut folders = BTreeSet::new();
        for folder in std::mem::take(&mut listed.common_prefixes) {
            let is_touched = changed.iter().any(|(path, meta)| meta.is_none() && is_below(path, &folder));
            if self.keeps_folders || !is_touched || self.list(Some(&folder)).try_next().await?.is_some() {
                folders.insert(folder);
            }
        }
        let replaced: BTreeSet<&Path> = changed.iter().map(|(path, _)| path).collect();
        listed.objects.retain(|object| !replaced.contains(&object.location));
        for (path, meta) in &changed {
            if path.parts().count() == depth + 1 {
                listed.objects.extend(meta.clone());
            } else if self.keeps_folders || meta.is_some() {
                folders.insert(path.parts().take(depth + 1).collect());
            }
        }
        listed.objects.sort_unstable_by(|one, two| one.location.cmp(&two.location));
        listed.common_prefixes = folders.into_iter().collect();
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.copy_object(from, to, &mode, false).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let mode = match options.target_mode {
            RenameTargetMode::Overwrite => PutMode::Overwrite,
            RenameTargetMode::Create => PutMode::Create,
        };
        self.copy_object(from, to, &mode, true).await
    }
}

/// An object that comes in parts, and is there when it is complete.
#[derive(Debug)]
struct Upload {
    overlay: Overlay,
    location: Path,
    attributes: Attributes,
    name: Path,
    size: u64,
    inner: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        self.size += payload.content_length() as u64;
        self.inner.put_part(payload)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inner.complete().await?;
        let (content, attributes) = (Content::Beside(self.name.clone()), std::mem::take(&mut self.attributes));
        self.overlay.put_object(&self.location, (content, self.size), attributes, &PutMode::Overwrite).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
