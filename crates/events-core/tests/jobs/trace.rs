//! Where rows come from, and what is told of past runs.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::lake::{Lake, Row, event, start};
use async_trait::async_trait;
use events_core::event::{EventId, Events, Reason};
use events_core::json::Level;
use events_core::json::{RepairKind, decompress};
use events_core::run::{DateRange, Fate, Job, Part, Phase, Trace, TracedRecord};
use events_core::{Config, Horizon};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::executor::block_on;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult,
};
use proptest::prelude::*;

async fn trace(lake: &Lake, ids: &[&str], dates: Option<DateRange>) -> Vec<Trace> {
    let ids: Vec<_> = ids.iter().map(|id| EventId::new((*id).into())).collect();
    lake.distributor(Config::default()).trace(&ids, dates).await.unwrap()
}

fn id(number: u64) -> String {
    let event = event(number, 0, 0, "{}");
    event[r#"{"event_id":""#.len()..][..36].to_owned()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A clock that goes on by a millisecond whenever it is asked.
fn ticking() -> impl Fn() -> Duration + Send + Sync {
    let ticks = AtomicU64::new(0);
    move || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed))
}

/// The record is at its place in its input, and the row comes of it.
async fn require_place(lake: &Lake, record: &TracedRecord) {
    let stored = lake.get(&format!("landing/{}", record.object)).await;
    let text = decompress(&stored).unwrap();
    let place = record.offset as usize..(record.offset + record.length) as usize;
    assert_eq!(&text[place], record.raw.as_bytes(), "{record:?}");
}

/// An input: events by id, second and `data`, and whether it is compressed.
type InputOf = (Vec<(u64, i64, u8)>, bool);

