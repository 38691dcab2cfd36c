//! What the documents say, held against the files and the command that there are: links, commands, and transcripts.
//!
//! | module | holds |
//! |---|---|
//! | `markdown` | documents, their blocks, links and headings |
//! | `links` | whether links lead somewhere, and whether every page is in the book |
//! | `commands` | whether the command understands what is to be typed |
//! | `transcripts` | what sessions print, run again |
//! | `varying` | what may differ between two runs of a session |
//!
//! It has no test harness, so that what it skips is seen: commands of transcripts that ask DuckDB need a Python that has it.
//! With `EVENTS_BLESS` transcripts are renewed instead of held against what is printed.
#![expect(clippy::unwrap_used, reason = "clippy does not know a test without harness as one")]

mod commands;
mod links;
mod markdown;
#[path = "../python/mod.rs"]
mod python;
mod transcripts;
mod varying;

use std::path::Path;
use std::process::ExitCode;

use markdown::Document;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let documents = Document::all(&root);
    let mut problems = varying::check();
    problems.extend(links::check(&root, &documents));
    problems.extend(commands::check(&documents));
    problems.extend(transcripts::check(&root, &documents));
    for problem in &problems {
        eprintln!("documents: {problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
