//! Rows of the table, read back from a file of it.

use std::fs::{self, File};
use std::path::Path;

use events_core::table::column;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::shortened;
use crate::error::{Error, Result};

/// The columns shown, and the widest that each may get.
const COLUMNS: [(&str, usize); 5] = [
    (column::EVENT_ID, 13),
    (column::TIMESTAMP, 33),
    (column::DOMAIN, 20),
    (column::EVENT_TYPE, 20),
    (column::DATA, 52),
];

/// The first rows of the first file of a partition, in columns below their names.
pub(crate) fn of(partition: &Path, rows: usize) -> Result<String> {
    let failed = |source| Error::Io { operation: "reading", path: partition.to_owned(), source };
    let entries = fs::read_dir(partition).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let Some(path) = entries.iter().map(fs::DirEntry::path).min() else { return Ok(String::new()) };
    let unreadable = |source| Error::Parquet { path: path.clone(), source };
    let reader = SerializedFileReader::new(File::open(&path).map_err(failed)?).map_err(unreadable)?;
    let mut lines = vec![COLUMNS.map(|(name, _)| name.to_owned())];
    for row in reader.get_row_iter(None).map_err(unreadable)?.take(rows) {
        lines.push(cells(&row.map_err(unreadable)?));
    }
    let widths = [0, 1, 2, 3, 4].map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0));
    let line = |cells: &[String; 5]| {
        let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    Ok(lines.iter().map(line).collect())
}

fn cells(row: &Row) -> [String; 5] {
    COLUMNS.map(|(name, characters_max)| {
        let field = row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field);
        let text = match field {
            // Without the quotes that a value of text is displayed in.
            Some(Field::Str(text)) => text.clone(),
            Some(Field::Null) | None => String::new(),
            Some(field) => field.to_string(),
        };
        shortened(&text, characters_max)
    })
}
