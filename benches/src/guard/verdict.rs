//! Expected beside seen.

use std::collections::BTreeSet;
use std::fmt;

use clap::ValueEnum;
use events_benches::workload::Workload;

use crate::figures::{Bands, Expected, Figures, StoreFigures};

/// One figure.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// The workload or the run.
    of: String,
    figure: String,
    /// Zero for what nobody expects, or nobody has seen.
    expected: u64,
    seen: u64,
    /// In percent.
    band: f64,
}

/// A smaller change, in percent, is not worth a line.
const CHANGE_SHOWN: f64 = 0.1;

impl Line {
    /// In percent of what is expected.
    fn change(&self) -> f64 {
        if self.expected == self.seen {
            return 0.0;
        }
        (self.seen as f64 - self.expected as f64) * 1e2 / self.expected as f64
    }

    /// Nothing is allowed of nothing, as the change is infinite then.
    fn is_within(&self) -> bool {
        self.change().abs() <= self.band
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, figure, expected, seen, band } = self;
        let change = self.change();
        let (expected, seen) = (grouped(*expected), grouped(*seen));
        write!(formatter, "{of:20} {figure:28} {expected:>15} {seen:>15} {change:>+9.2} % ")?;
        if *band > 0.0 {
            write!(formatter, "{:>8}", format!("±{band} %"))
        } else {
            write!(formatter, "{:>8}", "exactly")
        }
    }
}

/// Everything that was counted, beside what is expected.
#[derive(Debug)]
pub(crate) struct Verdict {
    lines: Vec<Line>,
    note: Option<String>,
}

impl Verdict {
    /// Compares.
    pub(crate) fn of(expected: &Expected, seen: &Figures) -> Self {
        let Expected { bands_percent: bands, figures: expected } = expected;
        let is_other_toolchain = seen.toolchain.is_some() && seen.toolchain != expected.toolchain;
        let mut lines = Vec::new();
        for name in keys(expected.workloads.keys(), seen.workloads.keys()) {
            let of = |figures: &Figures| figures.workloads.get(name).copied().unwrap_or_default();
            let (expected, seen) = (of(expected), of(seen));
            let mut line = |figure: &str, expected, seen, band| {
                lines.push(Line { of: name.clone(), figure: figure.to_owned(), expected, seen, band });
            };
            line("items", expected.items, seen.items, 0.0);
            if let Some(instructions) = seen.instructions {
                let band = instructions_band(bands, name, is_other_toolchain);
                line("instructions", expected.instructions.unwrap_or_default(), instructions, band);
            }
            line("allocations", expected.allocations, seen.allocations, bands.allocations);
            line("bytes allocated", expected.allocated_bytes, seen.allocated_bytes, bands.allocations);
        }
        for name in keys(expected.stores.keys(), seen.stores.keys()) {
            let of = |figures: &Figures| figures.stores.get(name).cloned().unwrap_or_default();
            let (expected, seen) = (of(expected), of(seen));
            for figure in keys(expected.keys(), seen.keys()) {
                let of = |figures: &StoreFigures| figures.get(figure).copied().unwrap_or_default();
                let (expected, seen) = (of(&expected), of(&seen));
                lines.push(Line { of: format!("run `{name}`"), figure: figure.clone(), expected, seen, band: 0.0 });
            }
        }
        let note = is_other_toolchain.then(|| {
            let name =
                |toolchain: &Option<String>| toolchain.clone().unwrap_or_else(|| "an unknown toolchain".to_owned());
            format!(
                "instructions are expected of {}, and this is {}: their band is wider",
                name(&expected.toolchain),
                name(&seen.toolchain)
            )
        });
        Self { lines, note }
    }

    /// Whether every figure is within its band.
    pub(crate) fn is_as_expected(&self) -> bool {
        self.lines.iter().all(Line::is_within)
    }
}

fn keys<'a>(one: impl Iterator<Item = &'a String>, other: impl Iterator<Item = &'a String>) -> BTreeSet<&'a String> {
    one.chain(other).collect()
}

