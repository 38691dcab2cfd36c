//! Compressed inputs, told by their first bytes and never by their names.

use std::io::{BufRead, Cursor, Read};

use serde::Serialize;

/// A compression that inputs may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952), any number of members.
    Gzip,
    /// [RFC 8878](https://www.rfc-editor.org/rfc/rfc8878), any number of frames, skippable ones included.
    Zstd,
}

impl Compression {
    /// The bytes that [`Compression::detect`] needs.
    pub const MAGIC_BYTES: usize = 4;

    /// The compression of an input that begins with `bytes`; `None` when it is not compressed.
    ///
    /// No JSON text begins with either magic number.
    ///
    /// ```
    /// use events_core::json::Compression;
    ///
    /// assert_eq!(Compression::detect(b"\x1f\x8b\x08\x00rest"), Some(Compression::Gzip));
    /// assert_eq!(Compression::detect(b"{\"a\":1}"), None);
    /// ```
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            // A frame, or a skippable one: 0x184D2A50 to 0x184D2A5F, little-endian.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A reader of the decompressed bytes of `input`.
///
/// Memory is bounded by the format: 32 KiB for gzip, at most 128 MiB for a zstd frame made with the longest window.
///
/// # Errors
/// When the decompressor cannot be made.
pub(crate) fn decoder<'a>(
    compression: Compression,
    input: impl BufRead + Send + 'a,
) -> std::io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
    })
}

/// The bytes of a whole input in memory, decompressed when it is compressed.
///
/// # Errors
/// When a compressed input is damaged.
pub fn decompress(bytes: &[u8]) -> std::io::Result<std::borrow::Cow<'_, [u8]>> {
    let Some(compression) = Compression::detect(bytes) else { return Ok(bytes.into()) };
    let mut decompressed = Vec::new();
    decoder(compression, Cursor::new(bytes))?.read_to_end(&mut decompressed)?;
    Ok(decompressed.into())
}
