//! What goes in and what comes out as plain data.

use super::*;

#[test]
fn refuses_settings_out_of_bounds() {
    let refused = [
        ("bytes", GenerateConfig { bytes: 0, ..small() }),
        ("files", GenerateConfig { files: 0, ..small() }),
        ("days", GenerateConfig { days: 0, ..small() }),
        ("start_date", GenerateConfig { start_date: "9999-12-31".parse().unwrap(), days: 1, ..small() }),
        ("start_date", GenerateConfig { start_date: "0000-12-31".parse().unwrap(), ..small() }),
        ("start_date", GenerateConfig { start_date: chrono::NaiveDate::MAX, ..small() }),
        ("duplicates", GenerateConfig { duplicates: 0.51, ..small() }),
        ("damage", GenerateConfig { damage: f64::NAN, ..small() }),
        ("kinds", GenerateConfig { kinds: 9, ..small() }),
    ];
    for (name, config) in refused {
        match config.validate() {
            Err(GenerateError::Config { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(small().validate().is_ok());
}

#[test]
fn survives_its_own_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expected.json");
    let (expected, _) = run(&GenerateConfig { damage: 0.1, compression: Some(Compression::Zstd), ..small() });
    expected.write(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(serde_json::from_str::<Expected>(&text).unwrap(), expected);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["config"]["start_date"], "2021-01-01");
    assert_eq!(value["data_id_sum"], expected.data_id_sum.to_string());
}
