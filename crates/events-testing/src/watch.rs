//! The promises that are checked on what a store holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use events_core::event::Events;

use crate::broken::{Broken, Invariant};
use crate::lake::{CONTROL, LOG, Lake, PENDING, PROCESSED, QUARANTINE, RETRIED, STAGE, TABLE};
use crate::oracle::{Input, Oracle};
use crate::reader::Reader;
use crate::snapshot::{Object, Snapshot};
use crate::table::{Decoded, Row};

/// Someone who knows what was put into a lake and looks at it from outside.
#[derive(Debug)]
pub struct Watch {
    lake: Arc<Lake>,
    oracle: Oracle,
    reader: Reader,
    decoded: Decoded,
    /// The files of the table at the last look, and the versions of them.
    files: Vec<(String, Option<String>)>,
    /// Inputs that their producer has replaced.
    overwritten: Vec<Input>,
    /// Names under which one is about to be replaced.
    announced: BTreeSet<String>,
    /// Inputs of which something is no event, by their names.
    damaged: BTreeSet<String>,
    /// What was ever in the quarantine, by path.
    quarantined: BTreeMap<String, Bytes>,
    /// The last commit when everything was last at rest.
    at_rest: Option<u64>,
    broken: Option<Broken>,
}

impl Watch {
    /// Watches an empty lake. `decoded` may have been used before.
    #[must_use]
    pub fn new(lake: Arc<Lake>, decoded: Decoded) -> Self {
        Self {
            lake,
            oracle: Oracle::default(),
            reader: Reader::default(),
            decoded,
            files: Vec::new(),
            overwritten: Vec::new(),
            announced: BTreeSet::new(),
            damaged: BTreeSet::new(),
            quarantined: BTreeMap::new(),
            at_rest: None,
            broken: None,
        }
    }

    /// An input was put.
    pub fn put(&mut self, input: Input) {
        if Events::new(&input.bytes).any(|event| event.is_err()) {
            self.damaged.insert(input.key.clone());
        }
        self.oracle.inputs.push(input);
    }

    /// An input is about to be put in the place of the one that waited under its name, and has everything that that one had.
    ///
    /// Nobody promises to keep what its producer has replaced; it may have been taken before, and then is kept.
    pub fn overwrite(&mut self, input: Input) {
        let same_name = |other: &mut Input| other.key == input.key;
        self.overwritten.extend(self.oracle.inputs.extract_if(.., same_name));
        self.announced.insert(input.key.clone());
        self.put(input);
    }

    /// Whether an input of that name was put.
    #[must_use]
    pub fn was_put(&self, key: &str) -> bool {
        self.oracle.inputs.iter().any(|input| input.key == key)
    }

    /// The first promise that a look found broken.
    #[must_use]
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// Files that were decoded, for the next watch.
    #[must_use]
    pub fn into_decoded(self) -> Decoded {
        self.decoded
    }

