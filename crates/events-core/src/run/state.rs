//! What a table is by its log, in numbers.

use super::control::Table;
use super::merge::groups;
use super::writers::Writers;
use super::zone::Zone;
use crate::config::Config;
use crate::error::Result;

/// A table behind its newest commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableState {
    /// The newest commit; 0 when there is none.
    pub commit: u64,
    /// Commits that nobody is known to have carried out to their end, in their order. The next run does so first, unless a
    /// run is at work on the last of them.
    pub unfinished: Vec<u64>,
    /// Partitions with files.
    pub partitions: u64,
    /// Files of the table.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files whose rows [`Distributor::compact`](super::Distributor::compact) would put into others.
    pub small_files: u64,
    /// How many days apart events of one id are still versions of one; `None` for any.
    pub horizon_days: Option<u32>,
}

impl TableState {
    /// Reads the log of the table in a trusted zone, and no file of it. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Table`](crate::error::Error::Table) when an object of the log is not what a run writes there, or when there are
    /// files and no log.
    pub async fn read(trusted: &Zone, config: &Config, writers: Writers) -> Result<Self> {
        let Table { snapshot, unfinished, .. } = Table::open(trusted).await?;
        let mut state = Self {
            commit: snapshot.sequence,
            unfinished: unfinished.iter().map(|entry| entry.sequence).collect(),
            partitions: 0,
            files: 0,
            rows: 0,
            bytes: 0,
            small_files: 0,
            horizon_days: snapshot.horizon_days,
        };
        for files in snapshot.partitions() {
            state.partitions += u64::from(files.values().any(|file| file.rows > 0));
            state.files += files.len() as u64;
            state.rows += files.values().map(|file| file.rows).sum::<u64>();
            state.bytes += files.values().map(|file| file.bytes).sum::<u64>();
            let merged = groups(files.values(), config.file_bytes_max as u64, writers);
            // The first of a group stays.
            state.small_files += merged.iter().map(|group| group.len() as u64 - 1).sum::<u64>();
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use futures::executor::block_on;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::*;
    use crate::run::{Distributor, Start, Zones};

    #[test]
    fn counts_what_the_log_says() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let zones = Zones::below(&store, &Path::default(), "memory:///");
        let config = Config { fold_below_bytes: 0, ..Config::default() };
        let read = || block_on(TableState::read(&zones.trusted, &config, Writers::Single)).unwrap();
        assert_eq!((read().commit, read().files), (0, 0));
        for (number, day) in [1, 1, 2].into_iter().enumerate() {
            let event = format!(
                r#"{{"event_id":"{number}","timestamp":"2026-01-0{day}T00:00:00Z","domain":"d","event_type":"t"}}"#
            );
            block_on(store.put(&Path::from("landing/pending/a.json"), event.into())).unwrap();
            let distributor = Distributor::new(zones.clone(), PathBuf::new(), config.clone()).unwrap();
            let start = Start { run: format!("run-{number}").parse().unwrap(), date: "2026-11-23".parse().unwrap() };
            block_on(distributor.with_writers(Writers::Single).run(&start)).unwrap();
        }
        let state = read();
        assert_eq!((state.commit, state.partitions, state.files, state.rows), (3, 2, 3, 3));
        // Two of the first day would be one.
        assert_eq!((state.small_files, &state.unfinished, state.horizon_days), (1, &Vec::new(), None));
        block_on(store.delete(&Path::from("trusted/control/log/00000000000000000003.done"))).unwrap();
        assert_eq!(read().unfinished, [3]);
    }
}
