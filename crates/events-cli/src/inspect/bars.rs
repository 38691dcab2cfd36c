//! Counts as bars, a line each.

use std::ffi::OsString;
use std::fmt::Write as _;

use terminal_size::{Width, terminal_size_of};

use crate::units::{Count, Share};

/// The width of lines that go to no terminal.
const WIDTH: usize = 80;
/// A longer label is cut.
const LABEL_MAX: usize = 44;
/// A shorter bar shows nothing.
const BAR_MIN: usize = 8;
/// A longer bar shows nothing more.
const BAR_MAX: usize = 40;

/// How bars are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bars {
    /// The characters of a line.
    width: usize,
    /// Whether the reader of standard output shows more than ASCII.
    is_unicode: bool,
}

impl Bars {
    /// As standard output shows them best.
    pub(super) fn of_stdout() -> Self {
        let width = terminal_size_of(std::io::stdout()).map_or(WIDTH, |(Width(width), _)| usize::from(width));
        Self { width, is_unicode: is_unicode(&|name| std::env::var_os(name)) }
    }

    /// A line for each label and count, with its part of the total.
    pub(super) fn lines(self, counts: &[(String, u64)], total: u64) -> String {
        let labels: Vec<_> = counts.iter().map(|(label, _)| cut(label, LABEL_MAX)).collect();
        let numbers: Vec<_> = counts.iter().map(|(_, count)| Count(*count).to_string()).collect();
        let label_width = labels.iter().map(|label| label.chars().count()).max().unwrap_or_default();
        let number_width = numbers.iter().map(String::len).max().unwrap_or_default();
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
        // Two spaces before each column, and six characters for the part.
        let bar_width = self.width.saturating_sub(label_width + number_width + 14).clamp(BAR_MIN, BAR_MAX);
        let mut text = String::new();
        for ((label, number), (_, count)) in labels.iter().zip(&numbers).zip(counts) {
            let (share, bar) = (Share::of(*count, total), self.bar(*count, most, bar_width));
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {label:label_width$}  {number:>number_width$}  {share:>6}  {bar}");
        }
        text
    }

    /// A bar that is `width` long for the largest count.
    fn bar(self, count: u64, most: u64, width: usize) -> String {
        const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let eighths = (count as f64 / most.max(1) as f64 * (width * 8) as f64).round() as usize;
        // Whatever is there is seen.
        let eighths = eighths.max(usize::from(count > 0));
        if self.is_unicode {
            format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
        } else {
            "#".repeat(eighths.div_ceil(8))
        }
    }
}

/// A text with its end left out when it is too long.
pub(super) fn cut(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(characters_max - 1).chain(['…']).collect(),
    }
}

/// Whether the locale of the process is one of UTF-8: of three variables the first that is set says so. Windows shows it
/// anyway.
fn is_unicode(variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Vec<(String, u64)> {
        vec![("all".to_owned(), 1600), ("half".to_owned(), 804), ("hardly".to_owned(), 1), ("none".to_owned(), 0)]
    }

    #[test]
    fn draws_bars_by_the_largest_count() {
        let text = Bars { width: 41, is_unicode: true }.lines(&counts(), 2405);
        assert_eq!(
            text.lines().map(str::trim_end).collect::<Vec<_>>(),
            [
                "  all     1,600   66.5%  ████████████████",
                "  half      804   33.4%  ████████",
                "  hardly      1   <0.1%  ▏",
                "  none        0    0.0%",
            ]
        );
        let text = Bars { width: 0, is_unicode: false }.lines(&counts(), 2405);
        let bars: Vec<_> = text.lines().map(|line| line.matches('#').count()).collect();
        assert_eq!(bars, [8, 4, 1, 0], "{text}");
    }

    #[test]
    fn keeps_to_the_width_whatever_the_labels() {
        let long = [("é".repeat(100), 7), (String::new(), 1)];
        for width in [80, 120] {
            let text = Bars { width, is_unicode: true }.lines(&long, 8);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width && text.contains('…'), "{widest} {text}");
        }
        assert_eq!(Bars { width: 80, is_unicode: true }.lines(&[], 0), "");
    }

    #[test]
    fn knows_locales_that_show_more_than_ascii() {
        let locale = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
            is_unicode(&|name| set.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone()))
        };
        assert!(locale(&[("LANG", "en_GB.UTF-8")]) && locale(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert_eq!(locale(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]), cfg!(windows));
        assert_eq!(locale(&[]), cfg!(windows));
    }
}
