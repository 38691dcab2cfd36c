//! What a run over several workers is to do, fixed before the first of them begins.

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::document;
use super::item::{WorkItem, WorkPhase};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::run::exchange::Spread;
use crate::run::layout::{self, RunId};
use crate::run::phases::CANDIDATE_LANES;
use crate::run::plan::{Input, InputsMax, Plan, RefusedKey};
use crate::run::report::iso_date;
use crate::run::start::Start;
use crate::run::zone::Zone;

/// The release that plans, and whose workers do the items: others may mend, encode or divide differently.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// How a run is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// The bytes of inputs, as stored, that an item is about. An item that parses has no more, unless a single input has;
    /// an item that writes has its share of all partitions, which differ in size. Default none: 256 MiB, and more where
    /// that would give more than 512 items, because each item that writes reads the results of all that parse.
    pub item_bytes: Option<u64>,
    /// The most bytes of inputs that the run takes; the rest stays pending for another. Default none: all of them.
    pub input_bytes_max: Option<u64>,
}

impl Split {
    /// What [`Split::item_bytes`](field@Split::item_bytes) is at least when nobody says: an item takes seconds, and a failed one costs no more.
    pub const DEFAULT_ITEM_BYTES: u64 = 256 << 20;

    /// How many items there are about when nobody says and inputs are large.
    const DEFAULT_ITEMS: u64 = 512;

    /// The most items of a phase: Step Functions runs as many at once.
    pub const ITEMS_MAX: u32 = 10_000;

    fn item_bytes(self, bytes: u64) -> u64 {
        let default = Self::DEFAULT_ITEM_BYTES.max(bytes.div_ceil(Self::DEFAULT_ITEMS));
        self.item_bytes.unwrap_or(default).max(1)
    }
}

/// Lists of inputs that are written at once.
const PUTS_AT_ONCE: usize = 32;

/// What a run over several workers is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkPlan {
    release: String,
    pub(crate) run: RunId,
    /// The day under which inputs and rejects are filed.
    #[serde(with = "iso_date")]
    pub(crate) date: NaiveDate,
    /// The newest commit: that of the run is the next one or none.
    pub(crate) behind: u64,
    /// What tells its lists from those of another who plans at the same time and finds something else pending.
    listing: String,
    /// Settings of all items, but for those of the machine that a worker is on.
    config: Config,
    pub(crate) spread: Spread,
    /// How many inputs there are, and their bytes as stored.
    inputs: u64,
    bytes: u64,
    /// How many others were pending.
    left: u64,
    /// What is pending under names that no run can ask for.
    pub(crate) refused: Vec<RefusedKey>,
    /// How many items the phases have.
    parse: u32,
    deduplicate: u32,
    compare: u32,
    write: u32,
    index: u32,
    publish: u32,
}

impl WorkPlan {
    /// Divides the inputs of a run, in the order of their names: the plan, and the inputs of each item that parses.
    ///
    /// # Errors
    /// [`Error::Setting`] when that gives too many items.
    pub(crate) fn new(
        start: &Start,
        behind: u64,
        config: &Config,
        mut plan: Plan,
        split: Split,
    ) -> Result<(Self, Vec<Vec<Input>>)> {
        let max = split.input_bytes_max.map(|bytes| InputsMax { bytes, count: usize::MAX });
        let left = max.map_or(0, |max| plan.keep_up_to(max)) as u64;
        let (bytes, inputs) = (plan.bytes(), plan.inputs.len() as u64);
        let item_bytes = split.item_bytes(bytes);
        let listing = digest(&plan.inputs, item_bytes);
        let groups = divide(plan.inputs, item_bytes);
        if groups.len() > Split::ITEMS_MAX as usize {
            let problem =
                format!("{} items are more than {}: let each take more bytes", groups.len(), Split::ITEMS_MAX);
            return Err(Error::Setting { name: "item_bytes", problem });
        }
        let items = |bytes_each: u64| bytes.div_ceil(bytes_each.max(1)).clamp(1, u64::from(Split::ITEMS_MAX)) as u32;
        let write = items(item_bytes).min(Spread::WORK_BUCKETS_MAX as u32);
        let spread = Spread::of_work(bytes, write as usize);
        // Keys are an eighth of the rows or less, and files half of the inputs or less.
        let (eighth, half) = (item_bytes.saturating_mul(8), item_bytes.saturating_mul(2));
        let deduplicate = items(eighth).min(spread.shards as u32);
        let plan = Self {
            release: RELEASE.to_owned(),
            run: start.run.clone(),
            date: start.date,
            behind,
            listing,
            config: config.clone(),
            spread,
            inputs,
            bytes,
            left,
            refused: plan.refused,
            parse: groups.len() as u32,
            deduplicate,
            compare: deduplicate.min(CANDIDATE_LANES as u32),
            write: write.min(spread.buckets as u32),
            index: deduplicate,
            publish: items(half),
        };
        Ok((plan, groups))
    }

