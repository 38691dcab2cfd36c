//! Inputs in UTF-16 become UTF-8 before anything else looks at them.

use std::io::{self, BufRead, Read};

/// The order of the bytes of a UTF-16 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utf16 {
    /// The low byte first.
    LittleEndian,
    /// The high byte first.
    BigEndian,
}

impl Utf16 {
    /// The bytes that [`Utf16::detect`] needs, unless the input is shorter.
    pub const MAGIC_BYTES: usize = 4;

    /// Whether an input that begins with `bytes` is UTF-16: it has a byte order mark, or its first two characters are of
    /// ASCII with a NUL beside each.
    ///
    /// ```
    /// use events_core::json::Utf16;
    ///
    /// assert_eq!(Utf16::detect(b"\xff\xfe{\0"), Some(Utf16::LittleEndian));
    /// assert_eq!(Utf16::detect(b"\0{\0\""), Some(Utf16::BigEndian));
    /// assert_eq!(Utf16::detect(b"\0\0{}"), None);
    /// ```
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        let ascii = |byte: u8| (1..0x80).contains(&byte);
        match *bytes {
            [0xFF, 0xFE, ..] => Some(Self::LittleEndian),
            [0xFE, 0xFF, ..] => Some(Self::BigEndian),
            [one, 0, two, 0, ..] if ascii(one) && ascii(two) => Some(Self::LittleEndian),
            [0, one, 0, two, ..] if ascii(one) && ascii(two) => Some(Self::BigEndian),
            _ => None,
        }
    }
}

/// Decodes UTF-16 that comes in pieces.
///
/// A surrogate without its other half, and half a character at the end, become the three bytes that would encode it, which
/// are not UTF-8: the record that holds them is refused, and nothing is made up.
#[derive(Debug)]
pub(crate) struct Utf16Decoder {
    order: Utf16,
    /// Half a code unit.
    odd: Option<u8>,
    /// The first half of a character.
    high: Option<u16>,
    begun: bool,
}

impl Utf16Decoder {
    pub(crate) fn new(order: Utf16) -> Self {
        Self { order, odd: None, high: None, begun: false }
    }

    pub(crate) fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        for &byte in bytes {
            let Some(first) = self.odd.take() else {
                self.odd = Some(byte);
                continue;
            };
            let unit = match self.order {
                Utf16::LittleEndian => u16::from_le_bytes([first, byte]),
                Utf16::BigEndian => u16::from_be_bytes([first, byte]),
            };
            // The mark of the order is not part of the text.
            if std::mem::replace(&mut self.begun, true) || unit != 0xFEFF {
                self.unit(unit, text);
            }
        }
    }

    pub(crate) fn finish(&mut self, text: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            lone(high, text);
        }
        if self.odd.take().is_some() {
            text.push(0xFF);
        }
    }

    fn unit(&mut self, unit: u16, text: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            let pair = char::decode_utf16([high, unit]).next();
            if let (Some(Ok(character)), 0xDC00..=0xDFFF) = (pair, unit) {
                return text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            lone(high, text);
        }
        match char::from_u32(u32::from(unit)) {
            Some(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None if unit < 0xDC00 => self.high = Some(unit),
            None => lone(unit, text),
        }
    }
}

fn lone(unit: u16, text: &mut Vec<u8>) {
    text.extend_from_slice(&[0xE0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3F) as u8, 0x80 | (unit & 0x3F) as u8]);
}

/// Bytes of an input that come in pieces become UTF-8, whatever they are.
#[derive(Debug)]
pub(crate) enum Transcoder {
    /// The first bytes of an input whose encoding is not known yet.
    Unknown(Vec<u8>),
    Utf8,
    Utf16(Utf16Decoder),
}

impl Default for Transcoder {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Transcoder {
    /// Appends the text of the next bytes. When these tell that the input is UTF-16, gives the mark that it begins with,
    /// which may be empty.
    pub(crate) fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Unknown(first) => {
                first.extend_from_slice(bytes);
                let is_known = first.len() >= Utf16::MAGIC_BYTES;
                return is_known.then(|| self.begin(text)).flatten();
            }
            Self::Utf8 => text.extend_from_slice(bytes),
            Self::Utf16(decoder) => decoder.decode(bytes, text),
        }
        None
    }

    /// Appends what is left at the end of the input; gives what [`Transcoder::push`] does.
    pub(crate) fn finish(&mut self, text: &mut Vec<u8>) -> Option<Vec<u8>> {
        let mark = self.begin(text);
        if let Self::Utf16(decoder) = self {
            decoder.finish(text);
        }
        mark
    }

    /// Takes the first bytes, when there are enough of them to know what they are.
    fn begin(&mut self, text: &mut Vec<u8>) -> Option<Vec<u8>> {
        let Self::Unknown(first) = self else { return None };
        let first = std::mem::take(first);
        let Some(order) = Utf16::detect(&first) else {
            *self = Self::Utf8;
            text.extend_from_slice(&first);
            return None;
        };
        let mut decoder = Utf16Decoder::new(order);
        decoder.decode(&first, text);
        *self = Self::Utf16(decoder);
        Some(first[..if first[0] >= 0xFE { 2 } else { 0 }].to_vec())
    }
}

/// A reader of the UTF-8 of a UTF-16 input.
pub(crate) struct Utf16Reader<R> {
    input: R,
    decoder: Utf16Decoder,
    text: Vec<u8>,
    read: usize,
}

impl<R: BufRead> Utf16Reader<R> {
    pub(crate) fn new(order: Utf16, input: R) -> Self {
        Self { input, decoder: Utf16Decoder::new(order), text: Vec::new(), read: 0 }
    }
}

impl<R: BufRead> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() {
            self.text.clear();
            self.read = 0;
            let bytes = self.input.fill_buf()?;
            let length = bytes.len();
            self.decoder.decode(bytes, &mut self.text);
            self.input.consume(length);
            if length == 0 {
                self.decoder.finish(&mut self.text);
                if self.text.is_empty() {
                    return Ok(0);
                }
            }
        }
        let length = buffer.len().min(self.text.len() - self.read);
        buffer[..length].copy_from_slice(&self.text[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_whatever_the_pieces_and_makes_nothing_up() {
        let text = "{\"a\":\"é😀\"}";
        let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        bytes.extend_from_slice(&[0xD8, 0x3D, 0, b'x', 0]);
        for size in [1, 2, 3, 100] {
            let (mut decoder, mut text_read) = (Utf16Decoder::new(Utf16::BigEndian), Vec::new());
            bytes.chunks(size).for_each(|piece| decoder.decode(piece, &mut text_read));
            decoder.finish(&mut text_read);
            assert_eq!(text_read, [text.as_bytes(), b"\xED\xA0\xBDx\xFF"].concat());
        }
    }
}
