//! Inputs that this program has a bug about: whoever reads one panics.
//!
//! The thread that parses an input is the one that panics of it, so it is known which input it was. What came of it before
//! cannot be taken back out of the exchange; so the job begins again, and its next attempt does not read that input but
//! puts a reject in its place. No other input has to wait until the bug is mended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::plan::Input;
use super::remote::panicked;
use crate::error::Result;

/// The inputs that attempts of a job have panicked of.
#[derive(Debug, Default)]
pub(crate) struct Poison(Mutex<Vec<Input>>);

impl Poison {
    /// More than this many, and it is not the inputs: each costs another attempt.
    pub(crate) const INPUTS_MAX: usize = 8;

    /// What a reject says in the place of an input.
    pub(crate) const DETAIL: &str = "whoever reads the input meets a bug of this program";

    /// Works on an input, and notes it when the work panics.
    ///
    /// # Errors
    /// The work's, or [`Error::Panic`](crate::Error::Panic): then nothing of this attempt can be used.
    pub(crate) fn guard<T>(&self, input: &Input, work: impl FnOnce() -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let mut inputs = self.inputs();
            // Several threads may be at pieces of it.
            if !inputs.contains(input) {
                inputs.push(input.clone());
            }
            Err(panicked(&*panic))
        })
    }

    /// Whether an earlier attempt has panicked of this version of an input.
    pub(crate) fn has(&self, input: &Input) -> bool {
        self.inputs().contains(input)
    }

    pub(crate) fn len(&self) -> usize {
        self.inputs().len()
    }

    fn inputs(&self) -> MutexGuard<'_, Vec<Input>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bug that the tests of this module plant: the parser panics of a piece of input with these bytes.
#[cfg(test)]
pub(crate) fn planted_bug(bytes: &[u8]) {
    assert!(memchr::memmem::find(bytes, b"\"planted bug\"").is_none(), "planted");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::NaiveDate;
    use futures::TryStreamExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::*;
    use crate::config::Config;
    use crate::error::Error;
    use crate::event::Reason;
    use crate::run::{DateRange, Distributor, RejectFilter, Report, Start, Zones};

    fn event(id: usize, data: &str) -> String {
        format!(
            r#"{{"event_id":"{id}","timestamp":"2026-01-01T00:00:00Z","domain":"d","event_type":"t","data":{data}}}"#
        )
    }

    struct Lake {
        store: Arc<dyn ObjectStore>,
        scratch: tempfile::TempDir,
    }

    impl Lake {
        async fn of(inputs: &[(&str, String)]) -> Self {
            let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            for (key, text) in inputs {
                let path = Path::parse(format!("lake/landing/pending/{key}")).unwrap();
                store.put(&path, text.clone().into_bytes().into()).await.unwrap();
            }
            Self { store, scratch: tempfile::tempdir().unwrap() }
        }

        fn distributor(&self) -> Distributor {
            let zones = Zones::below(&self.store, &Path::from("lake"), "memory:///lake");
            // Pieces of an input reach the exchange before the one that is poison.
            let config = Config { threads: 2, memory_bytes: 8 << 20, ..Config::default() };
            Distributor::new(zones, self.scratch.path().to_owned(), config).unwrap()
        }

        async fn list(&self, folder: &str) -> Vec<String> {
            let prefix = Path::parse(format!("lake/{folder}")).unwrap();
            let objects: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.unwrap();
            let mut names: Vec<_> = objects.iter().map(|object| object.location.to_string()).collect();
            names.sort();
            names.iter().map(|name| name[format!("lake/{folder}/").len()..].to_owned()).collect()
        }
    }

    fn start(run: &str) -> Start {
        Start { run: run.parse().unwrap(), date: NaiveDate::from_ymd_opt(2026, 1, 2).unwrap() }
    }

    /// Some pieces of events, and then one that is poison.
    fn poison(from: usize) -> String {
        let events: String = (from..from + 10_000).map(|id| event(id, "{}") + "\n").collect();
        events + &event(from, r#""planted bug""#)
    }

    fn poisoned(report: &Report) -> u64 {
        report.totals.rejects.get(&Reason::Poison).copied().unwrap_or_default()
    }

    #[tokio::test]
    async fn an_input_that_the_parser_panics_of_is_a_reject_and_the_others_proceed() {
        let inputs = [("a", event(1, "1")), ("b", poison(10)), ("c", event(2, "2")), ("d", poison(20_000))];
        for halves in [false, true] {
            let lake = Lake::of(&inputs).await;
            let distributor = lake.distributor();
            let report = if halves {
                let report = distributor.parse(&start("r")).await.unwrap();
                assert_eq!(distributor.distribute(&start("r")).await.unwrap().totals.rows, 2);
                report
            } else {
                distributor.run(&start("r")).await.unwrap()
            };
            assert_eq!((report.totals.records, report.totals.events, poisoned(&report)), (4, 2, 2));
            assert_eq!(lake.list("landing/pending").await, [""; 0]);
            assert_eq!(lake.list("stage").await, [""; 0], "nothing is left of the attempts");
            // As it came, like what is damaged where it is compressed.
            assert_eq!(
                lake.list("landing/processed").await,
                ["a", "b", "c", "d"].map(|key| format!("date=2026-01-02/{key}"))
            );
            let mut lines = Vec::new();
            let note = |_: &Input, line: &crate::run::RejectLine<'_>| {
                lines.push((line.source.to_string(), line.length, line.reason, line.detail.to_string()));
            };
            distributor.rejects(&RejectFilter::default(), note).await.unwrap();
            let line = |key: &str| (key.to_owned(), 0, Reason::Poison, Poison::DETAIL.to_owned());
            assert_eq!(lines, [line("b"), line("d")]);
            // There are no bytes to try again; the input is read again from `processed`, here with the bug as it was.
            let retried = distributor.retry(&start("retry"), &RejectFilter::default()).await.unwrap();
            assert_eq!((retried.commit, poisoned(&retried)), (None, 2));
            let dates = DateRange { first: start("r").date, last: start("r").date };
            let again = distributor.reprocess(&start("again"), dates).await.unwrap();
            assert_eq!((again.commit, again.totals.rows, poisoned(&again)), (None, 0, 2));
        }
    }

    #[tokio::test]
    async fn a_program_that_panics_of_every_input_is_to_blame_itself() {
        let lake = Lake::of(&[("a", poison(0)), ("b", poison(0))]).await;
        let error = lake.distributor().run(&start("r")).await.unwrap_err();
        assert!(matches!(error, Error::Panic { .. }), "{error}");
        assert_eq!(lake.list("landing/pending").await, ["a", "b"]);
        assert_eq!(lake.list("stage").await, [""; 0]);
    }

    #[tokio::test]
    async fn a_program_that_panics_of_many_inputs_is_to_blame_itself() {
        let keys: Vec<String> = (0..=3 * Poison::INPUTS_MAX).map(|number| format!("{number:02}")).collect();
        let inputs: Vec<_> = keys.iter().map(|key| (key.as_str(), poison(0))).collect();
        let lake = Lake::of(&inputs).await;
        let error = lake.distributor().run(&start("r")).await.unwrap_err();
        assert!(matches!(error, Error::Panic { .. }), "{error}");
        assert_eq!(lake.list("landing/pending").await, keys);
        assert_eq!(lake.list("stage").await, [""; 0]);
    }
}
