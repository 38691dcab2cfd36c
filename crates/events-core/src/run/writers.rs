//! Who else may write to the table meanwhile.

/// Whether other runs may work on the same table at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Writers {
    /// Any number, on any machine. The store must keep the conditions of a put (`If-None-Match`, `If-Match`), as S3 does;
    /// a run finds out before it writes, and refuses a store that does not.
    #[default]
    Many,
    /// This one alone: the caller sees to it, on one machine best by a lock of the operating system. The store needs no
    /// condition but that of creating an object, and publishing within a file system is a rename.
    ///
    /// Two runs that both claim to be the only one can lose rows.
    Single,
}
