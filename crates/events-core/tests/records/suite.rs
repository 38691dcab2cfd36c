//! [JSONTestSuite](https://github.com/nst/JSONTestSuite): 318 files that parsers must accept, must refuse or may do as
//! they like with.
#![allow(clippy::disallowed_methods, reason = "the files are where the variable says")]

use events_core::json::{Finding, FrameLimits, Level, RepairKind, Repairer, compact};

#[test]
#[ignore = "EVENTS_JSON_TEST_SUITE=<its test_parsing> cargo test -p events-core --test records suite -- --ignored"]
fn keeps_what_must_be_accepted_and_never_emits_what_must_be_refused() {
    let folder =
        std::env::var_os("EVENTS_JSON_TEST_SUITE").expect("EVENTS_JSON_TEST_SUITE names the folder of the files");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        files += 1;
        let name = entry.file_name().into_string().unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        for level in Level::ALL {
            check(&name, &bytes, level);
        }
    }
    assert!(files > 300, "{files} files");
}

fn check(name: &str, bytes: &[u8], level: Level) {
    let (mut lines, mut rejects, mut envelope) = (Vec::new(), 0, false);
    let mut take = |finding: Finding<'_>| match finding {
        Finding::Record { json, .. } => lines.push(json.into_owned()),
        Finding::Reject { .. } => rejects += 1,
        Finding::Repair(repair) => envelope |= repair.kind == RepairKind::ArrayEnvelope,
    };
    let mut repairer = Repairer::new(level, FrameLimits::default());
    repairer.push(bytes, &mut take);
    repairer.finish(&mut take);
    for line in &lines {
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok(), "{name} {level}: {line}");
    }
    if !name.starts_with("y_") {
        return;
    }
    assert_eq!(rejects, 0, "{name} {level}");
    let text = std::str::from_utf8(bytes).unwrap().trim_matches([' ', '\n', '\r', '\t']);
    // An array of objects is an envelope; `strict` tells nothing of it.
    if !envelope && !text.starts_with("[{") {
        let expected = if text.contains('\n') { compact(text).into_owned() } else { text.to_owned() };
        assert_eq!(lines, [expected], "{name} {level}");
    }
}
