//! The future of a run may be dropped at any await, as a timeout does or a client that hangs up: nothing is lost by it,
//! and nothing doubled.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::lake::{Lake, Row, event, model, start};
use async_trait::async_trait;
use events_core::Config;
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::future::{Either, pending, select};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, pin_mut};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// A store of which one operation is never answered. When it has come to that one it says so.
#[derive(Debug, Clone)]
struct Halting {
    inner: Arc<InMemory>,
    /// How many operations come before that one.
    before: usize,
    /// Whether that one takes effect.
    takes_effect: bool,
    seen: Arc<AtomicUsize>,
    halted: mpsc::UnboundedSender<()>,
}

impl fmt::Display for Halting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Halting")
    }
}

impl Halting {
    async fn pass<T>(&self, operation: impl Future<Output = T>) -> T {
        if self.seen.fetch_add(1, Ordering::Relaxed) != self.before {
            return operation.await;
        }
        if self.takes_effect {
            operation.await;
        }
        self.halted.unbounded_send(()).unwrap();
        pending().await
    }
}

#[async_trait]
impl ObjectStore for Halting {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.pass(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.pass(self.inner.put_multipart_opts(location, options)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.pass(self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let erase = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let location = location?;
                store.pass(store.inner.delete(&location)).await.map(|()| location)
            }
        };
        locations.then(erase).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        let listed = async move { store.pass(async { store.inner.list(prefix.as_ref()) }).await };
        listed.flatten_stream().boxed()
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix, offset) = (self.clone(), prefix.cloned(), offset.clone());
        let listed = async move { store.pass(async { store.inner.list_with_offset(prefix.as_ref(), &offset) }).await };
        listed.flatten_stream().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.pass(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.pass(self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.pass(self.inner.rename_opts(from, to, options)).await
    }
}

/// What the table takes first, and what comes then: events that come again, newer versions in the same partition and in
/// others, new events, and damage.
fn inputs() -> [Vec<(&'static str, String)>; 2] {
    const DAY: i64 = 86_400;
    let first = (0..60).map(|id| event(id, 1_610_000_000 + (id as i64 % 3) * DAY, id as usize % 2, "1"));
    let again = (0..20).map(|id| event(id, 1_610_000_000 + (id as i64 % 3) * DAY, id as usize % 2, "1"));
    let newer = (20..40).map(|id| event(id, 1_610_000_060 + (id as i64 % 2) * 3 * DAY, id as usize % 3, "2"));
    let new = (100..120).map(|id| event(id, 1_610_000_000 + (id as i64 % 4) * DAY, 0, "3"));
    let damaged = format!("{}{{oops{}", new.collect::<String>(), event(200, 1_610_000_000, 1, "4"));
    let second = vec![("again", again.collect()), ("newer", newer.collect()), ("damaged", damaged)];
    [vec![("first", first.collect())], second]
}

/// A lake with a table of the first inputs, where the second ones are pending.
async fn lake() -> (Lake, Arc<InMemory>) {
    let store = Arc::new(InMemory::new());
    let lake = Lake::over(Arc::<InMemory>::clone(&store), None);
    for (step, inputs) in inputs().into_iter().enumerate() {
        for (name, text) in inputs {
            lake.put(&format!("landing/pending/{name}"), text).await;
        }
        if step == 0 {
            lake.run_as("first", Config::default()).await;
        }
    }
    (lake, store)
}

async fn sorted(lake: &Lake) -> Vec<Row> {
    let mut rows = lake.rows().await;
    rows.sort();
    rows
}

#[test]
fn a_run_that_is_dropped_at_any_operation_loses_and_doubles_nothing() {
    let texts: Vec<_> = inputs().into_iter().flatten().map(|(_, text)| text).collect();
    let expected = model(&texts);
    let (mut dropped, mut committed) = (0, 0);
    for takes_effect in [false, true] {
        for before in 0.. {
            let ended = block_on(async {
                let (lake, store) = lake().await;
                let (halted, mut halts) = mpsc::unbounded();
                let seen = Arc::default();
                let halting = Halting { inner: store, before, takes_effect, seen, halted };
                let doomed = Lake::over(Arc::new(halting), None);
                let config = Config { threads: 1, ..Config::default() };
                let start_of_doomed = start("doomed");
                let distributor = doomed.distributor(config);
                let ended = {
                    let run = distributor.run(&start_of_doomed);
                    pin_mut!(run);
                    // Whichever is left is dropped here.
                    match select(run, halts.next()).await {
                        Either::Left((report, _)) => report.unwrap().commit.is_some(),
                        Either::Right(_) => false,
                    }
                };
                for (name, text) in inputs().into_iter().flatten() {
                    let places = ["pending", "processed/date=2026-11-23"];
                    let mut found = 0;
                    for place in places {
                        let path = format!("landing/{place}/{name}");
                        if lake.list("landing").await.contains(&path) {
                            assert_eq!(lake.get(&path).await, text.as_bytes(), "{path}");
                            found += 1;
                        }
                    }
                    assert!(found > 0, "dropped at operation {before}: `{name}` is gone");
                }
                committed += usize::from(!ended && lake.commits().await == 2);
                lake.run_as("next", Config::default()).await;
                assert_eq!(sorted(&lake).await, expected, "dropped at operation {before}");
                assert_eq!(lake.commits().await, 2, "dropped at operation {before}");
                assert_eq!(lake.list("landing/pending").await, [""; 0], "dropped at operation {before}");
                // What was staged can never be committed now, so whoever comes next erases it.
                lake.run_as("last", Config::default()).await;
                assert_eq!(lake.list("stage").await, [""; 0], "dropped at operation {before}");
                assert_eq!(lake.list("landing/quarantine").await.len(), 1, "dropped at operation {before}");
                ended
            });
            if ended {
                break;
            }
            dropped += 1;
        }
    }
    // Before the commit and behind it.
    assert!(committed > 20 && dropped > committed + 20, "{committed} of {dropped}");
}

/// What a runtime with several threads needs of a future that it is to own.
#[test]
fn futures_of_runs_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}

    let lake = Lake::in_memory();
    let distributor = lake.distributor(Config::default());
    let (start, filter) = (start("r"), events_core::run::RejectFilter::default());
    is_shared(&distributor);
    is_send(&distributor.run(&start));
    is_send(&distributor.retry(&start, &filter));
    is_send(&distributor.reprocess(&start, events_core::run::DateRange { first: start.date, last: start.date }));
    is_send(&distributor.compact(&start));
    is_send(&distributor.rebuild(&start));
    is_send(&distributor.parse(&start));
    is_send(&distributor.distribute(&start));
    is_send(&distributor.recover(&start));
    is_send(&distributor.plan());
    is_send(&distributor.lease(&start));
    is_send(&distributor.shared_lease(&start.run));
    is_send(&distributor.prepare(&start, events_core::run::Split::default()));
    is_send(&distributor.join(&start.run));
    is_send(&distributor.committed(&start.run));
    is_send(&distributor.partitions_since(0));
    is_send(&distributor.rejects(&filter, |_, _| {}));
}
