//! Which commits took which inputs.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, TryStreamExt};

use super::TracedCommit;
use crate::error::Result;
use crate::run::control::{self, Digest};
use crate::run::layout;
use crate::run::plan::{Input, Place};
use crate::run::zone::Zone;

/// Entries that are read at once.
const READS_AT_ONCE: usize = 16;

/// By the path of a processed input: who took it.
pub(super) struct Commits {
    by_path: HashMap<String, Vec<(Option<Digest>, TracedCommit)>>,
}

impl Commits {
    /// Reads the whole log, and keeps what it says of inputs with these paths.
    pub(super) async fn read(trusted: &Zone, inputs: &HashSet<String>) -> Result<Self> {
        if inputs.is_empty() {
            return Ok(Self { by_path: HashMap::new() });
        }
        let entries = control::sequences(trusted).await?.into_iter().map(|sequence| control::entry(trusted, sequence));
        let mut entries = futures::stream::iter(entries.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
        let mut by_path: HashMap<String, Vec<_>> = HashMap::new();
        while let Some(entry) = entries.try_next().await? {
            for taken in entry.inputs.iter().filter(|taken| taken.input.place == Place::Pending) {
                let commit = TracedCommit { commit: entry.sequence, run: entry.run.clone() };
                let path = layout::processed(entry.date, &taken.input.key);
                let again = taken.digest.map(|digest| layout::again(&path, digest.0));
                for path in [Some(path), again].into_iter().flatten().filter(|path| inputs.contains(path)) {
                    by_path.entry(path).or_default().push((taken.digest, commit.clone()));
                }
            }
        }
        Ok(Self { by_path })
    }

    /// Those that took a processed input, in their order. Other bytes of the same name went to another path, so of several
    /// the first took these, and with it all that had the same digest.
    pub(super) fn of(&self, input: &Input) -> Vec<TracedCommit> {
        let Some(all) = self.by_path.get(&input.path()) else { return Vec::new() };
        let first = all.first().and_then(|(digest, _)| *digest);
        let same = all
            .iter()
            .enumerate()
            .filter(|(number, (digest, _))| *number == 0 || (first.is_some() && *digest == first));
        same.map(|(_, (_, commit))| commit.clone()).collect()
    }
}