fn instructions_band(bands: &Bands, workload: &str, is_other_toolchain: bool) -> f64 {
    match Workload::from_str(workload, false) {
        _ if is_other_toolchain => bands.instructions_of_another_toolchain,
        Ok(workload) if workload.is_run() => bands.instructions_of_runs,
        _ => bands.instructions,
    }
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

const ADVICE: &str = "
If the change is meant, `benches/guard --bless` renews benches/guards.json: commit it along, and say why.
If less is seen than expected, that is how an improvement is kept.
If it is not meant, `callgrind_annotate target/guard/WORKLOAD.callgrind` shows where the instructions are; the same of the
commit before shows which of them are new. benches/README.md has more.";

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(note) = &self.note {
            writeln!(formatter, "{note}")?;
        }
        let is_shown = |line: &&Line| !line.is_within() || line.change().abs() >= CHANGE_SHOWN;
        let (within, beyond): (Vec<_>, Vec<_>) = self.lines.iter().filter(is_shown).partition(|line| line.is_within());
        if !within.is_empty() {
            writeln!(formatter, "{} have changed within their bands:", within.len())?;
            table(formatter, &within)?;
        }
        if beyond.is_empty() {
            return write!(formatter, "{} figures, all as expected", self.lines.len());
        }
        writeln!(formatter, "{} of {} figures are beyond their bands:", beyond.len(), self.lines.len())?;
        table(formatter, &beyond)?;
        formatter.write_str(ADVICE)
    }
}

fn table(formatter: &mut fmt::Formatter<'_>, lines: &[&Line]) -> fmt::Result {
    let [of, figure, expected, seen, change, band] = ["of", "figure", "expected", "seen", "change", "band"];
    writeln!(formatter, "{of:20} {figure:28} {expected:>15} {seen:>15} {change:>11} {band:>8}")?;
    lines.iter().try_for_each(|line| writeln!(formatter, "{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::WorkloadFigures;

    fn figures(instructions: Option<u64>, allocations: u64, puts: u64) -> Figures {
        let workload = WorkloadFigures { items: 10, allocations, allocated_bytes: 1000, instructions };
        Figures {
            toolchain: instructions.map(|_| "rustc".to_owned()),
            workloads: [("decode-lines".to_owned(), workload)].into(),
            stores: [("first".to_owned(), StoreFigures::from([("put stage".to_owned(), puts)]))].into(),
        }
    }

    fn verdict(seen: &Figures) -> Verdict {
        let expected = Expected { figures: figures(Some(1000), 200, 7), ..Expected::default() };
        Verdict::of(&expected, seen)
    }

    #[test]
    fn allows_what_is_within_the_band_on_either_side() {
        for (instructions, is_within) in [(979, false), (980, true), (1000, true), (1020, true), (1021, false)] {
            assert_eq!(verdict(&figures(Some(instructions), 200, 7)).is_as_expected(), is_within, "{instructions}");
        }
        for (allocations, is_within) in [(197, false), (198, true), (202, true), (203, false)] {
            assert_eq!(verdict(&figures(Some(1000), allocations, 7)).is_as_expected(), is_within, "{allocations}");
        }
    }

    #[test]
    fn allows_no_request_more_or_less() {
        assert!(!verdict(&figures(Some(1000), 200, 8)).is_as_expected());
        assert!(!verdict(&figures(Some(1000), 200, 6)).is_as_expected());
        let mut seen = figures(Some(1000), 200, 7);
        seen.stores.insert("second".to_owned(), [("get trusted".to_owned(), 1)].into());
        assert!(!verdict(&seen).is_as_expected(), "nobody expects this run");
    }

    #[test]
    fn judges_no_instructions_that_were_not_counted() {
        assert!(verdict(&figures(None, 200, 7)).is_as_expected());
    }

    #[test]
    fn gives_another_toolchain_a_wider_band_and_says_so() {
        let mut seen = figures(Some(1099), 200, 7);
        assert!(!verdict(&seen).is_as_expected());
        seen.toolchain = Some("another".to_owned());
        let verdict = verdict(&seen);
        assert!(verdict.is_as_expected());
        assert!(verdict.to_string().starts_with("instructions are expected of rustc, and this is another"));
    }

    #[test]
    fn says_what_is_beyond_and_what_to_do() {
        let text = verdict(&figures(Some(1_234_000), 200, 7)).to_string();
        let (_, beyond) = text.split_once("1 of 5 figures are beyond their bands:").unwrap();
        assert!(beyond.contains("1,000       1,234,000 +123300.00 %     ±2 %"), "{beyond}");
        assert!(beyond.contains("benches/guard --bless"));
    }
}
