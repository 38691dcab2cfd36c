//! Bytes as people can read them.

use std::fmt::{self, Write};

/// Displays bytes as text, and what a terminal would not show, or would obey, as an escape: `\x1b`, `\xff`, `\u{202e}`.
pub(crate) struct Visible<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\t' => formatter.write_char(character)?,
                    '\n' => formatter.write_str("\\n")?,
                    '\r' => formatter.write_str("\\r")?,
                    '\0'..='\x7f' if character.is_control() => write!(formatter, "\\x{:02x}", character as u32)?,
                    _ if is_invisible(character) => write!(formatter, "{}", character.escape_unicode())?,
                    _ => formatter.write_char(character)?,
                }
            }
            for byte in chunk.invalid() {
                write!(formatter, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Beside control characters: line ends that JSON does not know, marks without width, and those that change the direction
/// of what follows. Joiners stay, because scripts and emoji need them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The lines of bytes, without the ends of lines.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Visible<'_>> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.split(|&byte| byte == b'\n').map(|line| Visible(line.strip_suffix(b"\r").unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_text_as_it_is_and_everything_else_as_an_escape() {
        let text = |bytes: &[u8]| Visible(bytes).to_string();
        assert_eq!(text("né日👩‍🔬\t".as_bytes()), "né日👩‍🔬\t");
        assert_eq!(text(b"\x1b[31m\0\xff\xc3\n"), r"\x1b[31m\x00\xff\xc3\n");
        assert_eq!(text("\u{feff}\u{202e}\u{85}".as_bytes()), r"\u{feff}\u{202e}\u{85}");
    }

    #[test]
    fn tells_lines_apart() {
        let texts = |bytes| lines(bytes).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(texts(b"a\r\n\nb\n"), ["a", "", "b"]);
        assert_eq!(texts(b""), [""]);
    }
}
