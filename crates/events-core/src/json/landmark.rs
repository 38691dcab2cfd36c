//! What bytes mean to framing: brackets and quotes, separators, and places where a record can begin.

/// What a byte means outside strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a number, a literal, or nothing valid.
    Other,
    Space,
    Quote,
    OpenObject,
    CloseObject,
    OpenArray,
    CloseArray,
    Colon,
    Comma,
    /// What a comment may begin with.
    Comment,
}

pub(super) const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    classes[b' ' as usize] = Class::Space;
    classes[b'\t' as usize] = Class::Space;
    classes[b'\n' as usize] = Class::Space;
    classes[b'\r' as usize] = Class::Space;
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::OpenObject;
    classes[b'}' as usize] = Class::CloseObject;
    classes[b'[' as usize] = Class::OpenArray;
    classes[b']' as usize] = Class::CloseArray;
    classes[b':' as usize] = Class::Colon;
    classes[b',' as usize] = Class::Comma;
    classes[b'/' as usize] = Class::Comment;
    classes[b'#' as usize] = Class::Comment;
    classes
};

pub(super) const RECORD_SEPARATOR: u8 = 0x1E;
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a byte may stand between records. A byte order mark, of three bytes, may too.
pub(super) fn is_separator(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b',' | b'[' | b']' | RECORD_SEPARATOR | 0)
}

/// The length of white space that JSON does not know, at the beginning of the bytes: vertical tab, form feed, and what
/// Unicode calls `White_Space` (UAX #44), besides the byte order mark and two characters as invisible, U+180E and U+200B.
pub(super) fn unicode_space(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x0B | 0x0C, ..] => Some(1),
        [0xC2, 0x85 | 0xA0, ..] => Some(2),
        [0xE1, 0x9A, 0x80, ..]
        | [0xE1, 0xA0, 0x8E, ..]
        | [0xE2, 0x80, 0x80..=0x8B | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => Some(3),
        _ if bytes.starts_with(BYTE_ORDER_MARK) => Some(BYTE_ORDER_MARK.len()),
        _ => None,
    }
}

/// Whether the bytes are the beginning of such white space, cut short.
pub(super) fn may_become_space(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xC2 | 0xE1 | 0xE2 | 0xE3 | 0xEF] | [0xE1, 0x9A | 0xA0] | [0xE2, 0x80 | 0x81] | [0xE3, 0x80] | [0xEF, 0xBB]
    )
}

/// Where a string ends that has no escape, given from behind its opening quote: behind its closing one, when that is
/// followed by a colon, a comma or a closing bracket.
#[inline]
pub(super) fn plain_string_end(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memchr3(b'"', b'\\', b'\n', bytes)?;
    let sound = bytes[at] == b'"' && matches!(bytes.get(at + 1), Some(b':' | b',' | b'}' | b']'));
    sound.then_some(at + 1)
}

pub(super) enum Next {
    At(usize),
    Nowhere,
    /// The bytes end before it is decided.
    Unknown,
}

/// Whether a brace can open a record: what follows is no bracket, which no object begins with. `None`: the bytes end
/// before it is decided.
pub(super) fn opens_record(bytes: &[u8], brace: usize) -> Option<bool> {
    let window = &bytes[brace + 1..bytes.len().min(brace + 1 + NEXT_RECORD_BYTES_MAX)];
    match window.iter().find(|&&byte| !is_space(byte)) {
        Some(byte) => Some(!matches!(byte, b'{' | b'[')),
        None if window.len() < NEXT_RECORD_BYTES_MAX => None,
        None => Some(false),
    }
}

/// Whether what follows a line feed and separators is neither a brace nor a separator of RFC 7464. `None`: the bytes end
/// before it is decided.
pub(super) fn next_is_text(bytes: &[u8], line_feed: usize) -> Option<bool> {
    let window = &bytes[line_feed + 1..bytes.len().min(line_feed + 1 + NEXT_RECORD_BYTES_MAX)];
    match window.iter().find(|&&byte| byte == RECORD_SEPARATOR || !is_separator(byte)) {
        Some(&byte) => Some(!matches!(byte, b'{' | RECORD_SEPARATOR)),
        None if window.len() < NEXT_RECORD_BYTES_MAX => None,
        None => Some(false),
    }
}

/// Whether a square bracket opens a value: an array whose first element, behind white space and commas, is no object. `None`: the bytes end before it is
/// decided.
pub(super) fn opens_value(bytes: &[u8], bracket: usize) -> Option<bool> {
    let window = &bytes[bracket + 1..bytes.len().min(bracket + 1 + NEXT_RECORD_BYTES_MAX)];
    let mut at = 0;
    loop {
        let rest = &window[at..];
        at += match rest.first() {
            Some(&byte) if is_space(byte) || byte == b',' => 1,
            Some(_) if window.len() < NEXT_RECORD_BYTES_MAX && may_become_space(rest) => return None,
            Some(&byte) => match unicode_space(rest) {
                Some(length) => length,
                None => return Some(byte != b'{'),
            },
            None if window.len() < NEXT_RECORD_BYTES_MAX => return None,
            None => return Some(false),
        };
    }
}

/// How far behind a closing brace the next record is looked for. More separators than this do not occur, and a bound makes
/// the search linear however the bytes arrive.
const NEXT_RECORD_BYTES_MAX: usize = 4096;

/// Whether a record begins after `at` and bytes that `skip` accepts: a brace, white space, and the quote of a key.
pub(super) fn next_record(bytes: &[u8], at: usize, skip: impl Fn(u8) -> bool) -> Next {
    let window = &bytes[at + 1..bytes.len().min(at + 1 + NEXT_RECORD_BYTES_MAX)];
    let undecided = if window.len() < NEXT_RECORD_BYTES_MAX { Next::Unknown } else { Next::Nowhere };
    let Some(brace) = window.iter().position(|&byte| !skip(byte)) else { return undecided };
    if window[brace] != b'{' {
        return Next::Nowhere;
    }
    match window[brace + 1..].iter().find(|&&byte| !is_space(byte)) {
        Some(b'"') => Next::At(at + 1 + brace),
        Some(_) => Next::Nowhere,
        None => undecided,
    }
}
