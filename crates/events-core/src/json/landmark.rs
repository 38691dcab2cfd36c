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
    /// A colon or a comma.
    Punctuation,
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
    classes[b':' as usize] = Class::Punctuation;
    classes[b',' as usize] = Class::Punctuation;
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
