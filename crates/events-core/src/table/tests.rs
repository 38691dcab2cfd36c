//! The laws of files that are read back: what was written is what is read, found and rewritten.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::content::{content_digest, kind_digest};
use super::file::{EncodedFile, FileConfig, FileWriter};
use super::kind::{KindCache, Kinds};
use super::probe::Probe;
use super::read::{Batches, FileRows, Version};
use super::rewrite::{Rewrite, RewriteError, Source};
use super::row::{Row, rows};
use super::row_groups::{Chore, Hands};
use super::series::FileSeries;
use super::{BATCH_ROWS, write_parquet};
use crate::event::EventId;
use crate::json::RepairKinds;

/// A row that owns its texts.
#[derive(Debug, Clone)]
struct Made {
    id: EventId<'static>,
    timestamp: i64,
    kind: (&'static str, &'static str),
    data: Option<String>,
    extra: Option<String>,
    repairs: RepairKinds,
}

impl Made {
    fn row(&self, kind: u32) -> Row<'_> {
        Row {
            kind,
            id: self.id.borrowed(),
            timestamp: self.timestamp,
            data: self.data.as_deref(),
            extra: self.extra.as_deref(),
            repairs: self.repairs,
        }
    }

    fn version(&self) -> Version {
        let kind = kind_digest(self.kind.0, self.kind.1);
        let digest = content_digest(kind, self.data.as_deref(), self.extra.as_deref(), self.repairs);
        Version { id: self.id.fingerprint(), timestamp: self.timestamp, digest }
    }
}

/// Rows of one partition, sorted: UUIDs and other ids, two kinds that share a name, times that tie.
fn made(seed: u64, count: u64) -> Vec<Made> {
    let mut rows: Vec<_> = (0..count)
        .map(|number| {
            let random = xxh3_64(&[seed.to_le_bytes(), number.to_le_bytes()].concat());
            let id = if random.is_multiple_of(5) {
                EventId::new(format!("order {number}").into())
            } else {
                EventId::Uuid(u128::from(random) << 64 | u128::from(number))
            };
            Made {
                id,
                timestamp: 1_700_000_000_000_000 + (random >> 8) as i64 % 2_000,
                kind: if random.is_multiple_of(3) { ("a-b", "c") } else { ("a", "b-c") },
                data: (!random.is_multiple_of(7))
                    .then(|| format!("{{\"n\":{random},\"text\":\"{}\"}}", "x".repeat(random as usize % 30))),
                extra: random.is_multiple_of(11).then(|| format!("{{\"e\":{number}}}")),
                repairs: if random.is_multiple_of(13) {
                    RepairKinds::from_bits(random & 7)
                } else {
                    RepairKinds::default()
                },
            }
        })
        .collect();
    rows.sort_by(|one, two| (one.timestamp, &one.id).cmp(&(two.timestamp, &two.id)));
    rows
}

fn cache() -> KindCache {
    KindCache::new(Arc::new(Kinds::default()))
}

fn bytes(file: &EncodedFile) -> Bytes {
    file.bytes.concat().into()
}

fn encode(made: &[Made], config: &FileConfig) -> EncodedFile {
    let mut kinds = cache();
    let mut writer = FileWriter::new(config, made.len());
    for made in made {
        let (number, kind) = kinds.get(made.kind.0, made.kind.1).unwrap();
        writer.push(&made.row(*number), kind).unwrap();
    }
    writer.finish().unwrap()
}

/// The files of a run.
fn series(made: &[Made], config: &FileConfig, file_bytes_max: usize) -> Vec<Bytes> {
    files(made, FileSeries::new(config, file_bytes_max, made.len()))
}

fn files(made: &[Made], mut series: FileSeries) -> Vec<Bytes> {
    let mut kinds = cache();
    let mut files = Vec::new();
    for made in made {
        let (number, kind) = kinds.get(made.kind.0, made.kind.1).unwrap();
        files.extend(series.is_full().unwrap().then(|| series.cut().unwrap()));
        series.push(&made.row(*number), kind).unwrap();
    }
    files.push(series.finish().unwrap());
    files.iter().map(bytes).collect()
}

/// A thread for each chore, or none.
struct Strangers(bool);

