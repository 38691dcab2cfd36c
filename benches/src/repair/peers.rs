//! What other projects make of the same files, each in a process of its own and in its natural way: a text in, a text out.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use events_core::json::Level;
use serde::Serialize;
use serde_json::Value;

use super::corpus::{Condition, Corpus, Layout};
use super::judge::{Judge, Scores};
use super::measure::Files;
use super::program::Program;
use crate::error::{Error, Result};

/// How long a peer may take.
const TIME_MAX: Duration = Duration::from_secs(120);
/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// The scripts that call the peers.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// Where the peers are installed.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Peers {
    /// A Python with the packages of tests/peers/requirements.txt, to measure them too
    #[arg(long = "peers-python", value_name = "PATH")]
    python: Option<PathBuf>,
    /// The folder in which npm has installed tests/peers/package.json, to measure it too
    #[arg(long = "peers-node", value_name = "DIR")]
    node: Option<PathBuf>,
}

/// What is given to a peer at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Serving {
    /// Each line by itself.
    Lines,
    /// The whole text.
    Whole,
    /// The whole text as a stream.
    Stream,
}

/// How a peer did.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PeerRun {
    pub(crate) peer: &'static str,
    pub(crate) layout: Layout,
    pub(crate) serving: Serving,
    /// Megabytes of input a second with the start of the process, when it came to the end of the input.
    pub(crate) mb_per_s: Option<f64>,
    /// Not done in the time that it had.
    pub(crate) is_late: bool,
    pub(crate) scores: Scores,
}

const PYTHON: [(&str, Layout, Serving); 5] = [
    // The lines as a whole leave one record, which says little about the peer.
    ("json_repair", Layout::Lines, Serving::Lines),
    ("json_repair", Layout::Concatenated, Serving::Whole),
    ("fast-json-repair", Layout::Lines, Serving::Lines),
    ("fast-json-repair", Layout::Lines, Serving::Whole),
    ("fast-json-repair", Layout::Concatenated, Serving::Whole),
];
const NODE: [(&str, Layout, Serving); 3] = [
    ("jsonrepair", Layout::Lines, Serving::Lines),
    ("jsonrepair", Layout::Lines, Serving::Stream),
    ("jsonrepair", Layout::Concatenated, Serving::Stream),
];

impl Serving {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lines => "a line",
            Self::Whole => "the text",
            Self::Stream => "a stream",
        }
    }

    /// What the scripts call it.
    fn argument(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Whole => "whole",
            Self::Stream => "stream",
        }
    }
}

impl Peers {
    /// Whether there are any.
    pub(crate) fn are_installed(&self) -> bool {
        self.python.is_some() || self.node.is_some()
    }

    /// Runs all of them on the damaged files, and this project's command beside them.
    pub(crate) fn run(&self, corpus: &Corpus, files: &Files, program: &Program) -> Result<Vec<PeerRun>> {
        let mut runs = Vec::new();
        let mut run = |peer, layout, serving, mut command: Command| {
            eprintln!("peers: {peer}, {layout}, {}", Serving::name(serving));
            let (output, error) = (files.folder().join("output.json"), files.folder().join("errors.txt"));
            let took = timed(&mut command, &output, &error)?;
            let bytes =
                fs::metadata(files.path(layout, Condition::Damaged)).map_err(Error::io("reading", &output))?.len();
            let mb_per_s = |took: Duration| bytes as f64 / 1e6 / took.as_secs_f64();
            let (is_late, mb_per_s) = (took == Took::TooLong, took.to_end().map(mb_per_s));
            // What it wrote counts, however it ended.
            runs.push(PeerRun { peer, layout, serving, mb_per_s, is_late, scores: scores(corpus, &output)? });
            Ok::<_, Error>(())
        };
        for layout in Layout::ALL {
            let command = program.command(&files.path(layout, Condition::Damaged), Level::Guess);
            run("events repair, guess", layout, Serving::Stream, command)?;
        }
        for (peer, layout, serving) in PYTHON {
            if let Some(python) = &self.python {
                let mut command = Command::new(python);
                command.arg(Path::new(SCRIPTS).join("repair.py")).args([peer, serving.argument()]);
                command.arg(files.path(layout, Condition::Damaged));
                run(peer, layout, serving, command)?;
            }
        }
        for (peer, layout, serving) in NODE {
            if let Some(node) = &self.node {
                let mut command = Command::new("node");
                command.arg(Path::new(SCRIPTS).join("repair.mjs")).arg(serving.argument());
                command.arg(files.path(layout, Condition::Damaged)).current_dir(node);
                run(peer, layout, serving, command)?;
            }
        }
        Ok(runs)
    }
}

/// How a peer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Took {
    ToEnd(Duration),
    /// It gave up somewhere.
    Failed,
    TooLong,
}

impl Took {
    fn to_end(self) -> Option<Duration> {
        match self {
            Self::ToEnd(took) => Some(took),
            Self::Failed | Self::TooLong => None,
        }
    }
}

/// Runs a command, and ends it when its time is over. What it refuses is no error: the scores show it.
fn timed(command: &mut Command, output: &Path, error: &Path) -> Result<Took> {
    let create = |path: &Path| File::create(path).map_err(Error::io("creating", path));
    command.stdin(Stdio::null()).stdout(create(output)?).stderr(create(error)?);
    let name = PathBuf::from(command.get_program());
    let began = Instant::now();
    let mut child = command.spawn().map_err(Error::io("starting", &name))?;
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io("waiting for", &name))? {
            // This project's command ends with 3 when there are rejects.
            let is_done = matches!(status.code(), Some(0 | 3));
            return Ok(if is_done { Took::ToEnd(began.elapsed()) } else { Took::Failed });
        }
        if began.elapsed() > TIME_MAX {
            child.kill().and_then(|()| child.wait()).map_err(Error::io("ending", &name))?;
            return Ok(Took::TooLong);
        }
        thread::sleep(LOOK);
    }
}

/// Reads what came out: JSON as a whole, or what each line begins with when it is not. An array that was not written to its
/// end has an element a line.
fn scores(corpus: &Corpus, output: &Path) -> Result<Scores> {
    let text = fs::read(output).map_err(Error::io("reading", output))?;
    let text = String::from_utf8_lossy(&text);
    let mut judge = Judge::new(corpus);
    match serde_json::Deserializer::from_str(&text).into_iter::<Value>().collect::<Result<Vec<_>, _>>() {
        Ok(values) => values.iter().for_each(|value| judge.value(value)),
        Err(_) => {
            for line in text.lines() {
                serde_json::Deserializer::from_str(line)
                    .into_iter()
                    .map_while(Result::ok)
                    .for_each(|value| judge.value(&value));
            }
        }
    }
    Ok(judge.scores())
}
