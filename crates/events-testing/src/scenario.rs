//! What producers put, and when runs begin: data.
//!
//! A scenario is a name and steps; each step puts inputs and has a run follow. Events are few, because every operation of
//! every run is a place to fail at.
//!
//! ```
//! use events_testing::scenario::{Scenario, event, input};
//!
//! let scenario = Scenario::new("a card is issued, then blocked")
//!     .then([input("monday", &[event(1, 1, 0, 0, "issued")])])
//!     .then([input("tuesday", &[event(1, 2, 1, 0, "blocked")])]);
//! assert_eq!(scenario.steps.len(), 2);
//! ```

use events_core::json::Level;
use events_core::run::Job;

use crate::oracle::Input;
use crate::random::Random;

/// What a process does: a job, and what it mends of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The job.
    pub job: Job,
    /// What is mended.
    pub level: Level,
    /// Whether the job is prepared as items of work. Whoever comes by takes up what others have prepared and left.
    pub shared: bool,
}

/// Inputs, and what a process does after they are put.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is put.
    pub inputs: Vec<Input>,
    /// What is done then.
    pub task: Task,
}

/// Inputs and runs.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What traces call it.
    pub name: &'static str,
    /// One after the other.
    pub steps: Vec<Step>,
    /// What is done in turn when all steps are over, until it changes nothing.
    pub rest: Vec<Task>,
}

impl Task {
    /// The whole job.
    pub const RUN: Self = Self::lenient(Job::Run);
    /// The first half.
    pub const PARSE: Self = Self::lenient(Job::Parse);
    /// The second half.
    pub const DISTRIBUTE: Self = Self::lenient(Job::Distribute);
    /// The whole job, that mends nothing within a record.
    pub const RUN_FRAMING: Self = Self { level: Level::Framing, ..Self::RUN };
    /// What was not mended is tried again.
    pub const RETRY: Self = Self::lenient(Job::Retry);

    /// The whole job, item by item.
    pub const SHARED: Self = Self { shared: true, ..Self::RUN };

    const fn lenient(job: Job) -> Self {
        Self { job, level: Level::Lenient, shared: false }
    }
}

impl Scenario {
    /// A scenario without steps.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new(), rest: vec![Task::RUN] }
    }

    /// Adds inputs and a run.
    #[must_use]
    pub fn then(self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.then_do(Task::RUN, inputs)
    }

    /// Adds inputs and a task.
    #[must_use]
    pub fn then_do(mut self, task: Task, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.steps.push(Step { inputs: inputs.into_iter().collect(), task });
        self
    }

    /// Says what is done in the end.
    #[must_use]
    pub fn at_rest(mut self, tasks: impl IntoIterator<Item = Task>) -> Self {
        self.rest = tasks.into_iter().collect();
        self
    }

    /// What the runner of a number does when nothing stops the ones before.
    pub(crate) fn task(&self, runner: usize) -> Task {
        let in_the_end = || self.rest[(runner - self.steps.len()) % self.rest.len()];
        self.steps.get(runner).map_or_else(in_the_end, |step| step.task)
    }
}

/// An event: `hour` orders the versions of an id, `day` and `kind` say in which partition it lies, `note` is its payload.
#[must_use]
pub fn event(id: u64, hour: u64, day: u64, kind: usize, note: &str) -> String {
    const KINDS: [(&str, &str); 3] = [("card", "issued"), ("account", "status-change"), ("card/eu", "blocked")];
    let (domain, event_type) = KINDS[kind % KINDS.len()];
    let timestamp = 1_610_582_400 + day * 86_400 + hour * 3600;
    format!(
        r#"{{"event_id":"00000000-0000-4000-8000-{id:012x}","timestamp":{timestamp},"domain":"{domain}","event_type":"{event_type}","data":"{note}"}}"#
    )
}

/// An input of events, glued together.
#[must_use]
pub fn input(key: &str, events: &[String]) -> Input {
    Input { key: format!("{key}.json"), bytes: events.concat().into() }
}

