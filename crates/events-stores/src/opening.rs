//! How stores are opened.

use std::time::Duration;

use crate::requests::RequestCounter;

/// How zones are opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What is done to them.
    pub access: Access,
    /// No retry of a request to a bucket begins later than this after the first try.
    pub retry_within: Duration,
    /// Whether several runs may be at work on the table, so that a copy in a bucket must not replace what is there. Stores
    /// that keep no conditions cannot do that.
    pub is_shared: bool,
    /// Whether profiles of `~/.aws` give a region and credentials that no variable gives.
    pub reads_profiles: bool,
    /// What counts the requests to buckets.
    pub counter: RequestCounter,
}

impl Opening {
    /// For a command or a function that several may run.
    #[must_use]
    pub fn new(access: Access, retry_within: Duration) -> Self {
        Self { access, retry_within, is_shared: true, reads_profiles: false, counter: RequestCounter::default() }
    }

    /// For somebody who has set up the tools of AWS on this machine.
    #[must_use]
    pub fn with_profiles(self) -> Self {
        Self { reads_profiles: true, ..self }
    }

    /// For a run that nobody else is at work beside.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { is_shared: false, ..self }
    }
}

/// What is done to zones that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Local folders are created when they are missing.
    Write,
    /// The same, and a document in a local folder is on the disk before it has its name.
    WriteDurably,
    /// Nothing is created: a folder that is missing reads as an empty one.
    Look,
}
