//! What everything in a run shares.

use std::sync::Arc;

use super::barrier::Barrier;
use super::exchange::{Exchange, Overflow, Scratch, ScratchFile, Spool, Spread, StageLanes, StageWhat};
use super::expected::Expected;
use super::grace::Grace;
use super::layout::RunId;
use super::plan::{DateRange, InputsMax};
use super::poison::Poison;
use super::profile::{Profile, watched};
use super::progress::Progress;
use super::rejects::RejectFilter;
use super::remote::{Remote, on_threads};
use super::start::Start;
use super::stop::Stop;
use super::writers::Writers;
use super::zone::Zones;
use crate::config::Config;
use crate::error::Result;
use crate::table::Kinds;

/// A run under way.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) zones: Zones,
    pub(crate) writers: Writers,
    pub(crate) barrier: Option<Barrier>,
    pub(crate) grace: Option<Grace>,
    pub(crate) start: Start,
    /// The name of the run's folder in the stage zone: another for each of its tries, and for the halves of a job.
    pub(crate) stage: RunId,
    /// Of rejects that are tried again: which.
    pub(crate) filter: RejectFilter,
    /// Of inputs that are processed again: which.
    pub(crate) dates: Option<DateRange>,
    /// Of inputs that are pending: how many.
    pub(crate) inputs_max: Option<InputsMax>,
    /// What the run is to find and to decide, or else to do nothing.
    pub(crate) expected: Option<Arc<Expected>>,
    /// The inputs that earlier attempts have panicked of.
    pub(crate) poison: Arc<Poison>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) progress: Arc<Progress>,
    /// Where the time of threads goes; `None` without a clock.
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) scratch: Arc<Scratch>,
    pub(crate) kinds: Arc<Kinds>,
}

/// The part of the memory that rows have until they overflow: one of so many.
const ROWS_SHARE: usize = 8;

/// That of keys.
const KEYS_SHARE: usize = 16;

/// The longest range that is read at once. Larger ones are not faster, and several are held for every thread.
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Rows of a lane are found by 32 bits. Blocks of a lane may be a little larger than it was meant to be.
const LANE_BYTES_MAX: usize = 2 << 30;

impl Context {
    /// [`on_threads`], with a watch on each.
    pub(crate) async fn on_threads<T, F>(&self, threads: usize, work: F) -> Result<Vec<T>>
    where
        T: Send + 'static,
        F: Fn(&Remote) -> Result<T> + Send + Sync + 'static,
    {
        let (profile, phase) = (self.profile.clone(), self.progress.phase());
        on_threads(threads, &self.stop, move |remote| watched(profile.as_ref(), phase, || work(remote))).await
    }

    /// What a thread may hold of a lane while it writes partitions. The threads together take half the memory; rows that
    /// have not overflowed, and encoders, take the rest.
    pub(crate) fn lane_bytes_max(&self) -> usize {
        (self.config.memory_bytes / (2 * self.config.threads)).min(LANE_BYTES_MAX)
    }

    /// Requests that are in flight while nothing else is done.
    pub(crate) fn requests(&self) -> usize {
        8 * self.config.requests_max
    }

    /// The bytes of an input that a thread parses at once.
    pub(crate) fn chunk_bytes(&self) -> usize {
        (self.config.memory_bytes / (16 * self.config.threads)).clamp(16 << 10, CHUNK_BYTES_MAX)
    }

    pub(crate) fn scratch_spool(&self, lanes: usize, share: usize) -> Spool {
        let file = ScratchFile::new(Arc::clone(&self.scratch));
        Spool::new(lanes, self.config.memory_bytes / share, Overflow::Scratch(file))
    }

    /// An exchange that lives in this process.
    pub(crate) fn scratch_exchange(&self, input_bytes: u64) -> Exchange {
        let share = |share: usize| self.config.memory_bytes / share;
        let spread = Spread::of(input_bytes, self.lane_bytes_max(), share(ROWS_SHARE), share(KEYS_SHARE));
        let rows = self.scratch_spool(spread.buckets, ROWS_SHARE);
        let keys = self.scratch_spool(spread.shards, KEYS_SHARE);
        Exchange { rows, keys, spread }
    }

    /// An exchange that lives in the stage zone. `together`: its lanes share objects.
    pub(crate) fn stage_exchange(&self, spread: Spread, together: bool) -> Exchange {
        let spool = |lanes, share, what| {
            Spool::new(lanes, self.config.memory_bytes / share, Overflow::Stage(self.lanes(what, together)))
        };
        Exchange {
            rows: spool(spread.buckets, 2, StageWhat::Rows),
            keys: spool(spread.shards, 8, StageWhat::Keys),
            spread,
        }
    }

    /// Lanes of stages that others have written.
    pub(crate) fn stage_lanes(&self, what: StageWhat) -> StageLanes {
        self.lanes(what, false)
    }

    fn lanes(&self, what: StageWhat, together: bool) -> StageLanes {
        StageLanes::new(self.zones.stage.clone(), self.stage.clone(), what, Arc::clone(&self.kinds), together)
    }
}
