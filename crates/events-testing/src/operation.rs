//! What a runner asks of a store, one request at a time.

use std::fmt;

use object_store::PutMode;
use object_store::path::Path;

/// A request to a store.
///
/// Its [`Display`](fmt::Display) is one line of a trace: `runner 0 operation 3: put (create) a/b`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who asks: the number of its [`FaultStore`](crate::FaultStore). A process that takes the place of a dead one is
    /// another runner.
    pub runner: usize,
    /// How many operations the runner has asked for before.
    pub number: usize,
    /// What it asks for.
    pub kind: OperationKind,
    /// The object, or the prefix of a listing.
    pub path: Path,
    /// Where a copy or a rename goes.
    pub to: Option<Path>,
    /// On which condition it writes; `None` for what does not write an object.
    pub mode: Option<WriteMode>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// An object is written.
    Put,
    /// An upload in parts begins. Nothing of it is seen before it is complete.
    StartUpload,
    /// A part of an upload is sent.
    PutPart,
    /// An upload becomes an object.
    CompleteUpload,
    /// An upload is given up.
    AbortUpload,
    /// What is known of an object is read.
    Head,
    /// An object or a range of it is read.
    Get,
    /// Several ranges of an object are read.
    GetRanges,
    /// An object is deleted; of a stream of deletes each is an operation.
    Delete,
    /// Objects are listed, all at once.
    List,
    /// An object is copied.
    Copy,
    /// An object is renamed.
    Rename,
}

/// The condition of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteMode {
    /// None.
    Overwrite,
    /// There is no such object.
    Create,
    /// The object is the one that the writer knows.
    Update,
}

impl Operation {
    /// Whether it changes what the store holds.
    #[must_use]
    pub fn is_effectful(&self) -> bool {
        self.kind.is_effectful()
    }

    /// Whether it is a put that a store may refuse for its condition.
    #[must_use]
    pub fn is_conditional_put(&self) -> bool {
        self.kind == OperationKind::Put && matches!(self.mode, Some(WriteMode::Create | WriteMode::Update))
    }
}

impl OperationKind {
    /// Whether it changes what the store holds.
    #[must_use]
    pub fn is_effectful(self) -> bool {
        !matches!(self, Self::Head | Self::Get | Self::GetRanges | Self::List)
    }
}

impl From<&PutMode> for WriteMode {
    fn from(mode: &PutMode) -> Self {
        match mode {
            PutMode::Overwrite => Self::Overwrite,
            PutMode::Create => Self::Create,
            PutMode::Update(_) => Self::Update,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "runner {} operation {}: {}", self.runner, self.number, self.kind)?;
        if let Some(mode) = self.mode {
            write!(formatter, " ({mode})")?;
        }
        write!(formatter, " {}", self.path)?;
        self.to.as_ref().map_or(Ok(()), |to| write!(formatter, " to {to}"))
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Put => "put",
            Self::StartUpload => "start upload",
            Self::PutPart => "put part",
            Self::CompleteUpload => "complete upload",
            Self::AbortUpload => "abort upload",
            Self::Head => "head",
            Self::Get => "get",
            Self::GetRanges => "get ranges",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Copy => "copy",
            Self::Rename => "rename",
        })
    }
}

impl fmt::Display for WriteMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Overwrite => "overwrite",
            Self::Create => "create",
            Self::Update => "update",
        })
    }
}
