//! Bars and columns of plain elements: they are as wide as the page is, and need no program in it.

use std::fmt::Write;

use super::figures::{Column, Figures, KindRows, PhaseFigures};
use super::html::Text;
use crate::names;
use crate::units::{self, Count, Elapsed};
use std::time::Duration;

/// A line of a chart of bars.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) amount: u64,
    /// What stands at its end.
    pub(super) value: String,
}

/// Bars beside their labels, of which the longest is as long as there is room for.
pub(super) fn bars(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or_default();
    let mut text = "<div class=\"bars\">\n".to_owned();
    for Bar { label, amount, value } in bars {
        let _ = writeln!(
            text,
            "<div class=\"bar\"><span class=\"label\">{}</span><span class=\"track\"><i style=\"width:{}\"></i></span>\
             <span class=\"value\">{}</span></div>",
            Text(label),
            percent(*amount, most),
            Text(value)
        );
    }
    text + "</div>\n"
}

/// A bar for each count of a report, the most first.
pub(super) fn counted<'a>(counts: impl IntoIterator<Item = (String, &'a u64)>) -> String {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by(|one, two| two.1.cmp(one.1).then_with(|| one.0.cmp(&two.0)));
    let bar = |(label, amount): (String, &u64)| Bar { label, amount: *amount, value: Count(*amount).to_string() };
    bars(&all.into_iter().map(bar).collect::<Vec<_>>())
}

/// Columns of rows by time, each divided by kind.
pub(super) fn columns(figures: &Figures) -> String {
    let Figures { columns, kinds, .. } = figures;
    let total = |column: &Column| column.rows.iter().sum::<u64>();
    let most = columns.iter().map(total).max().unwrap_or_default();
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return String::new() };
    let rows = |count| units::counted(count, "row");
    let mut text = legend(kinds);
    let _ = write!(text, "<div class=\"axis\">{}</div>\n<div class=\"columns\">", rows(most));
    for column in columns {
        let _ = write!(text, "<div title=\"{}: {}\">", Text(&column.label), rows(total(column)));
        // From the top, so that the largest kind stands on the ground.
        for (kind, rows) in column.rows.iter().enumerate().rev().filter(|(_, rows)| **rows > 0) {
            let _ = write!(text, "<i class=\"k{kind}\" style=\"height:{}\"></i>", percent(*rows, most));
        }
        text += "</div>";
    }
    let _ = writeln!(
        text,
        "</div>\n<div class=\"ends\"><span>{}</span><span>{}</span></div>",
        Text(&first.label),
        Text(&last.label)
    );
    text + &table(columns, kinds)
}

fn legend(kinds: &[KindRows]) -> String {
    let mut text = "<ul class=\"legend\">".to_owned();
    for (number, kind) in kinds.iter().enumerate() {
        let _ = write!(text, "<li><i class=\"k{number}\"></i>{} <b>{}</b></li>", Text(&kind.name), Count(kind.rows));
    }
    text + "</ul>\n"
}

/// The numbers behind the columns, for whoever cannot see them.
fn table(columns: &[Column], kinds: &[KindRows]) -> String {
    let mut text =
        "<details><summary>As a table</summary><div class=\"scroll\"><table><thead><tr><th>when</th>".to_owned();
    for kind in kinds {
        let _ = write!(text, "<th class=\"n\">{}</th>", Text(&kind.name));
    }
    text += "</tr></thead><tbody>\n";
    for column in columns.iter().filter(|column| column.rows.iter().any(|rows| *rows > 0)) {
        let _ = write!(text, "<tr><td>{}</td>", Text(&column.label));
        for rows in &column.rows {
            let _ = write!(text, "<td class=\"n\">{}</td>", Count(*rows));
        }
        text += "</tr>\n";
    }
    text + "</tbody></table></div></details>\n"
}

/// A bar for each phase, divided by what its threads did.
pub(super) fn phases(phases: &[PhaseFigures]) -> String {
    let most = phases.iter().map(|phase| phase.elapsed_ms).max().unwrap_or_default();
    let mut parts: Vec<_> = phases.iter().flat_map(|phase| phase.threads_ms.keys().copied()).collect();
    parts.sort_unstable();
    parts.dedup();
    let mut text = "<ul class=\"legend\">".to_owned();
    for (number, part) in parts.iter().enumerate() {
        let _ = write!(text, "<li><i class=\"p{number}\"></i>{}</li>", Text(names::part(*part)));
    }
    text += "</ul>\n<div class=\"bars\">\n";
    for phase in phases {
        let _ = write!(
            text,
            "<div class=\"bar\"><span class=\"label\">{}</span><span class=\"track\"><i class=\"whole\" style=\"width:{}\">",
            Text(names::phase(phase.phase)),
            percent(phase.elapsed_ms, most)
        );
        let spent = phase.threads_ms.values().sum::<u64>();
        for (part, millis) in &phase.threads_ms {
            let number = parts.binary_search(part).unwrap_or_default();
            let _ = write!(
                text,
                "<b class=\"p{number}\" style=\"width:{}\" title=\"{}: {}\"></b>",
                percent(*millis, spent),
                Text(names::part(*part)),
                percent(*millis, spent)
            );
        }
        let elapsed = Elapsed(Duration::from_millis(phase.elapsed_ms));
        let _ = writeln!(text, "</i></span><span class=\"value\">{}</span></div>", Text(elapsed));
    }
    text + "</div>\n"
}

/// A share with two decimals: `12.34%`.
pub(super) fn percent(amount: u64, of: u64) -> String {
    let share = if of == 0 { 0.0 } else { amount as f64 * 100.0 / of as f64 };
    format!("{share:.2}%")
}
