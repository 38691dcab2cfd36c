//! What the runners of a test share: who decides about faults and turns, what is late, and the trace.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use object_store::{Error, ObjectStore, Result};

use crate::fault::{Director, Fault};
use crate::operation::{Operation, OperationKind};
use crate::schedule::{Schedule, Waiting};
use crate::store::FaultStore;
use crate::trace::{Moment, Trace};

/// Looks at what the store holds after each change, when nothing is under way. What it says is wrong stops everything.
pub type Observer = Box<dyn FnMut() -> Result<(), String> + Send>;

/// After so many operations something goes in circles: the longest honest simulation has some thousands.
const OPERATIONS_MAX: usize = 200_000;

/// Decides what becomes of every operation of every [`FaultStore`] that it makes.
///
/// Each store is a *runner*: a process that may die and then never comes back. Whoever takes its place is given a new
/// store.
pub struct Faults {
    state: Mutex<State>,
    /// By seat.
    turns: Vec<Condvar>,
    /// A seat waits or is done.
    seated: Condvar,
}

struct State {
    director: Box<dyn Director>,
    observer: Option<Observer>,
    /// Something has changed since the observer looked.
    changed: bool,
    runners: Vec<Runner>,
    late: VecDeque<Late>,
    trace: Vec<Moment>,
    operations: usize,
    /// Why nothing goes on any more.
    stopped: Option<String>,
    schedule: Option<Box<dyn Schedule>>,
    seats: Vec<Seating>,
    /// The seat that may go on and has not yet.
    turn: Option<usize>,
}

#[derive(Default)]
struct Runner {
    operations: usize,
    dead: bool,
    /// Operations that fail some more times.
    failing: Vec<(OperationKind, object_store::path::Path, u32)>,
}

/// An effect that is still to come.
struct Late {
    operation: Operation,
    /// The operations that still begin before; `None` when only [`Faults::settle`] brings it about.
    after: Option<u32>,
    effect: BoxFuture<'static, ()>,
}

/// What someone with a turn is doing.
enum Seating {
    Busy,
    Waits(Operation),
    Done,
}

/// An operation whose turn it is.
pub(crate) struct Begun {
    pub(crate) operation: Operation,
    pub(crate) fault: Fault,
}

impl Faults {
    /// Faults as a director decides, with nothing to say about whose turn it is.
    #[must_use]
    pub fn new(director: impl Director + 'static) -> Arc<Self> {
        Self::with(Box::new(director), None, 0)
    }

