//! What is mended, what is refused, and what comes back: whole runs over damaged inputs.

use std::io::Write;

use crate::lake::{Lake, Row, event, start, tiny};
use events_core::Config;
use events_core::error::{Error, ErrorKind};
use events_core::event::Reason;
use events_core::json::{Level, RepairKind};
use events_core::run::{Counts, RejectFilter, Report};

fn level(repair: Level) -> Config {
    Config { repair, ..Config::default() }
}

async fn retry(lake: &Lake, run: &str, repair: Level) -> Report {
    lake.distributor(level(repair)).retry(&start(run), &RejectFilter::default()).await.unwrap()
}

fn balances(counts: &Counts) {
    assert_eq!(counts.records, counts.events + counts.rejects_total());
    assert_eq!(counts.events, counts.rows + counts.duplicates_total());
}

/// Rows without what tells how they were read.
fn plain(rows: Vec<Row>) -> Vec<Row> {
    let mut rows: Vec<_> = rows.into_iter().map(|row| Row { repairs: None, ..row }).collect();
    rows.sort();
    rows
}

/// An event, and ways to break it whose value is still known.
fn breaks(index: usize, event: &str) -> String {
    match index % 14 {
        0 => event.replace('"', "'"),
        1 => format!("{},}}", &event[..event.len() - 1]),
        2 => event.replace("\"timestamp\"", "timestamp"),
        3 => event.replace(",\"domain\"", ",/* \"it's }\" */\"domain\""),
        4 => event.replace(",\"domain\"", " \"domain\""),
        5 => event.replace("\"data\":", "\"data\" "),
        6 => event.replace("\"v\"", "\"v"),
        7 => format!("{event}}}"),
        8 => event[..event.len() - 1].to_owned(),
        9 => event.replace("null", "None"),
        10 => event.replace("null", "undefined"),
        11 => event.replace('"', "\\\""),
        12 => serde_json::to_string(event).unwrap(),
        _ => format!("ERROR upstream timeout\n{event}"),
    }
}

