//! What lets readers end before rows leave their old places.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

/// The time that a commit gives to readers, such as a sleep that is longer than the longest scan.
///
/// While a commit is published every row is in its new place before it leaves its old one, so no reader that looks at one
/// moment misses it. A scan takes a while: one that was at the new place before the row came, and is at the old one after
/// it has gone, misses it. So a run waits between the two: all scans that began before the row came are over when it goes.
///
/// A commit waits once, if rows move in it, and not at all if it only adds. It waits twice if files lose rows and, in other
/// partitions, files take the place of others, because the new rows come with the latter.
#[derive(Clone)]
pub struct Grace(Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>);

impl Grace {
    /// A grace that is `wait`. Its future is awaited in the runtime of whoever awaits the run.
    #[must_use]
    pub fn new<F: Future<Output = ()> + Send + 'static>(wait: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::pin(wait())))
    }

    pub(crate) async fn pass(grace: Option<&Self>) {
        if let Some(Self(wait)) = grace {
            wait().await;
        }
    }
}

impl fmt::Debug for Grace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Grace")
    }
}
