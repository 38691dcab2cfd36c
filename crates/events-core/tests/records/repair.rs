//! Laws of repair, for input of any shape and any damage.

use events_core::json::{Finding, FrameLimits, Level, Repair, RepairKind, Repairer, Utf16, compact};
use proptest::prelude::*;

/// What was found, with texts of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Record { offset: u64, before: Vec<u8>, json: String, repaired: bool },
    Reject { offset: u64, bytes: Vec<u8>, reason: String },
    Repair(Repair),
}

impl Found {
    fn of(finding: Finding<'_>) -> Self {
        match finding {
            Finding::Record { offset, before, json, repairs } => {
                Self::Record { offset, before: before.to_vec(), json: json.into_owned(), repaired: !repairs.is_empty() }
            }
            Finding::Reject { offset, bytes, reason, .. } => {
                Self::Reject { offset, bytes: bytes.to_vec(), reason: reason.name().to_owned() }
            }
            Finding::Repair(repair) => Self::Repair(repair),
        }
    }

    fn json(&self) -> Option<&str> {
        if let Self::Record { json, .. } = self { Some(json) } else { None }
    }
}

/// What is found in an input that arrives in pieces of `sizes`, again and again.
fn found_in(input: &[u8], sizes: &[usize], level: Level, limits: FrameLimits) -> Vec<Found> {
    let mut found = Vec::new();
    let mut take = |finding: Finding<'_>| found.push(Found::of(finding));
    let mut repairer = Repairer::new(level, limits);
    let (mut rest, mut sizes) = (input, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min((*sizes.next().unwrap()).max(1)));
        rest = after;
        repairer.push(piece, &mut take);
    }
    repairer.finish(&mut take);
    found
}

fn found(input: &[u8], level: Level) -> Vec<Found> {
    found_in(input, &[usize::MAX], level, FrameLimits::default())
}

fn lines(input: &[u8], level: Level) -> Vec<String> {
    found(input, level).iter().filter_map(|found| found.json().map(str::to_owned)).collect()
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL[1..].to_vec())
}

/// A JSON value in whose strings everything stands that misleads.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        r#""}{""#,
        r#""},{""#,
        r#""]{""#,
        r#""\"}\n{\\""#,
        r#""\\\\""#,
        r#""// no comment""#,
        r##""# none /* either */""##,
        r#""```json""#,
        r#""it's, 'so'""#,
        r#""\ud800""#,
        "\"\u{2028}\"",
        r#""é🦀 \u00e9""#,
        "1.10",
        "-0",
        "1e400",
        "123456789012345678901234567890",
        "1E5",
        "null",
        "true",
        "[]",
        "{}",
        r#"{"a":1,"a":2}"#,
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        let space = prop::sample::select(vec!["", " ", "\t"]);
        (prop::collection::vec((inner, space), 0..4), any::<bool>()).prop_map(|(items, object)| {
            let item = |(index, (item, space)): (usize, &(String, &str))| {
                if object { format!("{space}\"k{index}\"{space}:{item}") } else { format!("{space}{item}{space}") }
            };
            let items: Vec<_> = items.iter().enumerate().map(item).collect();
            if object { format!("{{{}}}", items.join(",")) } else { format!("[{}]", items.join(",")) }
        })
    })
}

/// An object, which is a record in every layout.
fn record() -> impl Strategy<Value = String> {
    (value(), value()).prop_map(|(one, two)| format!("{{\"event_id\":{one},\"data\" : {two}}}"))
}

