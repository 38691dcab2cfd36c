//! One run at a time on a table in a local folder: a lock of the operating system, which the system gives back whatever
//! ends the process.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use events_core::run::{Cancel, Writers};

use crate::error::{Error, Result};
use crate::patience::Patience;
use crate::zone_url::ZoneUrl;

/// The folder of a trusted zone for what a table says about itself.
pub const CONTROL: &str = "control";
/// The file in there that a run has locked while it works on a table in a local folder.
pub const LOCK: &str = "lock";

/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often somebody looks who waits for others that have it for as long as a piece of work takes.
const LOOK_SELDOM: Duration = Duration::from_millis(500);

/// The lock on a table, given back when it is dropped.
#[derive(Debug)]
pub struct TableLock {
    file: Option<File>,
    /// Who else may write to the table meanwhile.
    pub writers: Writers,
}

impl TableLock {
    /// Takes the lock of a table in a local folder. Elsewhere there is none: there, the store keeps runs apart.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run has the lock and keeps it for longer than `wait`.
    pub fn take(trusted: &ZoneUrl, wait: Duration) -> Result<Self> {
        Self::lock(trusted, wait, File::try_lock)
    }

    /// Takes the lock of a table in a local folder together with others who do not change the table, such as workers that
    /// fill the stage. Elsewhere there is none.
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody who changes the table has it and keeps it for longer than `wait`.
    pub fn share(trusted: &ZoneUrl, wait: Duration) -> Result<Self> {
        Self::lock(trusted, wait, File::try_lock_shared)
    }

    /// Waits for the lock, to [`TableLock::take`] or to [`TableLock::share`] it, in a task. Elsewhere there is none.
    ///
    /// # Errors
    /// [`Error::Busy`] when others keep it for longer than `wait`; [`Error::Interrupted`].
    pub async fn wait(
        lock: fn(&ZoneUrl, Duration) -> Result<Self>,
        trusted: &ZoneUrl,
        wait: Duration,
        cancel: &Cancel,
    ) -> Result<Self> {
        let mut patience = Patience::new("the lock of the table", wait, LOOK_SELDOM, cancel);
        loop {
            match lock(trusted, Duration::ZERO) {
                Err(Error::Busy { .. }) if patience.wait().await.map_err(|_| Error::Interrupted)? => {}
                locked => return locked,
            }
        }
    }

    fn lock(trusted: &ZoneUrl, wait: Duration, take: fn(&File) -> Result<(), TryLockError>) -> Result<Self> {
        let file = trusted.local_folder().map(|folder| lock(trusted, &folder.join(CONTROL), wait, take));
        let file = file.transpose()?;
        let writers = if file.is_some() { Writers::Single } else { Writers::Many };
        Ok(Self { file, writers })
    }

    /// Whether a run, or a worker of one, has the lock of a table in a local folder at this moment. Nothing is created, and
    /// elsewhere nobody has one.
    ///
    /// # Errors
    /// [`Error::Io`] when the lock is there and cannot be looked at.
    pub fn is_taken(trusted: &ZoneUrl) -> Result<bool> {
        let Some(folder) = trusted.local_folder() else { return Ok(false) };
        let path = folder.join(CONTROL).join(LOCK);
        let failed = |source| Error::Io { operation: "looking at the lock", path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            // A path through a file has no lock either.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
            Err(source) => return Err(failed(source)),
        };
        // The system has no question that does not ask for the lock: it is given back at once, and keeps no run out, because
        // that looks twice.
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Whether there is such a lock, so that no other run is at work while this one lives.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.file.is_some()
    }
}

fn lock(
    trusted: &ZoneUrl,
    control: &Path,
    wait: Duration,
    mut take: impl FnMut(&File) -> Result<(), TryLockError>,
) -> Result<File> {
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
    // Whoever only looks has the lock for a moment: one that is taken twice is taken.
    let mut is_first = true;
    loop {
        match take(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if is_first || began.elapsed() < wait => {
                is_first = false;
                thread::sleep(LOOK_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { table: trusted.text.clone() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_had_by_one_at_a_time_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let first = TableLock::take(&trusted, Duration::ZERO).unwrap();
        assert_eq!(first.writers, Writers::Single);
        let error = TableLock::take(&trusted, Duration::from_millis(60)).unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        drop(first);
        TableLock::take(&trusted, Duration::ZERO).unwrap();
    }

    #[test]
    fn is_shared_by_those_who_do_not_change_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let all = [(); 3].map(|()| TableLock::share(&trusted, Duration::ZERO).unwrap());
        assert!(matches!(TableLock::take(&trusted, Duration::ZERO), Err(Error::Busy { .. })));
        drop(all);
        let _alone = TableLock::take(&trusted, Duration::ZERO).unwrap();
        assert!(matches!(TableLock::share(&trusted, Duration::ZERO), Err(Error::Busy { .. })));
    }

    #[test]
    fn can_be_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        assert!(!TableLock::is_taken(&trusted).unwrap());
        assert!(!folder.path().join(CONTROL).exists());
        for lock in [TableLock::take, TableLock::share] {
            let held = lock(&trusted, Duration::ZERO).unwrap();
            assert!(TableLock::is_taken(&trusted).unwrap());
            drop(held);
            assert!(!TableLock::is_taken(&trusted).unwrap());
        }
        assert!(!TableLock::is_taken(&ZoneUrl::parse("s3://bucket/t").unwrap()).unwrap());
    }

    #[test]
    fn is_had_although_somebody_looks() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let mut looks = [Err(TryLockError::WouldBlock), Ok(())].into_iter();
        lock(&trusted, folder.path(), Duration::ZERO, |_| looks.next().unwrap()).unwrap();
        let busy = lock(&trusted, folder.path(), Duration::ZERO, |_| Err(TryLockError::WouldBlock));
        assert!(matches!(busy, Err(Error::Busy { .. })), "{busy:?}");
    }

    #[tokio::test]
    async fn can_be_waited_for_until_somebody_stops_that() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let (cancel, hour) = (Cancel::default(), Duration::from_secs(3600));
        let first = TableLock::wait(TableLock::share, &trusted, hour, &cancel).await.unwrap();
        let busy = TableLock::wait(TableLock::take, &trusted, Duration::ZERO, &cancel).await;
        assert!(matches!(busy, Err(Error::Busy { .. })), "{busy:?}");
        let (second, ()) = tokio::join!(TableLock::wait(TableLock::take, &trusted, hour, &cancel), async {
            drop(first);
        });
        let _second = second.unwrap();
        cancel.cancel();
        let stopped = TableLock::wait(TableLock::take, &trusted, hour, &cancel).await;
        assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
    }

    #[test]
    fn is_not_needed_where_the_store_keeps_runs_apart() {
        let trusted = ZoneUrl::parse("s3://bucket/t").unwrap();
        assert_eq!(TableLock::take(&trusted, Duration::ZERO).unwrap().writers, Writers::Many);
    }
}
