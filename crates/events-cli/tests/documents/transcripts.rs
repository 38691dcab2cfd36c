//! Sessions in the documents, typed again: the commands of each page's `console` blocks, in one shell and one new folder.
//!
//! A line that begins with `$ ` is a command, the lines right behind it that begin with `> ` belong to it, and the rest up to
//! the next one is what it prints, to either stream.
//! `events` is this build, with what a person at a terminal would see of its log; `duckdb` asks the Python package.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;

use crate::markdown::Document;
use crate::{python, varying};

/// With this variable, documents get what the commands print.
const BLESS: &str = "EVENTS_BLESS";

/// What stands for the folder in which a session runs.
const HERE: &str = "/data";

/// Exit codes that need no mention: done, and done with rejects.
const EXPECTED_CODES: [&str; 2] = ["0", "3"];

static DUCKDB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|[|;&(] *)duckdb ").unwrap());

/// Enough of DuckDB's own command for the documents: an optional file, and `-c` or standard input.
const DUCKDB_SHIM: &str = r#"
import sys

import duckdb

arguments = sys.argv[1:]
file = arguments.pop(0) if arguments and arguments[0] != "-c" else ":memory:"
sql = arguments[1] if arguments else sys.stdin.read()
try:
    found = duckdb.connect(file).sql(sql)
    # A view that is made is no rows to look at.
    if found is not None and found.columns != ["Count"]:
        found.show(max_width=118, max_rows=40)
except duckdb.Error as error:
    sys.exit(str(error))
"#;

/// A command of a session.
struct Step {
    /// The place of its line.
    line: usize,
    command: String,
    /// The places of the lines that it prints.
    printed: std::ops::Range<usize>,
}

/// What a command did.
struct Done {
    printed: Vec<String>,
    code: String,
}

pub(crate) fn check(root: &Path, documents: &[Document]) -> Vec<String> {
    let python = python::with("duckdb");
    let mut problems = Vec::new();
    for document in documents {
        let steps = steps(document);
        if steps.is_empty() {
            continue;
        }
        let name = document.path.display();
        let asked = steps.iter().filter(|step| DUCKDB.is_match(&step.command)).count();
        match &python {
            None if asked > 0 => {
                println!("documents: {name}: {} commands, {asked} skipped: no Python 3 with DuckDB", steps.len());
                if python::is_required() {
                    problems.push(format!("{name}: commands were skipped"));
                }
            }
            _ => println!("documents: {name}: {} commands", steps.len()),
        }
        problems.extend(page(root, document, &steps, python.as_deref()));
    }
    problems
}

/// Types the commands of a page, and holds what they print against it.
fn page(root: &Path, document: &Document, steps: &[Step], python: Option<&Path>) -> Vec<String> {
    let done = match session(steps, python) {
        Ok(done) => done,
        Err(problem) => return vec![format!("{}: {problem}", document.path.display())],
    };
    let is_run = |(step, _): &(&Step, &Done)| python.is_some() || !DUCKDB.is_match(&step.command);
    let run: Vec<_> = steps.iter().zip(&done).filter(is_run).collect();
    let mut problems = Vec::new();
    for (number, (step, done)) in run.iter().enumerate() {
        let is_told = run.get(number + 1).is_some_and(|(next, _)| next.command == "echo $?");
        if !EXPECTED_CODES.contains(&done.code.as_str()) && !is_told {
            let place = document.place(step.line);
            problems.push(format!("{place}: `{}` ended with {} and no `echo $?` follows", step.command, done.code));
        }
    }
    let differ: Vec<_> = run.iter().filter_map(|(step, done)| difference(document, step, done)).collect();
    if !differ.is_empty() && std::env::var_os(BLESS).is_some() {
        renew(root, document, &run);
        println!("documents: {}: renewed, {} commands print something else", document.path.display(), differ.len());
    } else {
        problems.extend(differ);
    }
    problems
}

/// What a command prints otherwise than the page says.
fn difference(document: &Document, step: &Step, done: &Done) -> Option<String> {
    let wanted = &document.lines[step.printed.clone()];
    let settled = |lines: &[String]| varying::settled(lines.iter().map(String::as_str));
    if settled(wanted) == settled(&done.printed) {
        return None;
    }
    let (place, wanted, printed) = (document.place(step.line), wanted.join("\n"), done.printed.join("\n"));
    Some(format!("{place}: `{}`\n--- the document\n{wanted}\n--- what it prints\n{printed}", step.command))
}

