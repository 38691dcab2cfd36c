//! What happened, for people.

use std::fmt;

use crate::fault::Fault;
use crate::operation::Operation;

/// Everything that happened to a store, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace(pub Vec<Moment>);

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// An operation, and what became of it.
    Operation(Operation, Fault),
    /// A delayed operation took effect.
    Landed(Operation),
    /// Something that is told to whoever reads the trace.
    Note(String),
}

impl Trace {
    /// The operations of a runner and what became of them.
    pub fn of_runner(&self, runner: usize) -> impl Iterator<Item = (&Operation, Fault)> {
        self.0.iter().filter_map(move |moment| match moment {
            Moment::Operation(operation, fault) if operation.runner == runner => Some((operation, *fault)),
            _ => None,
        })
    }
}

impl fmt::Display for Trace {
    /// Numbered lines.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(number, moment)| writeln!(formatter, "{number:5}  {moment}"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation, Fault::None) => write!(formatter, "{operation}"),
            Self::Operation(operation, fault) => write!(formatter, "{operation}  <-- {fault}"),
            Self::Landed(operation) => write!(formatter, "landed late: {operation}"),
            Self::Note(note) => write!(formatter, "- {note}"),
        }
    }
}
