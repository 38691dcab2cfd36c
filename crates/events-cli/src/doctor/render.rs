//! Checks for people.

use std::fmt::Write as _;

use super::check::{Check, Verdict};
use crate::units::counted;

/// The signs of a verdict, where text may be anything and where it is ASCII.
fn sign(verdict: Verdict, is_unicode: bool) -> &'static str {
    match (verdict, is_unicode) {
        (Verdict::Ok, true) => "✓",
        (Verdict::Failed, true) => "✗",
        (Verdict::Ok, false) => "+",
        (Verdict::Failed, false) => "x",
        (Verdict::Warning, _) => "!",
        (Verdict::Skipped, _) => "-",
    }
}

/// A line a check, below it how to mend what is wrong, and at the end how many came to what.
pub(super) fn render(checks: &[Check], is_unicode: bool) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { name, verdict, seen, mend, .. } in checks {
        let why = if *verdict == Verdict::Skipped { "skipped: " } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} {name:width$}  {why}{seen}", sign(*verdict, is_unicode));
        if let Some(mend) = mend {
            let _ = writeln!(text, "  {:width$}  {} {mend}", "", if is_unicode { "→" } else { "->" });
        }
    }
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count() as u64;
    let (all, warnings) = (counted(checks.len() as u64, "check"), counted(count(Verdict::Warning), "warning"));
    let (failed, skipped) = (count(Verdict::Failed), count(Verdict::Skipped));
    let _ = writeln!(text, "\n{all}: {failed} failed, {warnings}, {skipped} skipped");
    text
}

/// Whether text may be anything, by the variables for the character set, of which the first that is set counts.
pub(super) fn is_unicode(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    named.is_some_and(|named| named.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_line_for_each_check_and_how_to_mend_it() {
        let checks =
            [Check::ok("clock", "1 s off"), Check::wrong("zones", "none", "--root"), Check::skipped("x", "why")];
        let lines = "✓ clock  1 s off\n✗ zones  none\n         → --root\n- x      skipped: why\n";
        assert_eq!(render(&checks, true), format!("{lines}\n3 checks: 1 failed, 0 warnings, 1 skipped\n"));
        assert!(render(&checks, false).is_ascii());
    }

    #[test]
    fn takes_the_first_variable_that_is_set() {
        let of = |variables: &'static [(&str, &str)]| {
            is_unicode(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(of(&[("LANG", "C.UTF-8")]) && of(&[("LC_ALL", ""), ("LC_CTYPE", "en_US.utf8")]));
        assert!(!of(&[]) && !of(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")]));
    }
}
