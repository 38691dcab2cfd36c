//! Laws of framing: any chunking, any layout, every byte accounted for.

use events_core::event::Events;
use events_core::json::{Damage, FrameLimits, Framer, Level};
use proptest::prelude::*;

/// The frames of an input that arrives in pieces of `sizes`, repeated.
fn frames(input: &[u8], sizes: &[usize], limits: FrameLimits) -> Vec<(u64, Vec<u8>, Option<Damage>)> {
    let mut framer = Framer::new(limits);
    let mut found = Vec::new();
    let mut rest = input;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min((*sizes.next().unwrap()).max(1)));
        rest = after;
        framer.push(piece);
        while let Some(frame) = framer.next_frame() {
            found.push((frame.offset, frame.bytes.to_vec(), frame.damage));
        }
    }
    framer.finish();
    while let Some(frame) = framer.next_frame() {
        found.push((frame.offset, frame.bytes.to_vec(), frame.damage));
    }
    found
}

fn whole(input: &[u8]) -> Vec<(u64, Vec<u8>, Option<Damage>)> {
    frames(input, &[usize::MAX], FrameLimits::default())
}

fn records(input: &[u8]) -> Vec<String> {
    let sound = whole(input).into_iter().filter(|(_, _, damage)| damage.is_none());
    sound.map(|(_, bytes, _)| String::from_utf8(bytes).unwrap()).collect()
}

fn damages(input: &[u8]) -> Vec<(String, Damage)> {
    let damaged = whole(input).into_iter().filter_map(|(_, bytes, damage)| Some((bytes, damage?)));
    damaged.map(|(bytes, damage)| (String::from_utf8_lossy(&bytes).into_owned(), damage)).collect()
}

/// A JSON value with the strings that break naive framers.
fn value() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just(r#""}{""#.to_owned()),
        Just(r#""\"}\n{\\""#.to_owned()),
        Just(r#""[{\"a\":1},{\"b\":2}]""#.to_owned()),
        Just(r#""é🦀 \u00e9""#.to_owned()),
        Just("1.10".to_owned()),
        Just("-0".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        "[a-z ,:]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ];
    text.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members: Vec<_> = items.iter().enumerate().map(|(i, item)| format!("\"k{i}\":{item}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn record() -> impl Strategy<Value = String> {
    (value(), value()).prop_map(|(one, two)| format!("{{\"one\":{one},\"two\" : {two}}}"))
}

fn separator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "", " ", "\n", "\r\n", ",", ",\n", "\n\n  ", "\u{1e}", "\n\u{1e}", "][", "]\n[", "\u{feff}", "\0\0",
    ])
}

/// Bytes as hostile as they come: the alphabet is what framing looks at.
fn dirt() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
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
    ]);
    let bytes =
        prop_oneof![8 => token.prop_map(|text| text.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    prop::collection::vec(bytes, 0..80).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn finds_the_records_whatever_stands_between_them(
        items in prop::collection::vec((record(), separator()), 0..12),
        open in separator(),
    ) {
        let mut input = open.to_owned();
        for (record, separator) in &items {
            input += record;
            input += separator;
        }
        let expected: Vec<_> = items.iter().map(|(record, _)| record.clone()).collect();
        prop_assert_eq!(records(input.as_bytes()), expected);
        prop_assert_eq!(damages(input.as_bytes()), vec![]);
    }

    #[test]
    fn any_chunking_gives_the_same_frames(
        input in dirt(),
        sizes in prop::collection::vec(1usize..9, 1..6),
        record_bytes_max in prop::sample::select(vec![8, 20, 1 << 20]),
        depth_max in 1u32..5,
    ) {
        let limits = FrameLimits { record_bytes_max, depth_max, ..FrameLimits::default() };
        prop_assert_eq!(frames(&input, &sizes, limits), frames(&input, &[usize::MAX], limits));
    }

    #[test]
    fn events_and_rejects_are_the_frames(
        input in dirt(),
        record_bytes_max in prop::sample::select(vec![8, 20, 1 << 20]),
        depth_max in 1u32..5,
    ) {
        let limits = FrameLimits { record_bytes_max, depth_max, ..FrameLimits::default() };
        let frames = frames(&input, &[3], limits);
        let mut events = Events::with(&input, Level::Framing, limits);
        for (offset, bytes, damage) in &frames {
            match events.next() {
                Some(Ok(_)) => prop_assert!(damage.is_none()),
                Some(Err(reject)) => prop_assert_eq!((reject.offset, reject.bytes), (*offset, &bytes[..])),
                None => prop_assert!(false, "too few events"),
            }
        }
        prop_assert!(events.next().is_none());
    }

    #[test]
    fn every_byte_is_in_one_frame_or_a_separator(input in dirt(), record_bytes_max in prop::sample::select(vec![8, 1 << 20])) {
        let limits = FrameLimits { record_bytes_max, ..FrameLimits::default() };
        let mut position = 0;
        for (offset, bytes, _) in frames(&input, &[7], limits) {
            let offset = usize::try_from(offset).unwrap();
            prop_assert!(only_separators(&input[position..offset]));
            prop_assert_eq!(&input[offset..offset + bytes.len()], &bytes[..]);
            prop_assert!(bytes.len() <= record_bytes_max);
            position = offset + bytes.len();
        }
        prop_assert!(only_separators(&input[position..]));
    }

    #[test]
    fn framing_what_was_framed_changes_nothing(input in dirt()) {
        let once = records_lossy(&input);
        prop_assert_eq!(&records_lossy(once.concat().as_slice()), &once);
    }

    #[test]
    fn damage_between_lines_costs_no_neighbour(
        before in prop::collection::vec(record(), 1..4),
        broken in record(),
        cut in 1usize..40,
        after in prop::collection::vec(record(), 1..4),
    ) {
        let cut = (1..=cut.min(broken.len() - 1)).rev().find(|&at| broken.is_char_boundary(at)).unwrap();
        let input = format!("{}\n{}\n{}\n", before.join("\n"), &broken[..cut], after.join("\n"));
        let found = records(input.as_bytes());
        for record in before.iter().chain(&after) {
            prop_assert!(found.contains(record), "lost {record} of {input}");
        }
    }
}

fn records_lossy(input: &[u8]) -> Vec<Vec<u8>> {
    whole(input).into_iter().filter(|(_, _, damage)| damage.is_none()).map(|(_, bytes, _)| bytes).collect()
}

fn only_separators(bytes: &[u8]) -> bool {
    let is_separator =
        |character: char| character.is_whitespace() || ",[]\u{1e}\0\u{feff}\u{180e}\u{200b}".contains(character);
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_separator))
}

