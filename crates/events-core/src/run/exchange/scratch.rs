//! Scratch files: the only place where the core touches a file system.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};

/// A folder for scratch files.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    /// The next file's number.
    next: AtomicU64,
}

impl Scratch {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, next: AtomicU64::new(0) }
    }

    pub(crate) fn error(&self, operation: &'static str, source: io::Error) -> Error {
        Error::Scratch { operation, folder: self.folder.clone(), source }
    }

    fn create(&self) -> io::Result<(File, PathBuf)> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("events-{number:06}.scratch"));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, path)),
                // Another run uses the folder.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A scratch file that is made when it is first written to, and that is gone with the process whatever ends it.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    scratch: Arc<Scratch>,
    file: OnceLock<(File, PathBuf)>,
    end: AtomicU64,
}

impl ScratchFile {
    pub(crate) fn new(scratch: Arc<Scratch>) -> Self {
        Self { scratch, file: OnceLock::new(), end: AtomicU64::new(0) }
    }

    fn file(&self) -> Result<&File> {
        if let Some((file, _)) = self.file.get() {
            return Ok(file);
        }
        let (file, path) = self.scratch.create().map_err(|error| self.scratch.error("creating", error))?;
        // A name is only needed to open the file: without one nothing is left behind, even by a kill.
        #[cfg(unix)]
        std::fs::remove_file(&path).map_err(|error| self.scratch.error("unlinking", error))?;
        // Of two threads that get here at once one keeps its file; the other's was never written to.
        Ok(&self.file.get_or_init(|| (file, path)).0)
    }

    /// Appends bytes in pieces, one behind the other, and tells where they begin. Threads may append at once.
    pub(crate) fn append(&self, pieces: &[impl AsRef<[u8]>]) -> Result<u64> {
        let file = self.file()?;
        let length: usize = pieces.iter().map(|piece| piece.as_ref().len()).sum();
        let offset = self.end.fetch_add(length as u64, Ordering::Relaxed);
        let mut at = offset;
        for piece in pieces.iter().map(AsRef::as_ref) {
            write_at(file, piece, at).map_err(|error| self.scratch.error("writing", error))?;
            at += piece.len() as u64;
        }
        Ok(offset)
    }

    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_at(self.file()?, buffer, offset).map_err(|error| self.scratch.error("reading", error))
    }

    /// A reader of some of it.
    pub(crate) fn reader(&self, bytes: Range<u64>) -> ScratchReader<'_> {
        ScratchReader { file: self, rest: bytes }
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // Elsewhere a file has its name until it is closed.
        #[cfg(not(unix))]
        if let Some((file, path)) = self.file.take() {
            drop(file);
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Reads what a scratch file has.
pub(crate) struct ScratchReader<'a> {
    file: &'a ScratchFile,
    rest: Range<u64>,
}

impl Read for ScratchReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.rest.end - self.rest.start;
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if length > 0 {
            self.file.read(&mut buffer[..length], self.rest.start).map_err(io::Error::other)?;
            self.rest.start += length as u64;
        }
        Ok(length)
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}
