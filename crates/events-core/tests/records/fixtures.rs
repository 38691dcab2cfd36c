//! Damaged inputs and what each level makes of them, as data: `fixtures/repair/` has a file for each kind of repair.
//!
//! `docs/REPAIR.md` is written from the same files.

mod document;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use events_core::json::{Finding, FrameLimits, Level, RepairKind, RepairKinds, Repairer};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    note: Option<String>,
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: Option<String>,
    /// For bytes that are no text.
    input_hex: Option<String>,
    /// The input as UTF-8, when it is UTF-16: places count in it.
    transcoded: Option<String>,
    #[serde(default)]
    limits: Limits,
    /// Whether `strict` takes the input. Without it: when framing has nothing to repair or to refuse.
    strict: Option<bool>,
    framing: Expected,
    /// Without it: as `framing`.
    lenient: Option<Expected>,
    /// Without it: as `lenient`.
    guess: Option<Expected>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "named as in `FrameLimits`")]
struct Limits {
    record_bytes_max: Option<usize>,
    depth_max: Option<u32>,
    keys_max: Option<usize>,
}

/// What a level makes of an input.
#[derive(Deserialize, Debug, PartialEq, Eq, Default)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    records: Vec<String>,
    rejects: Vec<String>,
    #[serde(deserialize_with = "kinds")]
    kinds: RepairKinds,
}

fn kinds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<RepairKinds, D::Error> {
    Ok(Vec::<RepairKind>::deserialize(deserializer)?.into_iter().collect())
}

impl Case {
    fn input(&self) -> Vec<u8> {
        let digits = self.input_hex.as_deref().unwrap_or_default();
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        self.input.clone().map_or_else(|| (0..digits.len()).step_by(2).map(byte).collect(), String::into_bytes)
    }

    /// What places count in.
    fn text(&self) -> Vec<u8> {
        self.transcoded.clone().map_or_else(|| self.input(), String::into_bytes)
    }

    fn limits(&self) -> FrameLimits {
        let default = FrameLimits::default();
        FrameLimits {
            record_bytes_max: self.limits.record_bytes_max.unwrap_or(default.record_bytes_max),
            depth_max: self.limits.depth_max.unwrap_or(default.depth_max),
            keys_max: self.limits.keys_max.unwrap_or(default.keys_max),
        }
    }

    fn expected(&self, level: Level) -> &Expected {
        let lenient = self.lenient.as_ref().unwrap_or(&self.framing);
        match level {
            Level::Strict | Level::Framing => &self.framing,
            Level::Lenient => lenient,
            Level::Guess => self.guess.as_ref().unwrap_or(lenient),
        }
    }

    fn passes_strict(&self) -> bool {
        self.strict.unwrap_or(self.framing.kinds.is_empty() && self.framing.rejects.is_empty())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files by their names; those that begin with `_` wait for the code.
fn fixtures() -> BTreeMap<String, Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/repair");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    named.filter(|(name, _)| !name.starts_with('_')).map(|(name, path)| (name, read(path))).collect()
}

/// What a repairer found in an input that arrived in pieces of that size.
#[derive(Default)]
struct Outcome {
    found: Expected,
    findings: Vec<String>,
    /// The ranges of the input that the findings name.
    spans: Vec<Range<usize>>,
    ends_in_record: bool,
    faults: Vec<String>,
}

fn outcome(input: &[u8], text: &[u8], piece: usize, level: Level, limits: FrameLimits) -> Outcome {
    let mut outcome = Outcome::default();
    let mut take = |finding: Finding<'_>| {
        outcome.findings.push(format!("{finding:?}"));
        outcome.ends_in_record = matches!(finding, Finding::Record { .. });
        let (offset, length, bytes) = match finding {
            Finding::Record { offset, before, json, repairs } => {
                if serde_json::from_str::<IgnoredAny>(&json).is_err() || json.contains(['\n', '\r']) {
                    outcome.faults.push(format!("no line of JSON: {json}"));
                }
                repairs.iter().for_each(|kind| outcome.found.kinds.insert(kind));
                outcome.found.records.push(json.into_owned());
                (offset, before.len() as u64, before.to_vec())
            }
            Finding::Reject { offset, bytes, reason, .. } => {
                outcome.found.rejects.push(reason.name().to_owned());
                (offset, bytes.len() as u64, bytes.to_vec())
            }
            Finding::Repair(repair) => {
                outcome.found.kinds.insert(repair.kind);
                if repair.kind == RepairKind::Utf16Transcoded {
                    // It names the mark, which is in front of the text.
                    assert!(repair.offset == 0 && input.starts_with(&repair.before), "{repair:?}");
                    return;
                }
                (repair.offset, repair.length, repair.before)
            }
        };
        let (start, end) = (offset as usize, (offset + length) as usize);
        if !text.get(start..end).is_some_and(|named| named.starts_with(&bytes)) {
            outcome.faults.push(format!("byte {offset} is not where {:?} is", String::from_utf8_lossy(&bytes)));
        }
        outcome.spans.push(start..end);
    };
    let mut repairer = Repairer::new(level, limits);
    input.chunks(piece).for_each(|piece| repairer.push(piece, &mut take));
    repairer.finish(&mut take);
    outcome
}

