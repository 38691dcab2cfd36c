//! What is planned on a view of the zones is what a run on the zones does, or else refuses.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use events_core::json::Level;
use events_core::run::{Distributor, Expected, Outcome, Report, Start, Writers, Zones};
use events_core::{Config, Error, ErrorKind};
use events_stores::{Asked, Overlay, RequestCounter, Requests, Tally};
use events_testing::{Fault, Faults, Operation, OperationKind};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tempfile::TempDir;

struct Lake {
    store: Arc<dyn ObjectStore>,
    scratch: TempDir,
    folder: Option<TempDir>,
}

/// What a plan says.
struct Planned {
    report: Report,
    outcome: Outcome,
    expected: Expected,
    requests: Requests,
}

impl Lake {
    fn each() -> [Self; 2] {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let lake = |store, folder| Self { store, scratch: tempfile::tempdir().unwrap(), folder };
        [lake(Arc::new(InMemory::new()), None), lake(Arc::new(disk), Some(folder))]
    }

    fn distributor(&self, store: &Arc<dyn ObjectStore>, config: &Config) -> Distributor {
        // A file system replaces nothing under a condition.
        let writers = if self.folder.is_some() { Writers::Single } else { Writers::Many };
        let zones = Zones::below(store, &Path::default(), "lake:///");
        let distributor = Distributor::new(zones, self.scratch.path().to_owned(), config.clone()).unwrap();
        distributor.with_writers(writers)
    }

    async fn plan(&self, run: &str) -> Planned {
        let view = if self.folder.is_some() { Overlay::of_folder } else { Overlay::new };
        let view = view(Arc::clone(&self.store), Arc::new(InMemory::new()));
        let (view, counter) = tally(Arc::new(view));
        let distributor = self.distributor(&view, &config());
        let report = distributor.run(&start(run)).await.unwrap();
        let requests = counter.requests();
        let (outcome, expected) = distributor.outcome(&report).await.unwrap();
        Planned { report, outcome, expected, requests }
    }

    async fn run(&self, run: &str, expected: Expected, config: &Config) -> Result<(Report, Requests), Error> {
        let (store, counter) = tally(Arc::clone(&self.store));
        let report = self.distributor(&store, config).with_expected(expected).run(&start(run)).await?;
        Ok((report, counter.requests()))
    }

    async fn put(&self, key: &str, content: &str) {
        let path = Path::parse(format!("landing/pending/{key}")).unwrap();
        self.store.put(&path, content.to_owned().into()).await.unwrap();
    }

    async fn pending(&self) -> Vec<String> {
        let objects = self.store.list(Some(&Path::from("landing/pending")));
        let objects: Vec<ObjectMeta> = objects.try_collect().await.unwrap();
        let mut names: Vec<_> = objects.iter().filter_map(|object| object.location.filename()).collect();
        names.sort_unstable();
        names.into_iter().map(ToOwned::to_owned).collect()
    }

    /// Every object, with its version.
    async fn all(&self) -> BTreeMap<Path, (Vec<u8>, Option<String>)> {
        let objects: Vec<ObjectMeta> = self.store.list(None).try_collect().await.unwrap();
        let mut all = BTreeMap::new();
        for object in objects {
            let bytes = self.store.get(&object.location).await.unwrap().bytes().await.unwrap();
            all.insert(object.location, (bytes.to_vec(), object.e_tag));
        }
        all
    }

    /// A run that must refuse, and leave everything as it was.
    async fn refuses(&self, expected: &Expected, config: &Config, texts: &[&str]) {
        let before = self.all().await;
        let error = self.run("planned", expected.clone(), config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Outdated, "{error}");
        let message = error.to_string();
        for text in texts {
            assert!(message.contains(text), "`{text}` is not in {message}");
        }
        assert_eq!(self.all().await, before);
    }
}

fn tally(store: Arc<dyn ObjectStore>) -> (Arc<dyn ObjectStore>, RequestCounter) {
    let counter = RequestCounter::default();
    (Arc::new(Tally::new(store, counter.clone(), Asked::Folder)), counter)
}

