//! Runs: inputs in a landing zone become rows of a table in a trusted zone.
//!
//! [`Distributor`] is the way in. It decides in values (a [`Plan`], a ledger, an entry of the table's log) and acts on
//! stores in one order; see its module for the order and [`Report`] for what comes out.

mod barrier;
mod context;
mod control;
mod crew;
mod distributor;
mod exchange;
mod expected;
mod feed;
mod files;
mod grace;
mod history;
mod inspect;
mod intake;
mod layout;
mod ledger;
mod losers;
mod maintain;
mod merge;
mod outputs;
mod parse;
mod phases;
mod plan;
mod poison;
mod probe;
mod profile;
mod progress;
mod quarantine;
mod ranges;
mod rebuild;
mod redo;
mod rejects;
mod remote;
mod report;
mod search;
mod stage;
mod staging;
mod start;
mod state;
mod stop;
mod trace;
mod upload;
mod work;

mod write;
mod writers;
mod zone;

pub use barrier::Barrier;
pub use control::{Holder, Lease};
pub use distributor::{Distributor, Partitions};
pub use expected::{Decision, Expected, Outcome, Written};
pub use grace::Grace;
pub use history::PastRun;
pub use inspect::{
    Census, Contents, DistinctIds, FileOverview, INSPECT_VERSION, InputCensus, InputContents, InputsReport,
    KindContents, KindOverview, KindSample, PartitionOverview, RejectSample, Sampling, Span, TableOverview,
    TableSample, Warning, iso_time,
};
pub use layout::RunId;
pub use plan::{DateRange, Input, InputsMax, Place, Plan, RefusedKey};
pub use probe::Probe;
pub use progress::Progress;
pub use rejects::{RejectFilter, RejectLine};
pub use report::{
    Counts, InputReport, Job, Part, PartitionReport, Phase, PhaseReport, REPORT_VERSION, Report, SampledRepair,
};
pub use start::Start;
pub use state::TableState;
pub use stop::Cancel;
pub use trace::{Fate, Trace, TracedCommit, TracedRecord, TracedReject, TracedRow};
pub use work::{Claim, OpenItem, Prepared, PreparedPhase, SharedRun, Split, WorkItem, WorkPhase, Worked};
pub use writers::Writers;
pub use zone::{Zone, Zones};
