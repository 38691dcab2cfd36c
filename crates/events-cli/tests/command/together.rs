//! Several runs on one table at the same moment.

use std::process::{Child, Stdio};

use crate::lake::{Finished, Lake};
use crate::undisturbed::{DATE, Undisturbed, config};

const ROUNDS: usize = 20;

fn start(lake: &Lake, arguments: &str) -> Child {
    let mut command = lake.command(&format!("run --root lake --date {DATE} {arguments}"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The codes of two runs that begin at the same moment, the smaller first. A run with rejects counts as done.
fn codes_of_two(lake: &Lake, arguments: &str) -> [i32; 2] {
    let code = |child: Child| {
        let finished = Finished::from(child.wait_with_output().unwrap());
        match finished.code {
            0 | 3 => 0,
            7 => {
                finished.fails(7, &["another run is at work on the table in `lake/trusted`", "hint: --wait"]);
                7
            }
            _ => panic!("{finished:?}"),
        }
    };
    let mut codes = [start(lake, arguments), start(lake, arguments)].map(code);
    codes.sort_unstable();
    codes
}

#[test]
fn of_two_runs_at_once_one_works_and_the_other_says_so_or_comes_after_it() {
    let undisturbed = Undisturbed::of(&config());
    let mut refused = 0;
    for _ in 0..ROUNDS {
        let lake = undisturbed.lake();
        let codes = codes_of_two(&lake, "");
        assert_eq!(codes[0], 0);
        refused += usize::from(codes[1] == 7);
        assert_eq!(lake.events("run --root lake").code, 0);
        undisturbed.check(&lake, None);
    }
    println!("{refused} of {ROUNDS} second runs were refused");
}

#[test]
fn a_run_that_waits_comes_after_the_other() {
    let undisturbed = Undisturbed::of(&config());
    for _ in 0..ROUNDS / 4 {
        let lake = undisturbed.lake();
        assert_eq!(codes_of_two(&lake, "--wait 30"), [0, 0]);
        undisturbed.check(&lake, None);
    }
}
