//! Some of what was rejected and mended, for people to look at.

use std::collections::BTreeMap;

use events_core::event::Reason;
use events_core::json::RepairKind;
use events_core::run::{RejectLine, Report, SampledRepair};

use crate::visible::Visible;

/// Samples of a reason or a kind of repair.
const A_KIND_MAX: usize = 3;
/// Characters of a sample.
const SAMPLE_CHARACTERS_MAX: usize = 240;

/// Whether values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Masking {
    /// Letters and digits become `x` and `0`: what is damaged can be seen, and of whom it is not.
    On,
    Off,
}

/// A reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SampledReject {
    pub(super) source: String,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) detail: String,
    pub(super) bytes: String,
}

/// A repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mended {
    pub(super) source: String,
    pub(super) offset: u64,
    pub(super) before: String,
    pub(super) after: String,
}

/// The first of each reason and kind.
#[derive(Debug)]
pub(super) struct Samples {
    masking: Masking,
    pub(super) rejects: BTreeMap<Reason, Vec<SampledReject>>,
    pub(super) repairs: BTreeMap<RepairKind, Vec<Mended>>,
}

impl Samples {
    pub(super) fn new(masking: Masking) -> Self {
        Self { masking, rejects: BTreeMap::new(), repairs: BTreeMap::new() }
    }

    pub(super) fn masking(&self) -> Masking {
        self.masking
    }

    pub(super) fn take_reject(&mut self, line: &RejectLine<'_>) {
        let of_reason = self.rejects.entry(line.reason).or_default();
        if of_reason.len() < A_KIND_MAX {
            let bytes = line.bytes().map(|bytes| sample(&bytes, self.masking)).unwrap_or_default();
            of_reason.push(SampledReject {
                source: line.source.clone().into_owned(),
                offset: line.offset,
                length: line.length,
                detail: line.detail.clone().into_owned(),
                bytes,
            });
        }
    }

    pub(super) fn take_repairs(&mut self, report: &Report) {
        for SampledRepair { source, repair } in &report.repairs {
            let of_kind = self.repairs.entry(repair.kind).or_default();
            if of_kind.len() < A_KIND_MAX {
                of_kind.push(Mended {
                    source: source.clone(),
                    offset: repair.offset,
                    before: sample(&repair.before, self.masking),
                    after: sample(&repair.after, self.masking),
                });
            }
        }
    }
}

/// The beginning of some bytes.
fn sample(bytes: &[u8], masking: Masking) -> String {
    // A character takes four bytes at most.
    let cut = bytes.len() > 4 * SAMPLE_CHARACTERS_MAX;
    let bytes = if cut { whole_characters(&bytes[..4 * SAMPLE_CHARACTERS_MAX]) } else { bytes };
    // An escape of what cannot be seen would be masked too, so letters go first.
    let text = match (masking, std::str::from_utf8(bytes)) {
        (Masking::On, Ok(text)) => Visible(text.chars().map(masked).collect::<String>().as_bytes()).to_string(),
        (Masking::On, Err(_)) => Visible(&bytes.iter().copied().map(masked_byte).collect::<Vec<_>>()).to_string(),
        (Masking::Off, _) => Visible(bytes).to_string(),
    };
    match text.char_indices().nth(SAMPLE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Bytes without the beginning of a character at their end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

fn masked(character: char) -> char {
    match character {
        _ if character.is_numeric() => '0',
        _ if character.is_uppercase() => 'X',
        // Emoji and marks may tell as much as letters.
        _ if character.is_alphabetic() || !(character.is_ascii() || character.is_control()) => 'x',
        _ => character,
    }
}

/// Of bytes that are no text, those that could be a part of one stay unknown too.
fn masked_byte(byte: u8) -> u8 {
    if byte.is_ascii() { masked(char::from(byte)) as u8 } else { 0xff }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks_values_and_keeps_the_shape() {
        let masked = |text: &str| sample(text.as_bytes(), Masking::On);
        assert_eq!(masked(r#"{"Name":"Zoë 日本","n":-1.5e3,"#), r#"{"Xxxx":"Xxx xx","x":-0.0x0,"#);
        assert_eq!(sample(b"ab\xe9\n", Masking::On), r"xx\xff\n");
        assert_eq!(sample(b"ab", Masking::Off), "ab");
        assert_eq!(masked(&"a".repeat(300)).chars().count(), SAMPLE_CHARACTERS_MAX + 1);
    }

    proptest! {
        #[test]
        fn no_letter_or_digit_comes_through(text in any::<String>()) {
            let text: String = text.chars().filter(|character| !character.is_control()).collect();
            let masked = text.chars().map(masked).collect::<String>();
            prop_assert!(masked.is_ascii());
            prop_assert!(masked.chars().all(|character| !character.is_alphanumeric() || "xX0".contains(character)));
        }
    }
}
