//! What readers with repair make of damaged objects is what was counted: no neighbour of a damaged record is lost.

use std::collections::{BTreeSet, HashMap};

use events_core::event::{Event, EventFinding, EventReader, Reason};
use events_core::json::{FrameLimits, Level};
use proptest::prelude::*;

use super::*;

/// What a reader finds in all objects.
#[derive(Debug, Default)]
struct Read {
    events: u64,
    repaired: u64,
    /// The winner of each event.
    winners: HashMap<String, Winner>,
    rejects: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Winner {
    timestamp: i64,
    kind: String,
    data_id: i128,
}

impl Winner {
    fn of(event: &Event<'_>) -> Self {
        let data: Value = event.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        let kind = format!("{}-{}", event.domain, event.event_type);
        Self { timestamp: event.timestamp, kind, data_id: data["id"].as_i64().unwrap_or_default().into() }
    }
}

fn read(objects: &BTreeMap<String, Vec<u8>>, level: Level) -> Read {
    let mut read = Read::default();
    for object in objects.values() {
        let mut reader = EventReader::new(level, FrameLimits::default());
        let mut take = |finding: EventFinding<'_>| match finding {
            EventFinding::Event { event, .. } => {
                read.events += 1;
                read.repaired += u64::from(event.repairs.iter().next().is_some());
                let winner = Winner::of(&event);
                let known = read.winners.entry(event.id.to_string()).or_insert_with(|| winner.clone());
                if winner.timestamp > known.timestamp {
                    *known = winner;
                }
            }
            EventFinding::Reject(reject) => {
                assert!(level == Level::Framing || reject.fault.reason != Reason::InvalidJson, "{reject:?}");
                read.rejects += 1;
            }
            EventFinding::Repair { .. } => {}
        };
        reader.push(object, &mut take);
        reader.finish(&mut take);
    }
    read
}

fn check(config: &GenerateConfig) {
    let (expected, objects) = run(config);
    let ids = |read: &Read| read.winners.keys().cloned().collect::<BTreeSet<_>>();

    let lenient = read(&objects, Level::Lenient);
    assert_eq!((lenient.events, lenient.repaired), (expected.records, expected.repaired_total), "{config:?}");
    // Behind the separator of a sequence the rest of a record may be a reject by itself.
    let has_sequences = matches!(config.layout, Layout::Sequence | Layout::Mixed);
    let pieces = lenient.rejects.checked_sub(expected.damaged_total).unwrap();
    assert!(pieces == 0 || (has_sequences && pieces <= expected.damaged_total), "{pieces} {config:?}");
    let mut rows_by_kind: BTreeMap<String, u64> = BTreeMap::new();
    lenient.winners.values().for_each(|winner| *rows_by_kind.entry(winner.kind.clone()).or_default() += 1);
    assert_eq!(rows_by_kind, expected.rows_by_kind, "{config:?}");
    let timestamps = lenient.winners.values().map(|winner| i128::from(winner.timestamp)).sum::<i128>();
    let data_ids = lenient.winners.values().map(|winner| winner.data_id).sum::<i128>();
    assert_eq!((timestamps, data_ids), (expected.timestamp_micros_sum, expected.data_id_sum), "{config:?}");

    let framing = read(&objects, Level::Framing);
    assert_eq!((framing.events, framing.repaired), (expected.records - expected.repaired_total, 0), "{config:?}");
    assert_eq!(framing.winners.len() as u64, expected.rows - expected.repaired_total, "{config:?}");
    assert!(framing.winners.iter().all(|(id, winner)| lenient.winners.get(id) == Some(winner)), "{config:?}");

    let guess = read(&objects, Level::Guess);
    assert_eq!(guess.winners.len() as u64, expected.rows + expected.guessable_total, "{config:?}");
    assert_eq!(guess.repaired, expected.repaired_total + expected.guessable_total, "{config:?}");
    let texts = expected.damaged.get("stray_text").copied().unwrap_or_default();
    let whole = expected.damaged_total - expected.guessable_total - texts;
    assert!((whole..=whole + pieces).contains(&guess.rejects), "{} {whole} {pieces} {config:?}", guess.rejects);
    assert!(ids(&guess).is_superset(&ids(&lenient)), "{config:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn each_level_of_repair_recovers_what_was_counted(
        seed: u64,
        layout in prop::sample::select(LAYOUTS.to_vec()),
        damage in prop_oneof![0.0..=0.1, 0.1..=1.0],
        files in 1_usize..12,
        duplicates in 0.0..=0.5,
    ) {
        check(&GenerateConfig { seed, layout, damage, files, duplicates, bytes: 100_000, ..small() });
    }
}