    /// Checks what holds at every moment: no input is lost, the log has no gap, nothing is seen before its commit, and
    /// readers miss nothing.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn look(&mut self) -> Result<(), Broken> {
        let looked = self.check_always();
        if let Err(broken) = &looked {
            self.broken.get_or_insert_with(|| broken.clone());
        }
        looked.map(drop)
    }

    /// Checks what holds once all is done: all that and that the table is what the oracle says, that all inputs are
    /// processed and that nothing is left behind.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn look_at_rest(&mut self) -> Result<(), Broken> {
        let snapshot = self.check_always()?;
        self.check_processed(&snapshot)?;
        self.check_table(&snapshot)?;
        self.check_one_commit(&snapshot)?;
        self.check_damage(&snapshot)?;
        self.check_nothing_left(&snapshot)?;
        self.at_rest = Some(commits(&snapshot)?);
        Ok(())
    }

    /// What a run on nothing must not change.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fingerprint(&self) -> Result<Vec<(String, Option<String>)>, Broken> {
        let counts = |path: &str| !path.starts_with(CONTROL) || path.starts_with(LOG);
        let objects = self.snapshot()?.objects.into_iter().filter(|(path, _)| counts(path));
        Ok(objects.map(|(path, object)| (path, object.e_tag)).collect())
    }

    /// Whether another object of an input's name waits: to put it now would be a producer's mistake.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_pending(&self, input: &Input) -> Result<bool, Broken> {
        Ok(self.snapshot()?.objects.contains_key(&format!("{PENDING}{}", input.key)))
    }

    /// All inputs, whether or not their producer has replaced them.
    fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.oracle.inputs.iter().chain(&self.overwritten)
    }

    fn snapshot(&self) -> Result<Snapshot, Broken> {
        self.lake.snapshot().map_err(|problem| Invariant::Other.broken(problem))
    }

    fn check_always(&mut self) -> Result<Snapshot, Broken> {
        let snapshot = self.snapshot()?;
        self.check_no_loss(&snapshot)?;
        self.check_quarantine(&snapshot)?;
        let commits = commits(&snapshot)?;
        let files: Vec<_> =
            snapshot.below(TABLE).map(|(path, object)| (path.to_owned(), object.e_tag.clone())).collect();
        if files == self.files {
            return Ok(snapshot);
        }
        for (path, _) in &files {
            Invariant::NothingEarly.holds(sequence(path).is_none_or(|sequence| sequence <= commits), || {
                format!("`{path}` is there, and the last commit is {commits}")
            })?;
        }
        Invariant::NothingEarly.holds(self.at_rest != Some(commits), || {
            format!("the table changed without a commit since all was at rest at {commits}")
        })?;
        let rows = self.rows(&snapshot)?;
        self.reader.see(&rows)?;
        self.files = files;
        Ok(snapshot)
    }

    fn rows(&mut self, snapshot: &Snapshot) -> Result<Vec<Row>, Broken> {
        let mut rows = Vec::new();
        for (path, object) in snapshot.below(TABLE) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let file = self.decoded.rows(folder, &object.bytes);
            rows.extend_from_slice(&file.map_err(|problem| Invariant::NoGap.broken(format!("`{path}`: {problem}")))?);
        }
        Ok(rows)
    }

    fn check_no_loss(&mut self, snapshot: &Snapshot) -> Result<(), Broken> {
        let processed = processed(snapshot);
        for input in &self.oracle.inputs {
            let waits = snapshot.objects.get(&format!("{PENDING}{}", input.key));
            let is_pending = waits.is_some_and(|object| object.bytes == input.bytes);
            let is_processed = || processed.get(&*input.key).is_some_and(|same_name| same_name.contains(&&input.bytes));
            if is_pending {
                self.announced.remove(&input.key);
            }
            let is_announced = self.announced.contains(&input.key);
            Invariant::NoLoss.holds(is_pending || is_announced || is_processed(), || {
                format!("`{}` with {} bytes is neither pending nor processed", input.key, input.bytes.len())
            })?;
        }
        Ok(())
    }

    /// What is no event is in the quarantine before its input is out of the way, and leaves it only for `retried`.
    fn check_quarantine(&mut self, snapshot: &Snapshot) -> Result<(), Broken> {
        let kept = || snapshot.below(QUARANTINE).chain(snapshot.below(RETRIED));
        let processed = processed(snapshot);
        for key in self.damaged.iter().filter(|key| processed.contains_key(key.as_str())) {
            let is_kept = kept().any(|(path, _)| path.contains(&format!("/{key}.jsonl")));
            Invariant::NoLoss
                .holds(is_kept, || format!("`{key}` is processed, and its damage is in no object of the quarantine"))?;
        }
        let moved: Vec<_> = snapshot.below(RETRIED).map(|(_, object)| &object.bytes).collect();
        for (path, bytes) in &self.quarantined {
            let stays = snapshot.objects.get(&format!("{QUARANTINE}{path}")).is_some_and(|now| now.bytes == *bytes);
            Invariant::NoLoss.holds(stays || moved.contains(&bytes), || {
                format!("`{path}` was in the quarantine and is neither there nor retried")
            })?;
        }
        for (path, object) in snapshot.below(QUARANTINE) {
            self.quarantined.entry(path.to_owned()).or_insert_with(|| object.bytes.clone());
        }
        Ok(())
    }

    /// What cannot be mended waits in the quarantine for whoever can.
    fn check_damage(&self, snapshot: &Snapshot) -> Result<(), Broken> {
        for key in &self.damaged {
            let waits = snapshot.below(QUARANTINE).any(|(path, _)| path.contains(&format!("/{key}.jsonl")));
            Invariant::NoLoss.holds(waits, || format!("the damage of `{key}` is not in the quarantine"))?;
        }
        Ok(())
    }

    fn check_processed(&self, snapshot: &Snapshot) -> Result<(), Broken> {
        if let Some((path, _)) = snapshot.below(PENDING).next() {
            return Err(Invariant::Oracle.broken(format!("`{path}` is pending for ever")));
        }
        for (key, objects) in processed(snapshot) {
            for bytes in objects {
                let was_put = self.inputs().any(|input| input.key == key && input.bytes == *bytes);
                Invariant::EqualBytes.holds(was_put, || format!("`{key}` is processed with bytes nobody has put"))?;
            }
        }
        Ok(())
    }

    /// Looks for names in the text of commits: what else is in them is the distributor's.
    fn check_one_commit(&self, snapshot: &Snapshot) -> Result<(), Broken> {
        for input in &self.oracle.inputs {
            let needle = format!("\"key\":\"{}\"", input.key);
            let names = |object: &Object| object.bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            let commits = snapshot.below(LOG).filter(|(_, object)| names(object)).count();
            let put = self.inputs().filter(|other| other.key == input.key).count();
            Invariant::OneCommit
                .holds(commits <= put, || format!("`{}` was put {put} times and is in {commits} commits", input.key))?;
        }
        Ok(())
    }

    fn check_nothing_left(&self, snapshot: &Snapshot) -> Result<(), Broken> {
        let dead = self.maybe_alive(snapshot, commits(snapshot)?);
        let is_dead = |path: &str| dead.iter().any(|folder| path.starts_with(folder));
        let left: Vec<_> = snapshot.below(STAGE).map(|(path, _)| path).filter(|path| !is_dead(path)).collect();
        Invariant::NothingLeft.holds(left.is_empty(), || format!("in the stage: {left:?}"))?;
        let torn = self.lake.torn();
        Invariant::NothingLeft.holds(torn.is_empty(), || format!("half-written: {torn:?}"))
    }

    /// Stages of which, among many writers, nobody can tell that their runs are dead: those behind the newest commit, after
    /// which nothing was to be committed, and those of parses that are not whole. They are in nobody's way.
    fn maybe_alive<'a>(&self, snapshot: &'a Snapshot, newest: u64) -> Vec<&'a str> {
        if !self.lake.kind().is_memory() {
            return Vec::new();
        }
        let notes = ["null".to_owned(), newest.to_string()].map(|behind| format!("{{\"behind\":{behind}}}"));
        let begun = snapshot.below(STAGE).filter(|(_, object)| notes.iter().any(|note| object.bytes == *note));
        let folders = begun.filter_map(|(path, _)| path.strip_suffix("begun.json"));
        folders.filter(|folder| !snapshot.objects.contains_key(&format!("{STAGE}{folder}complete.json"))).collect()
    }

    fn check_table(&mut self, snapshot: &Snapshot) -> Result<(), Broken> {
        let expected = self.oracle.rows().map_err(|problem| Invariant::Oracle.broken(problem))?;
        let mut rows = self.rows(snapshot)?;
        rows.sort_unstable();
        if rows == expected {
            return Ok(());
        }
        let name = |row: &Row| format!("{} of {} in {}: {:?}", row.id, row.timestamp, row.folder, row.data);
        let list = |rows: &[Row], others: &[Row]| {
            // A row that is there twice is one too many, which the count tells.
            let count = |rows: &[Row], row: &Row| rows.iter().filter(|other| *other == row).count();
            let lines = rows.iter().filter(|row| count(others, row) < count(rows, row)).map(name);
            lines.collect::<Vec<_>>().join("\n  ")
        };
        let (extra, missing) = (list(&rows, &expected), list(&expected, &rows));
        Err(Invariant::Oracle.broken(format!("too many:\n  {extra}\nmissing:\n  {missing}")))
    }
}

