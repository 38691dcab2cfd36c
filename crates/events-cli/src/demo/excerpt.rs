//! What an input looks like.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// How much of the first input is shown.
const HEAD_CHARACTERS: usize = 200;
/// How much is shown on either side of where two records meet.
const JOINT_CHARACTERS: usize = 40;
/// Where a record ends and the next begins, when nothing stands between them.
const JOINT: &str = "}{\"event_id\"";

/// The beginning of the first input, and the place in another where two records meet.
pub(crate) fn of(pending: &Path) -> Result<String> {
    let failed = |source| Error::Io { operation: "reading", path: pending.to_owned(), source };
    let entries = fs::read_dir(pending).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let mut excerpt = String::new();
    for path in &paths {
        let text = fs::read(path).map_err(failed)?;
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_start_matches('\u{feff}');
        let name = path.file_name().unwrap_or_default().display();
        if excerpt.is_empty() {
            let head: String = text.chars().take(HEAD_CHARACTERS).collect();
            excerpt = format!("{name}: {}…\n", visible(&head));
        } else if let Some((before, after)) = text.split_once(JOINT) {
            let before: Vec<char> = before.chars().rev().take(JOINT_CHARACTERS).collect();
            let before: String = before.into_iter().rev().collect();
            let after: String = after.chars().take(JOINT_CHARACTERS).collect();
            let joint = [visible(&before), JOINT.to_owned(), visible(&after)].concat();
            return Ok(format!("{excerpt}{name}: …{joint}…\n"));
        }
    }
    Ok(excerpt)
}

/// The text on one line, line ends and their like as a space.
fn visible(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
