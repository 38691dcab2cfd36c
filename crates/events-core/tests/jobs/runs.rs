//! Whole runs, in memory and on disk.

use std::collections::BTreeSet;
use std::io::Write;

use crate::lake::{Lake, event, model, start, tiny};
use events_core::error::{Error, ErrorKind};
use events_core::event::Reason;
use events_core::run::{Cancel, Partitions, Report};
use events_core::table::{Duplicate, PartitionKey};
use events_core::{Codec, Config};
use object_store::ObjectStoreExt as _;

/// Some thousands of events in many layouts: (name, bytes).
fn inputs(count: u64) -> Vec<(String, Vec<u8>)> {
    let all: Vec<String> = (0..count)
        .map(|index| {
            // A tenth comes again, half of it as a newer version.
            let (id, newer) = if index % 10 == 9 { (index - 5, i64::from(index % 20 == 9)) } else { (index, 0) };
            let second = 1_610_000_000 + (id as i64 * 7919) % 864_000 + newer * 60;
            let data =
                format!(r#"{{"n":1.10,"text":"}}{{ \" \\\\","version":{newer},"list":[{{"a":{id}}},{{"b":null}}]}}"#);
            event(id, second, id as usize, &data)
        })
        .collect();
    let parts: Vec<&[String]> = all.chunks(all.len() / 7 + 1).collect();
    let pretty = |events: &[String]| {
        events.iter().map(|event| event.replace("{\"event_id", "{\n  \"event_id") + "\n").collect::<String>()
    };
    let gzip = |text: &str| {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        member.write_all(text.as_bytes()).unwrap();
        member.finish().unwrap()
    };
    let half = parts[5].len() / 2;
    vec![
        ("a/concatenated.json".into(), parts[0].concat().into_bytes()),
        ("a/lines.jsonl".into(), parts[1].join("\r\n").into_bytes()),
        ("array.json".into(), format!("\u{feff}[\n{}\n]\n", parts[2].join(",\n  ")).into_bytes()),
        ("pretty.json".into(), pretty(parts[3]).into_bytes()),
        ("sequence.json-seq".into(), ("\u{1e}".to_owned() + &parts[4].join("\n\u{1e}") + "\n").into_bytes()),
        ("members.gz".into(), [gzip(&parts[5][..half].concat()), gzip(&parts[5][half..].join("\n"))].concat()),
        (
            "frames.zst".into(),
            zstd::encode_all(format!("{}\n[{}]", parts[6][0], parts[6][1..].join(",")).as_bytes(), 1).unwrap(),
        ),
        ("empty.json".into(), Vec::new()),
    ]
}

fn texts(inputs: &[(String, Vec<u8>)]) -> Vec<Vec<u8>> {
    inputs.iter().map(|(_, bytes)| events_core::json::decompress(bytes).unwrap().into_owned()).collect()
}

async fn pend(lake: &Lake, inputs: &[(String, Vec<u8>)]) {
    for (key, bytes) in inputs {
        lake.put(&format!("landing/pending/{key}"), bytes.clone()).await;
    }
}

fn balances(report: &Report) {
    let counts = &report.totals;
    assert_eq!(counts.records, counts.events + counts.rejects_total());
    assert_eq!(counts.events, counts.rows + counts.duplicates_total());
    let rows: u64 = report.partitions.iter().map(|partition| partition.rows).sum();
    assert_eq!(rows, counts.rows);
}

#[tokio::test]
async fn one_run_gives_the_rows_of_the_model() {
    for lake in Lake::each() {
        let inputs = inputs(5_000);
        pend(&lake, &inputs).await;
        let report = lake.run().await;
        let mut rows = lake.rows().await;
        rows.sort();
        assert_eq!(rows, model(&texts(&inputs)));
        assert_eq!(rows.len(), 4_500);
        assert_eq!(report.totals.records, 5_000);
        assert_eq!(report.totals.duplicates[&Duplicate::Exact], 250);
        assert_eq!(report.totals.duplicates[&Duplicate::OtherTime], 250);
        assert!(report.totals.rejects.is_empty());
        balances(&report);
    }
}

#[tokio::test]
async fn inputs_move_as_they_are_and_the_stage_is_gone() {
    for lake in Lake::each() {
        let inputs = inputs(100);
        pend(&lake, &inputs).await;
        lake.run().await;
        assert_eq!(lake.list("landing/pending").await, [""; 0]);
        assert_eq!(lake.list("stage").await, [""; 0]);
        for (key, bytes) in &inputs {
            assert_eq!(&lake.get(&format!("landing/processed/date=2026-11-23/{key}")).await, bytes);
        }
        assert_eq!(std::fs::read_dir(lake.scratch.path()).unwrap().count(), 0, "scratch files are left");
    }
}

#[tokio::test]
async fn the_table_does_not_depend_on_memory_or_threads() {
    let inputs = inputs(40_000);
    let mut tables = Vec::new();
    for config in [
        Config::default(),
        Config { threads: 1, ..tiny() },
        Config { threads: 8, ..tiny() },
        Config { threads: 3, requests_max: 1, ..Config::default() },
    ] {
        let lake = Lake::in_memory();
        pend(&lake, &inputs).await;
        lake.run_as("run-1", config).await;
        tables.push(lake.files().await);
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
}

#[tokio::test]
async fn a_partition_larger_than_memory_gives_the_same_files() {
    // One partition of some 40 MB, where a thread may hold 2 MB of it.
    let data = format!(r#"{{"text":"{}"}}"#, "lorem ipsum ".repeat(40));
    let events: String = (0..70_000).map(|id| event(id, 1_610_000_000 + (id as i64 * 7919) % 3600, 0, &data)).collect();
    let mut tables = Vec::new();
    for config in [Config { memory_bytes: 1 << 30, ..Config::default() }, tiny()] {
        let lake = Lake::in_memory();
        lake.put("landing/pending/one.json", events.clone()).await;
        let config = Config { file_bytes_max: 512 << 10, row_group_rows_max: 10_000, ..config };
        let report = lake.run_as("run-1", config).await;
        assert_eq!(report.totals.rows, 70_000);
        assert_eq!(report.partitions.len(), 1);
        assert!(report.partitions[0].files > 1, "files are limited");
        tables.push(lake.files().await);
    }
    assert_eq!(tables[0], tables[1]);
}

#[tokio::test]
async fn a_record_longer_than_a_range_and_braces_in_strings_are_whole() {
    let config = tiny();
    let long = event(1, 1_610_000_000, 0, &format!(r#"{{"text":"{}"}}"#, r#"}{\"event_id\"}\n{"#.repeat(60_000)));
    let tricky: String =
        (2..5_000).map(|id| event(id, 1_610_000_000 + id as i64, 0, r#""}{\"event_id\":1}{""#)).collect();
    let input = format!("{tricky}{long}{tricky}");
    let lake = Lake::in_memory();
    lake.put("landing/pending/one.json", input.clone()).await;
    let report = lake.run_as("run-1", config).await;
    assert_eq!(report.totals.rejects_total(), 0);
    let mut rows = lake.rows().await;
    rows.sort();
    assert_eq!(rows, model(&[input]));
}

#[tokio::test]
async fn strings_that_look_like_boundaries_do_not_split_records() {
    // Raw braces and quotes that a cut must not believe: only a scan from the start tells.
    let data = r#""x\\\"}{\"event_id\" :1 }\n{ \"event_id\"""#;
    let input: String = (0..30_000).map(|id| event(id, 1_610_000_000, 0, data)).collect();
    for threads in [1, 4] {
        let lake = Lake::in_memory();
        lake.put("landing/pending/one.json", input.clone()).await;
        let report = lake.run_as("run-1", Config { threads, ..tiny() }).await;
        assert_eq!((report.totals.rows, report.totals.rejects_total()), (30_000, 0));
    }
}

#[tokio::test]
async fn rejects_keep_their_place_reason_and_bytes() {
    for lake in Lake::each() {
        let good = event(1, 1_610_000_000, 0, "{}");
        let mut input = good.clone().into_bytes();
        let second = input.len();
        input.extend_from_slice(br#"{"event_id":7,"timestamp":0,"domain":"a","event_type":"b"}"#);
        let third = input.len();
        input.extend_from_slice(b"{\"event_id\":\"\xFF\"}");
        input.extend_from_slice(event(2, 1_610_000_000, 0, "{}").as_bytes());
        let fifth = input.len();
        input.extend_from_slice(br#"{"event_id":"cut"#);
        lake.put("landing/pending/a/b.json", input).await;
        let report = lake.run().await;
        assert_eq!(report.totals.rows, 2);
        let expected = [(Reason::InvalidUtf8, 1), (Reason::WrongType, 1), (Reason::Truncated, 1)];
        assert_eq!(report.totals.rejects, expected.into_iter().collect());
        let lines = lake.get("landing/quarantine/date=2026-11-23/run=run-1/a/b.json.jsonl").await;
        let lines: Vec<serde_json::Value> =
            String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines.iter().map(|line| line["offset"].as_u64().unwrap() as usize).collect::<Vec<_>>(),
            [second, third, fifth]
        );
        assert_eq!(lines[0]["raw"], r#"{"event_id":7,"timestamp":0,"domain":"a","event_type":"b"}"#);
        assert_eq!(lines[0]["reason"], "wrong_type");
        assert_eq!(lines[0]["source"], "a/b.json");
        assert_eq!(lines[1]["raw_base64"], "eyJldmVudF9pZCI6Iv8ifQ==");
        assert_eq!(lines[2]["length"], 16);
        balances(&report);
    }
}

#[tokio::test]
async fn rows_of_earlier_runs_in_the_same_partition_survive() {
    for lake in Lake::each() {
        lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
        assert_eq!(lake.run_as("run-1", Config::default()).await.commit, Some(1));
        lake.put("landing/pending/x.json", event(2, 1_610_000_001, 0, "2")).await;
        assert_eq!(lake.run_as("run-2", Config::default()).await.commit, Some(2));
        assert_eq!(lake.rows().await.len(), 2);
        let processed = lake.list("landing/processed").await;
        assert_eq!(processed.len(), 2, "the second x.json has a name of its own: {processed:?}");
        assert!(processed[1].starts_with("landing/processed/date=2026-11-23/x.json~"));
        assert_eq!(lake.commits().await, 2);
    }
}

#[tokio::test]
async fn the_same_input_again_takes_no_second_name() {
    for lake in Lake::each() {
        for run in ["run-1", "run-2"] {
            lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
            lake.run_as(run, Config::default()).await;
        }
        assert_eq!(lake.list("landing").await, ["landing/processed/date=2026-11-23/x.json"]);
    }
}

#[tokio::test]
async fn a_run_on_nothing_writes_nothing() {
    for lake in Lake::each() {
        let report = lake.run().await;
        assert_eq!((report.commit, report.totals.bytes), (None, 0));
        assert_eq!(lake.list("trusted").await.len() + lake.list("stage").await.len(), 0);
    }
}

#[tokio::test]
async fn a_table_tells_which_partitions_got_files_since_a_commit() {
    let folders = |partitions: &Partitions| partitions.keys.iter().map(PartitionKey::folder).collect::<BTreeSet<_>>();
    for lake in Lake::each() {
        let table = lake.distributor(Config::default());
        assert_eq!(table.partitions_since(0).await.unwrap(), Partitions { commit: 0, keys: BTreeSet::new() });
        let mut written = Vec::new();
        // Enough for a checkpoint.
        for number in 0..20 {
            lake.put("landing/pending/a", event(number, 1_610_000_000 + number as i64 * 50_000, 0, "1")).await;
            let report = lake.run_as(&format!("run-{number}"), Config::default()).await;
            written.push(report.partitions.into_iter().map(|partition| partition.path).collect::<BTreeSet<_>>());
        }
        // What the log does not know is nobody's partition.
        lake.put("trusted/events/domain_event_type=x-y/year=1/month=1/day=1/a.parquet", "stray").await;
        let all: BTreeSet<_> = written.iter().flatten().cloned().collect();
        assert!(all.len() > 5);
        for since in 0..=21 {
            let partitions = table.partitions_since(since).await.unwrap();
            assert_eq!(partitions.commit, 20);
            let after: BTreeSet<_> = written.iter().skip(since as usize).flatten().cloned().collect();
            // Of a commit that the table does not have nothing is known.
            let expected = if since == 0 || 20 - since.min(20) > 16 || since > 20 { &all } else { &after };
            assert_eq!(&folders(&partitions), expected, "{since}");
        }
    }
}

#[tokio::test]
async fn partitions_of_a_commit_count_before_it_is_carried_out() {
    let lake = Lake::in_memory();
    lake.put("landing/pending/a", event(1, 1_610_000_000, 0, "1")).await;
    let folder = lake.run().await.partitions[0].path.clone();
    // As a run leaves it that dies behind its commit.
    let done = "trusted/control/log/00000000000000000001.done".to_owned();
    for object in lake.list("trusted/events").await.into_iter().chain([done]) {
        lake.store.delete(&object_store::path::Path::parse(format!("lake/{object}")).unwrap()).await.unwrap();
    }
    let partitions = lake.distributor(Config::default()).partitions_since(0).await.unwrap();
    assert_eq!((partitions.commit, partitions.keys.iter().map(PartitionKey::folder).collect()), (1, vec![folder]));
}

#[tokio::test]
async fn the_two_halves_give_the_table_of_the_whole() {
    let inputs = inputs(20_000);
    let whole = Lake::in_memory();
    pend(&whole, &inputs).await;
    let report = whole.run().await;
    for lake in Lake::each() {
        // Two parses, so that stages are read together.
        pend(&lake, &inputs[..3]).await;
        lake.distributor(tiny()).parse(&start("parse-1")).await.unwrap();
        assert_eq!(lake.list("landing/pending").await, [""; 0]);
        assert_eq!(lake.list("trusted").await, [""; 0]);
        pend(&lake, &inputs[3..]).await;
        lake.distributor(Config::default()).parse(&start("parse-2")).await.unwrap();
        let halves = lake.distributor(tiny()).distribute(&start("distribute")).await.unwrap();
        assert_eq!(lake.files().await, whole.files().await);
        assert_eq!(halves.totals, report.totals);
        assert_eq!(lake.list("stage").await, [""; 0]);
        balances(&halves);
    }
}

#[tokio::test]
async fn distribute_refuses_without_a_complete_stage() {
    for lake in Lake::each() {
        lake.put("stage/events/run=x/rows/bucket=0000/00000.parquet", "half").await;
        let error = lake.distributor(Config::default()).distribute(&start("d")).await.unwrap_err();
        assert!(matches!(error, Error::NoStage { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        // Every run notes where it begins before anything else: this is what a dead one has left.
        assert_eq!(lake.list("stage").await, [""; 0]);
    }
}

#[tokio::test]
async fn a_cancelled_run_leaves_everything_as_it_was() {
    for lake in Lake::each() {
        pend(&lake, &inputs(1_000)).await;
        let before = lake.list("landing").await;
        let cancel = Cancel::default();
        cancel.cancel();
        let error = lake.distributor(Config::default()).with_cancel(cancel).run(&start("r")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert_eq!(lake.list("landing").await, before);
        assert_eq!(lake.list("trusted").await.len() + lake.list("stage").await.len(), 0);
    }
}

#[tokio::test]
async fn a_store_that_fails_after_the_commit_is_told_apart() {
    let lake = Lake::on_disk();
    lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
    // Nothing can be moved below a file.
    lake.put("landing/processed", "in the way").await;
    let error = lake.distributor(Config::default()).run(&start("r")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Unfinished { entry, .. } if entry.ends_with("control/log/00000000000000000001.json"))
    );
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!(lake.rows().await.len(), 1);
    assert_eq!(lake.list("landing/pending").await, ["landing/pending/x.json"]);
    std::fs::remove_file(lake.folder.as_ref().unwrap().path().join("lake/landing/processed")).unwrap();
    let report = lake.run_as("again", Config::default()).await;
    assert_eq!((report.recovered, report.commit), (vec![1], None), "the next run finishes it, and finds nothing more");
    assert_eq!(lake.rows().await.len(), 1);
    assert_eq!(lake.list("landing").await, ["landing/processed/date=2026-11-23/x.json"]);
    assert_eq!(lake.list("stage").await, [""; 0]);
}

#[tokio::test]
async fn a_name_whose_stage_is_still_there_is_refused() {
    for lake in Lake::each() {
        lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
        lake.distributor(Config::default()).parse(&start("nightly")).await.unwrap();
        let staged = lake.list("stage").await;
        lake.put("landing/pending/y.json", event(2, 1_610_000_000, 0, "1")).await;
        for error in [
            lake.distributor(Config::default()).parse(&start("nightly")).await.unwrap_err(),
            lake.distributor(Config::default()).run(&start("nightly")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        }
        assert_eq!(lake.list("stage").await, staged);
        lake.distributor(Config::default()).distribute(&start("nightly")).await.unwrap();
        assert_eq!(lake.rows().await.len(), 1);
    }
}

#[tokio::test]
async fn of_two_runs_at_once_one_commits_and_the_other_finds_nothing_left() {
    let lake = Lake::in_memory();
    pend(&lake, &inputs(2_000)).await;
    let (first, second) = (lake.distributor(Config::default()), lake.distributor(Config::default()));
    let (first_start, second_start) = (start("first"), start("second"));
    let (first, second) = futures::join!(first.run(&first_start), second.run(&second_start));
    let mut commits = [first.unwrap().commit, second.unwrap().commit];
    commits.sort_unstable();
    assert_eq!(commits, [None, Some(1)]);
    assert_eq!(lake.rows().await.len(), 1_800);
    assert_eq!(lake.commits().await, 1);
    assert_eq!(lake.list("landing/pending").await, [""; 0]);
}

#[tokio::test]
async fn damaged_compression_costs_only_what_is_behind_it() {
    let text: String = (0..2_000).map(|id| event(id, 1_610_000_000 + id as i64, 0, "{\"k\":\"v\"}")).collect();
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    member.write_all(text.as_bytes()).unwrap();
    let mut bytes = member.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    let lake = Lake::in_memory();
    lake.put("landing/pending/half.gz", bytes.clone()).await;
    lake.put("landing/pending/whole.json", event(9_999, 1_610_000_000, 1, "1")).await;
    let report = lake.run().await;
    assert_eq!(report.totals.rejects[&Reason::DamagedCompression], 1);
    assert!(report.totals.rows > 900, "{:?}", report.totals);
    assert_eq!(lake.get("landing/processed/date=2026-11-23/half.gz").await, bytes);
    balances(&report);
}

#[tokio::test]
async fn zones_may_lie_in_different_stores() {
    let (landing, stage, trusted) = (Lake::on_disk(), Lake::in_memory(), Lake::in_memory());
    let inputs = inputs(1_000);
    pend(&landing, &inputs).await;
    let zones = events_core::run::Zones {
        landing: landing.zones.landing.clone(),
        stage: stage.zones.stage.clone(),
        trusted: trusted.zones.trusted.clone(),
    };
    let distributor =
        events_core::run::Distributor::new(zones, landing.scratch.path().to_owned(), Config::default()).unwrap();
    distributor.run(&start("r")).await.unwrap();
    let mut rows = trusted.rows().await;
    rows.sort();
    assert_eq!(rows, model(&texts(&inputs)));
    assert_eq!(stage.list("stage").await, [""; 0]);
}

#[tokio::test]
async fn every_compression_gives_the_same_rows() {
    let inputs = inputs(2_000);
    for codec in [Codec::Zstd(1), Codec::Zstd(7), Codec::Snappy, Codec::Lz4, Codec::None] {
        let lake = Lake::in_memory();
        pend(&lake, &inputs).await;
        lake.run_as("r", Config { compression: codec, ..Config::default() }).await;
        let mut rows = lake.rows().await;
        rows.sort();
        assert_eq!(rows, model(&texts(&inputs)), "{codec}");
    }
}

#[tokio::test]
async fn the_futures_of_a_run_need_no_runtime_in_memory() {
    std::thread::spawn(|| {
        futures::executor::block_on(async {
            let lake = Lake::in_memory();
            lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
            assert_eq!(lake.run().await.totals.rows, 1);
        });
    })
    .join()
    .unwrap();
}

#[tokio::test]
async fn rejects_of_a_name_that_is_used_again_are_not_lost() {
    for lake in Lake::each() {
        lake.put("landing/pending/a.json", "{\"first\":1}").await;
        lake.run_as("nightly", Config::default()).await;
        lake.put("landing/pending/a.json", "{\"second\":2}").await;
        let again = lake.distributor(Config::default()).run(&start("nightly")).await;
        assert!(
            matches!(&again, Err(Error::Setting { name: "run", problem }) if problem.contains("quarantine")),
            "{again:?}"
        );
        assert_eq!(lake.list("landing/pending").await, ["landing/pending/a.json"]);
        assert!(lake.list("stage").await.is_empty());
        lake.run_as("next", Config::default()).await;
        assert_eq!(lake.list("landing/quarantine").await.len(), 2);
    }
}
