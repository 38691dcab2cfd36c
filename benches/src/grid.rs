//! The figures as a table: Markdown that is also aligned for the eye.

use crate::outcome::Outcome;

/// A line of the table for each case.
pub(crate) fn render(outcomes: &[Outcome]) -> String {
    let lines: Vec<_> = outcomes.iter().map(cells).collect();
    let headings = lines.first().map(|line| line.clone().map(|(heading, _)| heading.to_owned()));
    let lines = lines.into_iter().map(|line| line.map(|(_, cell)| cell));
    align(&headings.into_iter().chain(lines).collect::<Vec<_>>())
}

/// The line of a case, with the heading of each cell.
fn cells(outcome: &Outcome) -> [(&'static str, String); 14] {
    let (expected, figures) = (&outcome.expected, &outcome.figures);
    let known = |figure: Option<f64>, decimals: usize| {
        figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.decimals$}"))
    };
    [
        ("case", outcome.case.name().to_owned()),
        ("input MB", format!("{:.1}", expected.bytes as f64 / 1e6)),
        ("rows", expected.rows.to_string()),
        ("partitions", expected.partitions.to_string()),
        ("min ms", format!("{:.0}", figures.wall_ms.min)),
        ("median ms", format!("{:.0}", figures.wall_ms.median)),
        ("max ms", format!("{:.0}", figures.wall_ms.max)),
        ("MB/s", format!("{:.0}", figures.input_mb_per_s)),
        ("CPU s", known(figures.cpu_ms.map(|spread| spread.median / 1e3), 2)),
        ("RSS MiB", known(figures.rss_peak_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)), 0)),
        ("floor ms", format!("{:.0}", figures.floor_ms.median)),
        ("job ÷ floor", format!("{:.2}", figures.job_to_floor.median)),
        ("CPU ÷ floor", known(figures.cpu_to_floor.map(|spread| spread.median), 2)),
        ("output ÷ input", format!("{:.1} %", figures.output_to_input * 1e2)),
    ]
}

/// Lines as Markdown, the first as the heading: the first column begins, the others end where its longest cell does.
pub(crate) fn align<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let rule: [String; N] = std::array::from_fn(|column| match (column, widths[column] + 1) {
        (0, width) => "-".repeat(width + 1),
        (_, width) => "-".repeat(width) + ":",
    });
    let pad = |line: &[String; N]| -> [String; N] {
        std::array::from_fn(|column| match (column, &line[column], widths[column]) {
            (0, cell, width) => format!(" {cell:width$} "),
            (_, cell, width) => format!(" {cell:>width$} "),
        })
    };
    let mut rows: Vec<_> = lines.iter().map(pad).collect();
    rows.insert(1.min(rows.len()), rule);
    let rows: Vec<_> = rows.iter().map(|cells| format!("|{}|\n", cells.join("|"))).collect();
    rows.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_names_left_and_numbers_right() {
        let lines = [["case", "a ÷ b"], ["one", "1.25"], ["longer", "10"]].map(|line| line.map(str::to_owned));
        let text = "\
| case   | a ÷ b |
|--------|------:|
| one    |  1.25 |
| longer |    10 |
";
        assert_eq!(align(&lines), text);
    }
}
