//! The laws of the job, over whole runs and over its pure parts.

use crate::lake::{Lake, Row, batch_rows, event, model, model_within, start, tiny};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use events_core::Config;
use events_core::event::{Events, Reason, TIMESTAMP_MAX, TIMESTAMP_MIN, decode, parse_epoch, parse_timestamp};
use events_core::json::{FrameLimits, Framer, Level, compact};
use events_core::table::{PartitionKey, deduplicate, escape_partition_value, to_batch};
use futures::executor::block_on;
use proptest::prelude::*;

/// Few ids, few times, few contents: what collides is what matters.
fn collision() -> impl Strategy<Value = String> {
    (
        0_u64..12,
        0_i64..4,
        0_usize..4,
        prop::sample::select(vec!["1", "1.0", "{\"a\": 1}", "{\"a\":1}", "null", "\"}{\""]),
    )
        .prop_map(|(id, second, kind, data)| event(id, second * 50_000, kind, data))
}

fn dirt() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "{\"event_id\":1}",
        "oops",
        "{\"event_id\":\"x\"",
        "{}",
        "[1,2]",
        "{\"a\":{\"b\":[1}",
        "\u{feff}",
        "{\"event_id\":\"",
        "\"",
        "}",
    ])
    .prop_map(str::to_owned)
}

/// An input: records, each followed by a separator.
fn input() -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec!["", "\n", " ", ",", "\r\n", "\n\u{1e}"]);
    let record = prop_oneof![9 => collision(), 1 => dirt()];
    prop::collection::vec((record, separator), 0..30)
        .prop_map(|records| records.into_iter().map(|(record, separator)| record + separator).collect())
}

