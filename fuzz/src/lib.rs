//! What must hold for any bytes. A target is one of these functions.

use events_core::event::{Events, decode, parse_epoch, parse_timestamp};
use events_core::json::{Damage, Finding, FrameLimits, Framer, Level, Repairer};
use events_core::table::{PARTITION_VALUE_BYTES_MAX, PartitionKey, escape_partition_value};

/// Limits that small inputs reach.
const LIMITS: FrameLimits = FrameLimits { record_bytes_max: 256, depth_max: 8, keys_max: 16 };

fn frames(input: &[u8], piece_bytes: usize) -> Vec<(u64, Vec<u8>, Option<Damage>)> {
    let mut framer = Framer::new(LIMITS);
    let mut frames = Vec::new();
    for piece in input.chunks(piece_bytes) {
        framer.push(piece);
        while let Some(frame) = framer.next_frame() {
            frames.push((frame.offset, frame.bytes.to_vec(), frame.damage));
        }
    }
    framer.finish();
    while let Some(frame) = framer.next_frame() {
        frames.push((frame.offset, frame.bytes.to_vec(), frame.damage));
    }
    frames
}

/// Frames are the same however the input is cut, lie in order, and hold the bytes that they name.
pub fn framer(input: &[u8]) {
    let whole = frames(input, usize::MAX);
    assert_eq!(frames(input, 1), whole);
    assert_eq!(frames(input, 7), whole);
    let mut position = 0;
    for (offset, bytes, _) in whole {
        let from = usize::try_from(offset).expect("an offset in memory");
        assert!(from >= position && input[from..].starts_with(&bytes) && bytes.len() <= LIMITS.record_bytes_max);
        position = from + bytes.len();
    }
}

fn lines(input: &[u8], piece_bytes: usize, level: Level) -> Vec<String> {
    let mut lines = Vec::new();
    let mut take = |finding: Finding<'_>| {
        if let Finding::Record { json, .. } = finding {
            lines.push(json.into_owned());
        }
    };
    let mut repairer = Repairer::new(level, LIMITS);
    input.chunks(piece_bytes).for_each(|piece| repairer.push(piece, &mut take));
    repairer.finish(&mut take);
    lines
}

/// What comes out is JSON, is the same however the input is cut, stays as it is, and a level keeps what the one before it
/// recovers.
pub fn repair(input: &[u8]) {
    let mut before = Vec::new();
    for level in [Level::Framing, Level::Lenient, Level::Guess] {
        let once = lines(input, usize::MAX, level);
        assert_eq!(lines(input, 1, level), once);
        for line in &once {
            serde_json::from_str::<serde::de::IgnoredAny>(line).expect("JSON");
        }
        assert_eq!(lines(once.join("\n").as_bytes(), usize::MAX, level), once);
        assert!(before.iter().all(|line| once.contains(line)));
        before = once;
    }
    lines(input, usize::MAX, Level::Strict);
}

/// No bytes make the decoder panic, and an event decodes again to itself.
pub fn decoder(input: &[u8]) {
    for event in Events::with(input, Level::Guess, LIMITS).flatten() {
        assert!(!event.domain.is_empty() && !event.event_type.is_empty());
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = decode(text);
        let _ = parse_timestamp(text);
        let _ = parse_epoch(text);
    }
}

/// A partition's folder is a path that stores take as it is, and gives back its values.
pub fn partition(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (domain, event_type) = text.split_once('\n').unwrap_or((text, "x"));
    let escaped = escape_partition_value(text);
    assert!(escaped.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.%".contains(&byte)));
    if domain.is_empty() || event_type.is_empty() || escaped.len() > PARTITION_VALUE_BYTES_MAX {
        return;
    }
    let folder = PartitionKey::new(domain, event_type, 0).folder();
    let path = object_store::path::Path::parse(&folder).expect("a path");
    assert_eq!(path.as_ref(), folder);
    let value = folder.split('/').next().and_then(|segment| segment.split_once('=')).expect("a name and a value").1;
    assert_eq!(unescape(value), format!("{domain}-{event_type}"));
}

fn unescape(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
            u8::from_str_radix(digits, 16).expect("hexadecimal digits")
        } else {
            byte
        });
    }
    String::from_utf8(bytes).expect("text")
}
