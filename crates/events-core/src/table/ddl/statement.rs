//! Pieces that statements have in common.

use super::dialect::{Dialect, TypedColumn};

pub(super) fn create_database(dialect: Dialect, database: &str) -> String {
    let what = match dialect {
        Dialect::Athena | Dialect::Spark => "DATABASE",
        Dialect::DuckDb | Dialect::Trino => "SCHEMA",
    };
    format!("CREATE {what} IF NOT EXISTS {}", dialect.quoted(database))
}

/// A table of Athena, over Parquet in folders that its partition columns name.
pub(super) fn external_table(
    name: &str,
    files: &[TypedColumn],
    path: &[TypedColumn],
    location: &str,
    properties: &[(String, String)],
) -> String {
    let literal = |text: &str| Dialect::Athena.literal(text);
    let line = |name: &str, value: &str| format!("  {} = {}", literal(name), literal(value));
    let lines: Vec<_> = std::iter::once(line("classification", "parquet"))
        .chain(properties.iter().map(|(name, value)| line(name, value)))
        .collect();
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{}\n)\nPARTITIONED BY (\n{}\n)\n\
        STORED AS PARQUET\nLOCATION {}\nTBLPROPERTIES (\n{}\n)",
        typed(Dialect::Athena, files),
        typed(Dialect::Athena, path),
        literal(location),
        lines.join(",\n"),
    )
}

/// A table or view in its database.
pub(super) fn name(dialect: Dialect, database: &str, table: &str) -> String {
    format!("{}.{}", dialect.quoted(database), dialect.quoted(table))
}

/// Columns with their types, one a line.
pub(super) fn typed<'a>(dialect: Dialect, columns: impl IntoIterator<Item = &'a TypedColumn>) -> String {
    let line = |column: &TypedColumn| format!("  {} {}", dialect.quoted(&column.name), column.type_name);
    columns.into_iter().map(line).collect::<Vec<_>>().join(",\n")
}

/// The names of columns in a line.
pub(super) fn listed<'a>(
    columns: impl IntoIterator<Item = &'a TypedColumn>,
    spelled: impl Fn(&str) -> String,
) -> String {
    columns.into_iter().map(|column| spelled(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A place in a pattern of DuckDB that means nothing but itself.
pub(super) fn without_patterns(location: &str) -> String {
    let mut pattern = String::with_capacity(location.len());
    for character in location.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            _ => pattern.push(character),
        }
    }
    pattern
}