impl Hands for Strangers {
    fn leave(&self, chore: Chore) -> Option<Chore> {
        if !self.0 {
            return Some(chore);
        }
        std::thread::spawn(chore);
        None
    }
}

fn rewrite(
    sources: Vec<(Bytes, &HashSet<u128>)>,
    config: &FileConfig,
    file_bytes_max: usize,
) -> Result<(Vec<Bytes>, u64), RewriteError> {
    let sources =
        sources.into_iter().map(|(file, drop)| Source { file, without: (!drop.is_empty()).then_some(drop) }).collect();
    let mut kinds = cache();
    let mut rewrite = Rewrite::open(sources, &mut kinds, config, file_bytes_max)?;
    let files = rewrite.by_ref().map(|file| file.map(|file| bytes(&file))).collect::<Result<_, _>>()?;
    Ok((files, rewrite.dropped()))
}

fn read(file: Bytes) -> Result<(Vec<u8>, u64), String> {
    let mut rows = FileRows::open(file)?;
    let (mut block, mut kinds) = (Vec::new(), cache());
    while rows.append_to(&mut block, &mut kinds)? {}
    Ok((block, rows.rows()))
}

fn versions(file: Bytes, wanted: impl Fn(u128) -> bool) -> Vec<Version> {
    let mut versions = Vec::new();
    FileRows::open(file).unwrap().versions(&mut cache(), wanted, |version| versions.push(version)).unwrap();
    versions
}

fn probe(file: &EncodedFile) -> Probe {
    let bytes = bytes(file);
    Probe::open(bytes.slice((file.length - file.tail) as usize..), file.length).unwrap()
}

fn config() -> impl Strategy<Value = FileConfig> {
    prop::sample::select(vec![1_000, BATCH_ROWS, FileConfig::DEFAULT_ROW_GROUP_ROWS_MAX])
        .prop_map(|row_group_rows_max| FileConfig { row_group_rows_max, ..FileConfig::default() })
}

