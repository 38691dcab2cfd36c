//! Every path that a run reads or writes, relative to its zone.
//!
//! ```text
//! landing/pending/<key>                                                 inputs
//! landing/processed/date=YYYY-MM-DD/<key>                               inputs after the run; other bytes of a name get ~<digest>
//! landing/quarantine/date=YYYY-MM-DD/run=<run>/<key>.jsonl              rejects, one a line
//! landing/quarantine/date=YYYY-MM-DD/run=<run>/from=<run>/<key>.jsonl   rejects that are left after they were tried again
//! landing/processed/probe/<run>.json                                    what tells whether the zone can be written to
//! landing/retried/date=YYYY-MM-DD/date=YYYY-MM-DD/run=<run>/<key>.jsonl  rejects as they were before
//! stage/events/run=<run>/rows/bucket=NNNN/<n>.parquet                   parsed rows by target partition
//! stage/events/run=<run>/keys/shard=NNNN/<n>.parquet                    keys by id
//! stage/events/run=<run>/out/<digest>-<place>.parquet                   files of the table before the commit
//! stage/events/run=<run>/index/NNNNNNNN.idx                             segments of the index before the commit
//! stage/events/run=<run>/quarantine/<n>.jsonl                           rejects before the commit
//! stage/events/run=<run>/begun.json                                     the commit that the run began behind
//! stage/events/run=<run>/complete.json                                  all of a parsed stage is there
//! stage/events/run=<run>/moved                                          the inputs of a parsed stage are moved
//! stage/events/probe/<run>.json                                         what tells whether the zone can be written to
//! stage/events/run=<run>/plan.json                                      what a run over several workers is to do
//! stage/events/run=<run>/items/<listing>/<phase>.json                   the items of a phase, as a list
//! stage/events/run=<run>/inputs/<listing>/<item>.json                   the inputs of an item that parses
//! stage/events/run=<run>/work/<item>/<attempt>/…                        what an attempt at an item has made
//! stage/events/run=<run>/results/<item>.json                            what the first attempt that came to its end has made
//! stage/events/run=<run>/claims/<item>-<n>                              who is at work on an item
//! trusted/events/domain_event_type=…/year=…/month=…/day=…/part-<seq>-<digest>.parquet
//! trusted/control/table.json                                            what says that this is a table
//! trusted/control/latest.json                                           where to begin to list the log
//! trusted/control/lease.json                                            who is at work on the table
//! trusted/control/lease.now                                             written to ask a store for its time
//! trusted/control/probe/<run>.json                                      what tells whether the zone can be written to
//! trusted/control/index/level=NN/cell=NNNNNNNN.idx                      which partition each id went to
//! trusted/control/log/<seq>.json                                        commits, numbered without gaps from 1
//! trusted/control/log/<seq>.done                                        the commit is carried out
//! trusted/control/log/<seq>.checkpoint.json                             the files of the table after the commit
//! trusted/control/reports/<seq>.json                                    what the run of the commit has told
//! ```

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;

/// The name of a run: unique among the runs of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The longest name.
    pub const BYTES_MAX: usize = 64;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a stage's name can have more than the run's.
    const STAGE_BYTES_MAX: usize = 16;

    /// The name of the stage of one of the run's tries, from 1: another for each, because what one leaves behind is not the
    /// other's. The two halves of a job may have one name, so the second one's stage has its own.
    pub(crate) fn stage(&self, is_second_half: bool, attempt: usize) -> Self {
        let half = if is_second_half { "-out" } else { "" };
        let attempt = if attempt == 1 { String::new() } else { format!("-try{attempt}") };
        Self(format!("{}{half}{attempt}", self.0))
    }

    /// The name under which an attempt at an item of a run keeps what it makes: below the run's own stage, so that it goes
    /// with it.
    pub(crate) fn attempt_at(&self, item: &str, attempt: &Self) -> Self {
        Self(format!("{self}/work/{item}/{attempt}"))
    }

    fn parse(text: &str, bytes_max: usize) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > bytes_max || !text.bytes().all(allowed) {
            let problem = format!("`{text}` is not 1 to {} letters, digits, `-` and `_`", Self::BYTES_MAX);
            return Err(Error::Setting { name: "run", problem });
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for RunId {
    type Err = Error;

    /// A run's name is 1 to 64 letters and digits of ASCII, `-` and `_`, because it stands in paths.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text, Self::BYTES_MAX)
    }
}