    /// How many inputs are left for another run.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// How many items a phase has.
    pub(crate) fn items(&self, phase: WorkPhase) -> u32 {
        match phase {
            WorkPhase::Parse => self.parse,
            WorkPhase::Deduplicate => self.deduplicate,
            WorkPhase::Compare => self.compare,
            WorkPhase::Write => self.write,
            WorkPhase::Index => self.index,
            WorkPhase::Publish => self.publish,
            WorkPhase::Commit | WorkPhase::Finish => 1,
        }
    }

    /// All items of a phase.
    pub(crate) fn all(&self, phase: WorkPhase) -> impl Iterator<Item = WorkItem> + use<> {
        (0..self.items(phase)).map(move |number| WorkItem { phase, number })
    }

    /// # Errors
    /// [`Error::Setting`] when the plan has no such item.
    pub(crate) fn check(&self, item: WorkItem) -> Result<()> {
        let items = self.items(item.phase);
        if item.number < items {
            return Ok(());
        }
        let problem = format!("run `{}` has no `{item}`: {} of phase `{}`", self.run, items, item.phase);
        Err(Error::Setting { name: "item", problem })
    }

    /// The settings of an item on a machine with these: what the machine can do is its own.
    pub(crate) fn config(&self, machine: &Config) -> Config {
        Config {
            threads: machine.threads,
            memory_bytes: machine.memory_bytes,
            requests_max: machine.requests_max,
            ..self.config.clone()
        }
    }

    /// Writes the plan, when its inputs and items are listed: whoever sees it sees them.
    pub(crate) async fn put(&self, stage: &Zone, groups: &[Vec<Input>]) -> Result<()> {
        let puts = self
            .all(WorkPhase::Parse)
            .zip(groups)
            .map(|(item, inputs)| async move { document::put(stage, &self.inputs_path(item), inputs).await });
        futures::stream::iter(puts.collect::<Vec<_>>()).buffer_unordered(PUTS_AT_ONCE).try_collect::<()>().await?;
        for phases in WorkPhase::BARRIERS.into_iter().filter(|phases| is_listed(phases)) {
            document::put(stage, &self.list_path(phases), &self.list(phases)).await?;
        }
        document::put_new(stage, &layout::work_plan(&self.run), self).await
    }

    fn inputs_path(&self, item: WorkItem) -> String {
        layout::work_inputs(&self.run, &self.listing, &item.to_string())
    }

    fn list_path(&self, phases: &[WorkPhase]) -> String {
        layout::work_items(&self.run, &self.listing, phases[0].name())
    }

    /// The items of phases that are done together, for whatever starts workers.
    fn list(&self, phases: &[WorkPhase]) -> Vec<ListedItem> {
        let items = phases.iter().flat_map(|phase| self.all(*phase));
        items.map(|item| ListedItem { run: self.run.clone(), item }).collect()
    }

    /// The inputs of an item that parses.
    pub(crate) async fn inputs(&self, stage: &Zone, item: WorkItem) -> Result<Plan> {
        let path = self.inputs_path(item);
        let json = document::get(stage, &path).await?;
        let gone = || Error::Stage { object: stage.name(&path), problem: "it is not there".to_owned() };
        Ok(Plan { inputs: document::read(stage, &path, &json.ok_or_else(gone)?)?, refused: Vec::new() })
    }

    /// The plan of a run; `None` when it has none, or none any more.
    ///
    /// # Errors
    /// [`Error::Stage`] when another release has planned it, or when it is of another run.
    pub(crate) async fn get(stage: &Zone, run: &RunId) -> Result<Option<Self>> {
        let path = layout::work_plan(run);
        let Some(json) = document::get(stage, &path).await? else { return Ok(None) };
        let wrong = |problem| Err(Error::Stage { object: stage.name(&path), problem });
        // A plan of another release may have another form: what it says of itself is read first.
        let planned: Planned = document::read(stage, &path, &json)?;
        if planned.release != RELEASE {
            return wrong(format!("version {} has planned the run, and this is {RELEASE}", planned.release));
        }
        if planned.run != *run {
            return wrong(format!("it is of run `{}`", planned.run));
        }
        document::read(stage, &path, &json).map(Some)
    }
}

/// What a plan says of itself.
#[derive(Debug, Deserialize)]
struct Planned {
    release: String,
    run: RunId,
}

/// An item, as the lists in the stage zone have it.
#[derive(Debug, Serialize)]
struct ListedItem {
    run: RunId,
    item: WorkItem,
}

/// Whether there is a list of the items of phases: there is none of a single one.
fn is_listed(phases: &[WorkPhase]) -> bool {
    !matches!(phases, [WorkPhase::Commit | WorkPhase::Finish])
}