    pub(crate) fn with(director: Box<dyn Director>, schedule: Option<Box<dyn Schedule>>, seats: usize) -> Arc<Self> {
        let state = State {
            director,
            observer: None,
            changed: true,
            runners: Vec::new(),
            late: VecDeque::new(),
            trace: Vec::new(),
            operations: 0,
            stopped: None,
            schedule,
            seats: (0..seats).map(|_| Seating::Busy).collect(),
            turn: None,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            turns: (0..seats).map(|_| Condvar::new()).collect(),
            seated: Condvar::new(),
        })
    }

    /// Has someone look after each change. It is called with everything locked: it may read the store below, not one of
    /// the runners'.
    pub fn observe(&self, observer: impl FnMut() -> Result<(), String> + Send + 'static) {
        self.lock().observer = Some(Box::new(observer));
    }

    /// The store of a new runner. The runners of one table are given the same inner store.
    #[must_use]
    pub fn store(self: &Arc<Self>, inner: &Arc<dyn ObjectStore>) -> FaultStore {
        self.store_at(inner, None)
    }

    pub(crate) fn store_at(self: &Arc<Self>, inner: &Arc<dyn ObjectStore>, seat: Option<usize>) -> FaultStore {
        let mut state = self.lock();
        state.runners.push(Runner::default());
        FaultStore::new(Arc::clone(inner), Arc::clone(self), state.runners.len() - 1, seat)
    }

    /// Brings about everything that is late.
    ///
    /// # Errors
    /// What an observer says is wrong.
    pub async fn settle(&self) -> Result<(), String> {
        loop {
            let late = self.lock().late.pop_front();
            let Some(late) = late else { break };
            self.land(late).await;
        }
        self.look()
    }

    /// Whether an effect is still to come.
    #[must_use]
    pub fn is_anything_late(&self) -> bool {
        !self.lock().late.is_empty()
    }

    /// Has the observer look now, if something has changed since it did.
    ///
    /// # Errors
    /// What it says is wrong, now or before.
    pub fn look(&self) -> Result<(), String> {
        let mut state = self.lock();
        state.look();
        state.stopped.clone().map_or(Ok(()), Err)
    }

    /// Tells something to whoever reads the trace.
    pub fn note(&self, note: impl Into<String>) {
        self.lock().trace.push(Moment::Note(note.into()));
    }

    /// What has happened so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace(self.lock().trace.clone())
    }

    pub(crate) fn is_dead(&self, runner: usize) -> bool {
        self.lock().runners[runner].dead
    }

    pub(crate) fn kill(&self, runner: usize) {
        self.lock().runners[runner].dead = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An operation begins: waits for its turn, brings about what is due, and learns what is to become of it.
    pub(crate) async fn begin(&self, mut operation: Operation, seat: Option<usize>) -> Result<Begun> {
        self.take_turn(&mut operation, seat)?;
        loop {
            let due = self.lock().due();
            let Some(late) = due else { break };
            self.land(late).await;
            self.look().map_err(|_| refused(STOPPED))?;
        }
        let mut state = self.lock();
        let fault = state.decide(&operation);
        state.trace.push(Moment::Operation(operation.clone(), fault));
        state.changed |= operation.is_effectful();
        if fault == Fault::CrashBefore {
            state.runners[operation.runner].dead = true;
        }
        Ok(Begun { operation, fault })
    }

    pub(crate) fn delay(&self, operation: Operation, operations: u32, effect: BoxFuture<'static, ()>) {
        let after = (operations != Fault::TO_THE_END).then_some(operations);
        self.lock().late.push_back(Late { operation, after, effect });
    }

    async fn land(&self, late: Late) {
        late.effect.await;
        let mut state = self.lock();
        state.trace.push(Moment::Landed(late.operation));
        state.changed = true;
    }

    /// Blocks the thread until the seat may go on.
    fn take_turn(&self, operation: &mut Operation, seat: Option<usize>) -> Result<()> {
        let mut state = self.lock();
        let runner = &mut state.runners[operation.runner];
        if runner.dead {
            return Err(refused(DEAD));
        }
        operation.number = runner.operations;
        runner.operations += 1;
        if let Some(seat) = seat {
            state.seats[seat] = Seating::Waits(operation.clone());
            self.seated.notify_all();
            self.pass_turn(&mut state);
            while state.turn != Some(seat) && state.stopped.is_none() {
                state = self.turns[seat].wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.turn = None;
            state.seats[seat] = Seating::Busy;
        } else {
            state.look();
        }
        state.operations += 1;
        if state.operations > OPERATIONS_MAX && state.stopped.is_none() {
            state.stopped = Some(format!("more than {OPERATIONS_MAX} operations: something goes in circles"));
        }
        if state.stopped.is_some() { Err(refused(STOPPED)) } else { Ok(()) }
    }

    /// The seat is done.
    pub(crate) fn leave(&self, seat: usize) {
        let mut state = self.lock();
        state.seats[seat] = Seating::Done;
        self.seated.notify_all();
        self.pass_turn(&mut state);
    }

    /// Blocks until the actor of a seat waits for its first turn or is done.
    pub(crate) fn wait_until_seated(&self, seat: usize) {
        let busy = |state: &mut State| matches!(state.seats[seat], Seating::Busy) && state.turn.is_none();
        drop(self.seated.wait_while(self.lock(), busy).unwrap_or_else(PoisonError::into_inner));
    }

    /// Once all wait or are done, lets one of them go on.
    fn pass_turn(&self, state: &mut State) {
        if state.turn.is_some() || state.seats.iter().any(|seat| matches!(seat, Seating::Busy)) {
            return;
        }
        state.look();
        if state.stopped.is_some() {
            self.turns.iter().for_each(Condvar::notify_all);
            return;
        }
        let mut waiting = Vec::with_capacity(state.seats.len());
        for (seat, seating) in state.seats.iter().enumerate() {
            if let Seating::Waits(operation) = seating {
                waiting.push(Waiting { seat, operation });
            }
        }
        if waiting.is_empty() {
            return;
        }
        let next = state.schedule.as_mut().map_or(0, |schedule| schedule.next(&waiting));
        let seat = waiting[next].seat;
        state.turn = Some(seat);
        self.turns[seat].notify_all();
    }
}

impl State {
    fn look(&mut self) {
        if !std::mem::take(&mut self.changed) || self.stopped.is_some() {
            return;
        }
        if let Some(observer) = &mut self.observer {
            self.stopped = observer().err();
        }
    }

    /// What is late and due before an operation; counts the operation the first time that nothing is.
    fn due(&mut self) -> Option<Late> {
        if let Some(index) = self.late.iter().position(|late| late.after == Some(0)) {
            return self.late.remove(index);
        }
        self.late.iter_mut().filter_map(|late| late.after.as_mut()).for_each(|after| *after -= 1);
        None
    }

    fn decide(&mut self, operation: &Operation) -> Fault {
        let failing = &mut self.runners[operation.runner].failing;
        let same = |(kind, path, _): &(_, _, _)| *kind == operation.kind && *path == operation.path;
        if let Some(index) = failing.iter().position(same) {
            let times = failing[index].2;
            failing[index].2 -= 1;
            if times == 1 {
                failing.swap_remove(index);
            }
            return Fault::Error { times };
        }
        let fault = self.director.decide(operation).on(operation);
        if let Fault::Error { times: times @ 2.. } = fault {
            failing.push((operation.kind, operation.path.clone(), times - 1));
        }
        fault
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let mut debug = formatter.debug_struct("Faults");
        debug.field("runners", &state.runners.len()).field("operations", &state.operations);
        debug.field("late", &state.late.len()).field("stopped", &state.stopped).finish_non_exhaustive()
    }
}

pub(crate) const DEAD: &str = "the process is dead";
pub(crate) const STOPPED: &str = "the simulation has stopped";

/// The error of a request that nobody answers.
pub(crate) fn refused(why: &'static str) -> Error {
    Error::Generic { store: "FaultStore", source: why.into() }
}