/// Puts what a whole session prints into the page, so that its names and times are those of one.
fn renew(root: &Path, document: &Document, run: &[(&Step, &Done)]) {
    let mut lines = document.lines.clone();
    // From the end, so that places before a change stay.
    for (step, done) in run.iter().rev() {
        lines.splice(step.printed.clone(), done.printed.iter().cloned());
    }
    fs::write(root.join(&document.path), lines.join("\n") + "\n").unwrap();
}

/// The commands of a page.
fn steps(document: &Document) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in document.blocks().into_iter().filter(|block| block.language == "console") {
        let mut is_command = false;
        for (number, text) in block.lines.iter().enumerate() {
            let line = block.start + number;
            if let Some(command) = text.strip_prefix("$ ") {
                steps.push(Step { line, command: command.to_owned(), printed: line + 1..line + 1 });
                is_command = true;
                continue;
            }
            let Some(step) = steps.last_mut().filter(|step| step.line >= block.start) else { continue };
            match text.strip_prefix("> ").or((*text == ">").then_some("")) {
                Some(more) if is_command => {
                    step.command.extend(["\n", more]);
                    step.printed = line + 1..line + 1;
                }
                _ => {
                    is_command = false;
                    step.printed.end = line + 1;
                }
            }
        }
    }
    steps
}

/// Types commands into a shell, in a new folder.
fn session(steps: &[Step], python: Option<&Path>) -> Result<Vec<Done>, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let (bin, here) = (root.join("bin"), root.join("here"));
    fs::create_dir(&bin).unwrap();
    fs::create_dir(&here).unwrap();
    symlink(env!("CARGO_BIN_EXE_events"), bin.join("events")).unwrap();
    if let Some(python) = python {
        duckdb(&bin, python);
    }
    let script = root.join("session");
    fs::write(&script, typed(steps, python.is_some())).unwrap();
    let mut shell = Command::new("bash");
    without_settings(&mut shell);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(bin).chain(std::env::split_paths(&search));
    shell.env("PATH", std::env::join_paths(paths).unwrap());
    // What a terminal shows of the log, where a display of the progress comes and goes; and as many threads everywhere, as
    // requests can depend on it.
    shell.envs([("EVENTS_LOG_LEVEL", "warn"), ("EVENTS_THREADS", "2"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")]);
    let shell = shell.args(["--noprofile", "--norc"]).arg(&script).current_dir(&here).stdin(Stdio::null());
    let output = shell.output().map_err(|error| format!("bash: {error}"))?;
    let printed = String::from_utf8(output.stdout).map_err(|_| "what is printed is not UTF-8")?;
    let printed = printed.replace(&*here.to_string_lossy(), HERE);
    let parts: Vec<_> = printed.split('\0').collect();
    if parts.len() != 2 * steps.len() + 1 {
        return Err(format!("the shell ended early, behind:\n{printed}"));
    }
    let done = |pair: &[&str]| Done {
        printed: pair[0].trim_end().lines().map(|line| line.trim_end().to_owned()).collect(),
        code: pair[1].to_owned(),
    };
    Ok(parts.chunks_exact(2).map(done).collect())
}

/// What the shell reads: each command, and behind it a NUL, its exit code and another NUL.
fn typed(steps: &[Step], has_duckdb: bool) -> String {
    let mut script = "exec 2>&1\ncode=0\n".to_owned();
    for step in steps {
        let command = if !has_duckdb && DUCKDB.is_match(&step.command) { ":" } else { &step.command };
        script.extend(["(exit $code)\n", command, "\ncode=$?; printf '\\0%s\\0' $code\n"]);
    }
    script
}

/// Puts a command `duckdb` into a folder.
fn duckdb(bin: &Path, python: &Path) {
    // Not by the name of the package, which it would hide.
    let shim = bin.join("ask.py");
    fs::write(&shim, DUCKDB_SHIM).unwrap();
    // As the documents' folder is another one, a relative path would not be found.
    let python =
        if python.components().count() > 1 { std::path::absolute(python).unwrap() } else { PathBuf::from(python) };
    let command = bin.join("duckdb");
    fs::write(&command, format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), shim.display())).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Takes away what variables of whoever runs the tests would add.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let has = |prefix: &&str| name.to_string_lossy().starts_with(*prefix);
        if ["EVENTS_", "AWS_", "NO_COLOR", "RUST_LOG"].iter().any(has) {
            command.env_remove(&name);
        }
    }
}
