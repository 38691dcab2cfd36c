//! Where the buckets of a segment begin.

use std::ops::Range;

use bytes::{Buf, BufMut};

/// The number of the first entry of each bucket, and behind them the number of all entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    starts: Vec<u32>,
}

impl Directory {
    /// The directory of buckets that hold so many entries each.
    pub(super) fn new(counts: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut starts = vec![0_u32];
        let mut start = 0_u32;
        for count in counts {
            start = start.checked_add(count)?;
            starts.push(start);
        }
        Some(Self { starts })
    }

    /// The entries of a run of buckets. `None` for buckets that do not exist.
    pub(super) fn entries(&self, buckets: &Range<u32>) -> Option<Range<u32>> {
        let start = *self.starts.get(buckets.start as usize)?;
        let end = *self.starts.get(buckets.end as usize)?;
        (start <= end).then_some(start..end)
    }

    pub(super) fn entries_of_all(&self) -> u32 {
        self.starts[self.starts.len() - 1]
    }

    /// Whether there is a bucket whose count needs 4 bytes, not 2: many entries of one id, or of few.
    pub(super) fn is_wide(&self) -> bool {
        self.counts().any(|count| count > u32::from(u16::MAX))
    }

    /// Appends the count of each bucket.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.is_wide() {
            self.counts().for_each(|count| out.put_u32_le(count));
        } else {
            self.counts().for_each(|count| out.put_u16_le(count as u16));
        }
    }

    /// Takes the counts of so many buckets off the bytes.
    pub(super) fn read(bytes: &mut &[u8], buckets: u32, is_wide: bool) -> Result<Self, String> {
        let length = buckets as usize * if is_wide { 4 } else { 2 };
        let (mut counts, rest) =
            bytes.split_at_checked(length).ok_or_else(|| format!("a directory of {buckets} buckets is cut off"))?;
        *bytes = rest;
        let counts = (0..buckets).map(|_| if is_wide { counts.get_u32_le() } else { counts.get_u16_le().into() });
        Self::new(counts).ok_or_else(|| "the directory counts more entries than there can be".to_owned())
    }

    fn counts(&self) -> impl Iterator<Item = u32> {
        self.starts.windows(2).map(|pair| pair[1] - pair[0])
    }
}
