//! One run at a time on a table in a local folder: a lock of the operating system, which the system gives back whatever
//! ends the process.

use std::fs::{self, File, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use events_core::run::Writers;

use crate::error::{Error, Result};
use crate::places::{CONTROL, LOCK};
use crate::store::ZoneUrls;
use crate::zone_url::ZoneUrl;

/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The lock on a table, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct TableLock {
    file: Option<File>,
    /// Who else may write to the table meanwhile.
    pub(crate) writers: Writers,
}

impl TableLock {
    /// Takes the lock of a table in a local folder. Elsewhere there is none: there, the store keeps runs apart.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run has the lock and keeps it for longer than `wait`.
    pub(crate) fn take(zones: &ZoneUrls, wait: Duration) -> Result<Self> {
        let file = zones.trusted.local_folder().map(|folder| lock(&zones.trusted, &folder.join(CONTROL), wait));
        let file = file.transpose()?;
        let writers = if file.is_some() { Writers::Single } else { Writers::Many };
        Ok(Self { file, writers })
    }

    /// Whether there is such a lock, so that no other run is at work while this one lives.
    pub(crate) fn is_held(&self) -> bool {
        self.file.is_some()
    }
}

fn lock(trusted: &ZoneUrl, control: &std::path::Path, wait: Duration) -> Result<File> {
    fs::create_dir_all(control).map_err(|source| Error::Io {
        operation: "creating folder",
        path: control.to_owned(),
        source,
    })?;
    let path = control.join(LOCK);
    let failed = |source| Error::Io { operation: "locking", path: path.clone(), source };
    // The file stays: whoever removed it would take the lock away from somebody who waits for it.
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < wait => thread::sleep(LOOK_EVERY),
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { table: trusted.text.clone() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ZoneUrls;

    fn urls(trusted: &str) -> ZoneUrls {
        let url = |text| ZoneUrl::parse(text).unwrap();
        ZoneUrls { landing: url("memory:///l"), stage: url("memory:///s"), trusted: url(trusted) }
    }

    #[test]
    fn is_had_by_one_at_a_time_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let urls = urls(folder.path().to_str().unwrap());
        let first = TableLock::take(&urls, Duration::ZERO).unwrap();
        assert_eq!(first.writers, Writers::Single);
        let error = TableLock::take(&urls, Duration::from_millis(60)).unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        drop(first);
        TableLock::take(&urls, Duration::ZERO).unwrap();
    }

    #[test]
    fn is_not_needed_where_the_store_keeps_runs_apart() {
        assert_eq!(TableLock::take(&urls("s3://bucket/t"), Duration::ZERO).unwrap().writers, Writers::Many);
    }
}
