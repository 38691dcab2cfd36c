//! Where the tokens of a compact record are.

/// The quotes of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quotes {
    pub(crate) open: usize,
    pub(crate) close: usize,
    /// A member's name.
    pub(crate) is_key: bool,
}

/// The strings of a compact record, in their order.
pub(crate) fn strings(record: &str) -> Vec<Quotes> {
    let bytes = record.as_bytes();
    let mut strings = Vec::new();
    let mut position = 0;
    while let Some(open) = bytes[position..].iter().position(|&byte| byte == b'"').map(|found| position + found) {
        let mut close = open + 1;
        while bytes[close] != b'"' {
            close += if bytes[close] == b'\\' { 2 } else { 1 };
        }
        strings.push(Quotes { open, close, is_key: bytes.get(close + 1) == Some(&b':') });
        position = close + 1;
    }
    strings
}

/// The strings in `data` that are values.
pub(crate) fn data_strings(record: &str) -> Vec<Quotes> {
    let strings = strings(record);
    let data = strings.iter().position(|quotes| quotes.is_key && record[quotes.open..].starts_with("\"data\":"));
    let inside = strings.into_iter().skip(data.map_or(usize::MAX, |data| data + 1));
    inside.filter(|quotes| !quotes.is_key).collect()
}

/// The record with its strings replaced; what is between them is given to `outside`, and strings to `inside`.
pub(crate) fn rewrite(
    record: &str,
    mut outside: impl FnMut(&str) -> String,
    mut inside: impl FnMut(&str, Quotes) -> String,
) -> String {
    let mut rewritten = String::with_capacity(record.len() + 32);
    let mut position = 0;
    for quotes in strings(record) {
        rewritten += &outside(&record[position..quotes.open]);
        rewritten += &inside(&record[quotes.open + 1..quotes.close], quotes);
        position = quotes.close + 1;
    }
    rewritten + &outside(&record[position..])
}

/// The places in a string at which something can be inserted without taking an escape apart.
pub(crate) fn places(record: &str, quotes: Quotes) -> Vec<usize> {
    let mut places = vec![quotes.open + 1];
    let mut characters = record[quotes.open + 1..quotes.close].char_indices();
    while let Some((at, character)) = characters.next() {
        let after = quotes.open + 1 + at + character.len_utf8();
        if character != '\\' {
            places.push(after);
            continue;
        }
        // Escapes are ASCII.
        let escape = if record.as_bytes()[after] == b'u' { 5 } else { 1 };
        characters.by_ref().take(escape).for_each(drop);
        places.push(after + escape);
    }
    places
}

/// The longest beginning of a cut text that has only whole members and elements, with its brackets closed.
pub(crate) fn whole_members(cut: &str) -> String {
    let mut closers = Vec::new();
    let mut safe = (0, Vec::new());
    let (mut is_string, mut is_escaped) = (false, false);
    for (at, byte) in cut.bytes().enumerate() {
        if is_string {
            is_string = is_escaped || byte != b'"';
            is_escaped = byte == b'\\' && !is_escaped;
            continue;
        }
        match byte {
            b'"' => is_string = true,
            b'{' | b'[' => {
                closers.push(if byte == b'{' { '}' } else { ']' });
                safe = (at + 1, closers.clone());
            }
            b'}' | b']' => {
                closers.pop();
                safe = (at + 1, closers.clone());
            }
            b',' => safe = (at, closers.clone()),
            _ => {}
        }
    }
    let (end, closers) = safe;
    cut[..end].chars().chain(closers.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_strings_and_where_they_can_grow() {
        let record = r#"{"a":"x\"y","data":{"k":"\\é","l":["\u00e9z"]}}"#;
        let texts: Vec<_> = strings(record).iter().map(|quotes| &record[quotes.open..=quotes.close]).collect();
        assert_eq!(texts, [r#""a""#, r#""x\"y""#, r#""data""#, r#""k""#, r#""\\é""#, r#""l""#, r#""\u00e9z""#]);
        let data = data_strings(record);
        assert_eq!(data.len(), 2);
        let lengths = data.iter().map(|&quotes| {
            let from_open = |place: usize| place - quotes.open - 1;
            places(record, quotes).into_iter().map(from_open).collect::<Vec<_>>()
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [vec![0, 2, 4], vec![0, 6, 7]]);
    }

    #[test]
    fn keeps_what_is_whole_in_a_cut_text() {
        for (cut, whole) in [
            (r#"{"a":1,"b":"x"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":[{"c":2},{"d":"#, r#"{"a":1,"b":[{"c":2},{}]}"#),
            (r#"{"a":[1,2],"#, r#"{"a":[1,2]}"#),
            (r#"{"a":"\",","b"#, r#"{"a":"\","}"#),
        ] {
            assert_eq!(whole_members(cut), whole);
        }
    }
}
