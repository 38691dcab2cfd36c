//! Which file new rows of a partition go to.
//!
//! A partition has full files, which nobody touches, and at most two that are not full: a *base* and, while runs bring few
//! rows at a time, a *delta*. A run that brings a good part of what the base has rewrites it with the new rows. Otherwise
//! these go to the delta, which is small, so rewriting it costs little; when it has grown, its rows go to the base, and
//! the new rows are the new delta. So a table of n bytes and files of at most m has at most
//! ⌈n / m⌉ + 1 files a partition, however many runs have made it.
//!
//! The delta may grow to √(2 · base · new) bytes: then a run rewrites, on average and over many, about as much of the delta
//! as it does of the base, which is the least for two files (both terms of `delta / 2 + base · new / delta` are equal).

use crate::run::control::TableFile;

/// Rewriting less than this costs no more than the requests for it.
const DELTA_BYTES_MIN: u64 = 64 << 10;

/// A file of this many times the new rows, or less, gets them at once. Otherwise a large load would leave two large files,
/// and the next small one would have to rewrite one of them: in all partitions at once.
const BASE_TO_NEW_MAX: u64 = 4;

/// What becomes of the last file of a partition's new rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placement<'a> {
    /// It is a file of its own.
    New,
    /// Its rows go to a file that is there.
    Fold { delta: &'a TableFile },
    /// It takes the place of a file whose rows go to another.
    Rotate { base: &'a TableFile, delta: &'a TableFile },
}

/// Where a file of new rows goes. `files` are those of its partition, `shrinks` tells that rows of theirs are replaced in
/// the same commit: then none of them changes its role, so that no row is missing meanwhile.
///
/// Files of `fold_below_bytes` or more are full. `spread`, from 0 to 1, tells partitions apart, so that they do not all
/// rotate in the same run.
pub(crate) fn place<'a>(
    files: impl Iterator<Item = &'a TableFile>,
    bytes: u64,
    shrinks: bool,
    fold_below_bytes: u64,
    spread: f64,
) -> Placement<'a> {
    let mut open: Vec<_> = files.filter(|file| file.bytes < fold_below_bytes).collect();
    if bytes >= fold_below_bytes {
        return Placement::New;
    }
    open.sort_by(|one, two| one.bytes.cmp(&two.bytes).then_with(|| one.name.cmp(&two.name)));
    match open[..] {
        [file] if file.bytes + bytes <= DELTA_BYTES_MIN || file.bytes <= BASE_TO_NEW_MAX * bytes => {
            Placement::Fold { delta: file }
        }
        [] | [_] => Placement::New,
        // Nothing has to be merged with it.
        [delta, ..] if delta.rows == 0 => Placement::Fold { delta },
        [delta, base, ..] => {
            let best = (2.0 * base.bytes as f64 * bytes as f64).sqrt() * (0.75 + 0.5 * spread);
            let fits = delta.bytes + bytes <= (best as u64).max(DELTA_BYTES_MIN);
            if fits || shrinks { Placement::Fold { delta } } else { Placement::Rotate { base, delta } }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::control::Digest;

    fn file(name: usize, bytes: u64) -> TableFile {
        let (folder, name) = (String::new(), format!("{name:04}"));
        TableFile { folder, name, rows: bytes / 60, bytes, tail_bytes: 0, digest: Digest(0) }
    }

    /// A partition after new rows of so many bytes, and the bytes that were written.
    fn after(files: &mut Vec<TableFile>, bytes: u64, full: u64, spread: f64) -> u64 {
        let placement = place(files.iter(), bytes, false, full, spread);
        let at = |wanted: &TableFile| files.iter().position(|file| file.name == wanted.name).unwrap();
        match placement {
            Placement::New => {
                files.push(file(files.len(), bytes));
                bytes
            }
            Placement::Fold { delta } => {
                let delta = at(delta);
                files[delta].bytes += bytes;
                files[delta].bytes
            }
            Placement::Rotate { base, delta } => {
                let (base, delta) = (at(base), at(delta));
                files[base].bytes += files[delta].bytes;
                files[delta].bytes = bytes;
                files[base].bytes + bytes
            }
        }
    }

    proptest! {
        #[test]
        fn a_partition_has_no_more_files_than_it_needs_and_one(
            batches in prop::collection::vec(1_u64..40 << 20, 1..200), spread in 0.0..1.0_f64
        ) {
            let full = 64 << 20;
            let mut files = Vec::new();
            for bytes in batches {
                after(&mut files, bytes, full, spread);
                let total: u64 = files.iter().map(|file| file.bytes).sum();
                prop_assert!(files.len() as u64 <= total.div_ceil(full) + 1, "{files:?}");
            }
        }
    }

    #[test]
    fn a_thousand_small_batches_write_each_row_some_dozen_times() {
        let mut files = Vec::new();
        let written: u64 = (0..1000).map(|_| after(&mut files, 4 << 10, 64 << 20, 0.5)).sum();
        let rows: u64 = files.iter().map(|file| file.bytes).sum();
        assert_eq!(files.len(), 2);
        assert!(written / rows < 40, "{}", written / rows);
    }

    #[test]
    fn a_small_batch_behind_large_ones_rewrites_nothing_of_them() {
        let mut files = Vec::new();
        for _ in 0..3 {
            after(&mut files, 2 << 20, 64 << 20, 0.5);
        }
        assert_eq!(after(&mut files, 4 << 10, 64 << 20, 0.5), 4 << 10, "{files:?}");
    }

    #[test]
    fn nothing_rotates_while_rows_are_replaced_and_nothing_is_folded_when_told_so() {
        let files = [file(0, 10 << 20), file(1, 9 << 20)];
        assert!(matches!(place(files.iter(), 1 << 20, false, 64 << 20, 0.5), Placement::Rotate { .. }));
        assert!(matches!(place(files.iter(), 1 << 20, true, 64 << 20, 0.5), Placement::Fold { .. }));
        assert_eq!(place(files.iter(), 1 << 20, false, 0, 0.5), Placement::New);
    }
}
