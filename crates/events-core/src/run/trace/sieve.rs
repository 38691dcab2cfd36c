//! Inputs without an id, found out faster than they are parsed.
//!
//! An input is left out only when no record of it can have one of the ids: the text of none is in its bytes, in any case of
//! letters, and no ASCII character is spelled as an escape, behind which an id could hide. Of inputs whose bytes are not
//! their text nothing can be said, so compressed ones and UTF-16 stay.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use crate::error::Result;
use crate::event::EventId;
use crate::json::{Compression, Level, Utf16};
use crate::run::context::Context;
use crate::run::plan::{Input, Plan};
use crate::run::ranges::Ranges;
use crate::run::remote::Remote;
use crate::run::search::Search;

/// More ids than this are in nearly every input.
const IDS_MAX: usize = 32;

/// What begins the escape of an ASCII character that an id can have: those below U+0020 are in none that is looked for.
const ESCAPES: [&str; 6] = [r"\u002", r"\u003", r"\u004", r"\u005", r"\u006", r"\u007"];

/// Leaves out of a plan what cannot hold an id, for many threads.
pub(super) struct Sieve {
    context: Arc<Context>,
    plan: Plan,
    /// `None` when every input stays.
    texts: Option<Texts>,
    next: AtomicUsize,
}

/// Texts of which each record that is looked for has one.
struct Texts {
    automaton: AhoCorasick,
    /// Of the longest.
    length: usize,
}

impl Sieve {
    pub(super) fn new(context: &Arc<Context>, plan: Plan, search: &Search) -> Self {
        // A guess may read an id out of other bytes: pieces of a string, escapes that JSON does not have.
        let texts = (context.config.repair < Level::Guess).then(|| Texts::of(&search.ids)).flatten();
        Self { context: Arc::clone(context), plan, texts, next: AtomicUsize::new(0) }
    }

    /// The inputs that may hold an id.
    pub(super) async fn pass(self) -> Result<Plan> {
        if self.texts.is_none() {
            return Ok(self.plan);
        }
        let (context, sieve) = (Arc::clone(&self.context), Arc::new(self));
        let work = Arc::clone(&sieve);
        let kept = context.on_threads(context.config.threads, move |remote| work.work(remote)).await?;
        let mut kept: Vec<usize> = kept.into_iter().flatten().collect();
        kept.sort_unstable();
        let inputs = kept.into_iter().map(|number| sieve.plan.inputs[number].clone()).collect();
        Ok(Plan { inputs, refused: Vec::new() })
    }

    /// A thread's part of the work: the numbers of inputs that stay.
    fn work(&self, remote: &Remote) -> Result<Vec<usize>> {
        let mut kept = Vec::new();
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = self.plan.inputs.get(number) else { return Ok(kept) };
            if self.may_hold(input, remote)? {
                kept.push(number);
            }
        }
    }

    fn may_hold(&self, input: &Input, remote: &Remote) -> Result<bool> {
        let Some(texts) = &self.texts else { return Ok(true) };
        let mut ranges = Ranges::new(&self.context, input, &Arc::<OnceLock<u128>>::default(), remote);
        let Some(first) = ranges.next()? else { return Ok(false) };
        if Compression::detect(&first).is_some() || Utf16::detect(&first).is_some() {
            return Ok(true);
        }
        let mut scan = Scan { texts, seam: Vec::new() };
        let mut range = Some(first);
        while let Some(bytes) = range {
            if scan.meets(&bytes) {
                return Ok(true);
            }
            self.context.stop.check()?;
            range = ranges.next()?;
        }
        Ok(false)
    }
}

/// Looks for texts in bytes that come in ranges.
struct Scan<'a> {
    texts: &'a Texts,
    /// The end of what was looked at, in which a text may begin.
    seam: Vec<u8>,
}

impl Scan<'_> {
    /// Whether a text ends in these bytes.
    fn meets(&mut self, bytes: &[u8]) -> bool {
        let Texts { automaton, length } = self.texts;
        self.seam.extend_from_slice(&bytes[..bytes.len().min(*length)]);
        if automaton.is_match(&self.seam) || automaton.is_match(bytes) {
            return true;
        }
        match bytes.len().checked_sub(*length) {
            Some(from) => {
                self.seam.clear();
                self.seam.extend_from_slice(&bytes[from..]);
            }
            // A text may begin before them and end behind them.
            None => drop(self.seam.drain(..self.seam.len().saturating_sub(*length))),
        }
        false
    }
}

impl Texts {
    /// `None` when there are too many, or an id may be spelled in more ways than these.
    fn of(ids: &[EventId<'_>]) -> Option<Self> {
        let is_plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        if texts.len() > IDS_MAX || !texts.iter().all(is_plain) {
            return None;
        }
        let length = texts.iter().map(String::len).chain(ESCAPES.map(str::len)).max()?;
        let patterns = texts.iter().map(String::as_str).chain(ESCAPES);
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(patterns).ok()?;
        Some(Self { automaton, length })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(ids: &[&str]) -> Option<Texts> {
        Texts::of(&ids.iter().map(|id| EventId::new((*id).into())).collect::<Vec<_>>())
    }

    fn meets(texts: &Texts, ranges: &[&[u8]]) -> bool {
        let mut scan = Scan { texts, seam: Vec::new() };
        ranges.iter().any(|range| scan.meets(range))
    }

    #[test]
    fn nothing_is_left_out_in_which_an_id_may_hide() {
        let texts = texts(&["3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a", "Order-7"]).unwrap();
        for text in ["3AAAFB1F-c83b-4e77-9d0a-8d88f9a9fa9a", r"Order-\u0037", "x order-7", r"\u007a"] {
            assert!(meets(&texts, &[text.as_bytes()]), "{text}");
        }
        assert!(!meets(&texts, &[br"Order-8 3aaafb1f-c83b \u00e9 \u001f"]));
    }

    #[test]
    fn every_input_stays_when_ids_have_other_spellings_or_are_many() {
        assert!(texts(&["a/b"]).is_none() && texts(&["é"]).is_none());
        assert!(texts(&vec!["a"; IDS_MAX + 1]).is_none() && texts(&vec!["a"; IDS_MAX]).is_some());
    }

    proptest! {
        #[test]
        fn finds_a_text_wherever_the_bytes_are_cut(before in 0_usize..40, behind in 0_usize..40, cuts in prop::collection::vec(0_usize..120, 0..12)) {
            let texts = texts(&["3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a"]).unwrap();
            let text = format!("{}3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a{}", "3".repeat(before), "a".repeat(behind));
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let ranges: Vec<_> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert!(meets(&texts, &ranges));
        }
    }
}