/// One thread: how several meet decides which small files go to the stage of a bucket together.
fn config() -> Config {
    Config { threads: 1, ..Config::default() }
}

fn start(run: &str) -> Start {
    Start { run: run.parse().unwrap(), date: "2026-11-26".parse().unwrap() }
}

/// Events of these ids, a tenth of a day apart, of which the last record is damaged.
fn events(ids: std::ops::Range<u64>, version: u64) -> String {
    let mut text = String::new();
    for id in ids {
        let second = 1_610_000_000 + id * 8_640 + version;
        write!(
            text,
            r#"{{"event_id":"{id}","timestamp":{second},"domain":"card","event_type":"issued","data":{{"v":{version}}}}}"#
        )
        .unwrap();
    }
    text + r#"{"event_id":"cut"#
}

#[tokio::test]
async fn a_run_does_and_asks_for_exactly_what_was_planned() {
    for lake in Lake::each() {
        // New rows, rows that come again, newer versions of some, and nothing.
        let rounds: [&[(std::ops::Range<u64>, u64)]; 5] =
            [&[(0..40, 0), (30..60, 0)], &[(0..70, 0)], &[(20..30, 5), (70..80, 0)], &[(0..10, 0)], &[]];
        for (round, inputs) in rounds.into_iter().enumerate() {
            for (number, (ids, version)) in inputs.iter().enumerate() {
                lake.put(&format!("{round}-{number}.json"), &events(ids.clone(), *version)).await;
            }
            let (name, before) = (format!("run-{round}"), lake.all().await);
            let planned = lake.plan(&name).await;
            assert_eq!(lake.all().await, before, "a plan changes nothing");
            let (report, requests) = lake.run(&name, planned.expected.clone(), &config()).await.unwrap();
            assert_eq!(report, planned.report);
            assert_eq!(requests, planned.requests, "round {round}, on disk: {}", lake.folder.is_some());
            let done = lake.distributor(&lake.store, &config()).outcome(&report).await.unwrap();
            assert_eq!(done.0, planned.outcome);
            if round == 4 {
                assert_eq!((report.commit, planned.expected.decision), (None, None));
                continue;
            }
            assert_eq!(done.1.decision, planned.expected.decision);
            assert_eq!((report.commit, planned.expected.base), (Some(round as u64 + 1), round as u64));
            assert_eq!(planned.outcome.quarantine.objects as usize, inputs.len());
        }
        assert_eq!(lake.pending().await, [""; 0]);
    }
}

#[tokio::test]
async fn tells_new_files_from_those_that_are_written_again() {
    for lake in Lake::each() {
        lake.put("a.json", &events(0..40, 0)).await;
        let first = lake.plan("first").await.outcome;
        assert!(first.files_new.objects > 3 && first.files_rewritten.objects == 0, "{first:?}");
        assert!(first.index.objects > 0 && first.index.bytes > 0, "{first:?}");
        lake.distributor(&lake.store, &config()).run(&start("first")).await.unwrap();
        lake.put("b.json", &events(35..60, 0)).await;
        let second = lake.plan("second").await.outcome;
        assert!(second.files_new.objects > 0 && second.files_rewritten.objects > 0, "{second:?}");
        let parts = [second.files_new, second.files_rewritten, second.index, second.quarantine];
        assert_eq!(second.total().bytes, parts.iter().map(|part| part.bytes).sum::<u64>());
    }
}

#[tokio::test]
async fn a_run_refuses_when_an_input_is_another_or_gone() {
    for lake in Lake::each() {
        lake.put("a.json", &events(0..10, 0)).await;
        lake.put("b.json", &events(10..20, 0)).await;
        let Planned { expected, .. } = lake.plan("planned").await;
        lake.put("a.json", &events(0..11, 0)).await;
        lake.refuses(&expected, &config(), &["landing/pending/a.json` has ", " bytes, and had "]).await;
        lake.store.delete(&Path::from("landing/pending/b.json")).await.unwrap();
        lake.refuses(&expected, &config(), &["a.json` has ", "landing/pending/b.json` is gone"]).await;
        let Planned { expected, .. } = lake.plan("planned").await;
        // As long as before.
        lake.put("a.json", &events(0..11, 0).replace("\"3\"", "\"x\"")).await;
        lake.refuses(&expected, &config(), &["a.json` is another version of the same length"]).await;
    }
}

