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
    let Some(first) = may_hold_space(bytes).then(|| next_space(bytes, 0)).flatten() else { return Cow::Borrowed(text) };
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

/// A JSON text on one line: as it is when it has no line feeds, else without the white space between its tokens.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    match memchr::memchr2(b'\n', b'\r', text.as_bytes()) {
        Some(_) => compact(text),
        None => Cow::Borrowed(text),
    }
}

/// A quick look that may be wrong in one direction: `false` means that no white space stands between tokens.
///
/// Of JSON's white space only the space can stand in a string. Between tokens it stands beside a bracket, a colon or a
/// comma, because two tokens that are neither cannot follow each other; prose has most of its spaces between letters.
fn may_hold_space(bytes: &[u8]) -> bool {
    // Numbers for booleans, and no early end: so the compiler makes a few instructions for many bytes at once.
    let space = |byte: u8| u8::from(byte == b' ');
    // In lower case a square bracket is a brace.
    let structure = |byte: u8| u8::from(matches!(byte | 0x20, b'{' | b'}') | matches!(byte, b':' | b',' | b' '));
    let control = bytes.iter().fold(0, |any, &byte| any | u8::from(byte < b' '));
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let beside = pairs.fold(0, |any, (&one, &two)| any | space(one) & structure(two) | structure(one) & space(two));
    let at_an_end = [bytes.first(), bytes.last()].contains(&Some(&b' '));
    control | beside > 0 || at_an_end
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
