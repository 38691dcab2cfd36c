//! White space between tokens carries nothing: one event pretty-printed or compact is the same row.

use std::borrow::Cow;

use super::landmark::is_space;

/// Drops the white space between the tokens of a JSON text and touches nothing else.
///
/// `text` must be JSON; what comes out for other text is unspecified. A text without such white space is borrowed.
///
/// ```
/// use events_core::json::compact;
///
/// assert_eq!(compact("{ \"a b\" : [1.10,\n 2] }"), r#"{"a b":[1.10,2]}"#);
/// ```
#[must_use]
pub fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let Some(first) = next_space(bytes, 0) else { return Cow::Borrowed(text) };
    let mut compacted = String::with_capacity(text.len());
    let mut kept_from = 0;
    let mut space = Some(first);
    while let Some(at) = space {
        compacted.push_str(&text[kept_from..at]);
        kept_from = at + bytes[at..].iter().take_while(|&&byte| is_space(byte)).count();
        space = next_space(bytes, kept_from);
    }
    compacted.push_str(&text[kept_from..]);
    Cow::Owned(compacted)
}

/// The next white space at or after `from` that is outside strings; `from` is outside strings too.
fn next_space(bytes: &[u8], from: usize) -> Option<usize> {
    let mut position = from;
    loop {
        let at = position + bytes[position..].iter().position(|&byte| byte == b'"' || is_space(byte))?;
        if bytes[at] != b'"' {
            return Some(at);
        }
        position = string_end(bytes, at + 1)?;
    }
}

/// The position behind the closing quote of a string whose content begins at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut position = from;
    loop {
        let at = position + memchr::memchr2(b'"', b'\\', bytes.get(position..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        position = at + 2;
    }
}
