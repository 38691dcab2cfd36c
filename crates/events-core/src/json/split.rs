//! Places where an input can probably be cut into pieces that are scanned apart.
//!
//! A place looks right when a record ends before it and one begins behind it. Whether it is right only the scan of the
//! piece before it can tell, because it may lie inside a string: see [`crate::run`] for what follows then.

use super::landmark::is_space;

/// The first and the last probable boundary in `bytes`: positions of braces that open a record.
///
/// `first_key` is the first key of the input's first record, with its quotes. Behind a comma an object may as well be an
/// element of an array inside a record; there the key decides.
pub(crate) fn boundaries(bytes: &[u8], first_key: &[u8]) -> Option<(usize, usize)> {
    let is_boundary = |&at: &usize| is_boundary(bytes, at, first_key);
    let first = memchr::memchr_iter(b'{', bytes).find(is_boundary)?;
    let last = memchr::memrchr_iter(b'{', bytes).find(is_boundary)?;
    Some((first, last))
}

/// The first key of the first record in `bytes`, with its quotes; empty when there is none.
pub(crate) fn first_key(bytes: &[u8]) -> &[u8] {
    let key = || {
        let brace = memchr::memchr(b'{', bytes)?;
        let start = brace + 1 + bytes[brace + 1..].iter().position(|&byte| !is_space(byte))?;
        let rest = bytes[start..].strip_prefix(b"\"")?;
        Some(&bytes[start..start + 2 + memchr::memchr(b'"', rest)?])
    };
    key().unwrap_or_default()
}

fn is_boundary(bytes: &[u8], brace: usize, first_key: &[u8]) -> bool {
    let key = bytes[brace + 1..].iter().position(|&byte| !is_space(byte)).map(|at| &bytes[brace + 1 + at..]);
    let Some(key) = key.filter(|key| key.starts_with(b"\"")) else { return false };
    let before = &bytes[..brace];
    if before.last() == Some(&b'\n') {
        return true;
    }
    match trim_end(before) {
        [.., b'}'] => true,
        [records @ .., b','] => trim_end(records).ends_with(b"}") && key.starts_with(first_key),
        _ => false,
    }
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
    &bytes[..end]
}
