//! How large a record may be.

/// How large and how deeply nested a record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimits {
    /// The longest record, in bytes. What goes beyond it is damage, in pieces of at most this length.
    pub record_bytes_max: usize,
    /// The deepest nesting of objects and arrays in a record, the record itself included; at most 127.
    pub depth_max: u32,
    /// The most keys of a record, those of nested objects included.
    pub keys_max: usize,
}

impl FrameLimits {
    /// 8 MiB: a quarter of the longest row that Athena reads.
    pub const DEFAULT_RECORD_BYTES_MAX: usize = 8 << 20;
    /// 127 levels: what `serde_json` accepts by default, so that whoever parses `data` later can.
    pub const DEFAULT_DEPTH_MAX: u32 = 127;
    /// 10,000 keys: more is a map that was mistaken for a record, and every reader of `data` pays for it.
    pub const DEFAULT_KEYS_MAX: usize = 10_000;
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self {
            record_bytes_max: Self::DEFAULT_RECORD_BYTES_MAX,
            depth_max: Self::DEFAULT_DEPTH_MAX,
            keys_max: Self::DEFAULT_KEYS_MAX,
        }
    }
}
