//! What a run is to find and to decide, when another has done the same on a view of the zones: a promise that it keeps or
//! refuses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::control::{Digest, LogEntry, Publication, StagedAt, Target};
use super::layout;
use super::plan::{Input, Plan};
use super::zone::Zone;
use crate::config::Config;
use crate::error::{Error, Result};

/// How many changes a message names.
const CHANGES_SHOWN: usize = 5;

/// What [`Distributor::run`](super::Distributor::run) is to find and to decide: see
/// [`Distributor::outcome`](super::Distributor::outcome), which makes it, and
/// [`Distributor::with_expected`](super::Distributor::with_expected), which holds a run to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The newest commit of the table before the run; 0 when there is none.
    pub base: u64,
    /// What the run takes of what is pending. Anything else there stays.
    pub inputs: Vec<Input>,
    /// The settings. Those that change no byte of the table, which are `threads`, `memory_bytes` and `requests_max`, may be
    /// others by then.
    pub config: Config,
    /// What the run decides; `None` when it commits nothing.
    pub decision: Option<Decision>,
}

/// The digest of all that a run decides: every object that it puts where readers see it, with its place, length and content,
/// every input that it takes, and every count.
///
/// Where that lies in the stage zone before, and under which version the store knows what is replaced, is not in it: the
/// first depends on how threads meet, the second on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decision(Digest);

/// What a run has put where readers see it, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Objects of the table under names of their own.
    pub files_new: Written,
    /// Objects of the table in the place of what was there.
    pub files_rewritten: Written,
    /// Objects of the table's index.
    pub index: Written,
    /// Objects of the quarantine.
    pub quarantine: Written,
}

/// Some objects that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Outcome {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> Written {
        let parts = [self.files_new, self.files_rewritten, self.index, self.quarantine];
        parts.iter().fold(Written::default(), |sum, part| Written {
            objects: sum.objects + part.objects,
            bytes: sum.bytes + part.bytes,
        })
    }

    pub(crate) fn of(entry: &LogEntry) -> Self {
        let mut outcome = Self::default();
        for publication in &entry.publish {
            let is_file = layout::table_file_of(&publication.path).is_some();
            let written = match (publication.zone, is_file, &publication.replaces) {
                (Target::Landing, ..) => &mut outcome.quarantine,
                (Target::Trusted, false, _) => &mut outcome.index,
                (Target::Trusted, true, None) => &mut outcome.files_new,
                (Target::Trusted, true, Some(_)) => &mut outcome.files_rewritten,
            };
            written.objects += 1;
            written.bytes += publication.bytes;
        }
        outcome
    }
}

impl Decision {
    /// # Errors
    /// [`Error::Ledger`] when the entry is none that a log can hold.
    pub(crate) fn of(entry: &LogEntry) -> Result<Self> {
        let mut entry = entry.clone();
        for Publication { stage, replaces, .. } in &mut entry.publish {
            *stage = StagedAt::whole(String::new());
            if let Some(replaced) = replaces {
                replaced.e_tag = None;
            }
        }
        let json = serde_json::to_vec(&entry).map_err(|error| Error::Ledger { problem: error.to_string() })?;
        Ok(Self(Digest(xxh3_128(&json))))
    }
}

impl Expected {
    /// Holds what a run finds against what it is to find. Nothing has been written by then.
    ///
    /// # Errors
    /// [`Error::Outdated`], which names what is different.
    pub(crate) fn require_found(&self, config: &Config, newest: u64, pending: &Plan, landing: &Zone) -> Result<()> {
        let mut changes = self.changed_settings(config)?;
        if newest != self.base {
            changes.push(format!("the table is at commit {newest}, and was at {}", self.base));
        }
        let found: HashMap<&str, &Input> = pending.inputs.iter().map(|input| (input.key.as_str(), input)).collect();
        let changed_input = |input: &Input| {
            let object = landing.name(&input.path());
            match found.get(input.key.as_str()) {
                None => Some(format!("input `{object}` is gone")),
                Some(found) if found.bytes != input.bytes => {
                    Some(format!("input `{object}` has {} bytes, and had {}", found.bytes, input.bytes))
                }
                Some(found) if found.e_tag != input.e_tag => {
                    Some(format!("input `{object}` is another version of the same length"))
                }
                Some(_) => None,
            }
        };
        changes.extend(self.inputs.iter().filter_map(changed_input));
        outdated(changes)
    }

    /// Holds what a run has decided against what it is to decide, before it commits that.
    ///
    /// # Errors
    /// [`Error::Outdated`].
    pub(crate) fn require_decided(&self, entry: &LogEntry) -> Result<()> {
        if self.decision == Some(Decision::of(entry)?) {
            return Ok(());
        }
        let problem = "the same inputs give other rows or files, as they do by another release of this program";
        outdated(vec![problem.to_owned()])
    }

    /// Keeps the inputs that are expected, and tells how many others stay pending. `moved` are those of earlier runs, which
    /// are gone since they were listed.
    pub(crate) fn keep(&self, pending: &mut Plan, moved: &BTreeSet<String>) -> usize {
        let expected: BTreeSet<&str> = self.inputs.iter().map(|input| input.key.as_str()).collect();
        let mut left = 0;
        pending.inputs.retain(|input| {
            let is_expected = expected.contains(input.key.as_str());
            left += usize::from(!is_expected && !moved.contains(&input.key));
            is_expected
        });
        left
    }

    /// The settings that change what becomes of an input, and are others.
    fn changed_settings(&self, config: &Config) -> Result<Vec<String>> {
        let of_machine = Config { threads: config.threads, memory_bytes: config.memory_bytes, ..self.config.clone() };
        let planned = settings(&Config { requests_max: config.requests_max, ..of_machine })?;
        let changes = settings(config)?.into_iter().filter_map(|(name, value)| {
            let planned = planned.get(&name).filter(|planned| **planned != value)?;
            Some(format!("setting `{name}` is {value}, and was {planned}"))
        });
        Ok(changes.collect())
    }
}

/// Settings by their names.
fn settings(config: &Config) -> Result<BTreeMap<String, serde_json::Value>> {
    let map = serde_json::to_value(config).and_then(serde_json::from_value);
    map.map_err(|error| Error::Ledger { problem: error.to_string() })
}

fn outdated(mut changes: Vec<String>) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let more = changes.len().saturating_sub(CHANGES_SHOWN);
    changes.truncate(CHANGES_SHOWN);
    if more > 0 {
        changes.push(format!("{more} more"));
    }
    Err(Error::Outdated { changes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Level;

    #[test]
    fn names_the_settings_that_are_others_but_for_those_of_the_machine() {
        let expected = Expected { base: 0, inputs: Vec::new(), config: Config::default(), decision: None };
        let machine = Config { threads: 7, memory_bytes: 9 << 20, requests_max: 1, ..Config::default() };
        assert_eq!(expected.changed_settings(&machine).unwrap(), Vec::<String>::new());
        let config = Config { repair: Level::Guess, keys_max: 7, ..machine };
        let changes = expected.changed_settings(&config).unwrap();
        let texts = ["setting `keys_max` is 7, and was 10000", r#"setting `repair` is "guess", and was "lenient""#];
        assert_eq!(changes, texts);
    }

    #[test]
    fn a_message_names_a_few_changes_and_counts_the_rest() {
        let Err(Error::Outdated { changes }) = outdated((0..8).map(|number| number.to_string()).collect()) else {
            panic!("nothing was refused")
        };
        assert_eq!(changes, ["0", "1", "2", "3", "4", "3 more"]);
        outdated(Vec::new()).unwrap();
    }
}
