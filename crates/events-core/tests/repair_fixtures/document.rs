//! `docs/REPAIR.md`: the fixtures for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use events_core::json::{Level, RepairKind};
use serde::Deserialize;

use super::{Case, Expected, Fixture};

/// The most cases that a table of the document shows, and the longest of their inputs.
const SHOWN_CASES_MAX: usize = 5;
const SHOWN_BYTES_MAX: usize = 60;

/// The files of no kind, and what they hold.
const OTHERS: [(&str, &str); 3] = [
    ("cut", "Cut and spliced inputs, in which the next record is hard to find."),
    ("rejects", "What no level mends."),
    ("valid", "What needs no repair."),
];

/// What became of the inputs in other projects: `tests/peers/README.md`.
#[derive(Deserialize)]
struct Peers {
    versions: BTreeMap<String, String>,
    /// By file, case and project.
    results: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// The document that shows the fixtures.
pub(super) fn render(fixtures: &BTreeMap<String, Fixture>) -> String {
    let peers = std::fs::read_to_string(super::root().join("tests/peers/results.json")).unwrap();
    let peers: Peers = serde_json::from_str(&peers).unwrap();
    let mut document = include_str!("introduction.md").to_owned();
    document.push_str("\n## Kinds\n\n| kind | level | what it mends |\n|---|---|---|\n");
    for &kind in RepairKind::ALL {
        writeln!(document, "| `{kind}` | {} | {} |", kind.level(), description(kind)).unwrap();
    }
    document.push_str("\n## Cases\n\n⏎ is a line feed, ⇥ a tab, and ⟨…⟩ another character that cannot be seen, or a byte that is no text.\n");
    document.push_str("A word in italics is the reason of a reject.\n\n");
    for &kind in RepairKind::ALL {
        section(&mut document, kind.name(), &fixtures[kind.name()], &description(kind));
    }
    for (file, about) in OTHERS {
        section(&mut document, file, &fixtures[file], about);
    }
    let kinds = RepairKind::ALL.iter().map(|kind| kind.name());
    let order: Vec<_> = kinds.chain(OTHERS.map(|(file, _)| file)).collect();
    beside_others(&mut document, &order, fixtures, &peers);
    document
}

/// A text as code in a cell of a table, with names for what cannot be seen.
fn cell(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character {
            '\n' => shown.push('⏎'),
            '\t' => shown.push('⇥'),
            '|' => shown.push_str("\\|"),
            '\u{0}' => shown.push_str("⟨NUL⟩"),
            '\u{1e}' => shown.push_str("⟨RS⟩"),
            '\u{feff}' => shown.push_str("⟨BOM⟩"),
            ' ' | '\u{fffd}' => shown.push(character),
            _ if character.is_control() || character.is_whitespace() => {
                write!(shown, "⟨U+{:04X}⟩", u32::from(character)).unwrap();
            }
            _ => shown.push(character),
        }
    }
    let fence = if shown.contains("``") {
        "````"
    } else if shown.contains('`') {
        "``"
    } else {
        "`"
    };
    let pad = if shown.starts_with('`') || shown.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

fn expected_cell(expected: &Expected) -> String {
    let records = expected.records.iter().map(|record| cell(record));
    let cells: Vec<_> = records.chain(expected.rejects.iter().map(|reason| format!("*{reason}*"))).collect();
    if cells.is_empty() { "nothing".to_owned() } else { cells.join("<br>") }
}

fn input_cell(case: &Case) -> String {
    let mut text = String::new();
    for chunk in case.input().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| write!(text, "⟨{byte:02X}⟩").unwrap());
    }
    cell(&text)
}

fn shown(fixture: &Fixture) -> impl Iterator<Item = &Case> {
    fixture.cases.iter().filter(|case| case.input().len() <= SHOWN_BYTES_MAX).take(SHOWN_CASES_MAX)
}

