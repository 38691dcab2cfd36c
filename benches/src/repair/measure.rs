//! How fast repair is, in rounds: what is compared with each other runs one right after the other.

use std::fs::{self, File};
use std::path::{self, Path, PathBuf};

use events_core::json::Level;
use serde::Serialize;
use tempfile::TempDir;

use super::corpus::{Condition, Corpus, Layout};
use super::pass::Pass;
use super::program::Program;
use crate::child;
use crate::error::{Error, Result};
use crate::spread::Spread;

/// What is timed of a layout in each round, in this order.
const SUBJECTS: [Subject; 5] = [
    Subject { condition: Condition::Clean, level: Level::Framing },
    Subject { condition: Condition::Clean, level: Level::Lenient },
    Subject { condition: Condition::Damaged, level: Level::Lenient },
    Subject { condition: Condition::Clean, level: Level::Guess },
    Subject { condition: Condition::Damaged, level: Level::Guess },
];
const CLEAN_FRAMING: usize = 0;
const CLEAN_LENIENT: usize = 1;
const DAMAGED_LENIENT: usize = 2;
const CLEAN_GUESS: usize = 3;
const DAMAGED_GUESS: usize = 4;

/// An input at a level.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Subject {
    pub(crate) condition: Condition,
    pub(crate) level: Level,
}

/// The files of a corpus. They are gone when it is dropped.
pub(crate) struct Files {
    folder: TempDir,
}

/// A subject's turn in a round: in this program's library, and as the command.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Turn {
    pub(crate) library: Pass,
    /// Wall time with the start of the process.
    pub(crate) command_ms: Option<f64>,
}

/// All subjects, in the order of [`SUBJECTS`], behind the floor.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    floor: Pass,
    turns: Vec<Turn>,
}

/// What people compare of a subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SubjectFigures {
    pub(crate) subject: Subject,
    pub(crate) mb_per_s: Spread,
    pub(crate) command_mb_per_s: Option<Spread>,
    pub(crate) cpu_ms: Option<Spread>,
    /// The worst of all rounds, where it is known.
    pub(crate) rss_peak_bytes: Option<u64>,
}

/// How many times as fast one thing is as the other, round by round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ratio {
    pub(crate) what: &'static str,
    pub(crate) input: &'static str,
    pub(crate) times: Spread,
}

/// Everything about a layout.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Speed {
    pub(crate) layout: Layout,
    pub(crate) floor_mb_per_s: Spread,
    pub(crate) subjects: Vec<SubjectFigures>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) rounds: Vec<Round>,
}

impl Files {
    /// Writes the corpus in all layouts, clean and damaged, to a new folder below `parent`.
    pub(crate) fn write(corpus: &Corpus, parent: &Path) -> Result<Self> {
        // Absolute, because commands are started in other folders.
        let parent = &path::absolute(parent).map_err(Error::io("finding", parent))?;
        let folder = tempfile::Builder::new().prefix("events-bench-").tempdir_in(parent);
        let files = Self { folder: folder.map_err(Error::io("creating a folder in", parent))? };
        for layout in Layout::ALL {
            for condition in Condition::ALL {
                let path = files.path(layout, condition);
                let written = fs::write(&path, corpus.text(layout, condition));
                // What the system has not written to the disk by now, it would write during the first run.
                let synced = written.and_then(|()| File::open(&path)?.sync_all());
                synced.map_err(Error::io("writing", &path))?;
            }
        }
        Ok(files)
    }

    pub(crate) fn path(&self, layout: Layout, condition: Condition) -> PathBuf {
        self.folder.path().join(format!("{layout}-{}.json", condition.name()))
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Round {
    /// One round, checked as far as it is known what must come out.
    pub(crate) fn run(files: &Files, layout: Layout, records: u64, program: Option<&Program>) -> Result<Self> {
        let floor = child::check(&files.path(Layout::Lines, Condition::Clean))?;
        expect(&floor, layout, Level::Strict, records)?;
        let mut turns = Vec::with_capacity(SUBJECTS.len());
        for Subject { condition, level } in SUBJECTS {
            let path = files.path(layout, condition);
            let library = child::repair(&path, level)?;
            if condition == Condition::Clean {
                expect(&library, layout, level, records)?;
            }
            let command_ms = program.map(|program| program.wall_ms(&path, level)).transpose()?;
            turns.push(Turn { library, command_ms });
        }
        Ok(Self { floor, turns })
    }

    fn mb_per_s(&self, subject: usize) -> f64 {
        self.turns[subject].library.mb_per_s()
    }
}

impl Speed {
    /// The figures of the rounds; `None` when there are none.
    pub(crate) fn of(layout: Layout, rounds: Vec<Round>) -> Option<Self> {
        let times = |subject: usize, other: usize| {
            Spread::of(rounds.iter().map(|round| round.mb_per_s(subject) / round.mb_per_s(other)))
        };
        let to_floor = rounds.iter().map(|round| round.mb_per_s(CLEAN_LENIENT) / round.floor.mb_per_s());
        let ratio = |what, times| Some(Ratio { what, input: layout.name(), times });
        let ratios = [
            ratio("clean, lenient ÷ floor", Spread::of(to_floor)?),
            ratio("clean, lenient ÷ framing", times(CLEAN_LENIENT, CLEAN_FRAMING)?),
            ratio("lenient, damaged ÷ clean", times(DAMAGED_LENIENT, CLEAN_LENIENT)?),
            ratio("guess, damaged ÷ clean", times(DAMAGED_GUESS, CLEAN_GUESS)?),
        ];
        Some(Self {
            layout,
            floor_mb_per_s: Spread::of(rounds.iter().map(|round| round.floor.mb_per_s()))?,
            subjects: (0..SUBJECTS.len()).map(|index| SubjectFigures::of(index, &rounds)).collect::<Option<_>>()?,
            ratios: ratios.into_iter().flatten().collect(),
            rounds,
        })
    }
}

impl SubjectFigures {
    fn of(index: usize, rounds: &[Round]) -> Option<Self> {
        let turns = || rounds.iter().map(|round| &round.turns[index]);
        // A figure that one round does not know is not known.
        let known = |figures: Option<Vec<f64>>| figures.and_then(Spread::of);
        let command = |turn: &Turn| Some(turn.library.bytes as f64 / 1e3 / turn.command_ms?);
        Some(Self {
            subject: SUBJECTS[index],
            mb_per_s: Spread::of(turns().map(|turn| turn.library.mb_per_s()))?,
            command_mb_per_s: known(turns().map(command).collect()),
            cpu_ms: known(turns().map(|turn| Some(turn.library.cpu_ms? as f64)).collect()),
            rss_peak_bytes: turns().map(|turn| turn.library.rss_peak_bytes).max().flatten(),
        })
    }
}

/// A clean input gives all its records and nothing else.
fn expect(pass: &Pass, layout: Layout, level: Level, records: u64) -> Result<()> {
    let counts =
        [("records of the clean input", records, pass.records), ("rejects of the clean input", 0, pass.rejects)];
    match counts.into_iter().find(|(_, expected, actual)| expected != actual) {
        None => Ok(()),
        Some((what, expected, actual)) => Err(Error::Recovery { what, layout: layout.name(), level, expected, actual }),
    }
}
