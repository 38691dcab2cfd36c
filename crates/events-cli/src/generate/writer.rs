//! One object on disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

use super::config::Compression;
use super::error::GenerateError;

/// Writes an object, compressed when asked for.
pub(crate) struct ObjectWriter {
    path: PathBuf,
    encoder: Encoder,
}

enum Encoder {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl ObjectWriter {
    /// Creates the object; one that is there already is never overwritten.
    pub(crate) fn create(path: &Path, compression: Option<Compression>) -> Result<Self, GenerateError> {
        let file = File::create_new(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => GenerateError::Exists { path: path.to_owned() },
            _ => GenerateError::Io { operation: "create", path: path.to_owned(), source },
        })?;
        let file = BufWriter::new(file);
        let encoder = match compression {
            None => Ok(Encoder::Plain(file)),
            Some(Compression::Gzip) => Ok(Encoder::Gzip(GzEncoder::new(file, flate2::Compression::default()))),
            Some(Compression::Zstd) => zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL).map(Encoder::Zstd),
        };
        match encoder {
            Ok(encoder) => Ok(Self { path: path.to_owned(), encoder }),
            Err(source) => Err(GenerateError::Io { operation: "compress", path: path.to_owned(), source }),
        }
    }

    /// Appends text.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), GenerateError> {
        let written = match &mut self.encoder {
            Encoder::Plain(file) => file.write_all(text),
            Encoder::Gzip(encoder) => encoder.write_all(text),
            Encoder::Zstd(encoder) => encoder.write_all(text),
        };
        written.map_err(|source| GenerateError::Io { operation: "write", path: self.path.clone(), source })
    }

    /// Completes the object and gives its size on disk in bytes.
    pub(crate) fn finish(self) -> Result<u64, GenerateError> {
        let Self { path, encoder } = self;
        let file = match encoder {
            Encoder::Plain(file) => Ok(file),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        };
        let stored_bytes = file.and_then(|mut file| file.flush()).and_then(|()| fs::metadata(&path));
        match stored_bytes {
            Ok(metadata) => Ok(metadata.len()),
            Err(source) => Err(GenerateError::Io { operation: "finish", path, source }),
        }
    }
}