/// A kind's doc comment.
fn description(kind: RepairKind) -> String {
    let source = include_str!("../../src/json/repair/kind.rs");
    let name = format!("\"{kind}\"");
    let lines: Vec<_> = source.lines().map(str::trim).take_while(|line| !line.contains(&name)).collect();
    let first = lines.iter().rposition(|line| !line.starts_with("///")).map_or(0, |at| at + 1);
    lines[first..].iter().map(|line| line.trim_start_matches("///").trim()).collect::<Vec<_>>().join(" ")
}

fn section(document: &mut String, file: &str, fixture: &Fixture, about: &str) {
    writeln!(document, "### `{file}`\n\n{about}").unwrap();
    if let Some(note) = &fixture.note {
        writeln!(document, "{note}").unwrap();
    }
    if fixture.cases.is_empty() {
        return writeln!(document).unwrap();
    }
    writeln!(document, "\n| case | input | `framing` | `lenient` | `guess` |\n|---|---|---|---|---|").unwrap();
    for case in shown(fixture) {
        let same = |level, before| {
            let (expected, before) = (case.expected(level), case.expected(before));
            let unchanged = (&expected.records, &expected.rejects) == (&before.records, &before.rejects);
            if unchanged { "same".to_owned() } else { expected_cell(expected) }
        };
        let framing = expected_cell(case.expected(Level::Framing));
        let (lenient, guess) = (same(Level::Lenient, Level::Framing), same(Level::Guess, Level::Lenient));
        writeln!(document, "| {} | {} | {framing} | {lenient} | {guess} |", case.name, input_cell(case)).unwrap();
    }
    document.push('\n');
}

fn beside_others(document: &mut String, order: &[&str], fixtures: &BTreeMap<String, Fixture>, peers: &Peers) {
    let names: Vec<_> = peers.versions.keys().collect();
    let heads: Vec<_> = peers.versions.iter().map(|(name, version)| format!(" {name} {version} |")).collect();
    let heads = heads.concat();
    let rules = "---|".repeat(names.len());
    document.push_str(concat!(
        "## Beside others\n\n",
        "The same inputs in other projects, with their default options: [`tests/peers`](../tests/peers/README.md).\n",
        "They are made to save one document, most often of a language model; what they do not promise is no fault of theirs.\n",
        "*Wrong* is the one to fear: other values, fewer values or no JSON, and no error.\n",
        "At `guess` more than one reading is possible, and *wrong* there means no more than another one than ours.\n",
        "All cases, as right / refused / wrong, and those that never ended or ended the process:\n\n",
    ));
    writeln!(document, "| cases |{heads}\n|---|{rules}").unwrap();
    let verdict = |file: &str, case: &Case, name: &str| peers.results.get(file)?.get(&case.name)?.get(name).cloned();
    for &file in order {
        write!(document, "| `{file}` |").unwrap();
        for name in &names {
            let verdicts: Vec<_> = fixtures[file].cases.iter().filter_map(|case| verdict(file, case, name)).collect();
            let count = |wanted| verdicts.iter().filter(|verdict| *verdict == wanted).count();
            let (right, refused, wrong) = (count("right"), count("refused"), count("wrong"));
            let dead = verdicts.len() - right - refused - wrong;
            let dead = if dead > 0 { format!(", {dead} dead") } else { String::new() };
            write!(document, " {right} / {refused} / {wrong}{dead} |").unwrap();
        }
        document.push('\n');
    }
    writeln!(document, "\nThe cases of the tables above, one by one:\n\n| case |{heads}\n|---|{rules}").unwrap();
    for &file in order {
        for case in shown(&fixtures[file]) {
            write!(document, "| `{file}`, {} |", case.name).unwrap();
            for name in &names {
                let verdict = verdict(file, case, name);
                match verdict.as_deref() {
                    None => document.push_str(" not run |"),
                    Some(verdict @ ("right" | "refused")) => write!(document, " {verdict} |").unwrap(),
                    Some(verdict) => write!(document, " **{verdict}** |").unwrap(),
                }
            }
            document.push('\n');
        }
    }
}
