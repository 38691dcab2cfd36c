//! Lines in columns.

use std::fmt::Display;

/// Lines of a label, a number that ends where the others end, and a note.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    lines: Vec<[String; 3]>,
}

impl Grid {
    /// Adds a line.
    pub(crate) fn line(&mut self, label: impl Into<String>, number: impl Display, note: impl Into<String>) {
        self.lines.push([label.into(), number.to_string(), note.into()]);
    }

    /// Adds a line that continues the note above.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.line("", "", note);
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.note("");
    }

    /// The lines, without spaces at their ends.
    pub(crate) fn render(&self) -> String {
        let width =
            |column: usize| self.lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        let (labels, numbers) = (width(0), width(1));
        let mut text = String::new();
        for [label, number, note] in &self.lines {
            text.push_str(format!("{label:labels$}  {number:>numbers$}  {note}").trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_columns_and_ends_lines_without_spaces() {
        let mut grid = Grid::default();
        grid.line("rows", 7, "");
        grid.line("duplicates", 1200, "exact");
        grid.gap();
        grid.note("ü");
        assert_eq!(grid.render(), "rows           7\nduplicates  1200  exact\n\n                  ü\n");
    }
}