impl TryFrom<String> for RunId {
    type Error = Error;

    /// The name of a run or of one of its stages.
    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text, Self::BYTES_MAX + Self::STAGE_BYTES_MAX)
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// In landing: where inputs wait.
pub(crate) const PENDING: &str = "pending";
/// In landing: rejects.
pub(crate) const QUARANTINE: &str = "quarantine";
/// In landing: inputs after the run.
pub(crate) const PROCESSED: &str = "processed";
/// In stage: all runs.
pub(crate) const RUNS: &str = "events";
/// In trusted: what the table says about itself.
pub(crate) const CONTROL: &str = "control";
/// In trusted: the commits.
pub(crate) const LOG: &str = "control/log";
/// In trusted: the files of the table.
pub(crate) const TABLE: &str = "events";
/// In trusted: what says that this is a table, and by what rules.
pub(crate) const TABLE_MARK: &str = "control/table.json";
/// In trusted: the newest checkpoint that somebody knew of.
pub(crate) const LATEST: &str = "control/latest.json";
/// In trusted: who is at work on the table.
pub(crate) const LEASE: &str = "control/lease.json";
/// In trusted: what is written to ask the store for its time.
pub(crate) const LEASE_NOW: &str = "control/lease.now";

const COMPLETE: &str = "complete.json";
const BEGUN: &str = "begun.json";
const MOVED: &str = "moved";
const CHECKPOINT_SUFFIX: &str = ".checkpoint.json";
const ENTRY_SUFFIX: &str = ".json";
const DONE_SUFFIX: &str = ".done";

/// In landing: an input.
pub(crate) fn pending(key: &str) -> String {
    format!("{PENDING}/{key}")
}

/// In landing: where an input goes.
pub(crate) fn processed(date: NaiveDate, key: &str) -> String {
    format!("{PROCESSED}/date={date}/{key}")
}

/// In landing: an input that was read before.
pub(crate) fn processed_before(key: &str) -> String {
    format!("{PROCESSED}/{key}")
}

/// In landing: where an input goes whose name, given as its path, is taken by other bytes.
pub(crate) fn again(path: &str, digest: u128) -> String {
    format!("{path}~{digest:032x}")
}

/// In landing: all rejects of a run.
pub(crate) fn quarantine_of(date: NaiveDate, run: &RunId) -> String {
    format!("{QUARANTINE}/date={date}/run={run}")
}

/// In landing: the rejects of an input.
pub(crate) fn quarantine(date: NaiveDate, run: &RunId, key: &str) -> String {
    format!("{}/{key}.jsonl", quarantine_of(date, run))
}

/// In landing: rejects of earlier runs.
pub(crate) fn quarantined(key: &str) -> String {
    format!("{QUARANTINE}/{key}")
}

/// In landing: where rejects go that were tried again.
pub(crate) fn retried(date: NaiveDate, key: &str) -> String {
    format!("retried/date={date}/{key}")
}

/// In landing: a probe. No day is filed under such a name, so nothing takes it for an input.
pub(crate) fn probe_of_landing(run: &RunId) -> String {
    format!("{PROCESSED}/probe/{run}.json")
}

/// In landing: what is left of rejects that were tried again, given by their name below the quarantine. The run that had
/// them first stays in the name, however often they are tried, and keeps it apart from those of other runs.
pub(crate) fn quarantine_again(date: NaiveDate, run: &RunId, key: &str) -> String {
    // `date=…/run=<run>/<key>` or `date=…/run=<retry>/from=<run>/<key>`
    let below = key.split_once('/').map_or(key, |(_, below)| below);
    let from = match below.split_once('/') {
        Some((_, rest)) if rest.starts_with("from=") => rest.to_owned(),
        _ => below.replacen("run=", "from=", 1),
    };
    format!("{QUARANTINE}/date={date}/run={run}/{from}")
}

