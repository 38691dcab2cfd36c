//! Whether the command understands what the documents tell people to type.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::markdown::Document;
use crate::transcripts::without_settings;

/// Documents about other versions than this one.
const HISTORY: &str = "CHANGELOG.md";

pub(crate) fn check(documents: &[Document]) -> Vec<String> {
    let mut commands = BTreeMap::new();
    let mut problems = Vec::new();
    for document in documents.iter().filter(|document| !document.path.ends_with(HISTORY)) {
        for (line, text) in typed(document) {
            match words(&text) {
                Some(words) => drop(commands.entry(words).or_insert_with(|| document.place(line))),
                None => problems.push(format!("{}: a quote of `{text}` is not closed", document.place(line))),
            }
        }
    }
    println!("documents: {} commands", commands.len());
    if commands.len() < 50 {
        problems.push(format!("only {} commands were found", commands.len()));
    }
    problems.extend(commands.into_iter().filter_map(|(words, place)| {
        let refusal = refusal(&words)?;
        Some(format!("{place}: `events {}`: {refusal}", words.join(" ")))
    }));
    problems
}

/// What the command says of words that it does not understand.
fn refusal(words: &[String]) -> Option<String> {
    // It looks at the options before its help, so it refuses those that it does not know, and values that cannot be.
    let mut command = Command::new(env!("CARGO_BIN_EXE_events"));
    without_settings(&mut command);
    let output = command.args(words).arg("--help").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    (!output.status.success()).then_some(said)
}

/// Lines of shell, and texts in backticks, that call the command: from its name on.
fn typed(document: &Document) -> Vec<(usize, String)> {
    let mut typed = Vec::new();
    for block in document.blocks().into_iter().filter(|block| block.language == "sh") {
        let mut joined = String::new();
        for (number, line) in block.lines.iter().enumerate() {
            joined.push_str(line.trim());
            if joined.ends_with('\\') {
                joined.pop();
                continue;
            }
            let line = std::mem::take(&mut joined);
            let calls = line.match_indices("events ").filter(|(place, _)| is_call(&line[..*place]));
            typed.extend(calls.map(|(place, _)| (block.start + number, line[place..].to_owned())));
        }
    }
    let spans = document.spans().into_iter().filter(|(_, span)| {
        let subcommand = span.strip_prefix("events ").and_then(|rest| rest.chars().next());
        subcommand.is_some_and(|letter| letter.is_ascii_lowercase())
    });
    typed.extend(spans.map(|(line, span)| (line, span.to_owned())));
    typed
}

/// Whether what stands before a name makes it that of a command, and not an argument, a path or a word of a comment.
fn is_call(before: &str) -> bool {
    let before = before.trim_end();
    !before.contains('#') && (before.is_empty() || before.ends_with(['|', '&', ';', '(']))
}

/// The words of a call behind its name, up to what the shell takes for itself, with values for what stands for one.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for word in shlex::split(text)?.into_iter().skip(1) {
        let ends = matches!(word.as_str(), "|" | "&&" | "||" | ";" | "&")
            || word.trim_start_matches('2').starts_with(['>', '<']);
        if ends {
            break;
        }
        // `[FILE…]`, `…`: nothing need be there.
        if word.starts_with('[') || word == "…" || word == "..." {
            continue;
        }
        // `athena|spark`: one of them.
        let word = word.split('|').next().unwrap_or_default();
        words.push(match word.trim_end_matches([';', ')']) {
            "FIRST..LAST" => "2026-01-01..2026-01-31".to_owned(),
            word => word.to_owned(),
        });
    }
    // `events reprocess --date`: with some day.
    if words.last().is_some_and(|word| word == "--date") {
        words.push("2026-01-31".to_owned());
    }
    Some(words)
}
