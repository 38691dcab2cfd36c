//! Tables of text.

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells below their heads, in columns that are as wide as they must be, without spaces at the ends of lines.
pub(crate) fn render<const N: usize>(heads: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].0.chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(heads).zip(widths).map(|((cell, (_, align)), width)| match align {
            Align::Left => format!("{cell:width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let first = line(heads.map(|(head, _)| head));
    rows.iter().fold(first, |text, row| text + &line(row.each_ref().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_wide_as_its_widest_cells() {
        let rows = [["é".to_owned(), "1,000".to_owned()], ["wider".to_owned(), "7".to_owned()]];
        let text = render([("name", Align::Left), ("rows", Align::Right)], &rows);
        assert_eq!(text, "name    rows\né      1,000\nwider      7\n");
        assert_eq!(render([("a", Align::Right), ("b", Align::Left)], &[]), "a  b\n");
    }
}
