//! Threads that compute, beside the one task that waits for stores.
//!
//! A thread hands over the future of a store call and gets a [`Ticket`]; the task that called [`on_threads`] polls all
//! such futures in its own context, so whatever runtime the store needs is the caller's. Nothing computes on that task,
//! and no thread ever polls a store.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use futures::channel::{mpsc, oneshot};
use futures::executor::block_on;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::profile::spend;
use super::report::Part;
use super::stop::Stop;
use crate::error::{Error, Result};

/// A thread's way to the store.
#[derive(Clone)]
pub(crate) struct Remote {
    calls: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
}

/// The answer to a store call that is under way.
pub(crate) struct Ticket<T>(oneshot::Receiver<Result<T>>);

impl Remote {
    /// Starts a store call.
    pub(crate) fn start<T: Send + 'static>(&self, call: impl Future<Output = Result<T>> + Send + 'static) -> Ticket<T> {
        let (answer, ticket) = oneshot::channel();
        let call = call.map(|result| {
            // A thread that failed meanwhile does not wait for the answer.
            let _ = answer.send(result);
        });
        // A closed channel drops the call, and the ticket says so.
        let _ = self.calls.unbounded_send(call.boxed());
        Ticket(ticket)
    }
}

impl<T> Ticket<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// The call's, or [`Error::Interrupted`] when the task is gone.
    pub(crate) fn wait(self) -> Result<T> {
        let _waiting = spend(Part::Store);
        block_on(self.0).unwrap_or(Err(Error::Interrupted))
    }
}

/// Tells threads to stop when the task that they need is gone before they have ended: its future was dropped.
struct Bereft<'a> {
    stop: &'a Stop,
    ended: bool,
}

impl Drop for Bereft<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.stop.fail();
        }
    }
}

/// Runs `work` on that many threads and the store calls they start on this task. The results are in no order.
///
/// When the future is dropped, calls under way are too, and the threads end at their next piece of work or store call.
///
/// # Errors
/// The first error of a thread. The others are told through `stop` and end with [`Error::Interrupted`].
pub(crate) async fn on_threads<T, F>(threads: usize, stop: &Arc<Stop>, work: F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Fn(&Remote) -> Result<T> + Send + Sync + 'static,
{
    let (calls, mut started) = mpsc::unbounded();
    let (ended, mut results) = mpsc::unbounded();
    let work = Arc::new(work);
    let mut handles = Vec::with_capacity(threads);
    for _ in 0..threads {
        let (work, ended, remote) = (Arc::clone(&work), ended.clone(), Remote { calls: calls.clone() });
        let stop = Arc::clone(stop);
        handles.push(thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&remote)));
            if !matches!(result, Ok(Ok(_))) {
                stop.fail();
            }
            // What the threads share is dropped before the last result arrives: scratch files are gone when it does.
            drop(work);
            let _ = ended.unbounded_send(result.unwrap_or_else(|panic| Err(panicked(&*panic))));
        }));
    }
    drop((work, calls, ended));
    let mut bereft = Bereft { stop, ended: false };
    let mut under_way = FuturesUnordered::new();
    let mut all = Vec::with_capacity(threads);
    let mut first_error = None;
    loop {
        // In this order, so that a call that was started before a thread failed is always made: what a run asks of a store
        // is then the same each time.
        futures::select_biased! {
            call = started.select_next_some() => under_way.push(call),
            () = under_way.select_next_some() => {}
            result = results.next() => match result {
                Some(Ok(result)) => all.push(result),
                // An interruption follows from the error of another thread, or is the only one.
                Some(Err(error)) => match first_error {
                    None | Some(Error::Interrupted) => first_error = Some(error),
                    Some(_) => {}
                },
                None => break,
            },
        }
    }
    bereft.ended = true;
    // A call that a failed thread no longer waits for may still take effect: what follows must find it done.
    while under_way.next().await.is_some() {}
    // They have nothing left to do, and a process that ends meanwhile would end them in the middle of it.
    for handle in handles {
        // What a thread panicked of has arrived.
        let _ = handle.join();
    }
    first_error.map_or(Ok(all), Err)
}

/// The error of a thread that panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
    Error::Panic { message }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn threads_end_when_their_task_is_gone() {
        let stop = Arc::new(Stop::default());
        let (ended, threads) = std::sync::mpsc::channel();
        let seen = Arc::clone(&stop);
        let work = move |_: &Remote| -> Result<()> {
            while seen.check().is_ok() {
                thread::yield_now();
            }
            ended.send(()).map_err(|_| Error::Interrupted)
        };
        let mut task = Box::pin(on_threads(2, &stop, work));
        assert!(matches!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        assert!(stop.check().is_ok());
        drop(task);
        assert!(stop.check().is_err());
        assert_eq!(threads.iter().count(), 2);
    }
}
