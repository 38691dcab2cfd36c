//! The objects on disk: equal bytes, sizes, names, compression.

use std::io::Read;

use super::*;

#[test]
fn gives_the_same_bytes_for_the_same_configuration() {
    for layout in LAYOUTS {
        let config = GenerateConfig { layout, damage: 0.1, ..small() };
        let first = run(&config);
        assert_eq!(first, run(&config));
        assert_ne!(first.1, run(&GenerateConfig { seed: 2, ..config }).1);
    }
}

#[test]
fn comes_near_the_size_asked_for() {
    for layout in LAYOUTS {
        let config = GenerateConfig { layout, ..small() };
        let bytes = run(&config).0.bytes;
        let record_bytes_max = 4096;
        assert!((config.bytes..config.bytes + config.files as u64 * record_bytes_max).contains(&bytes), "{bytes}");
    }
}

#[test]
fn compresses_without_changing_the_text() {
    for layout in [Layout::Lines, Layout::Mixed] {
        let config = GenerateConfig { layout, ..small() };
        let (plain, plain_objects) = run(&config);
        for compression in [Compression::Gzip, Compression::Zstd] {
            let config = GenerateConfig { compression: Some(compression), ..config.clone() };
            let (expected, objects) = run(&config);
            let decompress = |(name, stored): (&String, &Vec<u8>)| {
                let mut text = Vec::new();
                match compression {
                    Compression::Gzip => flate2::read::GzDecoder::new(&stored[..]).read_to_end(&mut text).unwrap(),
                    Compression::Zstd => zstd::Decoder::new(&stored[..]).unwrap().read_to_end(&mut text).unwrap(),
                };
                (name.strip_suffix(compression.suffix()).unwrap().to_owned(), text)
            };
            assert_eq!(objects.iter().map(decompress).collect::<BTreeMap<_, _>>(), plain_objects);
            let stored_bytes = objects.values().map(|object| object.len() as u64).sum();
            assert!(stored_bytes < plain.bytes / 2);
            assert_eq!(expected, Expected { config, stored_bytes, ..plain.clone() });
        }
    }
}

#[test]
fn names_objects_after_their_content() {
    let names = |layout, compression| {
        let (_, objects) = run(&GenerateConfig { layout, compression, files: 2, ..small() });
        objects.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names(Layout::Array, None), ["events-00000.json", "events-00001.json"]);
    assert_eq!(names(Layout::Lines, Some(Compression::Zstd)), ["events-00000.jsonl.zst", "events-00001.jsonl.zst"]);
    assert_eq!(names(Layout::Mixed, Some(Compression::Gzip)), ["events-00000.json.gz", "events-00001.jsonl.gz"]);
}

#[test]
fn overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("events-00003.json"), "mine").unwrap();
    let error = generate(&small(), folder.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, GenerateError::Exists { .. }), "{error}");
    assert_eq!(read_objects(folder.path()).into_values().collect::<Vec<_>>(), [b"mine"]);
}

#[test]
fn tells_each_byte_of_progress() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = vec![0];
    let config = GenerateConfig { bytes: 3_000_000, ..small() };
    let expected = generate(&config, &folder.path().join("landing/pending"), &mut |bytes| seen.push(bytes)).unwrap();
    assert!(seen.is_sorted() && seen.len() > 9);
    assert_eq!(seen.last(), Some(&expected.bytes));
}
