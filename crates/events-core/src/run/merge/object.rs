//! Files of the table, read back.

use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use xxhash_rust::xxh3::xxh3_128;

use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::control::{Digest, TableFile};
use crate::run::remote::Remote;
use crate::table::Probe;

/// Reads files of the table as a commit has left them.
#[derive(Clone)]
pub(crate) struct TableObjects {
    context: Arc<Context>,
}

/// A file of the table in memory.
pub(crate) struct TableObject {
    pub(crate) bytes: Bytes,
    /// What the store calls this version of it.
    pub(crate) e_tag: Option<String>,
}

impl TableObjects {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Changed`] when it is not what the log says.
    pub(crate) fn read(&self, file: &TableFile, remote: &Remote) -> Result<TableObject> {
        let (trusted, path) = (self.context.zones.trusted.clone(), file.path());
        let call = async move {
            let failed = |error| trusted.error("reading", &path, error);
            let got = trusted.store().get(&trusted.path(&path)?).await.map_err(failed)?;
            let e_tag = got.meta.e_tag.clone();
            Ok(TableObject { bytes: got.bytes().await.map_err(failed)?, e_tag })
        };
        let object = remote.start(call).wait()?;
        if Digest(xxh3_128(&object.bytes)) == file.digest { Ok(object) } else { Err(self.changed(file)) }
    }

    /// Reads what tells which ids a file may hold.
    pub(crate) fn probe(&self, file: &TableFile, remote: &Remote) -> Result<Probe> {
        let (trusted, path) = (self.context.zones.trusted.clone(), file.path());
        let range = file.bytes.saturating_sub(file.tail_bytes)..file.bytes;
        let call = async move {
            let tail = trusted.store().get_range(&trusted.path(&path)?, range).await;
            tail.map_err(|error| trusted.error("reading", &path, error))
        };
        let probe =
            Probe::open(remote.start(call).wait()?, file.bytes).map_err(|problem| self.damaged(file, problem))?;
        if probe.rows() == file.rows { Ok(probe) } else { Err(self.changed(file)) }
    }

    pub(crate) fn damaged(&self, file: &TableFile, problem: String) -> Error {
        Error::Table { object: self.context.zones.trusted.name(&file.path()), problem }
    }

    fn changed(&self, file: &TableFile) -> Error {
        Error::Changed { object: self.context.zones.trusted.name(&file.path()) }
    }
}
