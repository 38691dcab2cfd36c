//! A stream that is written in small pieces from places that cannot fail.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};

/// The bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// A buffered stream that remembers its first failure and writes nothing from then on: the callbacks that write have nobody
/// to tell.
#[derive(Debug)]
pub(crate) struct Outlet<W: Write> {
    writer: BufWriter<W>,
    /// Whether everything could be written so far.
    is_open: bool,
    /// The first failure, until somebody asks.
    failure: Option<io::Error>,
}

impl Outlet<StdoutLock<'static>> {
    /// Standard output, which nobody else writes to meanwhile.
    pub(crate) fn stdout() -> Self {
        Self::new(io::stdout().lock())
    }

    /// Writes what is still gathered. A reader that has gone away has read enough.
    ///
    /// # Errors
    /// [`Error::Process`] when something could not be written for another reason.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.flush() {
            Err(source) if source.kind() != ErrorKind::BrokenPipe => {
                Err(Error::Process { operation: "writing to standard output", source })
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> Outlet<W> {
    fn new(writer: W) -> Self {
        Self { writer: BufWriter::with_capacity(BUFFER_BYTES, writer), is_open: true, failure: None }
    }

    /// Whether everything could be written so far.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &[u8]) {
        self.write(|writer| writer.write_all(text).and_then(|()| writer.write_all(b"\n")));
    }

    /// Writes a part of a line.
    pub(crate) fn text(&mut self, text: &str) {
        self.write(|writer| writer.write_all(text.as_bytes()));
    }

    /// Writes a document as a part of a line.
    pub(crate) fn json(&mut self, document: &impl Serialize) {
        self.write(|writer| Ok(serde_json::to_writer(writer, document)?));
    }

    fn write(&mut self, text: impl FnOnce(&mut BufWriter<W>) -> io::Result<()>) {
        if self.is_open {
            let written = text(&mut self.writer);
            self.keep(written);
        }
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(failure) = result {
            self.is_open = false;
            self.failure = Some(failure);
        }
    }

    /// Writes what is still gathered; gives the first failure, once.
    fn flush(&mut self) -> io::Result<()> {
        if self.is_open {
            let flushed = self.writer.flush();
            self.keep(flushed);
        }
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// A file of JSON lines.
#[derive(Debug)]
pub(crate) struct LineFile {
    path: PathBuf,
    outlet: Outlet<File>,
}

impl LineFile {
    /// Creates the file, or empties it.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path);
        let file = file.map_err(|source| Error::Io { operation: "creating", path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), outlet: Outlet::new(file) })
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, document: &impl Serialize) {
        self.outlet.json(document);
        self.outlet.line(b"");
    }

    /// Whether everything could be written so far.
    pub(crate) fn is_open(&self) -> bool {
        self.outlet.is_open()
    }

    /// Writes what is still gathered.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let flushed = self.outlet.flush();
        flushed.map_err(|source| Error::Io { operation: "writing to", path: self.path.clone(), source })
    }
}
