//! A look at inputs and at a table: it tells what a run tells, and changes nothing.

use crate::lake::{Lake, event};
use events_core::Config;
use events_core::event::Reason;
use events_core::json::{JsonType, Level, OutlineLimits};
use events_core::run::{Census, Contents, Counts, InputsReport, Sampling, Warning};
use futures::executor::block_on;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use proptest::prelude::*;

fn census(config: &Config, inputs: &[String], piece: usize) -> InputsReport {
    let mut census = Census::new(config, Sampling::default());
    for (number, text) in inputs.iter().enumerate() {
        let mut input = census.input(format!("{number:02}.json"));
        text.as_bytes().chunks(piece).for_each(|piece| input.push(piece));
        input.finish(None, text.len() as u64);
    }
    census.report("2026-11-23".parse().unwrap())
}

/// What a look and a run both count.
fn told(contents: &Contents) -> Counts {
    let Contents { bytes, text_bytes, records, events, repaired, rejects, repairs, .. } = contents.clone();
    let mut counts = Counts::default();
    (counts.bytes, counts.text_bytes, counts.records) = (bytes, text_bytes, records);
    (counts.events, counts.repaired, counts.rejects, counts.repairs) = (events, repaired, rejects, repairs);
    counts
}

fn of_a_run(counts: &Counts) -> Counts {
    let mut counts = counts.clone();
    counts.rows = 0;
    counts.duplicates.clear();
    counts
}