fn run(
    inputs: &[String],
    config: Config,
) -> (Vec<Row>, std::collections::BTreeMap<String, Vec<u8>>, events_core::run::Report) {
    block_on(async {
        let lake = Lake::in_memory();
        for (number, input) in inputs.iter().enumerate() {
            lake.put(&format!("landing/pending/{number:02}.json"), input.clone()).await;
        }
        let report = lake.run_as("r", config).await;
        let mut rows = lake.rows().await;
        rows.sort();
        (rows, lake.files().await, report)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_run_keeps_what_the_model_keeps_and_its_counts_balance(inputs in prop::collection::vec(input(), 1..5)) {
        let (rows, _, report) = run(&inputs, Config::default());
        prop_assert_eq!(&rows, &model(&inputs));
        let counts = &report.totals;
        prop_assert_eq!(counts.records, counts.events + counts.rejects_total());
        prop_assert_eq!(counts.events, counts.rows + counts.duplicates_total());
        prop_assert_eq!(counts.rows as usize, rows.len());
        let framed: usize = inputs.iter().map(|input| Events::new(input.as_bytes()).count()).sum();
        prop_assert_eq!(counts.records as usize, framed);
    }

    #[test]
    fn there_is_one_row_an_id(inputs in prop::collection::vec(input(), 1..5)) {
        let (rows, _, _) = run(&inputs, Config::default());
        let mut ids: Vec<_> = rows.iter().map(|row| &row.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), rows.len());
    }

    #[test]
    fn the_order_of_inputs_and_the_threads_do_not_change_a_byte(
        inputs in prop::collection::vec(input(), 1..5),
        threads in 1_usize..5,
    ) {
        let (_, files, report) = run(&inputs, Config::default());
        let reversed: Vec<_> = inputs.iter().rev().cloned().collect();
        let (_, files_reversed, report_reversed) = run(&reversed, Config { threads, ..tiny() });
        prop_assert_eq!(files, files_reversed);
        prop_assert_eq!(report.totals.duplicates, report_reversed.totals.duplicates);
    }

    #[test]
    fn how_records_are_split_into_inputs_does_not_change_a_byte(records in prop::collection::vec(collision(), 1..40), cut in 0_usize..40) {
        let cut = cut.min(records.len());
        let (_, whole, _) = run(&[records.concat()], Config::default());
        let (_, split, _) = run(&[records[cut..].join("\n"), format!("[{}]", records[..cut].join(","))], Config::default());
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn the_two_halves_give_the_table_of_the_whole(inputs in prop::collection::vec(input(), 1..4)) {
        let (_, whole, report) = run(&inputs, Config::default());
        let (halves, totals) = block_on(async {
            let lake = Lake::in_memory();
            for (number, input) in inputs.iter().enumerate() {
                lake.put(&format!("landing/pending/{number:02}.json"), input.clone()).await;
            }
            lake.distributor(Config::default()).parse(&start("p")).await.unwrap();
            let report = lake.distributor(Config::default()).distribute(&start("d")).await.unwrap();
            (lake.files().await, report.totals)
        });
        prop_assert_eq!(whole, halves);
        prop_assert_eq!(report.totals, totals);
    }
}

/// Records as hostile to cutting as they come: strings that look like boundaries, damage, no separators.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => collision(),
        1 => (0_u64..9).prop_map(|id| event(id, 7, 0, r#""} , { \"event_id\" }{ \n{""#)),
        1 => (0_u64..9).prop_map(|id| event(id, 8, 1, r#"[{"event_id":1},{"event_id":2},{"b":{"event_id":3}}]"#)),
        1 => Just("{\"event_id\":\"cut sh".to_owned()),
        1 => Just("{\"event_id\":{\"a\":[1}".to_owned()),
        1 => Just("}{\"event_id\":\"\n".to_owned()),
        1 => dirt(),
        1 => Just(format!("{{\"event_id\":\"{}\"}}", "}{\\\"".repeat(6_000))),
        1 => Just(format!("{{\"event_id\":\"{}\"}}", "x".repeat(50_000))),
        1 => Just("it is 5\" long ".to_owned()),
        1 => Just("{".repeat(3_000)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn cutting_an_input_for_many_threads_changes_no_record(
        records in prop::collection::vec(hostile(), 4..60),
        repeat in 1_usize..30,
        separator in prop::sample::select(vec!["", "\n", ","]),
        record_bytes_max in prop::sample::select(vec![8 << 20, 40_000, 1_000]),
        level in prop::sample::select(vec![Level::Framing, Level::Lenient, Level::Guess]),
    ) {
        let input = records.join(separator).repeat(repeat);
        // Pieces of 16 KiB, and more threads than pieces to parse them out of order.
        let config = Config { threads: 32, record_bytes_max, repair: level, ..tiny() };
        let whole = Config { threads: 1, memory_bytes: 1 << 30, ..config.clone() };
        let limits = FrameLimits { record_bytes_max, ..FrameLimits::default() };
        let lines = block_on(async {
            let lake = Lake::in_memory();
            lake.put("landing/pending/x", input.clone()).await;
            let report = lake.run_as("r", config).await;
            let alone = Lake::in_memory();
            alone.put("landing/pending/x", input.clone()).await;
            let other = alone.run_as("r", whole).await;
            // Counts and samples of repairs are of the input, not of its pieces.
            assert_eq!((&report.totals, &report.repairs), (&other.totals, &other.repairs));
            let mut rows = lake.rows().await;
            rows.sort();
            assert_eq!(rows, model_within(&[&input], level, limits));
            assert_eq!(report.totals.text_bytes as usize, input.len());
            match report.totals.rejects_total() {
                0 => Vec::new(),
                _ => lake.get("landing/quarantine/date=2026-11-23/run=r/x.jsonl").await,
            }
        });
        // Decoding finds the ends of sound records by itself: they are where framing puts them.
        let mut framer = Framer::new(limits);
        framer.push(input.as_bytes());
        framer.finish();
        let mut frames = 0;
        let mut rejected = Events::with(input.as_bytes(), Level::Framing, limits).filter_map(Result::err).peekable();
        while let Some(frame) = framer.next_frame() {
            frames += 1;
            let reject = rejected.next_if(|reject| reject.offset == frame.offset);
            prop_assert!(reject.is_none_or(|reject| reject.bytes == frame.bytes));
        }
        prop_assert!(rejected.next().is_none());
        prop_assert_eq!(Events::with(input.as_bytes(), Level::Framing, limits).count(), frames);
        let found = String::from_utf8(lines).unwrap();
        let found = found.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let found: Vec<_> = found.map(|line| (line["offset"].as_u64(), line["raw"].as_str().map(str::to_owned))).collect();
        let expected = Events::with(input.as_bytes(), level, limits).filter_map(Result::err);
        let expected: Vec<_> = expected
            .map(|reject| (Some(reject.offset), Some(String::from_utf8(reject.bytes.to_vec()).unwrap())))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

/// JSON text with white space anywhere between tokens.
fn spaced_value() -> impl Strategy<Value = (String, String)> {
    let leaf = prop::sample::select(vec![
        "1.10",
        "-0",
        "1E5",
        "123456789012345678901234567890",
        "1e400",
        "null",
        "true",
        r#""a b""#,
        r#""\u00e9 \" \\""#,
        r#""\ud800""#,
        r#"" {\n}  ""#,
        "[]",
        "{}",
    ]);
    let leaf = leaf.prop_map(|text| (text.to_owned(), text.to_owned()));
    let space = prop::sample::select(vec!["", " ", "\n\t", "\r\n  "]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let items = prop::collection::vec((inner, space.clone()), 0..4);
        (items, any::<bool>()).prop_map(|(items, object)| {
            let (open, close) = if object { ("{", "}") } else { ("[", "]") };
            let (mut spaced, mut plain) = (open.to_owned(), open.to_owned());
            for (index, ((item, compacted), space)) in items.iter().enumerate() {
                // The same key again and again: it must survive.
                let key = if object { "\"k\"" } else { "" };
                let colon = if object { ":" } else { "" };
                let comma = if index > 0 { "," } else { "" };
                spaced += &[space, comma, space, key, space, colon, space, item, space].concat();
                plain += &[comma, key, colon, compacted].concat();
            }
            (spaced + close, plain + close)
        })
    })
}

proptest! {
    #[test]
    fn data_keeps_its_text_but_the_white_space_between_tokens((spaced, plain) in spaced_value()) {
        prop_assert_eq!(&*compact(&spaced), &plain);
        let record = format!("{{ \"event_id\":\"x\",\"timestamp\":0,\n\"domain\":\"d\",\"event_type\":\"e\",\"data\": {spaced} ,\"other\":{spaced} }}");
        let event = decode(&record).unwrap();
        prop_assert_eq!(event.data.as_deref(), Some(&*plain));
        let extra = format!("{{\"other\":{plain}}}");
        prop_assert_eq!(event.extra.as_deref(), Some(&*extra));
    }

    #[test]
    fn timestamps_agree_with_chrono(
        micros in TIMESTAMP_MIN + 86_400_000_000..TIMESTAMP_MAX - 86_400_000_000,
        digits in 0_usize..10,
        offset_minutes in -1439_i32..1440,
        separator in prop::sample::select(vec!['T', 't', ' ']),
        colon in any::<bool>(),
    ) {
        let utc = DateTime::from_timestamp_micros(micros).unwrap();
        let local = utc.naive_utc() + TimeDelta::minutes(i64::from(offset_minutes));
        let nanos = format!("{:09}", local.and_utc().timestamp_subsec_nanos() + 789);
        let fraction = if digits == 0 { String::new() } else { format!(".{}", &nanos[..digits]) };
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset_minutes.abs() / 60, offset_minutes.abs() % 60);
        let colon = if colon { ":" } else { "" };
        let text = format!("{}{separator}{}{fraction}{sign}{hours:02}{colon}{minutes:02}", local.format("%Y-%m-%d"), local.format("%H:%M:%S"));
        // What the text no longer says is dropped towards the past.
        let unit = 10_i64.pow(6_u32.saturating_sub(digits as u32));
        prop_assert_eq!(parse_timestamp(&text).map_err(|fault| fault.to_string()), Ok(micros.div_euclid(unit) * unit), "{}", text);
    }

    #[test]
    fn no_text_makes_the_timestamp_parser_panic(text in "[0-9TZtz:+. -]{0,40}|\\PC{0,30}") {
        if let Ok(micros) = parse_timestamp(&text) {
            prop_assert!((TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&micros));
        }
        let _ = parse_epoch(&text);
    }

    #[test]
    fn epochs_of_every_unit_are_the_same_instant(seconds in -99_999_999_999_i64..99_999_999_999, micros in 0_i64..1_000_000) {
        let expected = seconds * 1_000_000 + micros;
        prop_assume!((TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&expected));
        let sign = if expected < 0 { "-" } else { "" };
        let size = expected.unsigned_abs();
        let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        prop_assert_eq!(parse_epoch(&text), Ok(expected));
        // Only large numbers can be told to be in smaller units.
        if size / 1_000 >= 100_000_000_000 {
            prop_assert_eq!(parse_epoch(&format!("{sign}{}.{:03}", size / 1_000, size % 1_000)), Ok(expected));
        }
        if size >= 100_000_000_000_000 {
            prop_assert_eq!(parse_epoch(&format!("{expected}")), Ok(expected));
        }
    }

    #[test]
    fn a_partition_key_survives_its_folder(domain in "\\PC{1,20}", event_type in "\\PC{1,20}", micros in TIMESTAMP_MIN..TIMESTAMP_MAX) {
        let key = PartitionKey::new(&domain, &event_type, micros);
        let folder = key.folder();
        let values: Vec<_> = folder.split('/').map(|segment| segment.split_once('=').unwrap()).collect();
        prop_assert_eq!(values.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["domain_event_type", "year", "month", "day"]);
        prop_assert_eq!(unescape(values[0].1), format!("{domain}-{event_type}"));
        let date = NaiveDate::from_ymd_opt(values[1].1.parse().unwrap(), values[2].1.parse().unwrap(), values[3].1.parse().unwrap());
        prop_assert_eq!(date, Some(key.date()));
        prop_assert_eq!(key.date(), DateTime::from_timestamp_micros(micros).unwrap().date_naive());
        prop_assert!(values[2].1 == key.date().month().to_string(), "not padded");
        // What a store makes of the path is the path.
        let path = object_store::path::Path::parse(&folder).unwrap();
        prop_assert_eq!(path.as_ref(), &folder);
        prop_assert_eq!(PartitionKey::of_folder(&folder), Some(key));
    }

    #[test]
    fn a_folder_is_that_of_its_partition_or_of_none(
        name in "[a-c%/=.]{0,3}(%[0-9a-fA-F]{2}){0,2}", year in "-?[0-9]{1,6}", month in "[0-9+]{1,2}", day in "[0-9]{1,2}", more in "|/|/x=1",
    ) {
        let folder = format!("domain_event_type={name}/year={year}/month={month}/day={day}{more}");
        prop_assert!(PartitionKey::of_folder(&folder).is_none_or(|key| key.folder() == folder));
    }

    #[test]
    fn deduplicating_again_changes_nothing_and_order_does_not_matter(records in prop::collection::vec(collision(), 0..40)) {
        let decode = |records: &[String]| {
            let events: Vec<_> = records.iter().map(|record| decode(record).unwrap()).collect();
            deduplicate(&to_batch(&events).unwrap()).unwrap()
        };
        let once = decode(&records);
        prop_assert_eq!(once.batch.num_rows() + once.dropped.len(), records.len());
        let again = deduplicate(&once.batch).unwrap();
        prop_assert_eq!(&again.batch, &once.batch);
        let mut reversed = records.clone();
        reversed.reverse();
        let rows = |batch| { let mut rows = batch_rows(batch, |_| String::new()); rows.sort(); rows };
        let reversed = decode(&reversed);
        prop_assert_eq!(rows(&reversed.batch), rows(&once.batch));
    }
}

fn unescape(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = if *byte == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            &after[2..]
        } else {
            bytes.push(*byte);
            after
        };
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn folders_that_are_not_written_have_no_partition() {
    let folder = |name: &str, date: &str| PartitionKey::of_folder(&format!("domain_event_type={name}/{date}"));
    let date = "year=2021/month=1/day=14";
    let key = PartitionKey::new("card/eu", "issued", 1_610_619_537_000_000);
    assert_eq!(folder("card%2Feu-issued", date), Some(key));
    for (name, date) in [
        ("card%2feu-issued", date),
        ("card-%69ssued", date),
        ("card-issued%", date),
        ("card-issued%2", date),
        ("card-issued%FF", date),
        ("card issued", date),
        ("", date),
        ("card-issued", "year=2021/month=01/day=14"),
        ("card-issued", "year=2021/month=1/day=+14"),
        ("card-issued", "year=2021/month=2/day=30"),
        ("card-issued", "year=2021/month=1"),
        ("card-issued", "year=2021/day=14/month=1"),
        ("card-issued", "year=2021/month=1/day=14/"),
        ("card-issued", "year=2021/month=1/day=14/part-1.parquet"),
    ] {
        assert_eq!(folder(name, date), None, "{name} {date}");
    }
    assert_eq!(PartitionKey::of_folder(""), None);
}

#[test]
fn partition_values_are_escaped_as_readers_expect() {
    for (value, escaped) in [
        ("account-status-change", "account-status-change"),
        ("a/b-c=d", "a%2Fb-c%3Dd"),
        ("50%-ü", "50%25-%C3%BC"),
        ("two words-x", "two%20words-x"),
        ("..", ".."),
        ("a:b\u{7f}\n\"*?#[]{}~'\\", "a%3Ab%7F%0A%22%2A%3F%23%5B%5D%7B%7D%7E%27%5C"),
    ] {
        assert_eq!(escape_partition_value(value), escaped);
    }
}

#[test]
fn each_breach_of_the_contract_has_its_reason() {
    let base = [("event_id", "\"x\""), ("timestamp", "0"), ("domain", "\"d\""), ("event_type", "\"e\"")];
    let with = |name: &str, value: Option<&str>| {
        let fields = base.iter().filter_map(|&(field, default)| {
            let value = if field == name { value? } else { default };
            Some(format!("\"{field}\":{value}"))
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    };
    for (record, reason) in [
        (with("event_id", None), Reason::MissingField),
        (with("domain", Some("null")), Reason::MissingField),
        (with("event_id", Some("7")), Reason::WrongType),
        (with("timestamp", Some("[0]")), Reason::WrongType),
        (with("timestamp", Some("true")), Reason::WrongType),
        (with("event_type", Some("\"\"")), Reason::EmptyField),
        (with("timestamp", Some("\"yesterday\"")), Reason::InvalidTimestamp),
        (with("timestamp", Some("\"2021-02-29T00:00:00Z\"")), Reason::InvalidTimestamp),
        (with("timestamp", Some("\"2021-02-28T24:00:00Z\"")), Reason::InvalidTimestamp),
        (with("timestamp", Some("1e9")), Reason::InvalidTimestamp),
        (with("timestamp", Some("\"0000-12-31T23:59:59Z\"")), Reason::TimestampOutOfRange),
        (with("timestamp", Some("\"9999-12-31T23:59:59-00:01\"")), Reason::TimestampOutOfRange),
        (with("domain", Some("\"__HIVE_DEFAULT_PARTITION__\"")), Reason::ReservedValue),
        (with("domain", Some("\"\\ud800\"")), Reason::InvalidJson),
        (with("timestamp", Some("00")), Reason::InvalidJson),
        (
            r#"{"event_id":"x","event_id":"x","timestamp":0,"domain":"d","event_type":"e"}"#.to_owned(),
            Reason::RepeatedField,
        ),
        (
            r#"{"event_id":"x","event\u005fid":"x","timestamp":0,"domain":"d","event_type":"e"}"#.to_owned(),
            Reason::RepeatedField,
        ),
        ("{}".to_owned(), Reason::MissingField),
        ("[]".to_owned(), Reason::InvalidJson),
    ] {
        assert_eq!(decode(&record).unwrap_err().reason, reason, "{record}");
    }
    assert!(decode(&with("", None)).is_ok());
}

#[test]
fn uuids_are_one_id_whatever_their_case_and_other_ids_are_not() {
    let of = |id: &str| {
        decode(&format!(r#"{{"event_id":"{id}","timestamp":0,"domain":"d","event_type":"e"}}"#)).unwrap().id.to_string()
    };
    assert_eq!(of("3AAAFB1F-C83B-4E77-9D0A-8D88F9A9FA9A"), "3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a");
    for other in ["3AAAFB1FC83B4E779D0A8D88F9A9FA9A", "{3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a}", "Order-7", " "] {
        assert_eq!(of(other), other);
    }
}

#[test]
fn a_kind_whose_folder_would_be_too_long_is_a_reject_with_its_place() {
    let long = event(1, 0, 0, "1").replace("status-change", &"ü".repeat(40));
    let (_, _, report) = run(&[event(2, 0, 0, "1") + &long], Config::default());
    assert_eq!(report.totals.rejects[&Reason::PartitionTooLong], 1);
    assert_eq!(report.totals.rows, 1);
}
