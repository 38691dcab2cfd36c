//! Which reading of a damaged place is tried first.

use super::edit::Repair;
use super::kind::{Level, RepairKind};
use super::mender::{Mended, Why, comment_length, mend};
use crate::json::landmark::{is_separator, is_space};
use crate::json::limits::FrameLimits;
use crate::json::scanner::Shape;

/// What became of a damaged place.
#[derive(Debug)]
pub(crate) enum Attempt {
    Record(Mended),
    /// So many bytes belong to no record.
    Dropped(usize, Repair),
    /// Nothing could be done; how many bytes were read for that, and why.
    Refused {
        looked_at: usize,
        why: Why,
    },
}

/// Tries to mend what a text begins with. The text ends where the next sound record begins, or something that is no text.
///
/// `frame` is where the scanner has seen the damaged record end. Readings with one meaning come first and may go as far as
/// they need, because damage misleads the scanner as well: a bracket in a comment is none. Guesses keep to the scanner's
/// frame, and go beyond it only when that gives nothing.
pub(crate) fn attempt(text: &str, frame: usize, level: Level, limits: FrameLimits, shape: Shape) -> Attempt {
    let Some(framed) = text.get(..frame) else {
        // What is no text is in this very frame: a record can only end before it.
        return match text.as_bytes().first() {
            Some(b'{' | b'[') => mended(text, &[], level, limits),
            _ => Attempt::Refused { looked_at: 0, why: Why::Nothing },
        };
    };
    match text.as_bytes().first() {
        Some(b'{' | b'[') => {
            if level == Level::Guess
                && let Some(mended) = escaped_document(framed, limits)
            {
                return Attempt::Record(mended);
            }
            let bounds = if text.len() > frame { &[framed, text][..] } else { &[framed] };
            mended(text, bounds, level, limits)
        }
        Some(b'}' | b')') => extra_closers(framed),
        Some(b'/' | b'#') if let Some(length) = comment_length(framed) => {
            Attempt::Dropped(length, Repair::new(RepairKind::Comment, 0, &framed.as_bytes()[..length], 0, b""))
        }
        _ if shape == Shape::Values
            && let Some(mended) = scalar(framed, level, limits) =>
        {
            Attempt::Record(mended)
        }
        _ if level < Level::Guess => Attempt::Refused { looked_at: 0, why: Why::Needs(RepairKind::StrayText, 0) },
        Some(b'"') => encoded_record(framed, limits).map_or_else(|| stray(framed), Attempt::Record),
        _ => stray(framed),
    }
}

/// The record that a text begins with: without guesses, or with guesses within each of the bounds.
fn mended(text: &str, bounds: &[&str], level: Level, limits: FrameLimits) -> Attempt {
    let mut looked_at = 0;
    let mut why = Why::Nothing;
    let lenient = [text, bounds.first().copied().unwrap_or(text)];
    let bounds =
        if level == Level::Guess { bounds } else { &lenient[..if lenient[1].len() < text.len() { 2 } else { 1 }] };
    for text in bounds {
        match mend(text, level, limits) {
            Ok(mended) => return Attempt::Record(mended),
            Err(stuck) => {
                looked_at += stuck.at + 1;
                // What a repair would need says more than that nothing helps.
                if stuck.why != Why::Nothing {
                    why = stuck.why;
                }
            }
        }
    }
    Attempt::Refused { looked_at, why }
}

/// A scalar between values, when the text is nothing else: bare words are no values, for then every text would be one.
fn scalar(text: &str, level: Level, limits: FrameLimits) -> Option<Mended> {
    let quoted = text.starts_with(['"', '\'', '\u{201c}', '\u{2018}']);
    // Only a double quote says clearly that a string begins.
    let level = if text.starts_with('"') { level } else { Level::Lenient };
    let number = text.starts_with(['+', '-', '.']) || text.starts_with(|first: char| first.is_ascii_digit());
    let literal = matches!(text, "True" | "False" | "None");
    if text.len() < 2 || !(quoted || number && !text.contains(' ') || literal) {
        return None;
    }
    mend(text, level, limits).ok().filter(|mended| mended.end == text.len())
}

/// Closing brackets between records close nothing.
fn extra_closers(text: &str) -> Attempt {
    let run = text.bytes().take_while(|&byte| matches!(byte, b'}' | b')') || is_separator(byte)).count();
    let length = text.as_bytes()[..run].iter().rposition(|&byte| !is_separator(byte)).map_or(0, |at| at + 1);
    Attempt::Dropped(length, Repair::new(RepairKind::ExtraCloser, 0, &text.as_bytes()[..length], 0, b""))
}

/// Text that is no part of a record is dropped, unless it looks like the rest of one.
fn stray(text: &str) -> Attempt {
    if text.contains(['{', '}', '[']) || text.contains("\":") {
        return Attempt::Refused { looked_at: text.len(), why: Why::Nothing };
    }
    Attempt::Dropped(text.len(), Repair::new(RepairKind::StrayText, 0, text.as_bytes(), 0, b""))
}

/// A record whose every quote is escaped: `{\"a\":1}`.
fn escaped_document(text: &str, limits: FrameLimits) -> Option<Mended> {
    let first = text[1..].trim_start_matches(|character: char| character.is_ascii_whitespace());
    if !first.starts_with("\\\"") {
        return None;
    }
    // The quotes of a string around it may be in another reject.
    let text = if text.ends_with("}\"") { &text[..text.len() - 1] } else { text };
    let unescaped: String = serde_json::from_str(&format!("\"{text}\"")).ok()?;
    whole_record(&unescaped, text.len(), RepairKind::EscapedDocument, text, limits)
}

/// A record that is the content of a JSON string.
fn encoded_record(text: &str, limits: FrameLimits) -> Option<Mended> {
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let content = strings.next()?.ok()?;
    let end = strings.byte_offset();
    whole_record(&content, end, RepairKind::StringEncodedRecord, &text[..end], limits)
}

/// The record that a text as a whole is, sound or with repairs of its own. Their places are in the text and not in the
/// input, so they are told as one.
fn whole_record(text: &str, end: usize, kind: RepairKind, before: &str, limits: FrameLimits) -> Option<Mended> {
    if !text.starts_with('{') {
        return None;
    }
    let sound = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let text = if sound {
        text.to_owned()
    } else {
        let mended = mend(text, Level::Guess, limits).ok()?;
        let rest = text.get(mended.end..).unwrap_or_default();
        rest.bytes().all(is_space).then_some(mended.text)?
    };
    let repair = Repair::new(kind, 0, before.as_bytes(), 0, text.as_bytes());
    Some(Mended { text, end, repairs: vec![repair] })
}