/// In stage: everything of a run.
pub(crate) fn stage(run: &RunId) -> String {
    format!("{RUNS}/run={run}")
}

/// In stage: rows of a bucket.
pub(crate) fn stage_rows(run: &RunId, bucket: usize, number: usize) -> String {
    format!("{}/rows/bucket={bucket:04}/{number:05}.parquet", stage(run))
}

/// In stage: keys of a shard.
pub(crate) fn stage_keys(run: &RunId, shard: usize, number: usize) -> String {
    format!("{}/keys/shard={shard:04}/{number:05}.parquet", stage(run))
}

/// In stage: the last rows or keys of several lanes.
pub(crate) fn stage_lanes_pack(run: &RunId, what: &str, number: usize) -> String {
    format!("{}/{what}/{number:05}.pack", stage(run))
}

/// In stage: a file of the table before the commit, with its digest and where it goes: files without rows are all the same.
pub(crate) fn stage_out(run: &RunId, partition_folder: &str, replaces: &str, digest: u128) -> String {
    let place = xxh3_64(format!("{partition_folder}/{replaces}").as_bytes());
    format!("{}/out/{digest:032x}-{place:016x}.parquet", stage(run))
}

/// In stage: several files of the table before the commit, under a digest of theirs.
pub(crate) fn stage_pack(run: &RunId, digest: u128) -> String {
    format!("{}/out/{digest:032x}.pack", stage(run))
}

/// In stage: a segment of the index before the commit.
pub(crate) fn stage_index(run: &RunId, cell: u32) -> String {
    format!("{}/index/{cell:08}.idx", stage(run))
}

/// In stage: the rejects of an input before the commit.
pub(crate) fn stage_quarantine(run: &RunId, input: usize) -> String {
    format!("{}/quarantine/{input:08}.jsonl", stage(run))
}

/// In stage: what says that a parsed stage is whole.
pub(crate) fn stage_complete(run: &RunId) -> String {
    format!("{}/{COMPLETE}", stage(run))
}

/// The run whose [`stage_complete`] a path is.
pub(crate) fn run_of_complete(path: &str) -> Option<RunId> {
    path.strip_prefix(RUNS)?
        .strip_prefix("/run=")?
        .strip_suffix(COMPLETE)?
        .strip_suffix('/')?
        .to_owned()
        .try_into()
        .ok()
}

/// In stage: what says that the inputs of a parsed stage are moved.
pub(crate) fn stage_moved(run: &RunId) -> String {
    format!("{}/{MOVED}", stage(run))
}

/// In stage: what a run knew when it began.
pub(crate) fn stage_begun(run: &RunId) -> String {
    format!("{}/{BEGUN}", stage(run))
}

/// In stage: a probe. No stage has such a name, so no run that begins meanwhile sweeps it.
pub(crate) fn probe_of_stage(run: &RunId) -> String {
    format!("{RUNS}/probe/{run}.json")
}

/// In stage: what a run over several workers is to do.
pub(crate) fn work_plan(run: &RunId) -> String {
    format!("{}/plan.json", stage(run))
}

/// In stage: the items of a phase, by the plan with that digest of what is pending.
pub(crate) fn work_items(run: &RunId, listing: &str, phase: &str) -> String {
    format!("{}/items/{listing}/{phase}.json", stage(run))
}

/// In stage: the inputs of an item that parses, likewise.
pub(crate) fn work_inputs(run: &RunId, listing: &str, item: &str) -> String {
    format!("{}/inputs/{listing}/{item}.json", stage(run))
}

/// In stage: all results of a run over several workers.
pub(crate) fn work_results(run: &RunId) -> String {
    format!("{}/results", stage(run))
}

/// In stage: the result of an item.
pub(crate) fn work_result(run: &RunId, item: &str) -> String {
    format!("{}/{item}.json", work_results(run))
}

/// The item whose [`work_result`] a path is.
pub(crate) fn item_of_result<'a>(run: &RunId, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(&work_results(run))?.strip_prefix('/')?.strip_suffix(".json")
}

/// In stage: all claims of a run over several workers.
pub(crate) fn work_claims(run: &RunId) -> String {
    format!("{}/claims", stage(run))
}

