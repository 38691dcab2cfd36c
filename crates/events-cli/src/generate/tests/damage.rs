//! Damage is what was asked for, and nothing else is damaged.

use std::collections::BTreeSet;

use super::super::damage::Damage;
use super::*;

#[test]
fn shows_each_kind_of_damage() {
    for layout in LAYOUTS {
        let (expected, objects) = run(&GenerateConfig { layout, damage: 0.2, ..small() });
        let names: BTreeSet<&str> =
            expected.damaged.keys().chain(expected.repaired.keys()).map(String::as_str).collect();
        assert_eq!(names, Damage::ALL.map(Damage::name).into());
        assert_eq!(names.len(), expected.damaged.len() + expected.repaired.len());
        assert_eq!(expected.damaged_total, expected.damaged.values().sum::<u64>());
        assert_eq!(expected.repaired_total, expected.repaired.values().sum::<u64>());
        let damaged = expected.damaged_total + expected.repaired_total;
        let share = damaged as f64 / (expected.damaged_total + expected.records) as f64;
        assert!((0.15..0.25).contains(&share), "{share}");
        assert_eq!(expected.bytes, objects.values().map(|object| object.len() as u64).sum::<u64>());
    }
}

/// Whether the line is a record that meets the contract.
fn is_valid_line(line: &[u8]) -> bool {
    serde_json::from_slice::<Value>(line).is_ok_and(|record| {
        let is_filled = |field: &str| record[field].as_str().is_some_and(|text| !text.is_empty());
        let timestamp = record["timestamp"].as_str().unwrap_or_default();
        let is_timestamp = timestamp.parse::<DateTime<Utc>>().is_ok() || timestamp.parse::<NaiveDateTime>().is_ok();
        is_filled("event_id") && is_filled("domain") && is_filled("event_type") && is_timestamp
    })
}

#[test]
fn damages_no_record_beyond_those_counted() {
    for seed in 1..4 {
        let config = GenerateConfig { seed, layout: Layout::Lines, damage: 0.2, bytes: 500_000, ..small() };
        let (expected, objects) = run(&config);
        let lines = objects.values().flat_map(|object| object.split(|&byte| byte == b'\n'));
        let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
        let valid: Vec<&[u8]> = lines.iter().copied().filter(|line| is_valid_line(line)).collect();
        let event_id = |line: &&[u8]| serde_json::from_slice::<Value>(line).unwrap()["event_id"].to_string();
        let event_ids: BTreeSet<String> = valid.iter().map(event_id).collect();
        assert_eq!(valid.len() as u64, expected.records - expected.repaired_total);
        assert_eq!(event_ids.len() as u64, expected.rows - expected.repaired_total);
        // A raw newline makes two lines of its record.
        let broken_lines = (lines.len() - valid.len()) as u64;
        let damaged = expected.damaged_total + expected.repaired_total;
        assert_eq!(broken_lines, damaged + expected.repaired["raw_newline"]);
        // Whole broken records stand under event ids of their own.
        let broken = lines.iter().filter(|line| !is_valid_line(line));
        let whole = broken.filter(|line| serde_json::from_slice::<Value>(line).is_ok());
        assert!(whole.map(event_id).all(|broken_id| !event_ids.contains(&broken_id)));
    }
}
