//! Exit codes: what a script can rely on.

use events_core::error::ErrorKind;

/// Everything was done, and every record met the contract.
pub const DONE: u8 = 0;
/// A promise would have been broken, so the run stopped: please report it.
pub const FAILED: u8 = 1;
/// An option, a variable, a setting of the file or a zone is not what it must be; nothing was done.
pub const USAGE: u8 = 2;
/// Everything was done, and some records are in the quarantine, where this run has put or left them, or some objects stay
/// because no run can ask for their names; with `repair --check`, there is something to do.
pub const DONE_WITH_REJECTS: u8 = 3;
/// A store or a disk did not answer, refused or failed. No input was lost: run again.
pub const STORAGE: u8 = 4;
/// A run was committed, but a store failed before it was carried out. Run again: the next run finishes it first.
pub const UNFINISHED: u8 = 5;
/// The level is strict, and an input is damaged: nothing was done, but for the records of `repair` before the damage.
pub const DAMAGED: u8 = 6;
/// Another run is at work on the table: nothing was done.
pub const BUSY: u8 = 7;
/// A run, or its workers, were to do what was planned, and an input, the table or a setting is another by now, or something else
/// would come of it: nothing was published. Plan again.
pub const OUTDATED: u8 = 8;
/// A look was done, and nothing is known of some of what it was to find: of an id that `trace` was given.
pub const NOT_FOUND: u8 = 9;
/// Somebody asked to stop before anything was published: 128 and the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// The codes as the help shows them.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  failed: a bug, please report it
    2  wrong usage or configuration, nothing was done
    3  done, with rejects; of `repair --check`: something to repair
    4  a store or a disk failed, run again
    5  committed, but a store failed before everything was published: run again, which finishes it
    6  strict: an input is damaged, nothing was done
    7  another run is at work on the table, nothing was done
    8  of `run --plan` and `work`: what was planned does not hold any more, nothing was published
    9  of `trace`: nothing is known of one or more of the ids
  130  interrupted, inputs are still pending";

/// The code of an error.
pub(crate) fn code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Configuration => USAGE,
        ErrorKind::Storage => STORAGE,
        ErrorKind::Interrupted => INTERRUPTED,
        ErrorKind::Unfinished => UNFINISHED,
        ErrorKind::Data => DAMAGED,
        ErrorKind::Busy => BUSY,
        ErrorKind::Outdated => OUTDATED,
        // A kind that this command does not know is a bug of it.
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_every_code_in_the_help() {
        let codes: Vec<u8> =
            HELP.lines().skip(1).map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
        let known = [
            DONE,
            FAILED,
            USAGE,
            DONE_WITH_REJECTS,
            STORAGE,
            UNFINISHED,
            DAMAGED,
            BUSY,
            OUTDATED,
            NOT_FOUND,
            INTERRUPTED,
        ];
        assert_eq!(codes, known);
    }
}
