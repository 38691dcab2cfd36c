//! The lines of the quarantine: what is written for a reject, and read back. See `docs/FORMAT.md`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use object_store::ObjectStoreExt;

use super::layout::RunId;
use super::plan::Input;
use super::zone::Zone;
use crate::error::Result;
use crate::event::Reason;

/// A line of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectLine<'a> {
    /// The name of the input below `pending`.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// Where the bytes begin in the decompressed input.
    pub offset: u64,
    /// How many bytes there are.
    pub length: u64,
    /// What is wrong with them.
    pub reason: Reason,
    /// What exactly, without content of the record.
    #[serde(borrow)]
    pub detail: Cow<'a, str>,
    /// The bytes, when they are UTF-8.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    raw: Option<Cow<'a, str>>,
    /// The bytes in base64, when they are not.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    raw_base64: Option<Cow<'a, str>>,
}

impl<'a> RejectLine<'a> {
    /// The line for a reject.
    #[must_use]
    pub fn new(source: &'a str, offset: u64, bytes: &'a [u8], reason: Reason, detail: &'a str) -> Self {
        let raw = simdutf8::basic::from_utf8(bytes).ok();
        let raw_base64 = raw.is_none().then(|| STANDARD.encode(bytes).into());
        let length = bytes.len() as u64;
        let (source, detail, raw) = (source.into(), detail.into(), raw.map(Cow::Borrowed));
        Self { source, offset, length, reason, detail, raw, raw_base64 }
    }

    /// The bytes as they came. `None`: the line holds none, or not as many as it says.
    #[must_use]
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        let bytes = match (&self.raw, &self.raw_base64) {
            (Some(text), None) => Cow::Borrowed(text.as_bytes()),
            (None, Some(base64)) => Cow::Owned(STANDARD.decode(&**base64).ok()?),
            _ => return None,
        };
        (bytes.len() as u64 == self.length).then_some(bytes)
    }

    /// Whether there is anything to try again: damaged compression leaves no bytes.
    #[must_use]
    pub fn can_be_tried(&self) -> bool {
        self.length > 0
    }
}

/// Calls `take` with each line of an object of the quarantine, whose lines are as long as rejects are.
pub(crate) async fn read_lines(landing: &Zone, input: &Input, mut take: impl FnMut(&RejectLine<'_>)) -> Result<()> {
    const RANGE_BYTES: u64 = 1 << 20;
    let path = input.path();
    let location = landing.path(&path)?;
    let mut pending = Vec::new();
    for start in (0..input.bytes).step_by(RANGE_BYTES as usize) {
        let end = input.bytes.min(start + RANGE_BYTES);
        let range = landing.store().get_range(&location, start..end).await;
        pending.extend_from_slice(&range.map_err(|error| landing.error("reading", &path, error))?);
        let whole = if end == input.bytes { pending.len() } else { memchr::memrchr(b'\n', &pending).unwrap_or(0) };
        for line in pending[..whole].split(|&byte| byte == b'\n') {
            // A line that is none was not written by a run: it has nothing to tell.
            if let Ok(line) = serde_json::from_slice(line) {
                take(&line);
            }
        }
        pending.drain(..whole);
    }
    Ok(())
}

/// Which rejects are meant: those that meet every condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RejectFilter {
    /// Those that this run has put there, or had put there before they were tried again.
    pub run: Option<RunId>,
    /// Those of inputs whose names begin so.
    pub source: Option<String>,
    /// Those for one of these reasons; any when there are none.
    pub reasons: Vec<Reason>,
}

impl RejectFilter {
    /// Whether an object of the quarantine, named below it, can hold such rejects.
    pub(crate) fn takes_object(&self, key: &str) -> bool {
        self.run.as_ref().is_none_or(|run| runs_of(key).any(|of| of == run.as_str()))
    }

    /// Whether a reject is meant.
    #[must_use]
    pub fn takes(&self, line: &RejectLine<'_>) -> bool {
        self.source.as_ref().is_none_or(|source| line.source.starts_with(source))
            && (self.reasons.is_empty() || self.reasons.contains(&line.reason))
    }
}

/// The runs that an object of the quarantine is of, the one that put it there and the one that had its rejects first:
/// `date=…/run=<run>/…` or `date=…/run=<run>/from=<run>/…`.
fn runs_of(key: &str) -> impl Iterator<Item = &str> {
    let mut segments = key.split('/').skip(1);
    let run = segments.next().and_then(|segment| segment.strip_prefix("run="));
    let from = segments.next().and_then(|segment| segment.strip_prefix("from="));
    run.into_iter().chain(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_the_bytes_that_it_was_given() {
        for bytes in [&b"{\"a\":\"\xc3\xa9\x01\n"[..], b"\xff\xfe{", b"", b"\0\0"] {
            let line = RejectLine::new("a/b", 7, bytes, Reason::Truncated, "cut");
            let json = serde_json::to_string(&line).unwrap();
            assert!(!json.contains('\n'));
            let read: RejectLine<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.bytes().as_deref(), Some(bytes));
            assert_eq!(read, line);
        }
    }

    #[test]
    fn filters_by_run_source_and_reason() {
        let line = RejectLine::new("a/b", 0, b"x", Reason::Truncated, "");
        let filter = |run: Option<&str>, source: Option<&str>, reasons: &[Reason]| RejectFilter {
            run: run.map(|run| run.parse().unwrap()),
            source: source.map(str::to_owned),
            reasons: reasons.to_vec(),
        };
        assert!(filter(None, None, &[]).takes(&line) && filter(None, Some("a/"), &[Reason::Truncated]).takes(&line));
        assert!(!filter(None, Some("b"), &[]).takes(&line) && !filter(None, None, &[Reason::TooLong]).takes(&line));
        let of_run = filter(Some("r-1"), None, &[]);
        assert!(of_run.takes_object("date=2026-11-23/run=r-1/a.jsonl"));
        assert!(of_run.takes_object("date=2026-11-24/run=r-2/from=r-1/a.jsonl"));
        assert!(!of_run.takes_object("date=2026-11-23/run=r-10/a.jsonl"));
    }
}