/// In stage: the claim of that number on an item, from 1.
pub(crate) fn work_claim(run: &RunId, item: &str, number: u32) -> String {
    format!("{}/{item}-{number}", work_claims(run))
}

/// The item and the number that a [`work_claim`] is of.
pub(crate) fn item_of_claim<'a>(run: &RunId, path: &'a str) -> Option<(&'a str, u32)> {
    let (item, number) = path.strip_prefix(&work_claims(run))?.strip_prefix('/')?.rsplit_once('-')?;
    Some((item, number.parse().ok()?))
}

/// In stage: what a worker writes to ask the store for its time.
pub(crate) fn work_now(run: &RunId, worker: &RunId) -> String {
    format!("{}/now/{worker}", stage(run))
}

/// In stage: what the search for losers has found, lane by lane. `run` is that of the attempt.
pub(crate) fn work_lanes(run: &RunId, what: &str) -> String {
    format!("{}/{what}.lanes", stage(run))
}

/// The run whose [`stage`] a path is.
pub(crate) fn run_of_stage(path: &str) -> Option<RunId> {
    path.strip_prefix(RUNS)?.strip_prefix("/run=")?.to_owned().try_into().ok()
}

/// The name of a new file of the table. The sequence number makes it new for ever, the digest tells files of a run apart.
pub(crate) fn table_file_name(sequence: u64, digest: u128) -> String {
    format!("part-{sequence:08}-{digest:032x}.parquet")
}

/// In trusted: a file of the table.
pub(crate) fn table_file(partition_folder: &str, name: &str) -> String {
    format!("{TABLE}/{partition_folder}/{name}")
}

/// The folder and the name of the [`table_file`] that a path is.
pub(crate) fn table_file_of(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.strip_prefix(TABLE)?.strip_prefix('/')?.rsplit_once('/')?;
    name.ends_with(".parquet").then_some((folder, name))
}

/// The commit that a [`table_file_name`] is of; `None` for a name that somebody else has given.
pub(crate) fn sequence_of_file(name: &str) -> Option<u64> {
    name.strip_prefix("part-")?.split_once('-')?.0.parse().ok()
}

/// In trusted: a probe.
pub(crate) fn probe_of_trusted(run: &RunId) -> String {
    format!("{CONTROL}/probe/{run}.json")
}

/// In trusted: the segment of a cell in a level of the index. How many cells a level has never changes.
pub(crate) fn index_segment(level: u8, cell: u32) -> String {
    format!("control/index/level={level:02}/cell={cell:08}.idx")
}

/// In trusted: what is behind this in a listing is of that commit or a later one.
pub(crate) fn log_from(sequence: u64) -> String {
    format!("{LOG}/{sequence:020}")
}

/// In trusted: a commit.
pub(crate) fn log_entry(sequence: u64) -> String {
    format!("{LOG}/{sequence:020}{ENTRY_SUFFIX}")
}

/// In trusted: what says that a commit is carried out.
pub(crate) fn log_done(sequence: u64) -> String {
    format!("{LOG}/{sequence:020}{DONE_SUFFIX}")
}

/// In trusted: the table after a commit.
pub(crate) fn checkpoint(sequence: u64) -> String {
    format!("{LOG}/{sequence:020}{CHECKPOINT_SUFFIX}")
}

/// In trusted: the report of the run that has made a commit.
pub(crate) fn report(sequence: u64) -> String {
    format!("control/reports/{sequence:020}.json")
}

/// An object of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogObject {
    /// [`log_entry`].
    Entry(u64),
    /// [`log_done`].
    Done(u64),
    /// [`checkpoint`].
    Checkpoint(u64),
}

impl LogObject {
    /// The object that a path names.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.strip_prefix(LOG)?.strip_prefix('/')?;
        let number = |suffix| name.strip_suffix(suffix)?.parse().ok();
        number(CHECKPOINT_SUFFIX)
            .map(Self::Checkpoint)
            .or_else(|| number(DONE_SUFFIX).map(Self::Done))
            .or_else(|| number(ENTRY_SUFFIX).map(Self::Entry))
    }
}