#[tokio::test]
async fn breaking_events_and_trying_again_gives_the_table_of_sound_ones() {
    for lake in Lake::each() {
        let events: Vec<_> = (0..700)
            .map(|id| event(id, 1_610_000_000 + id as i64, 0, r#"{"k":"v","n":null,"l":[{"a":1},{"b":2}]}"#))
            .collect();
        let clean = Lake::in_memory();
        clean.put("landing/pending/a.json", events.join("\n")).await;
        clean.run_as("clean", Config::default()).await;

        let broken: Vec<_> = events
            .iter()
            .enumerate()
            .map(|(index, event)| if index % 5 == 0 { breaks(index / 5, event) } else { event.clone() })
            .collect();
        lake.put("landing/pending/dir/a.json", broken[..300].join("\n")).await;
        lake.put("landing/pending/b.json", broken[300..].concat()).await;
        let first = lake.run_as("first", level(Level::Framing)).await;
        balances(&first.totals);
        assert_eq!(first.totals.repaired, 0);
        assert!(first.totals.rejects_total() >= 110, "{:?}", first.totals);

        let lenient = retry(&lake, "lenient", Level::Lenient).await;
        balances(&lenient.totals);
        assert!(lenient.totals.rows >= 40 && lenient.totals.repaired == lenient.totals.rows, "{:?}", lenient.totals);
        let guess = retry(&lake, "guess", Level::Guess).await;
        balances(&guess.totals);
        let (found, wanted) = (plain(lake.rows().await), plain(clean.rows().await));
        let missing: Vec<_> = wanted.iter().filter(|row| !found.contains(row)).collect();
        let others: Vec<_> = found.iter().filter(|row| !wanted.contains(row)).collect();
        assert!(missing.is_empty() && others.is_empty(), "missing {missing:?}, and there are {others:?}");
        // Every guess is marked, and nothing else is.
        let rows = lake.rows().await;
        let marked = rows.iter().filter(|row| row.repairs.is_some()).count() as u64;
        assert_eq!(marked, lenient.totals.repaired + guess.totals.repaired);
        // What came in is what went out, over all runs.
        let rejects: u64 = first.totals.rejects_total();
        assert!(rejects <= lenient.totals.records, "a stretch may hold several records");
        assert_eq!(first.totals.rows + lenient.totals.rows + guess.totals.rows, 700);
        // What had been there is kept, and what is left over is text that was never an event.
        assert!(!lake.list("landing/retried").await.is_empty());
        let mut left = Vec::new();
        lake.distributor(Config::default())
            .rejects(&RejectFilter::default(), |_, line| left.push(line.reason))
            .await
            .unwrap();
        assert!(left.iter().all(|reason| *reason == Reason::StrayText), "{left:?}");
        assert_eq!(left.len() as u64, guess.totals.rejects_total());
    }
}

#[tokio::test]
async fn what_cannot_be_mended_is_not_touched() {
    for lake in Lake::each() {
        let sound = event(1, 1_610_000_000, 0, "{}");
        lake.put("landing/pending/x.json", format!("{sound}\n{}\n{{\"event_id\":7}}", &sound[..40])).await;
        lake.run_as("first", Config::default()).await;
        let before = lake.list("landing/quarantine").await;
        let content = lake.get(&before[0]).await;
        let again = retry(&lake, "second", Level::Lenient).await;
        assert_eq!((again.commit, again.totals.rows, again.totals.rejects_total()), (None, 0, 2));
        assert_eq!(lake.list("landing/quarantine").await, before);
        assert_eq!(lake.get(&before[0]).await, content);
        assert_eq!(lake.list("stage").await.len(), 0);
        assert_eq!(lake.commits().await, 1);
    }
}

#[tokio::test]
async fn a_filter_leaves_other_rejects_as_they_are() {
    for lake in Lake::each() {
        let single = |id| event(id, 1_610_000_000, 0, "{}").replace('"', "'");
        for (run, key, id) in [("r1", "a/x.json", 1), ("r2", "b/y.json", 2)] {
            let text = format!("{}\n{{\"event_id\":\"{id}\"}}\n", single(id));
            lake.put(&format!("landing/pending/{key}"), text).await;
            lake.run_as(run, level(Level::Framing)).await;
        }
        let filter = RejectFilter {
            source: Some("b/".to_owned()),
            reasons: vec![Reason::InvalidJson],
            ..RejectFilter::default()
        };
        let report = lake.distributor(Config::default()).retry(&start("again"), &filter).await.unwrap();
        assert_eq!((report.totals.rows, report.totals.rejects_total()), (1, 3));
        assert_eq!(
            lake.list("landing/quarantine").await,
            [
                "landing/quarantine/date=2026-11-23/run=again/from=r2/b/y.json.jsonl",
                "landing/quarantine/date=2026-11-23/run=r1/a/x.json.jsonl",
            ]
        );
        let of_run = RejectFilter { run: Some("r1".parse().unwrap()), ..RejectFilter::default() };
        let report = lake.distributor(Config::default()).retry(&start("more"), &of_run).await.unwrap();
        assert!(report.repairs.iter().all(|sampled| sampled.source == "a/x.json"), "{:?}", report.repairs);
        assert_eq!((report.inputs.len(), report.totals.rows), (1, 1));
        let line = lake.get("landing/quarantine/date=2026-11-23/run=more/from=r1/a/x.json.jsonl").await;
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&line["source"], &line["reason"]), (&"a/x.json".into(), &"missing_field".into()));
        assert_eq!(line["raw"], r#"{"event_id":"1"}"#);
    }
}

#[tokio::test]
async fn a_sound_event_stays_when_a_guess_has_its_id_and_time() {
    let sound = event(1, 1_610_000_000, 0, r#"{"k":"v"}"#);
    // A comma is missing, and the value is another one: its digest may be the greater.
    for value in 0..8 {
        let guess = event(1, 1_610_000_000, 0, &format!(r#"{{"k":"w{value}" "x":1}}"#));
        let lenient = event(1, 1_610_000_000, 0, &format!(r#"{{"k":"w{value}",}}"#));
        for (inputs, repairs) in [
            ([&guess, &lenient, &sound], None),
            ([&sound, &guess, &lenient], None),
            ([&guess, &lenient, &lenient], Some("trailing_comma")),
        ] {
            let lake = Lake::in_memory();
            for (number, input) in inputs.iter().enumerate() {
                lake.put(&format!("landing/pending/{number}.json"), input.as_str()).await;
            }
            lake.run_as("r", level(Level::Guess)).await;
            let rows = lake.rows().await;
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].repairs.as_deref(), repairs);
        }
    }
}

#[tokio::test]
async fn strict_fails_at_the_first_damage_and_touches_nothing() {
    let (one, two) = (event(1, 1_610_000_000, 0, "{}"), event(2, 1_610_000_000, 0, "{}"));
    for (input, offset) in [
        (format!("{one}{two}"), one.len()),
        (format!("{one}\n{two}}}"), one.len() + 1 + two.len()),
        (format!("{one}\n{{'a':1}}"), one.len() + 1),
        (format!("[{one},{two}]\n{one}"), one.len() + two.len() + 4),
        (format!("\u{feff}{one}"), 0),
    ] {
        let lake = Lake::in_memory();
        lake.put("landing/pending/x.json", input.clone()).await;
        let error = lake.distributor(level(Level::Strict)).run(&start("r")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{input}");
        assert!(matches!(&error, Error::Damaged { offset: at, .. } if *at == offset as u64), "{error} of {input}");
        assert_eq!(lake.list("landing").await, ["landing/pending/x.json"]);
        assert_eq!(lake.list("stage").await.len() + lake.list("trusted/events").await.len(), 0);
    }
    for input in [format!("{one}\r\n{two}\n"), format!(" [\n{one} ,\n{two}]\n"), one.clone(), String::new()] {
        let lake = Lake::in_memory();
        lake.put("landing/pending/x.json", input.clone()).await;
        let report = lake.distributor(level(Level::Strict)).run(&start("r")).await.unwrap();
        assert_eq!(report.totals.rejects_total(), 0, "{input}");
    }
}

#[tokio::test]
async fn repairs_are_counted_and_sampled_in_place() {
    let lake = Lake::in_memory();
    let good = event(1, 1_610_000_000, 0, "{}");
    let bad = event(2, 1_610_000_000, 0, "[1,]");
    lake.put("landing/pending/a.json", format!("{good}{bad}")).await;
    let report = lake.run().await;
    let expected = [(RepairKind::MissingRecordSeparator, 1), (RepairKind::TrailingComma, 1)];
    assert_eq!(report.totals.repairs, expected.into_iter().collect());
    assert_eq!((report.totals.repaired, report.totals.rows), (1, 2));
    let comma = report.repairs.iter().find(|sampled| sampled.repair.kind == RepairKind::TrailingComma).unwrap();
    assert_eq!(comma.source, "a.json");
    let at = usize::try_from(comma.repair.offset).unwrap();
    assert_eq!(&format!("{good}{bad}")[at..=at], ",");
    assert_eq!((&comma.repair.before[..], &comma.repair.after[..]), (&b","[..], &b""[..]));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
}

#[tokio::test]
async fn utf_16_is_read_and_said_so() {
    let text = format!("{}\n{}\n", event(1, 1_610_000_000, 3, r#""é😀""#), event(2, 1_610_000_000, 3, "1"));
    let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member.write_all(&bytes).unwrap();
    let member = member.finish().unwrap();
    for (config, bytes) in [(Config::default(), &bytes), (tiny(), &bytes), (tiny(), &member)] {
        let (lake, plain) = (Lake::in_memory(), Lake::in_memory());
        lake.put("landing/pending/x", bytes.clone()).await;
        plain.put("landing/pending/x", text.clone()).await;
        let report = lake.run_as("r", config.clone()).await;
        plain.run_as("r", config).await;
        assert_eq!(lake.files().await, plain.files().await);
        assert_eq!(report.totals.repairs, [(RepairKind::Utf16Transcoded, 1)].into_iter().collect());
        assert_eq!(report.totals.text_bytes as usize, text.len());
    }
}

#[tokio::test]
async fn a_bomb_is_a_reject_and_costs_the_other_inputs_nothing() {
    let sound = event(1, 1_610_000_000, 0, "{}");
    let gzip = |bytes: &[u8]| {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        member.write_all(bytes).unwrap();
        member.finish().unwrap()
    };
    let keys = format!("{{{}}}", (0..20_000).map(|key| format!("\"k{key}\":{key}")).collect::<Vec<_>>().join(","));
    let inputs: [(&str, Vec<u8>, Reason); 5] = [
        // Far beyond what compresses that well, and beyond the size below which any ratio goes.
        ("spaces.gz", gzip(&vec![b' '; 80 << 20]), Reason::DecompressionLimit),
        ("brackets", "[".repeat(1 << 20).into_bytes(), Reason::StrayText),
        ("objects", "{\"a\":".repeat(1 << 18).into_bytes(), Reason::TooDeep),
        ("string", format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20)).into_bytes(), Reason::TooLong),
        ("keys", keys.into_bytes(), Reason::TooManyKeys),
    ];
    for (name, bytes, reason) in inputs {
        let lake = Lake::in_memory();
        lake.put(&format!("landing/pending/{name}"), bytes).await;
        lake.put("landing/pending/sound.json", sound.clone()).await;
        let report = lake.run_as("r", level(Level::Guess)).await;
        assert_eq!(report.totals.rows, 1, "{name}");
        // Brackets alone are envelopes of nothing.
        if name != "brackets" {
            assert!(report.totals.rejects.contains_key(&reason), "{name}: {:?}", report.totals);
        }
        balances(&report.totals);
    }
}

#[tokio::test]
async fn too_many_partitions_fail_the_run_before_it_commits() {
    for lake in Lake::each() {
        let events: String = (0..30).map(|id| event(id, 1_610_000_000 + id as i64 * 86_400, 0, "{}")).collect();
        lake.put("landing/pending/x.json", events).await;
        let limited = |partitions_max| Config { partitions_max, ..Config::default() };
        let error = lake.distributor(limited(29)).run(&start("r")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.to_string(), "more than 29 partitions; nothing was published");
        assert_eq!(lake.list("landing").await, ["landing/pending/x.json"]);
        assert_eq!(lake.list("stage").await.len() + lake.list("trusted/events").await.len(), 0);
        assert_eq!(lake.run_as("r", limited(30)).await.partitions.len(), 30);
    }
}
