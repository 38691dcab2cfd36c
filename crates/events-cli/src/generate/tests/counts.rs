//! The counts are those that a naive reader finds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Days;

use super::*;

/// Checks every count of an undamaged generation against a naive reading of its objects.
fn check(config: &GenerateConfig) {
    let (expected, objects) = run(config);
    let records: Vec<Value> = objects.values().flat_map(|object| read_records(object)).collect();
    let end = config.start_date + Days::new(u64::from(config.days));

    let mut versions: HashMap<&str, Vec<&Value>> = HashMap::new();
    for record in &records {
        assert!(instant(record).date_naive() >= config.start_date, "{record}");
        assert!(instant(record).date_naive() <= end, "{record}");
        versions.entry(record["event_id"].as_str().unwrap()).or_default().push(record);
    }
    let winners: Vec<&Value> =
        versions.values().map(|versions| *versions.iter().max_by_key(|record| instant(record)).unwrap()).collect();
    let mut rows_by_kind = BTreeMap::new();
    let mut partitions = BTreeSet::new();
    let mut data_ids = BTreeSet::new();
    for winner in &winners {
        let kind = format!("{}-{}", winner["domain"].as_str().unwrap(), winner["event_type"].as_str().unwrap());
        partitions.insert((kind.clone(), instant(winner).date_naive()));
        *rows_by_kind.entry(kind).or_default() += 1;
        assert!(data_ids.insert(winner["data"]["id"].as_u64().unwrap()), "{winner}");
    }
    let mut duplicates = DuplicateCounts::default();
    for versions in versions.values() {
        match versions[..] {
            [_] => assert!(instant(versions[0]).date_naive() < end),
            [first, second] if first == second => duplicates.exact += 1,
            [first, second] => {
                duplicates.newer += 1;
                let seconds = (instant(first) - instant(second)).abs().num_seconds();
                assert!((1..=7200).contains(&seconds), "{first} {second}");
                assert_ne!(first["data"]["id"], second["data"]["id"]);
            }
            _ => panic!("{versions:?}"),
        }
    }
    let bytes = objects.values().map(|object| object.len() as u64).sum();
    let naive = Expected {
        config: config.clone(),
        bytes,
        stored_bytes: bytes,
        files: objects.len(),
        records: records.len() as u64,
        rows: winners.len() as u64,
        duplicates,
        repaired: BTreeMap::new(),
        repaired_total: 0,
        damaged: BTreeMap::new(),
        damaged_total: 0,
        guessable: BTreeMap::new(),
        guessable_total: 0,
        rows_by_kind,
        partitions: partitions.len() as u64,
        timestamp_micros_sum: winners.iter().map(|winner| i128::from(instant(winner).timestamp_micros())).sum(),
        data_id_sum: data_ids.iter().map(|&data_id| i128::from(data_id)).sum(),
    };
    assert_eq!(expected, naive);
}

#[test]
fn counts_what_a_naive_reader_finds() {
    for (seed, layout) in (1..).zip(LAYOUTS) {
        for days in [1, 30, 400] {
            check(&GenerateConfig { seed, days, layout, ..small() });
        }
    }
}

#[test]
fn counts_what_a_naive_reader_finds_at_the_bounds() {
    let bounds = [
        GenerateConfig { duplicates: 0.5, days: 1, ..small() },
        GenerateConfig { duplicates: 0.0, ..small() },
        GenerateConfig { files: 1, layout: Layout::Mixed, ..small() },
        GenerateConfig { files: 50, layout: Layout::Mixed, ..small() },
        GenerateConfig { bytes: 1, ..small() },
        GenerateConfig { kinds: 3, seed: u64::MAX, ..small() },
        GenerateConfig { start_date: "1969-12-30".parse().unwrap(), days: 4, ..small() },
        GenerateConfig { start_date: "0001-01-01".parse().unwrap(), days: 36_525, ..small() },
        GenerateConfig { start_date: "9999-12-30".parse().unwrap(), days: 1, ..small() },
    ];
    bounds.iter().for_each(check);
}

#[test]
fn uses_the_kinds_asked_for() {
    for kinds in 1..=8 {
        assert_eq!(run(&GenerateConfig { kinds, ..small() }).0.rows_by_kind.len(), kinds);
    }
}

#[test]
fn redelivers_the_share_asked_for_also_in_other_objects() {
    let config = GenerateConfig { bytes: 2_000_000, ..small() };
    let (expected, objects) = run(&config);
    let share = |count: u64| count as f64 / expected.records as f64;
    assert!((0.04..0.06).contains(&share(expected.duplicates.exact)), "{expected:?}");
    assert!((0.04..0.06).contains(&share(expected.duplicates.newer)), "{expected:?}");

    let mut first_places = HashMap::new();
    let (mut elsewhere, mut older_later) = (0, 0);
    for (name, object) in &objects {
        for record in read_records(object) {
            let event_id = record["event_id"].as_str().unwrap().to_owned();
            let now = instant(&record);
            if let Some((place, first)) = first_places.insert(event_id, (name, now)) {
                elsewhere += u32::from(place != name);
                older_later += u32::from(now < first);
            }
        }
    }
    assert!(elsewhere > 100, "{elsewhere}");
    assert!(older_later > 20, "{older_later}");
}

#[test]
fn repeats_exact_copies_byte_for_byte() {
    let (expected, objects) = run(&GenerateConfig { layout: Layout::Lines, ..small() });
    let lines = objects.values().flat_map(|object| object.split(|&byte| byte == b'\n'));
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    let distinct_lines: BTreeSet<&[u8]> = lines.iter().copied().collect();
    assert_eq!(lines.len() as u64, expected.records);
    assert_eq!((lines.len() - distinct_lines.len()) as u64, expected.duplicates.exact);
}
