//! A file or standard input, decompressed when it is compressed, in pieces.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::rc::Rc;

use events_core::Config;
use events_core::event::Reason;
use events_core::json::Compression;
use flate2::bufread::MultiGzDecoder;

use crate::error::Error;
use crate::settings::{DecompressionLimits, Source};
use crate::units::counted;

/// The bytes that are read at once.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// An input that is being read.
pub(crate) struct Input {
    reader: Box<dyn Read>,
    compression: Option<Compression>,
    /// Of a compressed input: how far it may grow.
    growth: Option<Growth>,
    /// The bytes that have come out.
    offset: u64,
}

/// What comes next.
pub(crate) enum Chunk {
    /// So many bytes, at least one.
    Bytes(usize),
    End,
    /// A compressed input cannot be read any further.
    Damaged(Reason, String),
}

impl Input {
    /// Opens an input and looks at its first bytes.
    pub(crate) fn open(source: &Source, limits: DecompressionLimits) -> io::Result<Self> {
        match source {
            Source::Stdin => Self::new(io::stdin().lock(), 0, limits),
            Source::File(path) => {
                let file = File::open(path)?;
                // A pipe has no length; then it is as long as what was read of it.
                let length = file.metadata()?.len();
                Self::new(file, length, limits)
            }
        }
    }

    /// Looks at the first bytes of a stream. `stored_bytes` is what is known of its length; it may be longer.
    pub(crate) fn new(
        mut stream: impl Read + 'static,
        stored_bytes: u64,
        limits: DecompressionLimits,
    ) -> io::Result<Self> {
        let mut head = Vec::new();
        stream.by_ref().take(Compression::MAGIC_BYTES as u64).read_to_end(&mut head)?;
        let compression = Compression::detect(&head);
        let stream = Cursor::new(head).chain(stream);
        let Some(compression) = compression else {
            return Ok(Self { reader: Box::new(stream), compression: None, growth: None, offset: 0 });
        };
        let read = Rc::new(Cell::new(0));
        let stored = BufReader::with_capacity(PIECE_BYTES, Counted { stream, read: Rc::clone(&read) });
        let reader: Box<dyn Read> = match compression {
            Compression::Gzip => Box::new(MultiGzDecoder::new(stored)),
            Compression::Zstd => Box::new(zstd::Decoder::with_buffer(stored)?),
        };
        let growth = Some(Growth { limits, stored_bytes, read });
        Ok(Self { reader, compression: Some(compression), growth, offset: 0 })
    }

    /// How many bytes have come out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How it is compressed; `None` when it is not.
    pub(crate) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// How many bytes it has as it is stored: what is known of its length, or what was read of it when that is more.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.growth.as_ref().map_or(self.offset, Growth::stored_bytes)
    }

    /// Reads the next bytes into the buffer.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Chunk> {
        let length = loop {
            match self.reader.read(buffer) {
                Ok(length) => break length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Only the system's errors have its numbers, and a store's say so: all others are the decompressor's.
                Err(error) if self.growth.is_some() && error.raw_os_error().is_none() && !is_of_a_store(&error) => {
                    let problem = format!("the compressed input is damaged: {error}");
                    return Ok(Chunk::Damaged(Reason::DamagedCompression, problem));
                }
                Err(error) => return Err(error),
            }
        };
        if length == 0 {
            return Ok(Chunk::End);
        }
        let left = self.growth.as_ref().map_or(u64::MAX, |growth| growth.bytes_max().saturating_sub(self.offset));
        if left == 0 {
            let problem = format!("the compressed input grows beyond {}", counted(self.offset, "byte"));
            return Ok(Chunk::Damaged(Reason::DecompressionLimit, problem));
        }
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        self.offset += length as u64;
        Ok(Chunk::Bytes(length))
    }
}

fn is_of_a_store(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<object_store::Error>()).is_some()
}

/// How far a compressed input may grow.
struct Growth {
    limits: DecompressionLimits,
    stored_bytes: u64,
    /// The bytes that were read of it.
    read: Rc<Cell<u64>>,
}

