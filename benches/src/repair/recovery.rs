//! What repair recovers from a damaged input.

use events_core::json::{Finding, FrameLimits, Level, Repairer};
use serde::Serialize;

use super::corpus::{Condition, Corpus, Layout};
use super::judge::{Judge, Scores, Verdict};
use super::ledger::Ledger;
use super::pass::PIECE_BYTES;
use crate::error::{Error, Result};

/// The levels that are judged. At `strict` the first damage ends everything.
pub(crate) const LEVELS: [Level; 3] = [Level::Framing, Level::Lenient, Level::Guess];

/// Of the damaged records, at least so many per cent have to be right at `guess`.
const RIGHT_PERCENT_MIN: u64 = 95;

/// What came out at a level.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Recovery {
    pub(crate) layout: Layout,
    pub(crate) level: Level,
    pub(crate) scores: Scores,
    /// Records of the input that are not right, and do not say that they are guesses.
    pub(crate) unmarked: u64,
    /// Objects from within damaged records that were taken for records, and do not say that they are guesses: without its
    /// surroundings nothing tells `{"a":1}` from a record.
    pub(crate) parts: u64,
    pub(crate) rejects: u64,
    /// Bytes of the input that are nowhere.
    pub(crate) unaccounted_bytes: usize,
}

impl Recovery {
    /// Repairs the damaged records in that layout, and judges what comes out.
    pub(crate) fn of(corpus: &Corpus, layout: Layout, level: Level) -> Self {
        let input = corpus.text(layout, Condition::Damaged);
        let input = input.as_bytes();
        let mut judge = Judge::new(corpus);
        let mut ledger = Ledger::default();
        let (mut unmarked, mut parts, mut rejects) = (0, 0, 0);
        let mut take = |finding: Finding<'_>| match finding {
            Finding::Record { offset, before, json, repairs } => {
                ledger.kept(offset, before, input);
                let verdict = judge.record(&json, repairs);
                let is_marked = repairs.level() == Some(Level::Guess);
                unmarked += u64::from(verdict == Verdict::Wrong && !is_marked);
                parts += u64::from(verdict == Verdict::Stranger && !is_marked);
            }
            Finding::Reject { offset, bytes, .. } => {
                ledger.kept(offset, bytes, input);
                rejects += 1;
            }
            Finding::Repair(repair) => ledger.repaired(repair.offset, repair.length),
        };
        let mut repairer = Repairer::new(level, FrameLimits::default());
        input.chunks(PIECE_BYTES).for_each(|piece| repairer.push(piece, &mut take));
        repairer.finish(&mut take);
        let unaccounted_bytes = ledger.unaccounted(input);
        Self { layout, level, scores: judge.scores(), unmarked, parts, rejects, unaccounted_bytes }
    }

    /// Holds it against what repair promises.
    pub(crate) fn check(&self) -> Result<()> {
        let (undamaged, damaged) = (self.scores.undamaged, self.scores.damaged());
        let musts = [
            ("undamaged records kept", undamaged.all, undamaged.right),
            ("records that are wrong and not marked as guesses", 0, self.unmarked),
            ("bytes unaccounted for", 0, self.unaccounted_bytes as u64),
        ];
        let least = if self.level == Level::Guess { (damaged.all * RIGHT_PERCENT_MIN).div_ceil(100) } else { 0 };
        let enough = ("damaged records mended right, at least", least, damaged.right.min(least));
        match musts.into_iter().chain([enough]).find(|(_, expected, actual)| expected != actual) {
            None => Ok(()),
            Some((what, expected, actual)) => {
                Err(Error::Recovery { what, layout: self.layout.name(), level: self.level, expected, actual })
            }
        }
    }
}
