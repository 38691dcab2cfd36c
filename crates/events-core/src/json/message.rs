//! What a JSON error says about a record.

/// The byte that a line and a column of `serde_json` name: both count from one, columns in bytes.
pub(crate) fn error_offset(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (line_start + error.column().saturating_sub(1)).min(text.len())
}

/// What a JSON error says, with a byte for its place: lines and columns of one record say little about a file.
pub(crate) fn error_message(text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or(&message);
    format!("{what} at byte {} of the record", error_offset(text, error))
}
