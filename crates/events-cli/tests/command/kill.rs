//! Runs that are killed at random moments, and what the next runs make of what is left.
//!
//! `EVENTS_KILLS=2000 cargo test -p events-cli --test command kill -- --nocapture` kills as many runs; the default is
//! [`KILLS`]. `EVENTS_SEED` gives the seed, which is printed; with the same one the kills come at about the same moments.
#![cfg(unix)]

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::lake::{Finished, Lake};
use crate::undisturbed::{DATE, Undisturbed, add_late, config, rows};

/// Kills in a usual run of the tests.
const KILLS: u64 = 25;
/// Rounds at the same time: a run waits for its disk now and then.
const ROUNDS_AT_ONCE: usize = 2;
/// How often somebody looks who waits for a commit.
const LOOK_EVERY: Duration = Duration::from_micros(200);

const ENTRY: &str = "lake/trusted/control/log/00000000000000000001.json";

/// What the kills have met, by name.
type Tally = Mutex<BTreeMap<String, u64>>;

#[test]
fn whatever_moment_a_run_is_killed_in_the_next_one_loses_and_doubles_nothing() {
    let number = |variable: &str| std::env::var(variable).ok().map(|text| text.parse::<u64>().unwrap());
    let kills = number("EVENTS_KILLS").unwrap_or(KILLS);
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let seed = number("EVENTS_SEED").unwrap_or_else(clock);
    println!("EVENTS_SEED={seed}");
    let undisturbed = Undisturbed::of(&config());
    let durations = [Job::Run, Job::Parse, Job::Distribute].map(|job| Durations::of(&undisturbed, job));
    println!("{durations:?}");
    let (killed, round, tally) = (AtomicU64::new(0), AtomicU64::new(0), Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..ROUNDS_AT_ONCE {
            scope.spawn(|| {
                while killed.load(Ordering::Relaxed) < kills {
                    let round = round.fetch_add(1, Ordering::Relaxed);
                    let lake = undisturbed.lake();
                    let mut work = Round {
                        lake: &lake,
                        durations: &durations,
                        random: Random(seed ^ round),
                        tally: &tally,
                        killed: &killed,
                    };
                    let ended = catch_unwind(AssertUnwindSafe(|| work.all(&undisturbed)));
                    if let Err(panic) = ended {
                        fail(lake, seed, round, panic);
                    }
                }
            });
        }
    });
    for (name, count) in tally.into_inner().unwrap() {
        println!("{count:6}  {name}");
    }
}

/// Keeps what a round has left, for whoever looks for the reason.
fn fail(lake: Lake, seed: u64, round: u64, panic: Box<dyn Any + Send>) {
    println!("EVENTS_SEED={seed}, round {round}, kept in {}", lake.keep().display());
    resume_unwind(panic);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Run,
    Parse,
    Distribute,
}

impl Job {
    fn arguments(self) -> String {
        let name = match self {
            Self::Run => "run",
            Self::Parse => "parse",
            Self::Distribute => "distribute",
        };
        format!("{name} --root lake --date {DATE} --scratch scratch")
    }