/// New events in two inputs.
#[must_use]
pub fn fresh() -> Scenario {
    Scenario::new("fresh").then([
        input("one", &[event(1, 1, 0, 0, "a"), event(2, 2, 0, 0, "b"), event(3, 3, 1, 1, "c")]),
        input("two", &[event(4, 4, 1, 1, "d"), event(2, 2, 0, 0, "b"), event(5, 5, 0, 1, "e")]),
    ])
}

/// The same events again in another input of a later run, with a new one.
#[must_use]
pub fn redelivery() -> Scenario {
    let first = [event(1, 1, 0, 0, "a"), event(2, 2, 1, 1, "b")];
    let again = [first[1].clone(), first[0].clone(), event(3, 3, 0, 0, "c")];
    Scenario::new("redelivery").then([input("first", &first)]).then([input("again", &again)])
}

/// A later run brings a newer version of another day and another kind.
#[must_use]
pub fn newer_elsewhere() -> Scenario {
    Scenario::new("newer version elsewhere")
        .then([input("old", &[event(1, 1, 0, 0, "old"), event(2, 1, 0, 0, "stays")])])
        .then([input("new", &[event(1, 2, 1, 1, "new")])])
}

/// A later run brings an older version.
#[must_use]
pub fn older_late() -> Scenario {
    Scenario::new("older version late")
        .then([input("new", &[event(1, 5, 1, 1, "new")])])
        .then([input("old", &[event(1, 2, 0, 0, "old"), event(2, 2, 0, 0, "other")])])
}

/// Inputs with damage beside sound events.
#[must_use]
pub fn damaged() -> Scenario {
    let damage = r#"{"event_id":7}{"event_id":"x","#.to_owned();
    Scenario::new("partly damaged")
        .then([input("damaged", &[event(1, 1, 0, 0, "a"), damage]), input("sound", &[event(2, 2, 1, 1, "b")])])
}

/// An input of the same name with other bytes.
#[must_use]
pub fn same_name() -> Scenario {
    Scenario::new("same name again")
        .then([input("events", &[event(1, 1, 0, 0, "a")])])
        .then([input("events", &[event(2, 2, 1, 1, "b")])])
        .then([input("events", &[event(1, 1, 0, 0, "a")])])
}

/// Inputs without events, and none at all.
#[must_use]
pub fn empty() -> Scenario {
    Scenario::new("empty").then([]).then([input("nothing", &[]), input("white", &[" \n".to_owned()])]).then([])
}

/// A later run puts new rows into the only file of a partition.
#[must_use]
pub fn folded() -> Scenario {
    Scenario::new("folded")
        .then([input("first", &[event(1, 1, 0, 0, "a"), event(2, 2, 0, 0, "b")])])
        .then([input("second", &[event(3, 3, 0, 0, "c")])])
        .then([input("third", &[event(4, 0, 0, 0, "d"), event(5, 1, 1, 1, "e")])])
}

/// A later run brings a new row to a file and takes an older one from it, and the same crosswise with another partition.
#[must_use]
pub fn gain_and_lose() -> Scenario {
    Scenario::new("gain and lose at once")
        .then([input("old", &[event(1, 1, 0, 0, "old"), event(2, 1, 0, 0, "goes"), event(3, 1, 1, 1, "comes")])])
        .then([input(
            "new",
            &[
                event(4, 1, 0, 0, "new"),
                event(1, 2, 0, 0, "newer"),
                event(2, 30, 0, 1, "gone"),
                event(3, 2, 0, 0, "come"),
            ],
        )])
}

/// A later run puts a row into the only file of a partition that zombies' companions take away again: the file then has
/// the bytes that it had before.
#[must_use]
pub fn back_and_forth() -> Scenario {
    Scenario::new("back and forth")
        .then([input("stays", &[event(2, 2, 0, 0, "b")])])
        .then([input("goes", &[event(1, 1, 0, 0, "a")])])
}

/// Files so large that new rows do not go to the only one, and that the rows of one go to the other; then a newer version
/// of a row that went so.
#[must_use]
pub fn rotated() -> Scenario {
    let large = |id| event(id, id, 0, 0, &noise(id));
    Scenario::new("rotated")
        .then([input("base", &[large(1), large(2), large(3), large(4), large(5)])])
        .then([input("delta", &[large(6)])])
        .then([input("folded", &[large(7)])])
        .then([input("rotation", &[large(8)])])
        .then([input("newer", &[event(6, 20, 0, 0, "newer"), event(9, 9, 0, 0, "small")])])
}