/// As few rows as make one batch, or so many that there are several.
fn counts() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..50, 0_u64..25_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(seed: u64, count in counts(), config in config()) {
        let made = made(seed, count);
        let file = encode(&made, &config);
        let (block, read_rows) = read(bytes(&file)).unwrap();
        prop_assert_eq!(read_rows, count);
        let (mut kinds, mut expected) = (cache(), Vec::new());
        for made in &made {
            made.row(kinds.get(made.kind.0, made.kind.1).unwrap().0).write(&mut expected);
        }
        // Kinds are numbered in the order of the rows in both.
        prop_assert!(block == expected);
        prop_assert_eq!(file.row_bytes, block.len() as u64);
        prop_assert_eq!(rows(&block).map(|row| row.length() as u64).sum::<u64>(), file.row_bytes);
        let ends = made.first().map(|first| (first.timestamp, made[made.len() - 1].timestamp));
        prop_assert_eq!(file.timestamps, ends);
        prop_assert!(versions(bytes(&file), |_| true).into_iter().eq(made.iter().map(Made::version)));
        let third = |id: u128| id.is_multiple_of(3);
        let expected = made.iter().map(Made::version).filter(|version| third(version.id));
        prop_assert!(versions(bytes(&file), third).into_iter().eq(expected));
    }

    #[test]
    fn files_do_not_tell_who_has_encoded_them(
        seed: u64, count in 0_u64..40_000, config in config(),
        file_bytes_max in prop_oneof![Just(64 << 20), 0_usize..(2 << 20)],
    ) {
        let made = made(seed, count);
        let alone = series(&made, &config, file_bytes_max);
        for hands in [Strangers(false), Strangers(true)] {
            let series = FileSeries::new(&config, file_bytes_max, made.len()).with_hands(Arc::new(hands));
            prop_assert!(files(&made, series) == alone);
        }
    }

    #[test]
    fn batches_tell_of_themselves_what_rows_do(seed: u64, count in 0_u64..3_000) {
        let file = encode(&made(seed, count), &FileConfig::default());
        let batches: Vec<RecordBatch> = Batches::open(bytes(&file)).unwrap().map(Result::unwrap).collect();
        let again = write_parquet(&batches, &FileConfig::default()).unwrap();
        prop_assert_eq!(again.digest, file.digest);
        let facts = |file: &EncodedFile| (file.rows, file.length, file.tail, file.timestamps, file.row_bytes);
        prop_assert_eq!(facts(&again), facts(&file));
    }

    #[test]
    fn a_probe_finds_every_row_and_hardly_another(seed: u64, count in counts(), config in config()) {
        let made = made(seed, count);
        let file = encode(&made, &config);
        let probe = probe(&file);
        prop_assert_eq!(probe.rows(), count);
        prop_assert!(made.iter().all(|made| probe.may_hold(&made.id)));
        // Each row group is another filter, and another chance to be wrong.
        let groups = count.div_ceil(config.row_group_rows_max as u64).max(1);
        let others = (0..20_000_u128).filter(|&other| probe.may_hold(&EventId::Uuid(other << 64 | u128::from(u64::MAX))));
        prop_assert!((others.count() as u64) < 100 * groups);
        // A longer tail is as good.
        prop_assert_eq!(Probe::open(bytes(&file), file.length).unwrap().rows(), count);
    }

    #[test]
    fn files_of_any_split_become_the_files_of_all_rows(
        seed: u64, count in counts(), config in config(), parts in 1_u64..5, file_bytes_max in prop::sample::select(vec![0, 64 << 10, 64 << 20]),
    ) {
        let all = made(seed, count);
        let sources = (0..parts).map(|part| {
            let rows: Vec<_> = all.iter().filter(|made| xxh3_64(&made.id.fingerprint().to_le_bytes()) % parts == part).cloned().collect();
            (bytes(&encode(&rows, &config)), HashSet::new())
        });
        let sources: Vec<_> = sources.collect();
        let sources = sources.iter().map(|(file, drop)| (file.clone(), drop)).collect();
        let (files, dropped) = rewrite(sources, &config, file_bytes_max).unwrap();
        prop_assert_eq!(dropped, 0);
        prop_assert!(files == series(&all, &config, file_bytes_max));
    }

    #[test]
    fn a_file_without_some_ids_is_the_file_of_the_others(
        seed: u64, count in counts(), config in config(), of_ten in 0_u128..=10, file_bytes_max in prop::sample::select(vec![64 << 10, 64 << 20]),
    ) {
        let (gone, stay): (Vec<_>, Vec<_>) = made(seed, count).into_iter().partition(|made| (made.id.fingerprint() >> 3) % 10 < of_ten);
        let all = bytes(&encode(&made(seed, count), &config));
        let drop: HashSet<_> = gone.iter().map(|made| made.id.fingerprint()).collect();
        // What is left out of one source stays when another has it.
        let none = HashSet::new();
        let (files, dropped) = rewrite(vec![(all.clone(), &drop)], &config, file_bytes_max).unwrap();
        prop_assert_eq!(dropped, gone.len() as u64);
        prop_assert!(files == series(&stay, &config, file_bytes_max));
        let (files, _) = rewrite(vec![(all.clone(), &drop), (bytes(&encode(&gone, &config)), &none)], &config, 64 << 20).unwrap();
        prop_assert!(files == [all]);
    }
}

#[test]
fn no_row_left_is_a_file_without_rows() {
    let all = made(1, 10);
    let drop = all.iter().map(|made| made.id.fingerprint()).collect();
    let file = bytes(&encode(&all, &FileConfig::default()));
    for sources in [vec![], vec![(file, &drop)]] {
        let (files, _) = rewrite(sources, &FileConfig::default(), 64 << 20).unwrap();
        assert_eq!(files, [bytes(&encode(&[], &FileConfig::default()))]);
        assert_eq!(read(files[0].clone()), Ok((vec![], 0)));
        let probe = Probe::open(files[0].slice(4..), files[0].len() as u64).unwrap();
        assert!(!probe.may_hold(&all[0].id));
    }
}

#[test]
fn rows_out_of_order_or_of_two_partitions_are_not_rewritten() {
    let problem = |made: &[Made]| {
        let (whole, none) = (bytes(&encode(&[], &FileConfig::default())), HashSet::new());
        let sources = vec![(whole, &none), (bytes(&encode(made, &FileConfig::default())), &none)];
        let error = rewrite(sources, &FileConfig::default(), 64 << 20).unwrap_err();
        assert_eq!(error.source, Some(1));
        error.problem
    };
    let sorted = made(2, 9_000);
    // Within a batch, from one to the next, and where only ids tell.
    for (one, two) in [(3, 4), (8_191, 8_192)] {
        let mut swapped = sorted.clone();
        swapped.swap(one, two);
        assert!(problem(&swapped).contains("not sorted"));
    }
    let mut next_day = sorted.clone();
    next_day[8_999].timestamp += 86_400_000_000;
    assert!(problem(&next_day).contains("more than one partition"));
    let mut other_name = sorted;
    other_name[0].kind = ("a", "c");
    assert!(problem(&other_name).contains("more than one partition"));
}

