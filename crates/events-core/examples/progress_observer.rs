//! A run under the eyes of another task: a line of progress each 100 ms, and an end when a condition says so.
//!
//! There are two ways to end a run, and neither loses anything:
//!
//! - `Cancel` is the polite one. The run notices it between two pieces of work, erases what it has staged, and returns
//!   `Error::Interrupted` with every input still pending. Behind its commit it goes on to its end.
//! - Dropping its future is the abrupt one, as a timeout or a `select!` does. Nothing of the run is in the table unless it
//!   has committed; what it has staged is erased, and what it has committed is finished, by the next run.
//!
//! ```sh
//! cargo run -p events-core --example progress_observer
//! ```
#![expect(clippy::disallowed_macros, reason = "an example is a program: it prints")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use events_core::run::{Cancel, Distributor, Progress, Report, Start, Zones};
use events_core::{Config, Error as RunError};
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often the observer looks.
const PERIOD: Duration = Duration::from_millis(100);
/// How many inputs there are, of 100 events each.
const INPUTS: usize = 24;

/// A lake in a store that takes its time, as one behind a network does.
struct Lake {
    store: Arc<dyn ObjectStore>,
    scratch: PathBuf,
}

impl Lake {
    async fn with_inputs(scratch: PathBuf) -> Result<Self, Box<dyn Error>> {
        let wait_get_per_call = Duration::from_millis(20);
        let slow =
            ThrottledStore::new(InMemory::new(), ThrottleConfig { wait_get_per_call, ..ThrottleConfig::default() });
        let lake = Self { store: Arc::new(slow), scratch };
        for input in 0..INPUTS {
            let event = |number| {
                let id = input * 100 + number;
                format!(r#"{{"event_id":"{id}","timestamp":{id},"domain":"card","event_type":"issued"}}"#)
            };
            let text: String = (0..100).map(event).collect();
            lake.store.put(&Path::from(format!("lake/landing/pending/{input:02}.json")), text.into()).await?;
        }
        Ok(lake)
    }

    /// A distributor that reads one input after the other, so that there is something to look at.
    fn distributor(&self) -> Result<Distributor, RunError> {
        let zones = Zones::below(&self.store, &Path::from("lake"), "memory:///lake");
        Distributor::new(zones, self.scratch.clone(), Config { threads: 1, requests_max: 1, ..Config::default() })
    }

    /// How many inputs wait, as any run would see it.
    async fn pending(&self) -> Result<usize, RunError> {
        Ok(self.distributor()?.plan().await?.inputs.len())
    }
}

fn start(run: &str) -> Result<Start, Box<dyn Error>> {
    Ok(Start { run: run.parse()?, date: "2026-11-24".parse()? })
}

fn line(progress: &Progress) -> String {
    format!(
        "{:?}: {} of {} bytes, {} records, {} of {} rows, {} of {} files",
        progress.phase(),
        progress.bytes_read(),
        progress.input_bytes(),
        progress.records(),
        progress.rows_written(),
        progress.rows_expected(),
        progress.files_published(),
        progress.files_expected()
    )
}

/// A run, a line each period, and a request to stop as soon as a condition holds. The counters cost the run nothing, and
/// whoever reads them holds nobody up.
async fn observed(
    distributor: Distributor,
    start: &Start,
    is_enough: impl Fn(&Progress) -> bool + Send + 'static,
) -> Result<Report, RunError> {
    let (progress, cancel) = (Arc::new(Progress::default()), Cancel::default());
    let distributor = distributor.with_progress(Arc::clone(&progress)).with_cancel(cancel.clone());
    let observer = tokio::spawn(async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            println!("  {}", line(&progress));
            if is_enough(&progress) {
                cancel.cancel();
            }
        }
    });
    let outcome = distributor.run(start).await;
    observer.abort();
    outcome
}

/// Whether a run has read half of what there is.
fn is_half_read(progress: &Progress) -> bool {
    progress.input_bytes() > 0 && 2 * progress.bytes_read() >= progress.input_bytes()
}

/// A run whose future is dropped as soon as it has read half of what there is; `None` when it was faster than that.
async fn dropped(distributor: Distributor, start: &Start) -> Result<Option<Report>, RunError> {
    let progress = Arc::new(Progress::default());
    let distributor = distributor.with_progress(Arc::clone(&progress));
    let half = async {
        while !is_half_read(&progress) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        report = distributor.run(start) => report.map(Some),
        () = half => Ok(None),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let lake = Lake::with_inputs(scratch.path().to_owned()).await?;

    println!("cancelled when half of the bytes are read:");
    match observed(lake.distributor()?, &start("cancelled")?, is_half_read).await {
        Err(RunError::Interrupted) => println!("interrupted: {} inputs are pending", lake.pending().await?),
        Err(error) => return Err(error.into()),
        Ok(report) => println!("it was faster: {} rows", report.totals.rows),
    }

    println!("dropped at the same place:");
    match dropped(lake.distributor()?, &start("dropped")?).await? {
        None => println!("dropped: {} inputs are pending", lake.pending().await?),
        Some(report) => println!("it was faster: {} rows", report.totals.rows),
    }

    println!("left alone:");
    let report = observed(lake.distributor()?, &start("whole")?, |_| false).await?;
    println!("{} rows, {} inputs are pending", report.totals.rows, lake.pending().await?);
    Ok(())
}

#[tokio::test]
async fn a_run_that_is_ended_either_way_leaves_every_input_pending() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let lake = Lake::with_inputs(scratch.path().to_owned()).await?;
    let outcome = observed(lake.distributor()?, &start("cancelled")?, is_half_read).await;
    assert!(matches!(outcome, Err(RunError::Interrupted)), "{outcome:?}");
    assert_eq!(lake.pending().await?, INPUTS);
    assert_eq!(dropped(lake.distributor()?, &start("dropped")?).await?, None);
    assert_eq!(lake.pending().await?, INPUTS);
    let report = observed(lake.distributor()?, &start("whole")?, |_| false).await?;
    assert_eq!((report.totals.rows, lake.pending().await?), (100 * INPUTS as u64, 0));
    Ok(())
}