#[test]
fn a_record_that_was_cut_short_costs_only_itself() {
    for input in [
        r#"{"a":1}{"a":"cut sh{"a":2}"#,
        r#"{"a":1}{"a":{"b":2}{"a":2}"#,
        r#"{"a":1}{"a":[1}{"a":2}"#,
        r#"{"a":1}{"a":2]}{"a":2}"#,
        r#"{"a":1}{"a:2}{"a":2}"#,
        r#"{"a":1}{"a":{"a":2}"#,
        r#"{"a":1}{"a":{"b":[{"a":2}"#,
        "{\"a\":1}\n{\"a\":\"cut\n{\"a\":2}",
        "{\"a\":1}\r\n{\"a\":\"cut\r\n{\"a\":2}",
        "[{\"a\":1},\n  {\"a\":\"cut\n  },\n  {\"a\":2}]",
        "{\"a\":1}\nERROR upstream \"timeout\n{\"a\":2}",
        "{\"a\":1}}}{\"a\":2}",
        "{\"a\":1}\"{\"a\":2}",
        "{\"a\":1}{{{{ {\"a\":2}",
        "{\"a\":1}true{\"a\":2}",
        "\u{1e}{\"a\":1}\n\u{1e}{\"a\":[\n\u{1e}{\"a\":2}\n",
    ] {
        assert_eq!(records(input.as_bytes()), [r#"{"a":1}"#, r#"{"a":2}"#], "{input}");
        assert_eq!(damages(input.as_bytes()).len(), 1, "{input}: {:?}", damages(input.as_bytes()));
    }
}

#[test]
fn names_the_damage() {
    let named = |input: &str| damages(input.as_bytes());
    assert_eq!(named(r#"{"a":"#), [(r#"{"a":"#.to_owned(), Damage::Truncated)]);
    assert_eq!(named(r#"{"a":[}}"#), [(r#"{"a":[}}"#.to_owned(), Damage::Unbalanced)]);
    assert_eq!(named("oops, \n"), [("oops".to_owned(), Damage::StrayText)]);
    let deep = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
    assert_eq!(named(&deep)[0].1, Damage::TooDeep);
    let fits = format!("{}1{}", "{\"a\":".repeat(127), "}".repeat(127));
    assert_eq!(records(fits.as_bytes()), [fits]);
}

#[test]
fn a_record_of_the_longest_length_is_a_record() {
    let record = br#"{"a":"0123456789"}"#;
    let input = [&record[..], record].concat();
    let at = |record_bytes_max| frames(&input, &[5], FrameLimits { record_bytes_max, ..FrameLimits::default() });
    assert!(at(record.len()).iter().all(|(_, _, damage)| damage.is_none()));
    let over = at(record.len() - 1);
    assert_eq!(over[0].2, Some(Damage::TooLong));
    assert!(over.iter().all(|(_, bytes, _)| bytes.len() < record.len()));
}

#[test]
fn hostile_inputs_take_linear_time() {
    // A quadratic scan of 4 MB would take minutes.
    for unit in [
        "{",
        "[",
        "\"",
        "{\"",
        "{\"a\":",
        "}",
        "},",
        "\\",
        "{\"a\":\"\\",
        "{\"a\"{",
        "\n{",
        "}\n",
        " ",
        "{\"a\":1}",
        "x\"",
        "{\n",
    ] {
        let input = unit.repeat((4 << 20) / unit.len());
        let limits = FrameLimits::default();
        assert_eq!(
            frames(input.as_bytes(), &[1 << 16], limits),
            frames(input.as_bytes(), &[usize::MAX], limits),
            "{unit:?}"
        );
        let framed = Events::with(input.as_bytes(), Level::Framing, limits).count();
        assert_eq!(framed, whole(input.as_bytes()).len(), "{unit:?}");
        Events::with(&input.as_bytes()[..1 << 20], Level::Guess, limits).for_each(drop);
    }
}