/// A digest of inputs and of how they are divided.
fn digest(inputs: &[Input], bytes_max: u64) -> String {
    let mut digest = Xxh3Default::new();
    digest.update(&bytes_max.to_le_bytes());
    for input in inputs {
        let version = input.e_tag.as_deref().unwrap_or_default();
        for text in [&*input.key, version] {
            digest.update(&(text.len() as u64).to_le_bytes());
            digest.update(text.as_bytes());
        }
        digest.update(&input.bytes.to_le_bytes());
    }
    format!("{:016x}", digest.digest())
}

/// Inputs in groups of at most that many bytes, or one input.
fn divide(inputs: Vec<Input>, bytes_max: u64) -> Vec<Vec<Input>> {
    let mut groups: Vec<Vec<Input>> = Vec::new();
    let mut bytes = 0;
    for input in inputs {
        match groups.last_mut() {
            Some(group) if bytes + input.bytes <= bytes_max && group.len() < INPUTS_MAX => {
                bytes += input.bytes;
                group.push(input);
            }
            _ => {
                bytes = input.bytes;
                groups.push(vec![input]);
            }
        }
    }
    groups
}

/// The most inputs of an item: each costs a request, however small.
const INPUTS_MAX: usize = 10_000;

/// What a run over several workers is divided into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The run.
    pub run: RunId,
    /// How many inputs it has.
    pub inputs: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// How many inputs are left for another run.
    pub left: u64,
    /// What is pending under names that no run can ask for, and stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedKey>,
    /// The commit that it is to be.
    pub commit: u64,
    /// What is to be done, one after the other; the items of one at once, in any order. None when there is no input.
    pub phases: Vec<PreparedPhase>,
}

/// Phases that are done together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedPhase {
    /// The first of them.
    pub phase: WorkPhase,
    /// How many items there are.
    pub items: u32,
    /// In the stage zone: a list of them as JSON, each with `run` and `item`; `None` where there is just one.
    pub list: Option<String>,
}

impl Prepared {
    /// Nothing is pending, or nothing that a run can ask for.
    pub(super) fn nothing(run: RunId, commit: u64, refused: Vec<RefusedKey>) -> Self {
        Self { run, inputs: 0, bytes: 0, left: 0, refused, commit, phases: Vec::new() }
    }

    pub(crate) fn of(plan: &WorkPlan) -> Self {
        let phases = WorkPhase::BARRIERS.into_iter().map(|phases| PreparedPhase {
            phase: phases[0],
            items: phases.iter().map(|phase| plan.items(*phase)).sum(),
            list: is_listed(phases).then(|| plan.list_path(phases)),
        });
        Self {
            run: plan.run.clone(),
            inputs: plan.inputs,
            bytes: plan.bytes,
            left: plan.left,
            refused: plan.refused.clone(),
            commit: plan.behind + 1,
            phases: phases.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn input(bytes: u64) -> Input {
        Input { place: crate::run::plan::Place::Pending, key: bytes.to_string(), bytes, e_tag: None }
    }

    proptest! {
        #[test]
        fn every_input_is_in_one_item_in_order_and_no_item_could_take_the_next(
            sizes in prop::collection::vec(0_u64..100, 0..50),
            bytes_max in 1_u64..200,
        ) {
            let inputs: Vec<_> = sizes.into_iter().map(input).collect();
            let groups = divide(inputs.clone(), bytes_max);
            prop_assert_eq!(groups.concat(), inputs);
            let bytes = |group: &[Input]| group.iter().map(|input| input.bytes).sum::<u64>();
            for group in &groups {
                prop_assert!(group.len() == 1 || bytes(group) <= bytes_max);
            }
            for pair in groups.windows(2) {
                prop_assert!(bytes(&pair[0]) + pair[1][0].bytes > bytes_max);
            }
        }
    }

    #[test]
    fn every_phase_has_items_within_what_they_share() {
        for bytes in [0, 1, 5 << 20, 3 << 30, 1 << 40, 100 << 40] {
            let plan = Plan { inputs: vec![input(bytes)], refused: Vec::new() };
            let start = Start { run: "run".parse().unwrap(), date: "2026-11-23".parse().unwrap() };
            let (plan, _) = WorkPlan::new(&start, 0, &Config::default(), plan, Split::default()).unwrap();
            for phase in WorkPhase::ALL {
                assert!((1..=Split::ITEMS_MAX).contains(&plan.items(phase)), "{phase} of {bytes}");
            }
            assert!(plan.items(WorkPhase::Write) as usize <= plan.spread.buckets);
            assert!(plan.items(WorkPhase::Deduplicate) as usize <= plan.spread.shards);
            // Keys have the number of their bucket in 16 bits.
            assert!(plan.spread.buckets <= 1 << 16);
        }
    }
}