impl Growth {
    fn stored_bytes(&self) -> u64 {
        self.stored_bytes.max(self.read.get())
    }

    fn bytes_max(&self) -> u64 {
        let by_ratio = self.stored_bytes().saturating_mul(self.limits.ratio_max);
        self.limits.bytes_max.min(by_ratio.max(Config::DECOMPRESSED_BYTES_FREE))
    }
}

/// A stream whose bytes are counted.
struct Counted<R> {
    stream: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

impl Source {
    /// What messages and reports call it.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Stdin => "<stdin>".into(),
            Self::File(path) => path.to_string_lossy(),
        }
    }

    /// The error for one that cannot be read.
    pub(crate) fn error(&self, source: io::Error) -> Error {
        match self {
            Self::Stdin => Error::Process { operation: "reading standard input", source },
            Self::File(path) => Error::Io { operation: "reading", path: path.clone(), source },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LIMITS: DecompressionLimits = DecompressionLimits { bytes_max: 1 << 30, ratio_max: 200 };

    /// A stream that gives a byte at a time, as pipes may.
    struct Dripping(Cursor<Vec<u8>>);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    /// What comes out, and the reason for which it ended.
    fn read(stream: impl Read + 'static, limits: DecompressionLimits) -> (Vec<u8>, Option<Reason>) {
        let mut input = Input::new(stream, 0, limits).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match input.read(&mut buffer).unwrap() {
                Chunk::Bytes(length) => bytes.extend_from_slice(&buffer[..length]),
                Chunk::End => return (bytes, None),
                Chunk::Damaged(reason, _) => return (bytes, Some(reason)),
            }
            assert_eq!(input.offset(), bytes.len() as u64);
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_any_compression_however_slowly_it_comes() {
        let text = b"{\"a\":1}".repeat(500);
        let members = [gzip(&text[..700]), gzip(&text[700..])].concat();
        for stored in [text.clone(), members, zstd::encode_all(&text[..], 1).unwrap(), b"[]".to_vec(), Vec::new()] {
            let expected = if stored.len() > 2 { text.clone() } else { stored.clone() };
            assert_eq!(read(Dripping(Cursor::new(stored.clone())), LIMITS), (expected.clone(), None));
            assert_eq!(read(Cursor::new(stored), LIMITS), (expected, None));
        }
    }

    #[test]
    fn gives_what_comes_before_damage() {
        let text: Vec<u8> =
            (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for stored in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
            let (bytes, reason) = read(Cursor::new(stored[..stored.len() - 20].to_vec()), LIMITS);
            assert_eq!(reason, Some(Reason::DamagedCompression));
            assert!(text.starts_with(&bytes));
        }
        let (bytes, reason) = read(Cursor::new([gzip(b"[1]"), b"rest".to_vec()].concat()), LIMITS);
        assert_eq!((&bytes[..], reason), (&b"[1]"[..], Some(Reason::DamagedCompression)));
    }

    #[test]
    fn stops_at_either_limit_and_not_before() {
        let stored = gzip(&vec![b' '; 3 << 20]);
        let limited = |bytes_max| read(Cursor::new(stored.clone()), DecompressionLimits { bytes_max, ..LIMITS });
        let (bytes, reason) = limited(1 << 20);
        assert_eq!((bytes.len(), reason), (1 << 20, Some(Reason::DecompressionLimit)));
        assert_eq!(limited(3 << 20).1, None);

        let bomb = zstd::encode_all(&vec![b' '; 80 << 20][..], 1).unwrap();
        assert_eq!(read(Cursor::new(bomb.clone()), DecompressionLimits { ratio_max: 1 << 20, ..LIMITS }).1, None);
        let (bytes, reason) = read(Cursor::new(bomb), LIMITS);
        assert_eq!((bytes.len(), reason), (Config::DECOMPRESSED_BYTES_FREE as usize, Some(Reason::DecompressionLimit)));
    }
}