#[tokio::test]
async fn a_run_refuses_when_another_has_committed() {
    for lake in Lake::each() {
        lake.put("a.json", &events(0..10, 0)).await;
        let Planned { expected, .. } = lake.plan("planned").await;
        lake.distributor(&lake.store, &config()).run(&start("another")).await.unwrap();
        lake.refuses(&expected, &config(), &["the table is at commit 1, and was at 0", "a.json` is gone"]).await;
    }
}

#[tokio::test]
async fn a_run_refuses_other_settings_but_for_those_of_the_machine() {
    for lake in Lake::each() {
        lake.put("a.json", &events(0..10, 0)).await;
        let Planned { expected, report, .. } = lake.plan("planned").await;
        let guess = Config { repair: Level::Guess, fold_below_bytes: 0, ..config() };
        let texts = ["setting `fold_below_bytes` is 0", r#"`repair` is "guess", and was "lenient""#];
        lake.refuses(&expected, &guess, &texts).await;
        let machine = Config { threads: 2, memory_bytes: 8 << 20, ..config() };
        assert_eq!(lake.run("planned", expected, &machine).await.unwrap().0, report);
    }
}

#[tokio::test]
async fn a_run_refuses_to_decide_otherwise() {
    for lake in Lake::each() {
        // So that what says that this is a table is there.
        lake.put("first.json", &events(0..5, 0)).await;
        lake.distributor(&lake.store, &config()).run(&start("first")).await.unwrap();
        lake.put("a.json", &events(0..10, 0)).await;
        // What another name of the run decides is not the same.
        let other = lake.plan("other").await;
        lake.refuses(&other.expected, &config(), &["give other rows or files"]).await;
        lake.run("other", other.expected, &config()).await.unwrap();
    }
}

#[tokio::test]
async fn an_input_that_comes_later_stays_pending() {
    for lake in Lake::each() {
        lake.put("b.json", &events(0..10, 0)).await;
        let Planned { expected, report: mut planned, requests: asked, .. } = lake.plan("planned").await;
        lake.put("a.json", &events(5..20, 0)).await;
        lake.put("c.json", &events(5..20, 0)).await;
        let (report, requests) = lake.run("planned", expected, &config()).await.unwrap();
        planned.left = 2;
        assert_eq!(report, planned);
        assert_eq!(requests, asked);
        assert_eq!(lake.pending().await, ["a.json", "c.json"]);
    }
}

#[tokio::test]
async fn what_a_dead_run_has_left_is_finished_in_the_view_and_only_then_in_the_zones() {
    for lake in Lake::each() {
        lake.put("a.json", &events(0..10, 0)).await;
        lake.put("b.json", &events(10..20, 0)).await;
        let is_commit = |operation: &Operation| {
            operation.kind == OperationKind::Put && operation.path.as_ref().ends_with("log/00000000000000000001.json")
        };
        let faults = Faults::new(
            move |operation: &Operation| {
                if is_commit(operation) { Fault::CrashAfter } else { Fault::None }
            },
        );
        let dying: Arc<dyn ObjectStore> = Arc::new(faults.store(&lake.store));
        lake.distributor(&dying, &config()).run(&start("dead")).await.unwrap_err();
        assert_eq!(lake.pending().await, ["a.json", "b.json"]);

        lake.put("c.json", &events(15..25, 0)).await;
        let before = lake.all().await;
        let mut planned = lake.plan("next").await;
        assert_eq!(lake.all().await, before);
        assert_eq!((&planned.report.recovered, planned.report.commit), (&vec![1], Some(2)));
        assert_eq!((planned.expected.base, planned.expected.inputs.len()), (1, 1));

        lake.put("d.json", &events(30..40, 0)).await;
        let (report, requests) = lake.run("next", planned.expected, &config()).await.unwrap();
        planned.report.left = 1;
        assert_eq!(report, planned.report);
        assert_eq!(requests, planned.requests);
        assert_eq!(lake.pending().await, ["d.json"]);
    }
}
