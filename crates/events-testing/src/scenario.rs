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

use crate::oracle::Input;

/// Inputs and runs.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What traces call it.
    pub name: &'static str,
    /// For each run the inputs that are put before it.
    pub steps: Vec<Vec<Input>>,
}

impl Scenario {
    /// A scenario without steps.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new() }
    }

    /// Adds inputs and a run.
    #[must_use]
    pub fn then(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.steps.push(inputs.into_iter().collect());
        self
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

/// All of the above.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![fresh(), redelivery(), newer_elsewhere(), older_late(), damaged(), same_name(), empty()]
}