    fn start(self, lake: &Lake) -> Child {
        lake.command(&self.arguments()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs to the end.
    fn finish(self, lake: &Lake) {
        let finished = lake.events(&self.arguments());
        // When a killed one's commit was all that was left, there is no stage any more.
        let nothing = self == Self::Distribute && finished.code == 2 && lake.log() == (vec![1], vec![1]);
        assert!([0, 3].contains(&finished.code) || nothing, "{finished:?}");
    }
}

/// How long a job takes that nobody disturbs, beside the others that are at work meanwhile.
#[derive(Debug)]
struct Durations {
    whole: Longest,
    /// From the moment that its entry is in the log.
    behind_commit: Longest,
}

/// How long to wait at most before a kill, in microseconds: shorter when kills come too late, a bit longer when not, so
/// that about five of six meet a run at work and any part of it.
#[derive(Debug)]
struct Longest(AtomicU64);

impl Longest {
    fn new(duration: Duration) -> Self {
        Self(AtomicU64::new(duration.as_micros() as u64))
    }

    fn micros(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn learn(&self, too_late: bool) {
        let percent = if too_late { 90 } else { 102 };
        self.0.store((self.micros() * percent / 100).max(1000), Ordering::Relaxed);
    }
}

impl Durations {
    fn of(undisturbed: &Undisturbed, job: Job) -> Self {
        let lake = undisturbed.lake();
        std::fs::create_dir(lake.path("scratch")).unwrap();
        if job == Job::Distribute {
            Job::Parse.finish(&lake);
        }
        let (began, child) = (Instant::now(), job.start(&lake));
        let committed = if job == Job::Parse { began } else { wait_for_commit(&lake, Duration::from_secs(60)) };
        let finished = Finished::from(child.wait_with_output().unwrap());
        assert!([0, 3].contains(&finished.code), "{finished:?}");
        Self { whole: Longest::new(began.elapsed()), behind_commit: Longest::new(committed.elapsed()) }
    }
}

/// Waits for the first commit, but no longer than that; when it ended.
fn wait_for_commit(lake: &Lake, longest: Duration) -> Instant {
    let (began, entry) = (Instant::now(), lake.path(ENTRY));
    while !entry.exists() && began.elapsed() < longest {
        sleep(LOOK_EVERY);
    }
    Instant::now()
}

/// A lake, on which runs are killed and then end.
struct Round<'a> {
    lake: &'a Lake,
    durations: &'a [Durations; 3],
    random: Random,
    tally: &'a Tally,
    killed: &'a AtomicU64,
}

impl Round<'_> {
    fn all(&mut self, undisturbed: &Undisturbed) {
        std::fs::create_dir(self.lake.path("scratch")).unwrap();
        let halves = self.random.one_in(4);
        let late = if halves {
            self.kill_until_done(Job::Parse);
            self.kill_until_done(Job::Distribute);
            None
        } else {
            self.kill(Job::Run);
            let late = self.random.one_in(3).then(|| add_late(self.lake));
            self.kill_until_done(Job::Run);
            late
        };
        undisturbed.check(self.lake, late);
        self.count_partial("left at the end: ");
        // What is left of scratch is empty folders: its files have no names.
        assert!(self.lake.files("scratch").is_empty());
    }

    /// Kills a job, now and then a second and a third time, and lets it end.
    fn kill_until_done(&mut self, job: Job) {
        if job != Job::Run || self.random.one_in(3) {
            self.kill(job);
        }
        while self.random.one_in(4) {
            self.kill(job);
        }
        job.finish(self.lake);
    }

    fn kill(&mut self, job: Job) {
        let durations = &self.durations[job as usize];
        let mut child = job.start(self.lake);
        // The moments behind the commit are short beside those before it.
        let longest = if self.random.one_in(2) && job != Job::Parse && !self.lake.path(ENTRY).exists() {
            wait_for_commit(self.lake, Duration::from_micros(durations.whole.micros() * 4));
            &durations.behind_commit
        } else {
            &durations.whole
        };
        sleep(Duration::from_micros(self.random.up_to(longest.micros())));
        child.kill().unwrap();
        let output = Finished::from(child.wait_with_output().unwrap());
        // Whoever was too late has killed nothing.
        assert!([-1, 0, 2, 3].contains(&output.code), "{output:?}");
        longest.learn(output.code != -1);
        self.killed.fetch_add(u64::from(output.code == -1), Ordering::Relaxed);
        // A reader sees whole files, whatever the moment.
        let seen = rows(self.lake).len();
        let phase = if output.code == -1 { self.phase(job, seen) } else { "after its end" };
        *self.tally.lock().unwrap().entry(format!("{job:?} killed {phase}")).or_default() += 1;
        self.count_partial("left by a kill: ");
    }

    /// Where the last kill has met a run, by what is there.
    fn phase(&self, job: Job, rows: usize) -> &'static str {
        let pending = self.lake.files("lake/landing/pending").len();
        if job == Job::Parse {
            let staged = self.lake.files("lake/stage");
            let has = |name: &str| staged.keys().any(|path| path.ends_with(name));
            return match (has("/complete.json"), has("/moved")) {
                (false, _) => "before its stage was whole",
                (true, false) => "when its stage was whole",
                (true, true) => "when its inputs were moved",
            };
        }
        let (commits, done) = self.lake.log();
        if commits.is_empty() {
            return if self.lake.files("lake/stage").is_empty() { "before its first write" } else { "while it staged" };
        }
        if commits == done {
            return "when all was done";
        }
        match (rows, pending) {
            (0, _) => "right behind its commit",
            (_, 0) if job == Job::Run => "behind its commit, when inputs were moved",
            _ if self.lake.files("lake/landing/processed").is_empty() => "behind its commit, while it published",
            _ if job == Job::Run => "behind its commit, while it moved inputs",
            _ => "behind its commit, while it published or erased",
        }
    }

    /// Counts files that were being written, by the folder that they are in.
    fn count_partial(&self, what: &str) {
        for path in self.lake.files("lake").into_keys().filter(|path| path.contains('#')) {
            let folder = path.rsplit_once('/').unwrap().0;
            let folder = folder.split('/').map(|part| part.split_once('=').map_or(part, |(name, _)| name));
            let name = format!("{what}partial files in {}", folder.collect::<Vec<_>>().join("/"));
            *self.tally.lock().unwrap().entry(name).or_default() += 1;
            assert!(!path.starts_with("trusted/events"), "{path}");
        }
    }
}

/// The generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    fn up_to(&mut self, greatest: u64) -> u64 {
        self.next() % (greatest + 1)
    }
}