/// What another writer makes of the rows, with Bloom filters or without.
fn foreign(made: &[Made], filters: bool) -> Bytes {
    let batches = Batches::open(bytes(&encode(made, &FileConfig::default()))).unwrap();
    let properties = WriterProperties::builder().set_bloom_filter_enabled(filters).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), super::table_schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.into_inner().unwrap().into()
}

#[test]
fn files_of_other_writers_are_read_and_may_hold_anything() {
    let made = made(3, 100);
    let ours = bytes(&encode(&made, &FileConfig::default()));
    for filters in [false, true] {
        let file = foreign(&made, filters);
        let probe = Probe::open(file.clone(), file.len() as u64).unwrap();
        assert!(probe.may_hold(&EventId::new("another".into())));
        assert_eq!(read(file.clone()), read(ours.clone()));
        let (files, _) = rewrite(vec![(file, &HashSet::new())], &FileConfig::default(), 64 << 20).unwrap();
        assert_eq!(files, std::slice::from_ref(&ours));
    }
}

#[test]
fn what_is_no_file_of_the_table_says_why() {
    let file = bytes(&encode(&made(4, 100), &FileConfig::default()));
    assert!(read(Bytes::from_static(b"{}")).is_err());
    assert!(read(Bytes::new()).is_err());
    let short = file.slice(file.len() - 100..);
    assert!(Probe::open(short.clone(), file.len() as u64).is_err());
    assert!(Probe::open(short, 50).is_err());
    let batch = Batches::open(file).unwrap().next().unwrap().unwrap();
    let mut without = Vec::new();
    let batch = batch.project(&[1, 2, 3, 4, 5, 6]).unwrap();
    let mut writer = ArrowWriter::try_new(&mut without, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (without, bytes) = (Bytes::from(without.clone()), without.len() as u64);
    assert_eq!(Probe::open(without.clone(), bytes).err(), Some("no column `event_id`".to_owned()));
    assert_eq!(read(without.clone()).err(), Some("no column `event_id`".to_owned()));
    assert!(rewrite(vec![(without, &HashSet::new())], &FileConfig::default(), 1 << 20).is_err());
}

#[test]
fn damage_is_an_error_or_goes_unseen_and_never_a_panic() {
    let config = FileConfig { row_group_rows_max: 1_000, ..FileConfig::default() };
    let (large, small) = (encode(&made(5, 3_000), &config), encode(&made(5, 20), &config));
    let mut errors = 0;
    for round in 0..5_000_u64 {
        let random = xxh3_64(&round.to_le_bytes());
        let file = if round % 2 == 0 { &large } else { &small };
        let mut damaged = bytes(file).to_vec();
        // Every other time in the tail, where a byte says more.
        let from = if round % 4 < 2 { (file.length - file.tail) as usize } else { 0 };
        let at = from + random as usize % (damaged.len() - from);
        let cut = random >> 60;
        match cut {
            0 => damaged.truncate(at),
            1 => drop(damaged.drain(at..(at + 8).min(file.length as usize))),
            2..8 => damaged[at] ^= (random >> 32) as u8 | 1,
            _ => damaged[at] ^= 1 << ((random >> 32) & 7),
        }
        let damaged = Bytes::from(damaged);
        let outcome = read(damaged.clone());
        assert!(cut != 0 || outcome.is_err(), "what is cut off is missed");
        errors += u32::from(outcome.is_err());
        if let Ok(probe) = Probe::open(damaged.clone(), damaged.len() as u64) {
            probe.may_hold(&EventId::Uuid(7));
        }
        // Each source is read twice and everything encoded again, so not every time.
        if round % 8 == 0 {
            let _ = rewrite(vec![(damaged, &HashSet::new())], &config, 64 << 10);
        }
    }
    assert!(errors > 1_000, "{errors}");
}