/// What is wrong with what a level makes of a case.
fn faults(case: &Case, level: Level) -> Vec<String> {
    let (input, text) = (case.input(), case.text());
    let (limits, expected) = (case.limits(), case.expected(level));
    let mut whole = outcome(&input, &text, usize::MAX, level, limits);
    let mut faults = std::mem::take(&mut whole.faults);
    let in_pieces = outcome(&input, &text, 1, level, limits);
    if in_pieces.findings != whole.findings {
        faults.push(format!("byte by byte: {:#?}\nat once: {:#?}", in_pieces.findings, whole.findings));
    }
    if level == Level::Strict && !case.passes_strict() {
        if whole.ends_in_record || !expected.records.starts_with(&whole.found.records) {
            faults.push(format!("it does not fail: {:#?}", whole.findings));
        }
        return faults;
    }
    // What `strict` takes needs no repair.
    let kinds = if level == Level::Strict { RepairKinds::default() } else { expected.kinds };
    if (&whole.found.records, &whole.found.rejects, whole.found.kinds) != (&expected.records, &expected.rejects, kinds)
    {
        faults.push(format!("expected {}\n  actual   {}", describe(expected), describe(&whole.found)));
    }
    let named = |at: &usize| whole.spans.iter().any(|span| span.contains(at));
    let rest: Vec<u8> = (0..text.len()).filter(|at| !named(at)).map(|at| text[at]).collect();
    let separates = |character: char| character.is_whitespace() || ",[]\0\u{1e}\u{feff}".contains(character);
    if !String::from_utf8_lossy(&rest).chars().all(separates) {
        faults.push(format!("bytes without a trace: {:?}", String::from_utf8_lossy(&rest)));
    }
    let lines = whole.found.records.join("\n");
    let again = outcome(lines.as_bytes(), lines.as_bytes(), usize::MAX, level, limits).found;
    if again != (Expected { records: whole.found.records, ..Expected::default() }) {
        faults.push(format!("the second time: {}", describe(&again)));
    }
    faults
}

fn describe(expected: &Expected) -> String {
    format!("{} rejects {:?} kinds {}", expected.records.join(" ⏎ "), expected.rejects, expected.kinds)
}

#[test]
fn every_level_makes_of_every_case_what_it_should() {
    let mut report = String::new();
    for (file, fixture) in fixtures() {
        for case in &fixture.cases {
            for level in Level::ALL {
                for fault in faults(case, level) {
                    writeln!(report, "{file}: {}, {level}\n  {fault}", case.name).unwrap();
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_kind_has_a_file_of_cases() {
    let fixtures = fixtures();
    for kind in RepairKind::ALL {
        let fixture = &fixtures[kind.name()];
        let repairs = |case: &Case| case.expected(Level::Guess).kinds.iter().any(|found| found == *kind);
        assert!(fixture.note.is_some() || fixture.cases.len() >= 3, "`{kind}` has too few cases");
        assert!(fixture.note.is_some() || fixture.cases.iter().any(repairs), "no case needs `{kind}`");
    }
    for (file, fixture) in &fixtures {
        let mut names: Vec<_> = fixture.cases.iter().map(|case| &case.name).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two cases of {file} have one name: {names:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it writes a document of this repository when it is told to")]
fn the_document_shows_the_fixtures() {
    let document = document::render(&fixtures());
    let path = root().join("docs/REPAIR.md");
    if std::env::var_os("EVENTS_BLESS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let update = "EVENTS_BLESS=1 cargo test -p events-core --test records";
    assert!(committed == document, "docs/REPAIR.md does not show the fixtures any more: run `{update}`");
}
