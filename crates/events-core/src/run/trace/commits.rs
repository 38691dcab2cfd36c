//! Which commits took which inputs.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};

use super::TracedCommit;
use crate::error::{Error, Result};
use crate::run::control::{self, Digest};
use crate::run::history;
use crate::run::layout;
use crate::run::plan::{Input, Place, filed};
use crate::run::report::Job;
use crate::run::zone::Zone;

/// Entries that are read at once.
const READS_AT_ONCE: usize = 16;

/// By the path of a processed input: who took it.
pub(super) struct Commits {
    by_path: HashMap<String, Vec<(Option<Digest>, TracedCommit)>>,
    /// By the name of an input below `pending`: the commits of stages in which it was, and their days.
    by_key: HashMap<String, Vec<(NaiveDate, TracedCommit)>>,
}

impl Commits {
    /// Reads the whole log, and keeps what it says of inputs with these paths.
    pub(super) async fn read(trusted: &Zone, inputs: &HashSet<String>) -> Result<Self> {
        if inputs.is_empty() {
            return Ok(Self { by_path: HashMap::new(), by_key: HashMap::new() });
        }
        let keys: HashSet<&str> = inputs.iter().filter_map(|path| Some(filed(below(path)?)?.1)).collect();
        let entries = control::sequences(trusted).await?.into_iter().map(async |sequence| {
            let entry = control::entry(trusted, sequence).await?;
            // What was parsed before stands in no entry, but in the report that the run has left.
            let report = match entry.job {
                Job::Distribute => history::report(trusted, &entry).await,
                _ => Ok(None),
            };
            match report {
                // One that is damaged tells no more than one that is not there.
                Err(Error::Table { .. }) => Ok((entry, None)),
                report => report.map(|report| (entry, report)),
            }
        });
        let mut entries = futures::stream::iter(entries.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
        let mut by_path: HashMap<String, Vec<_>> = HashMap::new();
        let mut by_key: HashMap<String, Vec<_>> = HashMap::new();
        while let Some((entry, report)) = entries.try_next().await? {
            for input in report.into_iter().flat_map(|report| report.inputs) {
                if keys.contains(input.key.as_str()) {
                    let commit = TracedCommit { commit: entry.sequence, run: entry.run.clone() };
                    by_key.entry(input.key).or_default().push((entry.date, commit));
                }
            }
            for taken in entry.inputs.iter().filter(|taken| taken.input.place == Place::Pending) {
                let commit = TracedCommit { commit: entry.sequence, run: entry.run.clone() };
                let path = layout::processed(entry.date, &taken.input.key);
                let again = taken.digest.map(|digest| layout::again(&path, digest.0));
                for path in [Some(path), again].into_iter().flatten().filter(|path| inputs.contains(path)) {
                    by_path.entry(path).or_default().push((taken.digest, commit.clone()));
                }
            }
        }
        Ok(Self { by_path, by_key })
    }

    /// Those that took a processed input, in their order. Other bytes of the same name went to another path, so of several
    /// the first took these, and with it all that had the same digest.
    pub(super) fn of(&self, input: &Input) -> Vec<TracedCommit> {
        let Some(all) = self.by_path.get(&input.path()) else { return self.of_parsed(input) };
        let first = all.first().and_then(|(digest, _)| *digest);
        let same = all
            .iter()
            .enumerate()
            .filter(|(number, (digest, _))| *number == 0 || (first.is_some() && *digest == first));
        same.map(|(_, (_, commit))| commit.clone()).collect()
    }

    /// The one that took the stage to which an input was parsed: the first such of the day on which that was filed, or of a
    /// later one.
    fn of_parsed(&self, input: &Input) -> Vec<TracedCommit> {
        let Some((day, key)) = filed(&input.key).filter(|_| input.place == Place::Processed) else { return Vec::new() };
        let all = self.by_key.get(key).into_iter().flatten();
        all.filter(|(date, _)| *date >= day).map(|(_, commit)| commit.clone()).take(1).collect()
    }
}

/// The name of an object below `processed`.
fn below(path: &str) -> Option<&str> {
    path.strip_prefix(Place::Processed.folder())?.strip_prefix('/')
}
