//! What people call the things that reports name by identifiers.

use events_core::run::{Fate, Job, Part, Phase};
use events_core::table::Duplicate;

/// A phase of a run.
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Plan => "plan",
        Phase::Parse => "parse",
        Phase::Deduplicate => "deduplicate",
        Phase::Write => "write",
        Phase::Publish => "publish",
        Phase::Move => "move",
        Phase::Erase => "erase",
    }
}

/// What a thread does with its time.
pub(crate) fn part(part: Part) -> &'static str {
    match part {
        Part::Read => "cut and decompress",
        Part::Decode => "frame, repair, decode",
        Part::Exchange => "exchange rows",
        Part::Deduplicate => "find duplicates",
        Part::Index => "index",
        Part::Sort => "sort",
        Part::Encode => "encode",
        Part::Store => "wait for a store",
        Part::Wait => "wait for a thread",
        Part::Other => "other",
    }
}

/// A job.
pub(crate) fn job(job: Job) -> &'static str {
    match job {
        Job::Run => "run",
        Job::Retry => "retry",
        Job::Reprocess => "reprocess",
        Job::Compact => "compact",
        Job::Rebuild => "rebuild",
        Job::Parse => "parse",
        Job::Distribute => "distribute",
    }
}

/// How a row that was dropped relates to the one that stayed.
pub(crate) fn duplicate(duplicate: Duplicate) -> &'static str {
    match duplicate {
        Duplicate::Exact => "exact",
        Duplicate::OtherTime => "other time",
        Duplicate::OtherContent => "same time, other content",
    }
}

/// What became of a record.
pub(crate) fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Row => "the row",
        Fate::Exact => "exact duplicate",
        Fate::OtherTime => "other time",
        Fate::OtherContent => "same time, other content",
        Fate::Pending => "pending",
        Fate::NoRow => "no row",
    }
}
