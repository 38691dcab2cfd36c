//! Compact JSON text spread over lines.

/// Spaces a level.
const INDENT: usize = 2;

/// Appends the compact JSON `record` with line breaks and indentation, its first line not indented.
///
/// Tokens stay as they are spelled, so the record is still the same row.
/// `depth` is the number of containers around it.
pub(crate) fn push_pretty(record: &[u8], mut depth: usize, line_end: &str, text: &mut Vec<u8>) {
    let mut rest = record;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => {
                let string_length = string_end(after);
                text.push(byte);
                text.extend_from_slice(&after[..string_length]);
                rest = &after[string_length..];
            }
            b'{' | b'[' => {
                text.push(byte);
                if let Some((&closer @ (b'}' | b']'), after_closer)) = after.split_first() {
                    text.push(closer);
                    rest = after_closer;
                } else {
                    depth += 1;
                    push_line(depth, line_end, text);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                push_line(depth, line_end, text);
                text.push(byte);
            }
            b',' => {
                text.push(byte);
                push_line(depth, line_end, text);
            }
            b':' => text.extend_from_slice(b": "),
            _ => text.push(byte),
        }
    }
}

/// Appends a line end and the indentation of the next line.
pub(crate) fn push_line(depth: usize, line_end: &str, text: &mut Vec<u8>) {
    text.extend_from_slice(line_end.as_bytes());
    text.resize(text.len() + depth * INDENT, b' ');
}

/// The length of a string's rest with its closing quote.
fn string_end(rest: &[u8]) -> usize {
    let mut is_escaped = false;
    let is_closing = |&byte: &u8| {
        let is_closing = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_closing
    };
    rest.iter().position(is_closing).map_or(rest.len(), |position| position + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_lines_outside_strings_only() {
        let mut text = Vec::new();
        push_pretty(br#"{"a":[1.10,"}{\\\",:"],"b":{},"c":[],"d":{"e":-0}}"#, 1, "\n", &mut text);
        let expected = r#"{
    "a": [
      1.10,
      "}{\\\",:"
    ],
    "b": {},
    "c": [],
    "d": {
      "e": -0
    }
  }"#;
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