/// Text that becomes some 40 KB however it is compressed.
fn noise(seed: u64) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    let mut random = Random::new(seed);
    (0..54_000).map(|_| char::from(*random.one_of(DIGITS))).collect()
}

/// More commits than lie between two checkpoints of the table, each with a newer version of one event.
#[must_use]
pub fn checkpointed() -> Scenario {
    (0..CHECKPOINTED_RUNS).fold(Scenario::new("checkpointed"), |scenario, run| {
        let run = run as u64;
        scenario
            .then([input(&format!("input-{run:02}"), &[event(1, run, 0, 0, "a"), event(2 + run, 1, run % 2, 1, "b")])])
    })
}

/// The runs of [`checkpointed`]. The one before the last writes the checkpoint behind the first sixteen commits, the last
/// reads it.
pub const CHECKPOINTED_RUNS: usize = 18;

/// The two halves: two parses, one of them with damage, before a distribution of both.
#[must_use]
pub fn halves() -> Scenario {
    let damage = r#"{"event_id":7}"#.to_owned();
    Scenario::new("halves")
        .then_do(Task::PARSE, [input("one", &[event(1, 1, 0, 0, "old"), event(2, 2, 0, 0, "b"), damage])])
        .then_do(Task::PARSE, [input("two", &[event(1, 2, 1, 1, "new"), event(2, 2, 0, 0, "b")])])
        .then_do(Task::DISTRIBUTE, [])
        .at_rest([Task::PARSE, Task::DISTRIBUTE])
}

/// The first half alone, of what another run has taken in part.
#[must_use]
pub fn parsed() -> Scenario {
    Scenario::new("parsed")
        .then([input("before", &[event(1, 1, 0, 0, "a")])])
        .then_do(Task::PARSE, [input("one", &[event(1, 1, 0, 0, "a"), event(2, 2, 0, 0, "b")]), input("two", &[])])
        .at_rest([Task::PARSE, Task::DISTRIBUTE])
}

/// A run that mends nothing, then a retry that does: of one input all is mended, of one a part, of one nothing.
#[must_use]
pub fn retried() -> Scenario {
    let comma = |event: String| format!("{},}}", &event[..event.len() - 1]);
    let hopeless = || r#"{"event_id":7}"#.to_owned();
    Scenario::new("retried")
        .then_do(
            Task::RUN_FRAMING,
            [
                input("all", &[comma(event(1, 1, 0, 0, "a")), event(2, 2, 0, 0, "b")]),
                input("part", &[comma(event(3, 1, 1, 1, "c")), hopeless(), event(2, 1, 0, 0, "older")]),
                input("nothing", &[hopeless()]),
            ],
        )
        .then_do(Task::RETRY, [])
        .at_rest([Task::RUN_FRAMING, Task::RETRY])
}

/// Runs over several workers: fresh events, then some that come again, that are newer and lie elsewhere, that are older, and
/// damage.
#[must_use]
pub fn shared() -> Scenario {
    let damage = r#"{"event_id":7}"#.to_owned();
    Scenario::new("shared")
        .then_do(
            Task::SHARED,
            [
                input("one", &[event(1, 1, 0, 0, "old"), event(2, 2, 0, 0, "b")]),
                input("two", &[event(2, 2, 0, 0, "b"), event(3, 5, 1, 1, "c"), damage]),
            ],
        )
        .then_do(
            Task::SHARED,
            [
                input("newer", &[event(1, 2, 1, 1, "new"), event(4, 1, 0, 0, "d")]),
                input("older", &[event(3, 4, 0, 0, "late"), event(2, 2, 0, 0, "b")]),
            ],
        )
        .at_rest([Task::SHARED, Task::RUN])
}

/// All of the above.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![
        fresh(),
        redelivery(),
        newer_elsewhere(),
        older_late(),
        damaged(),
        same_name(),
        empty(),
        folded(),
        gain_and_lose(),
        back_and_forth(),
        rotated(),
        checkpointed(),
        halves(),
        parsed(),
        retried(),
        shared(),
    ]
}