fn inputs() -> impl Strategy<Value = Vec<Vec<InputOf>>> {
    let events = prop::collection::vec((0..12_u64, 0..3_i64, 0..2_u8), 0..12);
    prop::collection::vec(prop::collection::vec((events, any::<bool>()), 1..4), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Every record of an id is found at its place, one of them is the row, and it reads as the row does.
    #[test]
    fn finds_every_record_and_the_row_that_came_of_it(runs in inputs()) {
        block_on(async {
            let lake = Lake::in_memory();
            let mut sent: BTreeMap<u64, usize> = BTreeMap::new();
            for (run, inputs) in runs.iter().enumerate() {
                for (number, (events, compressed)) in inputs.iter().enumerate() {
                    let mut text = String::new();
                    for &(id, second, data) in events {
                        *sent.entry(id).or_default() += 1;
                        text += &event(id, second, id as usize, &format!(r#"{{"v":{data}}}"#));
                    }
                    let bytes = if *compressed { gzip(&text) } else { text.into_bytes() };
                    lake.put(&format!("landing/pending/{run}-{number}.json"), bytes).await;
                }
                lake.run_as(&format!("run-{run}"), Config::default()).await;
            }
            let ids: Vec<_> = (0..12).map(id).collect();
            let traces = trace(&lake, &ids.iter().map(String::as_str).collect::<Vec<_>>(), None).await;
            let rows = lake.rows().await;
            for (number, trace) in traces.iter().enumerate() {
                assert_eq!(trace.event_id, ids[number]);
                let records = sent.get(&(number as u64)).copied().unwrap_or_default();
                assert_eq!(trace.records.len(), records, "{trace:?}");
                let expected: Vec<_> = rows.iter().filter(|row| row.id == trace.event_id).collect();
                assert_eq!((trace.rows.len(), expected.len()), (usize::from(records > 0), trace.rows.len()));
                let came: Vec<_> = trace.records.iter().filter(|record| record.fate == Fate::Row).collect();
                assert_eq!(came.len(), expected.len(), "{trace:?}");
                for (record, row) in came.iter().zip(expected) {
                    require_row(record, row);
                }
                for record in &trace.records {
                    require_place(&lake, record).await;
                    assert_eq!(record.commits.len(), 1);
                    let run: usize = record.object.rsplit_once('/').unwrap().1.split_once('-').unwrap().0.parse().unwrap();
                    assert_eq!(record.commits[0].run.as_str(), format!("run-{run}"));
                }
            }
        });
    }
}

fn require_row(record: &TracedRecord, row: &Row) {
    let event = Events::new(record.raw.as_bytes()).next().unwrap().unwrap();
    assert_eq!((event.id.to_string(), event.timestamp), (row.id.clone(), row.timestamp));
    assert_eq!((&*event.domain, &*event.event_type), (&*row.domain, &*row.event_type));
    assert_eq!(event.data.as_deref(), row.data.as_deref());
}

#[tokio::test]
async fn tells_what_became_of_each_record() {
    for lake in Lake::each() {
        let old = event(1, 10, 0, r#"{"v":1}"#);
        let (new, other) = (event(1, 20, 0, r#"{"v":1}"#), event(1, 20, 0, r#"{"v":2}"#));
        lake.put("landing/pending/a.json", format!("{old}{new}")).await;
        lake.run_as("first", Config::default()).await;
        lake.put("landing/pending/b.json", format!("{new}{other}")).await;
        lake.run_as("second", Config::default()).await;
        lake.put("landing/pending/c.json", event(1, 30, 0, "{}")).await;

        let trace = &trace(&lake, &[&id(1).to_uppercase()], None).await[0];
        let fates: Vec<_> = trace.records.iter().map(|record| record.fate).collect();
        assert_eq!((trace.event_id.clone(), trace.rows.len()), (id(1), 1));
        assert_eq!(fates[0], Fate::Pending);
        assert!(trace.records[0].commits.is_empty() && trace.records[0].object == "pending/c.json");
        // Of two with one time the digest decides which is the row.
        let of = |fate| fates.iter().filter(|other| **other == fate).count();
        assert_eq!((of(Fate::Row), of(Fate::OtherTime), fates.len()), (1, 1, 5));
        assert_eq!(of(Fate::Exact) + of(Fate::OtherContent), 2);
        assert_eq!(fates.last(), Some(&Fate::OtherTime));
        let last = trace.records.last().unwrap();
        assert_eq!((last.offset, last.raw.as_str(), last.commits[0].commit), (0, old.as_str(), 1));
    }
}

#[tokio::test]
async fn tells_the_commit_that_took_what_was_parsed_before() {
    for lake in Lake::each() {
        let distributor = lake.distributor(Config::default());
        lake.put("landing/pending/deep/a.json", event(1, 0, 0, "{}")).await;
        distributor.parse(&start("parse")).await.unwrap();
        let found = &trace(&lake, &[&id(1)], None).await[0].records[0];
        assert_eq!((found.fate, &found.commits[..]), (Fate::NoRow, &[][..]));

        distributor.distribute(&start("distribute")).await.unwrap();
        lake.put("landing/pending/b.json", event(2, 0, 0, "{}")).await;
        distributor.parse(&start("other-parse")).await.unwrap();
        distributor.distribute(&start("other")).await.unwrap();
        let found = &trace(&lake, &[&id(1)], None).await[0].records[0];
        assert_eq!(found.fate, Fate::Row);
        let commits: Vec<_> = found.commits.iter().map(|taken| (taken.commit, taken.run.as_str())).collect();
        assert_eq!(commits, [(1, "distribute")]);
        // Nothing but the report names it.
        lake.put("trusted/control/reports/00000000000000000001.json", r#"{"version":99}"#).await;
        assert!(trace(&lake, &[&id(1)], None).await[0].records[0].commits.is_empty());
    }
}

/// A store in which another run takes all that is pending, just before the first look into a pending input.
#[derive(Debug, Default)]
struct Overtaken {
    inner: Arc<InMemory>,
    is_over: AtomicBool,
}

impl fmt::Display for Overtaken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Overtaken")
    }
}

#[async_trait]
impl ObjectStore for Overtaken {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if location.as_ref().contains("/pending/") && !self.is_over.swap(true, Ordering::Relaxed) {
            let inner = Arc::clone(&self.inner);
            // Within a call of the store nothing else can be awaited for as long.
            let run = move || block_on(Lake::over(inner, None).run_as("faster", Config::default()));
            std::thread::spawn(run).join().unwrap();
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn finds_an_input_that_a_run_moves_away_meanwhile() {
    let lake = Lake::over(Arc::new(Overtaken::default()), None);
    lake.put("landing/processed/date=2026-11-20/old.json", event(1, 0, 0, "{}")).await;
    for (name, second) in [("a", 1), ("b", 2)] {
        lake.put(&format!("landing/pending/{name}.json"), event(1, second, 0, "{}")).await;
    }
    let found = &trace(&lake, &[&id(1)], None).await[0];
    let objects: Vec<_> = found.records.iter().map(|record| record.object.as_str()).collect();
    assert_eq!(
        objects,
        ["processed/date=2026-11-23/b.json", "processed/date=2026-11-23/a.json", "processed/date=2026-11-20/old.json"]
    );
}

#[tokio::test]
async fn keeps_no_more_records_than_anybody_reads_and_says_so() {
    let lake = Lake::in_memory();
    let copy = event(1, 0, 0, "{}");
    lake.put("landing/pending/a.json", [copy.repeat(9_999), event(2, 0, 0, "{}"), copy.repeat(3)].concat()).await;
    let found = trace(&lake, &[&id(1), &id(2)], None).await;
    let counts: Vec<_> = found.iter().map(|trace| (trace.records.len(), trace.left_out)).collect();
    assert_eq!(counts, [(9_999, 3), (1, 0)]);
    assert!(found[0].records.iter().all(|record| record.offset + record.length <= 9_999 * copy.len() as u64));
}

#[tokio::test]
async fn finds_records_however_they_are_written() {
    let lake = Lake::in_memory();
    let event = |id: &str| format!(r#"{{"event_id":"{id}","timestamp":7,"domain":"card","event_type":"issued"}}"#);
    let quoted = event("Order 7").replace('"', "'");
    lake.put("landing/pending/quotes.json", format!("{}{quoted}", event("x"))).await;
    lake.put("landing/pending/escaped.json", event(r"o\u0072der-\u0038")).await;
    let utf16: Vec<u8> = format!("\u{feff}{}", event("order-9")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    lake.put("landing/pending/utf16.json", utf16).await;
    lake.run().await;

    let traces = trace(&lake, &["Order 7", "order-8", "order-9", "order-10"], None).await;
    let found: Vec<_> = traces.iter().map(|trace| (trace.rows.len(), trace.records.len())).collect();
    assert_eq!(found, [(1, 1), (1, 1), (1, 1), (0, 0)]);
    let mended = &traces[0].records[0];
    assert_eq!((mended.raw.as_str(), mended.fate), (quoted.as_str(), Fate::Row));
    assert_eq!(mended.repairs, [RepairKind::SingleQuotes]);
    assert_eq!(traces[0].rows[0].repairs, mended.repairs);
    require_place(&lake, mended).await;
    // The same alone, where inputs are looked through first.
    for id in ["order-8", "order-9"] {
        assert_eq!(trace(&lake, &[id], None).await[0].records.len(), 1, "{id}");
    }
}

#[tokio::test]
async fn finds_ids_that_only_a_guess_reads() {
    let lake = Lake::in_memory();
    let event = |id: &str| format!(r#"{{"event_id":{id},"timestamp":7,"domain":"card","event_type":"issued"}}"#);
    lake.put("landing/pending/a.json", event(r#""order" + "-7""#)).await;
    lake.put("landing/pending/b.json", event(r#""order-\x38""#)).await;
    let guess = Config { repair: Level::Guess, ..Config::default() };
    lake.run_as("run", guess.clone()).await;
    for id in ["order-7", "order-8"] {
        let ids = [EventId::new(id.into())];
        let found = lake.distributor(guess.clone()).trace(&ids, None).await.unwrap();
        assert_eq!((found[0].rows.len(), found[0].records.len()), (1, 1), "{id}");
    }
}

#[tokio::test]
async fn with_a_horizon_a_record_gives_way_to_no_row_far_from_it() {
    let lake = Lake::in_memory();
    let config = Config { dedup_horizon_days: Some(Horizon::Days(1)), ..Config::default() };
    let day = |day: i64| event(1, day * 86_400, 0, "{}");
    lake.put("landing/pending/a.json", [day(0), day(1), day(10)].concat()).await;
    lake.run_as("run", config.clone()).await;
    let fates = async |lake: &Lake| {
        let found = lake.distributor(config.clone()).trace(&[EventId::new(id(1).into())], None).await.unwrap();
        found[0].records.iter().map(|record| record.fate).collect::<Vec<_>>()
    };
    assert_eq!(fates(&lake).await, [Fate::Row, Fate::Row, Fate::OtherTime]);
    // Without the row of the first days its records have none: that of the tenth is another event.
    let file = lake.list("trusted/events").await.into_iter().find(|path| path.contains("month=1/day=2")).unwrap();
    let path = object_store::path::Path::parse(format!("lake/{file}")).unwrap();
    object_store::ObjectStoreExt::delete(&*lake.store, &path).await.unwrap();
    lake.distributor(config.clone()).rebuild(&start("again")).await.unwrap();
    assert_eq!(fates(&lake).await, [Fate::Row, Fate::NoRow, Fate::NoRow]);
}

#[tokio::test]
async fn what_is_kept_of_repairs_shows_no_value() {
    let lake = Lake::in_memory();
    lake.put("landing/pending/a.json", event(1, 0, 0, r#"{"v":1 /* Zoë 7 */}"#)).await;
    let report = lake.run().await;
    assert_eq!(report.repairs[0].repair.before, "/* Zoë 7 */".as_bytes());
    let history = lake.distributor(Config::default()).history_of(&report.run).await.unwrap();
    let kept = &history[0].report.as_ref().unwrap().repairs[0].repair;
    assert_eq!((&kept.before[..], kept.kind), (&b"/* Xxxx 0 */"[..], report.repairs[0].repair.kind));
    let nobody = "nobody".parse().unwrap();
    assert_eq!(lake.distributor(Config::default()).history_of(&nobody).await.unwrap(), []);
}

#[tokio::test]
async fn shows_rejects_and_searches_only_the_days_that_are_named() {
    let lake = Lake::in_memory();
    lake.put("landing/pending/a.json", format!(r#"{}{{"event_id":"{}"#, event(1, 0, 0, "{}"), id(2))).await;
    lake.run().await;
    let found = trace(&lake, &[&id(1), &id(2)], None).await;
    assert!(found[0].rejects.is_empty());
    let reject = &found[1].rejects[0];
    assert_eq!((reject.reason, reject.source.as_str()), (Reason::Truncated, "a.json"));
    assert!(reject.object.starts_with("quarantine/date=2026-11-23/run=run-1/"), "{reject:?}");
    assert_eq!((found[1].rows.len(), found[1].records.len()), (0, 0));

    let day = |day: &str| DateRange { first: day.parse().unwrap(), last: day.parse().unwrap() };
    let records = |found: &[Trace]| found[0].records.len();
    assert_eq!(records(&trace(&lake, &[&id(1)], Some(day("2026-11-23"))).await), 1);
    let other = trace(&lake, &[&id(1)], Some(day("2026-11-22"))).await;
    assert_eq!((records(&other), other[0].rows.len()), (0, 1));
}

#[tokio::test]
async fn a_record_whose_row_was_taken_away_has_none() {
    let lake = Lake::in_memory();
    lake.put("landing/pending/a.json", event(1, 0, 0, "{}")).await;
    lake.run().await;
    let file = lake.list("trusted/events").await.remove(0);
    let path = object_store::path::Path::parse(format!("lake/{file}")).unwrap();
    object_store::ObjectStoreExt::delete(&*lake.store, &path).await.unwrap();
    lake.distributor(Config::default()).rebuild(&start("again")).await.unwrap();
    let found = trace(&lake, &[&id(1)], None).await;
    assert_eq!((found[0].rows.len(), found[0].records[0].fate), (0, Fate::NoRow));
}

#[tokio::test]
async fn a_trace_and_a_look_at_history_touch_nothing() {
    let lake = Lake::in_memory();
    lake.put("landing/pending/a.json", event(1, 0, 0, "{}")).await;
    lake.run().await;
    let before = lake.list("").await;
    trace(&lake, &[&id(1)], None).await;
    lake.distributor(Config::default()).history(9).await.unwrap();
    assert_eq!(lake.list("").await, before);
}

#[tokio::test]
async fn runs_leave_their_reports_beside_their_commits() {
    for lake in Lake::each() {
        let mut reports = Vec::new();
        for (second, run) in ["first", "second", "third"].into_iter().enumerate() {
            lake.put(&format!("landing/pending/{run}.json"), event(1, second as i64, 0, "{}")).await;
            let distributor = lake.distributor(Config::default()).with_clock(ticking());
            reports.push(distributor.run(&start(run)).await.unwrap());
        }
        // Nothing to do is no run of the table's.
        lake.run_as("idle", Config::default()).await;
        let distributor = lake.distributor(Config::default());
        let history = distributor.history(2).await.unwrap();
        let names: Vec<_> = history.iter().map(|run| (run.commit, run.run.as_str())).collect();
        assert_eq!(names, [(2, "second"), (3, "third")]);
        for (past, report) in history.iter().zip(&reports[1..]) {
            assert_eq!(past.report.as_ref(), Some(report));
            assert_eq!((past.job, past.finished, past.inputs, past.files), (Job::Run, true, 1, 1));
            assert_eq!(past.totals, report.totals);
        }
        assert_eq!(distributor.history(usize::MAX).await.unwrap().len(), 3);
        // Whose report is gone, or another version's, is known by its commit.
        lake.put("trusted/control/reports/00000000000000000003.json", r#"{"version":99}"#).await;
        let history = distributor.history(1).await.unwrap();
        assert_eq!((history[0].commit, &history[0].report, history[0].totals.records), (3, &None, 1));
    }
}

#[tokio::test]
async fn a_profile_tells_what_threads_did_in_each_phase() {
    let lake = Lake::in_memory();
    let events: String = (0..200).map(|number| event(number, 0, 0, "{}")).collect();
    lake.put("landing/pending/a.json", events).await;
    let report = lake.distributor(Config::default()).with_clock(ticking()).run(&start("run")).await.unwrap();
    let spent = |phase: Phase| report.elapsed.iter().find(|one| one.phase == phase).unwrap().threads_ms.clone();
    let parse = spent(Phase::Parse);
    assert!(
        [Part::Read, Part::Decode, Part::Exchange, Part::Store].iter().all(|part| parse.contains_key(part)),
        "{parse:?}"
    );
    assert!(spent(Phase::Deduplicate).contains_key(&Part::Deduplicate));
    let write = spent(Phase::Write);
    assert!([Part::Index, Part::Sort, Part::Encode].iter().all(|part| write.contains_key(part)), "{write:?}");
    assert!(spent(Phase::Plan).is_empty() && spent(Phase::Move).is_empty());
}
