//! What a store does wrong with an operation, and who says so.

use std::fmt;

use crate::operation::Operation;

/// What becomes of an operation.
///
/// | fault | effect | answer |
/// |---|---|---|
/// | [`None`](Fault::None) | now | the store's |
/// | [`CrashBefore`](Fault::CrashBefore) | none | an error, and so on every later operation of the runner |
/// | [`CrashAfter`](Fault::CrashAfter) | now | the same |
/// | [`Error`](Fault::Error) | none | an error, again until its times are used up |
/// | [`LostAnswer`](Fault::LostAnswer) | now | an error |
/// | [`OwnWriteRefused`](Fault::OwnWriteRefused) | now | the condition does not hold |
/// | [`SpuriousConflict`](Fault::SpuriousConflict) | none | the condition does not hold |
/// | [`Delayed`](Fault::Delayed) | later | an error |
///
/// "The condition does not hold" is `AlreadyExists` for a put that creates and `Precondition` for one that updates. For
/// anything else an own write refused is a lost answer, and a spurious conflict an error. Reads have no effect: what is
/// lost or late of them is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Fault {
    /// Nothing is wrong.
    #[default]
    None,
    /// The process dies before the request is sent.
    CrashBefore,
    /// The process dies before it sees the answer.
    CrashAfter,
    /// The store is not available. The runner's next operations of the same kind on the same path fail as well.
    Error {
        /// How often it fails, at least once.
        times: u32,
    },
    /// The store did it, and the answer did not arrive.
    LostAnswer,
    /// The store did it, the answer did not arrive, and the client sent the request again by itself: what S3 then says.
    OwnWriteRefused,
    /// The store refuses a write for no reason: S3 does when a delete of the same object wins at the same time.
    SpuriousConflict,
    /// The request waits somewhere and takes effect when the runner has given up on it, or is dead. Its condition is held
    /// against what the store holds then.
    Delayed {
        /// How many more operations, of any runner, begin before. [`Fault::TO_THE_END`]: not until
        /// [`Faults::settle`](crate::Faults::settle).
        operations: u32,
    },
}

/// Decides what becomes of each operation, in the order in which they happen.
pub trait Director: Send {
    /// What becomes of an operation that is about to happen.
    fn decide(&mut self, operation: &Operation) -> Fault;
}

impl<F: FnMut(&Operation) -> Fault + Send> Director for F {
    fn decide(&mut self, operation: &Operation) -> Fault {
        self(operation)
    }
}

impl Fault {
    /// The delay of what waits until everything has come to rest.
    pub const TO_THE_END: u32 = u32::MAX;

    /// One of each, with the times and delays that a matrix of faults tries: an error that goes away at once and one that
    /// outlives retries; an effect that comes at once, one in the middle of what follows and one at the end.
    pub const EACH: [Self; 10] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Error { times: 1 },
        Self::Error { times: 4 },
        Self::LostAnswer,
        Self::OwnWriteRefused,
        Self::SpuriousConflict,
        Self::Delayed { operations: 1 },
        Self::Delayed { operations: 25 },
        Self::Delayed { operations: Self::TO_THE_END },
    ];

    /// What a folder on a disk does wrong. It says that a name is taken only when it is, and nothing of it comes late.
    pub const EACH_OF_A_DISK: [Self; 5] =
        [Self::CrashBefore, Self::CrashAfter, Self::Error { times: 1 }, Self::Error { times: 4 }, Self::LostAnswer];

    /// What the fault means for an operation.
    #[must_use]
    pub fn on(self, operation: &Operation) -> Self {
        let effectful = operation.is_effectful();
        match self {
            Self::LostAnswer | Self::OwnWriteRefused | Self::Delayed { .. } if !effectful => Self::Error { times: 1 },
            Self::SpuriousConflict if !operation.is_conditional_put() => Self::Error { times: 1 },
            Self::OwnWriteRefused if !operation.is_conditional_put() => Self::LostAnswer,
            fault => fault,
        }
    }

    /// Whether the fault does to an operation what no other does. A crash after a read is a crash before what follows.
    #[must_use]
    pub fn is_distinct_on(self, operation: &Operation) -> bool {
        self.on(operation) == self && (self != Self::CrashAfter || operation.is_effectful())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("no fault"),
            Self::CrashBefore => formatter.write_str("crash before"),
            Self::CrashAfter => formatter.write_str("crash after"),
            Self::Error { times } => write!(formatter, "error, {times} times"),
            Self::LostAnswer => formatter.write_str("lost answer"),
            Self::OwnWriteRefused => formatter.write_str("own write refused"),
            Self::SpuriousConflict => formatter.write_str("spurious conflict"),
            Self::Delayed { operations: Self::TO_THE_END } => formatter.write_str("delayed to the end"),
            Self::Delayed { operations } => write!(formatter, "delayed by {operations} operations"),
        }
    }
}