/// How many commits there are. They have no gap, and each begins when the one before it is carried out.
fn commits(snapshot: &Snapshot) -> Result<u64, Broken> {
    let numbers = |suffix: &str| -> Vec<u64> {
        let number = |path: &str| path.strip_suffix(suffix)?.parse().ok();
        snapshot.below(LOG).filter_map(|(path, _)| number(path)).collect()
    };
    let (entries, done) = (numbers(".json"), numbers(".done"));
    let commits = entries.len() as u64;
    Invariant::Log.holds(entries.iter().copied().eq(1..=commits), || format!("the commits are {entries:?}"))?;
    let carried_out = done.len() as u64;
    let in_order = done.iter().copied().eq(1..=carried_out) && (carried_out..=carried_out + 1).contains(&commits);
    Invariant::Log.holds(in_order, || format!("of {commits} commits {done:?} are carried out"))?;
    Ok(commits)
}

/// The commit of which a file of the table is, when its name tells.
fn sequence(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.strip_prefix("part-")?.split('-').next()?.parse().ok()
}

/// What was processed, by the name it had.
fn processed(snapshot: &Snapshot) -> HashMap<&str, Vec<&Bytes>> {
    let mut processed: HashMap<&str, Vec<&Bytes>> = HashMap::new();
    for (path, object) in snapshot.below(PROCESSED) {
        let key = path.split_once('/').map_or(path, |(_, key)| key);
        let key = match key.rsplit_once('~') {
            Some((key, digest)) if digest.bytes().all(|digit| digit.is_ascii_hexdigit()) => key,
            _ => key,
        };
        processed.entry(key).or_default().push(&object.bytes);
    }
    processed
}
