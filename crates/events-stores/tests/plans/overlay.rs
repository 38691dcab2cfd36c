//! A view of a store does what the store itself would do, and the store stays as it is.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use events_stores::Overlay;
use futures::executor::block_on;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, RenameOptions, RenameTargetMode, Result, UpdateVersion,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Names of which some are folders of others, and some only begin alike.
const PATHS: [&str; 8] = ["a", "a/b", "a/b/c", "a/c", "a-b", "b/c", "b/c-d/e", "e"];
const PREFIXES: [&str; 6] = ["", "a", "a/b", "b", "b/c", "x"];

/// What is asked of a store. A number stands for one of [`PATHS`], of [`PREFIXES`] or of the versions that were seen.
#[derive(Debug, Clone)]
enum Operation {
    Put { path: usize, bytes: u8, create: bool },
    Update { path: usize, bytes: u8, version: usize },
    Upload { path: usize, parts: Vec<u8>, is_completed: bool },
    Get { path: usize, range: Option<Range<u64>>, if_match: Option<usize>, if_none_match: Option<usize> },
    GetRanges { path: usize, ranges: Vec<Range<u64>> },
    Head { path: usize },
    Delete { paths: Vec<usize> },
    List { prefix: usize, offset: Option<usize> },
    ListFolder { prefix: usize },
    Copy { from: usize, to: usize, create: bool },
    Rename { from: usize, to: usize, create: bool },
}

fn operation() -> impl Strategy<Value = Operation> {
    let path = || 0..PATHS.len();
    let prefix = || 0..PREFIXES.len();
    let range = || (0_u64..6, 0_u64..6).prop_map(|(start, length)| start..start + length);
    let seen = || 0_usize..12;
    prop_oneof![
        (path(), any::<u8>(), any::<bool>()).prop_map(|(path, bytes, create)| Operation::Put { path, bytes, create }),
        (path(), any::<u8>(), seen()).prop_map(|(path, bytes, version)| Operation::Update { path, bytes, version }),
        (path(), vec(any::<u8>(), 0..3), any::<bool>()).prop_map(|(path, parts, is_completed)| Operation::Upload {
            path,
            parts,
            is_completed
        }),
        (path(), option::of(range()), option::of(seen()), option::of(seen()))
            .prop_map(|(path, range, if_match, if_none_match)| Operation::Get { path, range, if_match, if_none_match }),
        (path(), vec(range(), 0..3)).prop_map(|(path, ranges)| Operation::GetRanges { path, ranges }),
        path().prop_map(|path| Operation::Head { path }),
        vec(path(), 1..3).prop_map(|paths| Operation::Delete { paths }),
        (prefix(), option::of(path())).prop_map(|(prefix, offset)| Operation::List { prefix, offset }),
        prefix().prop_map(|prefix| Operation::ListFolder { prefix }),
        (path(), path(), any::<bool>()).prop_map(|(from, to, create)| Operation::Copy { from, to, create }),
        (path(), path(), any::<bool>()).prop_map(|(from, to, create)| Operation::Rename { from, to, create }),
    ]
}

/// What a store answers, without versions, which are listed beside it.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Bytes(Vec<Bytes>),
    Objects(Vec<(Path, u64)>, Vec<Path>),
    Failed(&'static str),
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "not found",
        Error::AlreadyExists { .. } => "already exists",
        Error::Precondition { .. } => "precondition",
        Error::NotModified { .. } => "not modified",
        _ => "another",
    }
}

/// A store, and the versions that it has told of, in the order of asking.
struct Asked<'a> {
    store: &'a dyn ObjectStore,
    versions: Vec<String>,
}

