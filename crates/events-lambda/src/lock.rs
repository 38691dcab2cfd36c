//! One run at a time on a table in a file system: a lock of the operating system. A store of objects keeps runs apart on
//! its own.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use events_core::run::Writers;

use crate::error::{Error, Result};
use crate::zone_url::{StoreName, ZoneUrl};

/// The lock on a table, given back when it is dropped.
pub(crate) struct TableLock {
    _file: Option<File>,
    /// Who else may write to the table meanwhile.
    pub(crate) writers: Writers,
}

impl TableLock {
    /// Takes the lock of a table in a file system.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run has it.
    pub(crate) fn take(trusted: &ZoneUrl) -> Result<Self> {
        match &trusted.store {
            StoreName::Bucket(_) => Ok(Self { _file: None, writers: Writers::Many }),
            StoreName::FileSystem => {
                // The file system's store names its objects from the root.
                let control = Path::new("/").join(trusted.prefix.as_ref()).join("control");
                let file = fs::create_dir_all(&control)
                    .and_then(|()| File::options().create(true).truncate(false).write(true).open(control.join("lock")));
                let file = file.map_err(|source| Error::Lock { source })?;
                match file.try_lock() {
                    Ok(()) => Ok(Self { _file: Some(file), writers: Writers::Single }),
                    Err(TryLockError::WouldBlock) => Err(Error::Busy),
                    Err(TryLockError::Error(source)) => Err(Error::Lock { source }),
                }
            }
        }
    }
}
