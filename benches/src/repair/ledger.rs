//! Whether every byte of an input is somewhere in the output.

use std::ops::Range;

/// What separates records and is told only when it is a repair, beside U+FEFF.
const SEPARATORS: &[u8] = b" \t\r\n,[]\x1e\0";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The places that an output accounts for.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Records and rejects.
    kept: Vec<Range<usize>>,
    /// Repairs, of which many are within records.
    repaired: Vec<Range<usize>>,
    /// Bytes that are not those at their place.
    wrong: usize,
}

impl Ledger {
    /// A record or a reject with its bytes, which are at that place in the input.
    pub(crate) fn kept(&mut self, offset: u64, bytes: &[u8], input: &[u8]) {
        let place = place(offset, bytes.len());
        if input.get(place.clone()) != Some(bytes) {
            self.wrong += bytes.len();
        }
        self.kept.push(place);
    }

    /// A repair of so many bytes.
    pub(crate) fn repaired(&mut self, offset: u64, length: u64) {
        self.repaired.push(place(offset, length as usize));
    }

    /// The bytes of the input that are accounted for nowhere, or twice.
    pub(crate) fn unaccounted(mut self, input: &[u8]) -> usize {
        let mut unaccounted = self.wrong;
        self.kept.sort_unstable_by_key(|place| place.start);
        let mut end = 0;
        for place in &self.kept {
            unaccounted += end.min(place.end).saturating_sub(place.start);
            end = end.max(place.end);
        }
        let mut places = self.kept;
        places.append(&mut self.repaired);
        places.sort_unstable_by_key(|place| place.start);
        let mut end = 0;
        for place in places {
            if place.start > end {
                unaccounted += strange(&input[end..place.start]);
            }
            end = end.max(place.end);
        }
        unaccounted + strange(input.get(end..).unwrap_or_default())
    }
}

fn place(offset: u64, length: usize) -> Range<usize> {
    offset as usize..offset as usize + length
}

/// The bytes that are no separators.
fn strange(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((first, rest)) = bytes.split_first() {
        if let Some(rest) = bytes.strip_prefix(BYTE_ORDER_MARK) {
            bytes = rest;
            continue;
        }
        count += usize::from(!SEPARATORS.contains(first));
        bytes = rest;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_what_is_nowhere_twice_or_another() {
        let input = b"{1}\n{2}stray\xef\xbb\xbf{3}";
        let ledger = |kept: &[(u64, &[u8])]| {
            let mut ledger = Ledger::default();
            for &(offset, bytes) in kept {
                ledger.kept(offset, bytes, input);
            }
            ledger
        };
        let whole: &[(u64, &[u8])] = &[(0, b"{1}"), (4, b"{2}"), (15, b"{3}")];
        let mut told = ledger(whole);
        told.repaired(7, 5);
        assert_eq!(told.unaccounted(input), 0);
        assert_eq!(ledger(whole).unaccounted(input), 5);
        assert_eq!(ledger(&[(0, b"{1}"), (4, b"{2}stray"), (5, b"2}"), (15, b"{3}")]).unaccounted(input), 2);
        assert_eq!(ledger(&[(0, b"{1}"), (4, b"{x}stray"), (15, b"{3}")]).unaccounted(input), 8);
        assert_eq!(ledger(&[(0, b"{1}"), (4, b"{2}stray")]).unaccounted(input), 3);
    }
}