/// Records of which some are the same event, some are damaged and some break the contract.
fn record() -> impl Strategy<Value = String> {
    let data = prop::sample::select(vec!["1", "{\"a\": {\"b\":1}}", "{\"a\":null}", "[{\"c\":\"}{\"}]", "\"\n\""]);
    let kind = prop_oneof![Just("card".to_owned()), Just("x".repeat(300)), Just("täxi".to_owned())];
    prop_oneof![
        6 => (0_u64..9, 0_i64..3, 0_usize..4, data).prop_map(|(id, day, kind, data)| event(id, day * 86_400, kind, data)),
        1 => (0_u64..9).prop_map(|id| event(id, 7, 0, "{'a':True,}")),
        1 => kind.prop_map(|kind| format!(r#"{{"event_id":"k","timestamp":5,"domain":"{kind}","event_type":"t"}}"#)),
        1 => (0_u64..9).prop_map(|id| event(id, 9, 1, "1").replace("{\"", "{\n  \"")),
        2 => prop::sample::select(vec![
            "{\"event_id\":1}", "oops", "{\"event_id\":\"x\"", "[1,2]", "{\"a\":{\"b\":[1}", "\u{feff}", "\"", "}",
            "{\"event_id\":\"cut ", "{}", "[[", "]", "\0\0",
        ]).prop_map(str::to_owned),
    ]
}

fn input() -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec!["", "\n", " ", ",", "\r\n", "\n\u{1e}", "][", "\u{2028}"]);
    prop::collection::vec((record(), separator), 0..25)
        .prop_map(|records| records.into_iter().map(|(record, separator)| record + separator).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_look_at_inputs_tells_what_a_run_on_them_tells(
        inputs in prop::collection::vec(input(), 1..4),
        level in prop::sample::select(vec![Level::Framing, Level::Lenient, Level::Guess]),
        record_bytes_max in prop::sample::select(vec![120, 400, 8 << 20]),
        piece in 1_usize..200,
    ) {
        let config = Config { repair: level, record_bytes_max, ..Config::default() };
        let look = census(&config, &inputs, piece);
        let report = block_on(async {
            let lake = Lake::in_memory();
            for (number, input) in inputs.iter().enumerate() {
                lake.put(&format!("landing/pending/{number:02}.json"), input.clone()).await;
            }
            lake.run_as("r", config).await
        });
        prop_assert_eq!(told(&look.totals), of_a_run(&report.totals));
        for (looked, run) in look.inputs.iter().zip(&report.inputs) {
            prop_assert_eq!(&looked.name, &run.key);
            prop_assert_eq!(told(&looked.contents), of_a_run(&run.counts));
        }
        prop_assert_eq!((look.ids.count, look.ids.is_exact), (report.totals.rows, true));
        prop_assert_eq!(look.ids.repeated, report.totals.duplicates_total());
        prop_assert_eq!(look.totals.records, look.totals.events + look.totals.rejects_total());

        let events = look.totals.events;
        prop_assert_eq!(look.kinds.iter().map(|kind| kind.events).sum::<u64>(), events);
        prop_assert_eq!(look.days.values().sum::<u64>(), events);
        prop_assert!(look.totals.layouts.values().sum::<u64>() <= look.totals.records);
        let fields = look.kinds.iter().flat_map(|kind| kind.fields.iter().map(move |field| (kind, field)));
        for (kind, field) in fields {
            prop_assert!(field.present <= kind.sampled && kind.sampled <= kind.events);
            prop_assert!(field.share > 0.0 && field.share <= 1.0);
        }
        let reasons: Vec<_> = look.rejects.iter().map(|sample| sample.reason).collect();
        prop_assert_eq!(reasons, look.totals.rejects.keys().copied().collect::<Vec<_>>());
        for sample in &look.rejects {
            let input = &inputs[sample.source[..2].parse::<usize>().unwrap()];
            let bytes = &input.as_bytes()[sample.offset as usize..][..sample.length as usize];
            let excerpt = sample.excerpt.as_deref().unwrap();
            let shown = excerpt.trim_end_matches(char::REPLACEMENT_CHARACTER);
            prop_assert!(String::from_utf8_lossy(bytes).starts_with(shown));
        }
    }

    #[test]
    fn how_an_input_is_cut_changes_nothing_that_is_told(input in input(), piece in 1_usize..60) {
        let inputs = [input];
        let whole = census(&Config::default(), &inputs, usize::MAX);
        prop_assert_eq!(census(&Config::default(), &inputs, piece), whole);
    }
}

#[test]
fn an_input_that_cannot_be_decompressed_to_its_end_tells_what_came_before() {
    let mut census = Census::new(&Config::default(), Sampling::default());
    let mut input = census.input("a.gz");
    input.push((event(1, 5, 0, "1") + "{\"event_id\"").as_bytes());
    input.damaged(Reason::DamagedCompression, "the compressed input is damaged");
    input.finish(None, 10);
    let report = census.report("2026-11-23".parse().unwrap());
    let rejects: Vec<_> = report.rejects.iter().map(|sample| (sample.reason, sample.length)).collect();
    assert_eq!(rejects, [(Reason::Truncated, 11), (Reason::DamagedCompression, 0)]);
    assert_eq!((report.totals.records, report.totals.events), (3, 1));
}

#[test]
fn values_are_left_out_when_nobody_wants_them() {
    let sampling =
        Sampling { outline: OutlineLimits { examples: false, ..OutlineLimits::default() }, ..Sampling::default() };
    let mut census = Census::new(&Config::default(), sampling);
    let mut input = census.input("a");
    input.push((event(1, 5, 0, "{\"a\":\"canary\"}") + "{\"canary\"").as_bytes());
    input.finish(None, 10);
    let report = census.report("2026-11-23".parse().unwrap());
    assert_eq!((report.kinds[0].fields.len(), report.rejects.len()), (1, 1));
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
}

/// Days of which each has as many events as the day's number, of two kinds.
async fn some_days(lake: &Lake) {
    for day in 1..=3_i64 {
        let events: String = (0..day as u64)
            .map(|id| event(100 * day as u64 + id, day * 86_400, (id % 2) as usize * 2, &format!("{{\"n\":{id}}}")))
            .collect();
        lake.put(&format!("landing/pending/{day}.json"), events).await;
        lake.run_as(&format!("run-{day}"), Config { fold_below_bytes: 0, ..Config::default() }).await;
    }
}

#[tokio::test]
async fn tells_of_each_file_by_the_log_and_by_the_files_alike() {
    for lake in Lake::each() {
        some_days(&lake).await;
        let before = lake.list("trusted").await;
        let distributor = lake.distributor(Config::default());
        let by_log = distributor.overview().await.unwrap();
        assert_eq!((by_log.commit, by_log.log_problem.as_deref(), by_log.rows()), (Some(3), None, 6));
        assert_eq!(lake.list("trusted").await, before, "a look changes nothing");
        let mut listed = Vec::new();
        for (path, bytes) in lake.files().await {
            listed.push((path["trusted/events/".len()..].to_owned(), bytes.len() as u64));
        }
        let files = by_log.partitions.iter().flat_map(|partition| {
            partition.files.iter().map(|file| (format!("{}/{}", partition.path, file.name), file.bytes))
        });
        assert_eq!(files.collect::<Vec<_>>(), listed);
        let kinds: Vec<_> = by_log.kinds().into_iter().map(|kind| (kind.kind, kind.rows, kind.partitions)).collect();
        assert_eq!(kinds, [("account-status-change".to_owned(), 4, 3), ("card/eu-issued".to_owned(), 2, 2)]);
        assert_eq!(by_log.days().into_values().collect::<Vec<_>>(), [1, 2, 3]);

        for path in lake.list("trusted/control").await {
            lake.store.delete(&Path::parse(format!("lake/{path}")).unwrap()).await.unwrap();
        }
        let by_files = distributor.overview().await.unwrap();
        assert!(by_files.log_problem.as_deref().unwrap().contains("no log"), "{by_files:?}");
        assert_eq!((by_files.commit, by_files.unread.len()), (None, 0));
        assert_eq!(by_files.partitions, by_log.partitions);
    }
}

#[tokio::test]
async fn an_empty_place_is_no_table_and_an_empty_table_is_one() {
    let lake = Lake::in_memory();
    let distributor = lake.distributor(Config::default());
    assert!(distributor.overview().await.unwrap().is_missing());
    lake.put("landing/pending/a.json", "oops").await;
    lake.run().await;
    let overview = distributor.overview().await.unwrap();
    assert!(!overview.is_missing() && overview.partitions.is_empty(), "{overview:?}");
    assert_eq!(distributor.sample(&overview, &Sampling::default()).await.kinds.len(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_no_other_from_it() {
    let lake = Lake::in_memory();
    some_days(&lake).await;
    let files: Vec<_> = lake.files().await.into_keys().collect();
    let put = async |path: &str, bytes: Vec<u8>| {
        lake.store.put(&Path::parse(format!("lake/{path}")).unwrap(), PutPayload::from(bytes)).await.unwrap();
    };
    let distributor = lake.distributor(Config::default());
    let overview = distributor.overview().await.unwrap();
    let whole = distributor.sample(&overview, &Sampling::default()).await;
    assert_eq!((whole.kinds[0].sampled, whole.kinds[1].sampled, whole.unread.len()), (4, 2, 0));
    let fields = &whole.kinds[0].fields;
    assert_eq!((fields.len(), fields[0].path.as_str(), fields[0].present), (1, "n", 4));
    assert_eq!(fields[0].types[&JsonType::Integer], 4);

    put(&files[0], b"no Parquet at all".to_vec()).await;
    let rest = distributor.sample(&overview, &Sampling::default()).await;
    assert_eq!((rest.unread.len(), rest.kinds[0].sampled), (1, 3));
    assert!(rest.unread[0].to_string().contains(&files[0]), "{:?}", rest.unread);
    // Without the log each file is asked, and so told of.
    put("trusted/control/log/00000000000000000003.json", b"{".to_vec()).await;
    put("trusted/events/domain_event_type=a/_SUCCESS", Vec::new()).await;
    put("trusted/events/domain_event_type=a/empty.parquet", Vec::new()).await;
    let listed = distributor.overview().await.unwrap();
    assert_eq!((listed.unread.len(), listed.strangers, listed.files()), (2, 1, files.len() as u64 - 1));
    assert_eq!(listed.rows(), 5);

    // Whoever compacts the table removes files.
    for path in &files {
        lake.store.delete(&Path::parse(format!("lake/{path}")).unwrap()).await.unwrap();
    }
    let gone = distributor.sample(&overview, &Sampling::default()).await;
    assert_eq!((gone.unread.len(), gone.kinds[0].sampled), (0, 0), "{:?}", gone.unread);
}

#[tokio::test]
async fn reads_the_beginning_of_large_files_and_of_few() {
    let lake = Lake::in_memory();
    // Texts that do not compress: one file of some 5 MB, whose data is in several pages.
    let random = |number: u64| {
        let digits =
            (0..40).map(|place| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(place * 3) ^ u64::from(place));
        digits.map(|digits| format!("{digits:016x}")).collect::<Vec<_>>().concat()
    };
    let rows: String = (0..8000)
        .map(|number| event(number, 100, 0, &format!("{{\"a\":\"{}\",\"n\":{number}}}", random(number))))
        .collect();
    lake.put("landing/pending/a.json", rows).await;
    let few: String = (0..30).map(|id| event(10_000 + id, 100 + id as i64 * 86_400, 2, "{}")).collect();
    lake.put("landing/pending/b.json", few).await;
    lake.run().await;
    let distributor = lake.distributor(Config::default());
    let overview = distributor.overview().await.unwrap();
    assert!(overview.partitions[0].bytes > 1 << 20, "{}", overview.partitions[0].bytes);
    for rows_max in [1, 100, 5000, 100_000] {
        let sampling = Sampling { rows_max, ..Sampling::default() };
        let sample = distributor.sample(&overview, &sampling).await;
        assert_eq!((sample.unread.len(), sample.kinds[0].sampled), (0, rows_max.min(8000)));
        assert_eq!(sample.kinds[0].fields.len(), 2);
        // Eight files that are spread over thirty days, of a row each.
        assert_eq!(sample.kinds[1].sampled, rows_max.min(8));
    }
    assert!(
        overview.warnings("2026-11-23".parse().unwrap()).iter().any(|warning| matches!(warning, Warning::Skew { .. }))
    );
    let improbable = overview.warnings("2026-11-23".parse().unwrap());
    assert!(
        improbable.iter().any(|warning| matches!(warning, Warning::ImprobableDays { days: 30, .. })),
        "{improbable:?}"
    );
}
