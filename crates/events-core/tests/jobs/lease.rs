//! The lease: who gets it, who does not, and for how long.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::lake::{Lake, event, start};
use async_trait::async_trait;
use chrono::TimeDelta;
use events_core::Config;
use events_core::error::{Error, ErrorKind};
use events_core::run::Lease;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

const LEASE: &str = "trusted/control/lease.json";
const TERM_S: u64 = Lease::TERM.as_secs();

/// A store whose lease is as old as it is told until it is written again, and that lets others act before each of its operations.
#[derive(Debug, Default)]
struct Store {
    inner: InMemory,
    age_s: AtomicU64,
    /// Writes of the lease land, and the answer says that they were refused.
    refuses: AtomicBool,
    /// Writes of the lease land, and no answer comes.
    silent: AtomicBool,
}

impl Store {
    fn lake() -> (Lake, Arc<Self>) {
        let store = Arc::<Self>::default();
        (Lake::over(Arc::<Self>::clone(&store), None), store)
    }

    fn set_age(&self, seconds: u64) {
        self.age_s.store(seconds, Ordering::Relaxed);
    }
}

fn is_lease(path: &Path) -> bool {
    path.as_ref().ends_with(LEASE)
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Store")
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        tokio::task::yield_now().await;
        let put = self.inner.put_opts(location, payload, options).await?;
        if is_lease(location) {
            self.set_age(0);
        }
        if is_lease(location) && self.refuses.load(Ordering::Relaxed) {
            return Err(object_store::Error::Precondition {
                path: location.to_string(),
                source: "it was there".into(),
            });
        }
        if is_lease(location) && self.silent.load(Ordering::Relaxed) {
            return Err(object_store::Error::Generic { store: "Store", source: "no answer".into() });
        }
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        tokio::task::yield_now().await;
        let mut got = self.inner.get_opts(location, options).await?;
        if is_lease(location) {
            got.meta.last_modified -= TimeDelta::seconds(self.age_s.load(Ordering::Relaxed) as i64);
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

async fn take(lake: &Lake, run: &str) -> Result<Lease, Error> {
    lake.distributor(Config::default()).lease(&start(run)).await
}

/// The holder, `unknown` when it cannot be read, and the seconds that are left to it.
fn busy(taken: Result<Lease, Error>) -> (String, u64) {
    let error = taken.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let Error::Busy { run, age, left, .. } = error else { panic!("{error}") };
    assert_eq!(age + left, Lease::TERM);
    // A moment has passed.
    (run.unwrap_or_else(|| by("unknown")), (left + Duration::from_millis(999)).as_secs())
}

fn by(run: &str) -> String {
    run.to_owned()
}

#[tokio::test]
async fn is_had_by_one_at_a_time_and_given_back() {
    let lake = Lake::in_memory();
    let first = take(&lake, "first").await.unwrap();
    assert_eq!(busy(take(&lake, "second").await), (by("first"), TERM_S));
    let error = take(&lake, "second").await.unwrap_err().to_string();
    assert!(error.starts_with("another run is at work on the table in `memory:///lake/trusted`: `first`, "), "{error}");
    first.release().await.unwrap();
    let second = take(&lake, "second").await.unwrap();
    assert_eq!(busy(take(&lake, "third").await), (by("second"), TERM_S));
    // The name alone gives nobody anything.
    assert_eq!(busy(take(&lake, "second").await), (by("second"), TERM_S));
    drop(second);
    assert_eq!(busy(take(&lake, "third").await), (by("second"), TERM_S));
}

#[tokio::test]
async fn is_renewed_as_often_as_its_holder_likes() {
    let lake = Lake::in_memory();
    let mut lease = take(&lake, "run").await.unwrap();
    let mut seen = vec![lake.get(LEASE).await];
    for _ in 0..3 {
        assert!(lease.renew().await.unwrap());
        seen.push(lake.get(LEASE).await);
    }
    lease.release().await.unwrap();
    seen.push(lake.get(LEASE).await);
    assert_eq!(seen[0], br#"{"version":1,"run":"run","writes":1}"#);
    assert_eq!(seen[4], br#"{"version":1,"run":null,"writes":5}"#);
    // Where the bytes are the version, none comes back.
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn ends_a_term_after_its_holder_fell_silent() {
    let (lake, store) = Store::lake();
    let mut first = take(&lake, "first").await.unwrap();
    store.set_age(TERM_S / 2);
    assert_eq!(busy(take(&lake, "second").await), (by("first"), TERM_S / 2));
    store.set_age(TERM_S - 1);
    assert_eq!(busy(take(&lake, "second").await), (by("first"), 1));
    store.set_age(TERM_S);
    let second = take(&lake, "second").await.unwrap();
    // Whoever comes back after all has lost it, and takes it from nobody.
    assert!(!first.renew().await.unwrap());
    first.release().await.unwrap();
    assert_eq!(busy(take(&lake, "third").await), (by("second"), TERM_S));
    second.release().await.unwrap();
    drop(take(&lake, "third").await.unwrap());
}

#[tokio::test]
async fn is_had_by_one_of_two_that_come_at_the_same_moment() {
    let (lake, store) = Store::lake();
    let both = async || tokio::join!(take(&lake, "one"), take(&lake, "two"));
    // When there is none yet, and when it was given back.
    for _ in 0..2 {
        let (one, two) = both().await;
        assert_eq!(busy(two), (by("one"), TERM_S));
        one.unwrap().release().await.unwrap();
    }
    // When its holder is dead.
    drop(take(&lake, "dead").await.unwrap());
    store.set_age(TERM_S);
    let (one, two) = both().await;
    assert_eq!(busy(two), (by("one"), TERM_S));
    drop(one.unwrap());
}

#[tokio::test]
async fn knows_its_own_write_whatever_the_store_answers() {
    let (lake, store) = Store::lake();
    store.refuses.store(true, Ordering::Relaxed);
    let mut lease = take(&lake, "run").await.unwrap();
    assert!(lease.renew().await.unwrap());
    assert_eq!(busy(take(&lake, "other").await), (by("run"), TERM_S));
    lease.release().await.unwrap();
    drop(take(&lake, "other").await.unwrap());
}

#[tokio::test]
async fn ends_also_when_it_cannot_be_read() {
    let (lake, store) = Store::lake();
    for content in ["", "{", r#"{"version":2,"run":"a","writes":1}"#, r#"{"version":1,"run":"../a","writes":1}"#] {
        lake.put(LEASE, content).await;
        assert_eq!(busy(take(&lake, "run").await), (by("unknown"), TERM_S), "{content}");
        store.set_age(TERM_S);
        drop(take(&lake, "run").await.unwrap());
    }
}

#[tokio::test]
async fn nothing_but_work_is_lost_without_it() {
    let (lake, _) = Store::lake();
    lake.put("landing/pending/a.json", event(1, 1_610_000_000, 0, "1")).await;
    let held = take(&lake, "other").await.unwrap();
    // The library does not ask for it.
    let report = lake.run().await;
    assert_eq!((report.commit, lake.rows().await.len()), (Some(1), 1));
    held.release().await.unwrap();
}

#[tokio::test]
async fn is_given_back_after_renewals_whose_answers_were_lost() {
    let (lake, store) = Store::lake();
    let mut lease = take(&lake, "first").await.unwrap();
    store.silent.store(true, Ordering::Relaxed);
    lease.renew().await.unwrap_err();
    store.silent.store(false, Ordering::Relaxed);
    lease.release().await.unwrap();
    drop(take(&lake, "second").await.unwrap());
}