impl Asked<'_> {
    fn version(&self, number: usize) -> String {
        // One that no store gives, when there are not so many.
        self.versions.get(number).cloned().unwrap_or_else(|| "\"none\"".to_owned())
    }

    fn see(&mut self, e_tag: Option<String>) {
        self.versions.push(e_tag.unwrap());
    }

    fn objects(&mut self, objects: Vec<ObjectMeta>) -> Vec<(Path, u64)> {
        let found = |object: ObjectMeta| {
            self.see(object.e_tag);
            (object.location, object.size)
        };
        objects.into_iter().map(found).collect()
    }

    async fn ask(&mut self, operation: &Operation) -> Answer {
        self.try_ask(operation).await.unwrap_or_else(|error| Answer::Failed(kind(&error)))
    }

    async fn try_ask(&mut self, operation: &Operation) -> Result<Answer> {
        let store = self.store;
        let path = |number: usize| Path::from(PATHS[number]);
        let content = |bytes: u8| PutPayload::from(vec![bytes; usize::from(bytes % 6)]);
        match operation.clone() {
            Operation::Put { path: at, bytes, create } => {
                let mode = if create { PutMode::Create } else { PutMode::Overwrite };
                let options = PutOptions { mode, ..PutOptions::default() };
                let put = store.put_opts(&path(at), content(bytes), options).await?;
                self.see(put.e_tag);
            }
            Operation::Update { path: at, bytes, version } => {
                let version = UpdateVersion { e_tag: Some(self.version(version)), version: None };
                let options = PutOptions { mode: PutMode::Update(version), ..PutOptions::default() };
                let put = store.put_opts(&path(at), content(bytes), options).await?;
                self.see(put.e_tag);
            }
            Operation::Upload { path: at, parts, is_completed } => {
                let mut upload = store.put_multipart_opts(&path(at), PutMultipartOptions::default()).await?;
                for part in parts {
                    upload.put_part(content(part)).await?;
                }
                if is_completed {
                    let put = upload.complete().await?;
                    self.see(put.e_tag);
                } else {
                    upload.abort().await?;
                }
            }
            Operation::Get { path: at, range, if_match, if_none_match } => {
                let options = GetOptions {
                    range: range.map(Into::into),
                    if_match: if_match.map(|number| self.version(number)),
                    if_none_match: if_none_match.map(|number| self.version(number)),
                    ..GetOptions::default()
                };
                let got = store.get_opts(&path(at), options).await?;
                assert_eq!(got.meta.location, path(at));
                self.see(got.meta.e_tag.clone());
                return Ok(Answer::Bytes(vec![got.bytes().await?]));
            }
            Operation::GetRanges { path: at, ranges } => {
                return Ok(Answer::Bytes(store.get_ranges(&path(at), &ranges).await?));
            }
            Operation::Head { path: at } => {
                let found = store.head(&path(at)).await?;
                return Ok(Answer::Objects(self.objects(vec![found]), Vec::new()));
            }
            Operation::Delete { paths } => {
                let paths: Vec<_> = paths.into_iter().map(|at| Ok(path(at))).collect();
                store.delete_stream(stream::iter(paths).boxed()).try_collect::<Vec<_>>().await?;
            }
            Operation::List { prefix, offset } => {
                let prefix = Path::from(PREFIXES[prefix]);
                let listing = match offset {
                    Some(offset) => store.list_with_offset(Some(&prefix), &path(offset)),
                    None => store.list(Some(&prefix)),
                };
                let objects = listing.try_collect().await?;
                return Ok(Answer::Objects(self.objects(objects), Vec::new()));
            }
            Operation::ListFolder { prefix } => {
                let listed = store.list_with_delimiter(Some(&Path::from(PREFIXES[prefix]))).await?;
                return Ok(Answer::Objects(self.objects(listed.objects), listed.common_prefixes));
            }
            Operation::Copy { from, to, create } => {
                let mode = if create { CopyMode::Create } else { CopyMode::Overwrite };
                store.copy_opts(&path(from), &path(to), CopyOptions { mode, ..CopyOptions::default() }).await?;
            }
            // A store may erase what is renamed to its own name, as the model does and no run asks for.
            Operation::Rename { from, to, .. } if from == to => {}
            Operation::Rename { from, to, create } => {
                let target_mode = if create { RenameTargetMode::Create } else { RenameTargetMode::Overwrite };
                let options = RenameOptions { target_mode, ..RenameOptions::default() };
                store.rename_opts(&path(from), &path(to), options).await?;
            }
        }
        Ok(Answer::Done)
    }
}

/// Everything in a store, with its versions.
fn all(store: &dyn ObjectStore) -> BTreeMap<Path, (Bytes, Option<String>)> {
    block_on(async {
        let objects: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
        let mut found = BTreeMap::new();
        for object in objects {
            let got = store.get(&object.location).await.unwrap();
            found.insert(object.location, (got.bytes().await.unwrap(), object.e_tag));
        }
        found
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_the_store_would(
        there in vec((0..PATHS.len(), any::<u8>()), 0..6),
        operations in vec(operation(), 1..40),
    ) {
        let base = InMemory::new();
        for (path, bytes) in there {
            let content = PutPayload::from(vec![bytes; usize::from(bytes % 6)]);
            block_on(base.put(&Path::from(PATHS[path]), content)).unwrap();
        }
        let before = all(&base);
        let model = base.fork();
        let overlay = Overlay::new(Arc::new(base.clone()), Arc::new(InMemory::new()));
        let seen: Vec<_> = before.values().map(|(_, e_tag)| e_tag.clone().unwrap()).collect();
        let mut expected = Asked { store: &model, versions: seen.clone() };
        let mut found = Asked { store: &overlay, versions: seen };
        for operation in &operations {
            let (model, view) = block_on(async { (expected.ask(operation).await, found.ask(operation).await) });
            prop_assert_eq!(model, view, "{:?}", operation);
        }
        // The same versions are the same, and different ones differ.
        prop_assert_eq!(expected.versions.len(), found.versions.len());
        let (mut to_view, mut to_model) = (HashMap::new(), HashMap::new());
        for (one, other) in expected.versions.iter().zip(&found.versions) {
            prop_assert_eq!(to_view.entry(one).or_insert(other), &other);
            prop_assert_eq!(to_model.entry(other).or_insert(one), &one);
        }
        let contents = |store: &dyn ObjectStore| {
            all(store).into_iter().map(|(path, (bytes, _))| (path, bytes)).collect::<Vec<_>>()
        };
        prop_assert_eq!(contents(&model), contents(&overlay));
        prop_assert_eq!(all(&base), before);
    }
}

#[test]
fn of_many_who_create_an_object_one_does() {
    let base: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let overlay = Overlay::new(Arc::clone(&base), Arc::new(InMemory::new()));
    let create = || {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        block_on(overlay.put_opts(&Path::from("a"), "x".into(), options)).is_ok()
    };
    let created = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|created| *created).count()
    });
    assert_eq!(created, 1);
    assert!(all(&*base).is_empty());
}