/// Bytes as hostile as they come: the alphabet is what repair looks at.
fn dirt() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "\\",
        ",",
        ":",
        " ",
        "\n",
        "\r\n",
        "\u{1e}",
        "\u{feff}",
        "\0",
        "a",
        "{\"",
        "}{\"",
        "},\n{\"a\":1}",
        "{\"a\":\"b\"}",
        "é",
        "1",
        "null",
        "{'a':'b'}",
        "True",
        "//",
        "/*",
        "*/",
        "#",
        "+",
        "-",
        ".5",
        "5.",
        "007",
        "0x1F",
        "NaN",
        "-Infinity",
        "undefined",
        "(",
        ")",
        "ObjectId(",
        "\u{201c}",
        "\u{201d}",
        "\u{2019}",
        "\\'",
        "\\u12",
        "\\x41",
        "...",
        "key:",
        "\"key\":",
        "\u{a0}",
        "\u{3000}",
        "`",
        ";",
        "=",
        "{\\\"a\\\":1}",
        "[1,2]",
        "\"{\\\"a\\\":1}\"",
        "\t",
        "\u{1}",
        "u'x'",
        "{\"a\":[1,{\"b\":\"c\"}",
        "\"x\" \"y\":",
        "tru",
        "12.",
    ]);
    let bytes = prop_oneof![20 => token.prop_map(|text| text.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    let bytes = prop::collection::vec(bytes, 0..60).prop_map(|tokens| tokens.concat());
    // Offsets of UTF-16 are those of its UTF-8.
    bytes.prop_filter("UTF-16", |bytes| Utf16::detect(bytes).is_none())
}

fn limits() -> impl Strategy<Value = FrameLimits> {
    (prop::sample::select(vec![8, 20, 1 << 20]), 1_u32..6, prop::sample::select(vec![1, 3, 10_000]))
        .prop_map(|(record_bytes_max, depth_max, keys_max)| FrameLimits { record_bytes_max, depth_max, keys_max })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn sound_records_pass_byte_for_byte_at_every_level_and_in_every_layout(
        records in prop::collection::vec(record(), 0..8),
        layout in 0_usize..7,
    ) {
        // An empty array is a value.
        prop_assume!(layout != 3 || !records.is_empty());
        let lines = match layout {
            0 => records.concat(),
            1 => records.join("\n"),
            2 => records.join("\r\n"),
            3 => format!("[{}]", records.join(",\n")),
            4 => format!("\u{1e}{}\n", records.join("\n\u{1e}")),
            5 => format!("\u{feff}{}\0\0", records.join("\u{a0}")),
            _ => records.join(" ,\n"),
        };
        for level in &Level::ALL[1..] {
            for found in found(lines.as_bytes(), *level) {
                let fits = match &found {
                    Found::Record { before, json, repaired, .. } => json.as_bytes() == before && !repaired,
                    Found::Reject { .. } => false,
                    Found::Repair(repair) => repair.kind.level() == Level::Framing,
                };
                prop_assert!(fits, "{:?} of {}", found, lines);
            }
            prop_assert_eq!(&self::lines(lines.as_bytes(), *level), &records);
        }
    }

    #[test]
    fn any_value_is_a_line(values in prop::collection::vec(value(), 0..6)) {
        // Arrays of objects are envelopes.
        let is_envelope = |value: &String| value.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{'));
        let values: Vec<_> = values.into_iter().filter(|value| !is_envelope(value)).collect();
        let input = values.join("\n");
        for level in Level::ALL {
            prop_assert_eq!(&lines(input.as_bytes(), level), &values);
            prop_assert_eq!(found(input.as_bytes(), level).len(), values.len());
        }
    }

    #[test]
    fn what_comes_out_is_json_and_stays_as_it_is(input in dirt(), level in level(), limits in limits()) {
        let once = found_in(&input, &[usize::MAX], level, limits);
        let once: Vec<_> = once.iter().filter_map(Found::json).collect();
        for line in &once {
            prop_assert!(!line.contains(['\n', '\r']));
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok(), "{}", line);
        }
        let joined = once.join("\n");
        let again = found_in(joined.as_bytes(), &[usize::MAX], level, limits);
        prop_assert_eq!(again.iter().map(Found::json).collect::<Vec<_>>(), once.iter().copied().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn any_cut_gives_the_same_findings(
        input in dirt(),
        sizes in prop::collection::vec(1_usize..9, 1..6),
        level in prop::sample::select(Level::ALL.to_vec()),
        limits in limits(),
    ) {
        prop_assert_eq!(found_in(&input, &sizes, level, limits), found_in(&input, &[usize::MAX], level, limits));
    }

    #[test]
    fn every_byte_is_in_a_record_a_reject_a_repair_or_a_separator(input in dirt(), level in level(), limits in limits()) {
        let mut places = Vec::new();
        let mut dropped = Vec::new();
        for found in found_in(&input, &[5], level, limits) {
            let (offset, bytes) = match found {
                Found::Record { offset, before, .. } => (offset, before),
                Found::Reject { offset, bytes, .. } => (offset, bytes),
                Found::Repair(repair) => {
                    if is_dropped(&repair) {
                        dropped.push((repair.offset, repair.offset + repair.length));
                    }
                    continue;
                }
            };
            let from = usize::try_from(offset).unwrap();
            prop_assert_eq!(&input[from..from + bytes.len()], &bytes[..]);
            // A comment in a record is the record's.
            places.extend(dropped.drain(..).filter(|(from, _)| *from < offset));
            places.push((offset, offset + bytes.len() as u64));
        }
        places.append(&mut dropped);
        let mut position = 0;
        for (from, to) in places {
            let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
            prop_assert!(only_separators(&input[position..from]), "{:?}", &input[position..from]);
            position = to;
        }
        prop_assert!(only_separators(&input[position..]));
    }

    #[test]
    fn repairs_point_at_what_they_change(input in dirt(), level in level()) {
        let mut output = String::new();
        let mut pending: Vec<Repair> = Vec::new();
        for found in found(&input, level) {
            match found {
                Found::Repair(repair) => {
                    prop_assert!(repair.kind.level() <= level);
                    let from = usize::try_from(repair.offset).unwrap();
                    let length = usize::try_from(repair.length).unwrap();
                    prop_assert!(input[from..from + length].starts_with(&repair.before), "{:?}", repair);
                    pending.push(repair);
                }
                Found::Record { offset, json, repaired, .. } => {
                    output += &json;
                    output.push('\n');
                    let within = pending.drain(..).filter(|repair| repair.kind.level() > Level::Framing);
                    prop_assert_eq!(within.filter(|repair| repair.offset >= offset).count() > 0, repaired);
                }
                Found::Reject { .. } => {}
            }
        }
    }

    #[test]
    fn a_level_recovers_what_the_one_before_it_does(input in dirt(), limits in limits()) {
        let of = |level| {
            let found = found_in(&input, &[usize::MAX], level, limits).into_iter();
            found.filter(|found| found.json().is_some()).collect::<Vec<_>>()
        };
        let (framing, lenient, guess) = (of(Level::Framing), of(Level::Lenient), of(Level::Guess));
        prop_assert!(framing.iter().all(|record| lenient.contains(record)), "{:?} {:?}", framing, lenient);
        prop_assert!(framing.iter().all(|record| guess.contains(record)));
        prop_assert!(lenient.iter().all(|record| guess.contains(record)), "{:?} {:?}", lenient, guess);
    }

    #[test]
    fn a_cut_at_any_byte_costs_one_record(records in prop::collection::vec(record(), 1..4), joiner in prop::sample::select(vec!["", "\n", ",\n"])) {
        let input = records.join(joiner);
        for cut in 0..input.len() {
            let mut ends = 0;
            let whole = records.iter().take_while(|record| { ends += record.len(); let fits = ends <= cut; ends += joiner.len(); fits }).count();
            for level in &Level::ALL[1..] {
                let found = found(&input.as_bytes()[..cut], *level);
                let kept: Vec<_> = found.iter().filter_map(Found::json).take(whole).collect();
                prop_assert_eq!(kept, records[..whole].iter().map(String::as_str).collect::<Vec<_>>());
                let rejects = found.iter().filter(|found| matches!(found, Found::Reject { .. }));
                prop_assert!(rejects.count() <= 1);
            }
        }
    }

    #[test]
    fn a_damaged_line_costs_no_neighbour(
        before in prop::collection::vec(record(), 1..3),
        broken in record(),
        after in prop::collection::vec(record(), 1..3),
        at in any::<prop::sample::Index>(),
        insert in prop::sample::select(vec!["", "\"", "{", "}", "[", "]", ",", ":", "'", "\\", "x", "\0", "\n", "//", "\u{feff}"]),
        level in level(),
    ) {
        let mut broken = broken;
        let at = (0..=at.index(broken.len())).rev().find(|&at| broken.is_char_boundary(at)).unwrap();
        if insert.is_empty() { broken.remove(at); } else { broken.insert_str(at, insert); }
        let input = format!("{}\n{broken}\n{}\n", before.join("\n"), after.join("\n"));
        let found = lines(input.as_bytes(), level);
        for record in before.iter().chain(&after) {
            prop_assert!(found.contains(record), "lost {} of {}", record, input);
        }
    }
}

/// Whether a repair may have dropped something between records.
fn is_dropped(repair: &Repair) -> bool {
    matches!(repair.kind, RepairKind::ExtraCloser | RepairKind::StrayText | RepairKind::Comment)
}

fn only_separators(bytes: &[u8]) -> bool {
    let is_separator =
        |character: char| character.is_whitespace() || ",[]\u{1e}\0\u{feff}\u{180e}\u{200b}".contains(character);
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_separator))
}

#[test]
fn the_longest_scalar_is_a_record_whatever_follows() {
    let limits = FrameLimits { record_bytes_max: 8, ..FrameLimits::default() };
    for (scalar, longer) in [(r#""123456""#, r#""1234567""#), ("12345678", "123456789")] {
        for behind in ["", "\n", "\n{}", " \n \n ", &" ".repeat(600)] {
            for size in [1, 7, usize::MAX] {
                let lines = |scalar: &str| -> Vec<_> {
                    let found = found_in(format!("{scalar}{behind}").as_bytes(), &[size], Level::Lenient, limits);
                    found.iter().filter_map(Found::json).filter(|json| *json != "{}").map(str::to_owned).collect()
                };
                assert_eq!(lines(scalar), [scalar], "before {behind:?}, by {size}");
                assert_eq!(lines(longer), [""; 0], "before {behind:?}, by {size}");
            }
        }
    }
}

#[test]
fn records_on_many_lines_come_out_on_one() {
    let pretty = "{\n  \"a\": \"x\\n y\",\r\n  'b': [\n 1,\n ]\n}\n{\"c\" : 1}";
    assert_eq!(lines(pretty.as_bytes(), Level::Lenient), [r#"{"a":"x\n y","b":[1]}"#, r#"{"c" : 1}"#]);
    assert_eq!(compact("{ }"), "{}");
}
