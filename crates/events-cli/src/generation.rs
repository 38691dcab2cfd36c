//! `events generate`.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use crate::console::Console;
use crate::console::json;
use crate::error::{Error, Result};
use crate::exit;
use crate::generate::{Expected, generate};
use crate::grid::Grid;
use crate::options::OutputForm;
use crate::places::PENDING;
use crate::settings::GenerateSettings;
use crate::units::{Bytes, Count, Elapsed, rate};

/// Fills the folder, writes the counts and says what they are.
pub(crate) fn command(settings: &GenerateSettings, console: &Console) -> Result<u8> {
    settings.config.validate()?;
    let folder = std::path::absolute(&settings.folder);
    let folder =
        folder.map_err(|source| Error::Io { operation: "resolving", path: settings.folder.clone(), source })?;
    let wanted_path = settings.expected.as_ref().map(|path| outside(path, &folder)).transpose()?;
    let began = Instant::now();
    let display = console.display("{bar:24} {percent:>3} %  {binary_bytes_per_sec}  ETA {eta}");
    display.set_length(settings.config.bytes);
    let expected = generate(&settings.config, &settings.folder, &mut |bytes| display.set_position(bytes));
    display.finish_and_clear();
    let expected = expected?;
    let expected_path = wanted_path.cloned().unwrap_or_else(|| expected_path(&folder));
    expected.write(&expected_path)?;
    console.print(&match console.output() {
        OutputForm::Human => summary(settings, &expected, &expected_path, began),
        OutputForm::Json => json(&expected),
    })?;
    Ok(exit::DONE)
}

/// The place for the counts that is no input of any run: beside the folder or, when it is or lies in a folder of inputs,
/// beside that.
fn expected_path(folder: &Path) -> PathBuf {
    // It exists by now; without its true path, a link or `..` could hide that it lies among inputs.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let is_pending = |ancestor: &&Path| ancestor.file_name().is_some_and(|name| name == PENDING);
    let outermost = folder.ancestors().filter(is_pending).last().unwrap_or(&folder);
    let parent = outermost.parent().unwrap_or(outermost);
    let mut name = OsString::new();
    for part in folder.strip_prefix(parent).unwrap_or(&folder).components() {
        if let Component::Normal(part) = part {
            name.push(part);
            name.push(".");
        }
    }
    name.push("expected.json");
    parent.join(name)
}

/// Refuses a file for the counts among the inputs.
fn outside<'a>(path: &'a PathBuf, folder: &Path) -> Result<&'a PathBuf> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    if absolute.starts_with(folder) {
        let problem = "lies in the folder of --out: a run would take it for an input".to_owned();
        return Err(Error::Setting { place: format!("--expected `{}`", path.display()), problem });
    }
    Ok(path)
}

fn summary(settings: &GenerateSettings, expected: &Expected, path: &Path, began: Instant) -> String {
    let duplicates = &expected.duplicates;
    let elapsed = began.elapsed();
    let speed = rate(expected.bytes, elapsed).map(|rate| format!("{}/s", Bytes(rate))).unwrap_or_default();
    let stored = match settings.config.compression {
        Some(_) => format!("{}, {} of text", Bytes(expected.stored_bytes), Bytes(expected.bytes)),
        None => Bytes(expected.bytes).to_string(),
    };
    let mut grid = Grid::default();
    grid.line("inputs", Count(expected.files as u64), format!("{stored} in `{}`", settings.folder.display()));
    grid.line("records", Count(expected.records), "");
    grid.line("  events", Count(expected.rows), "one row of the table each");
    let note = format!("exact {}, other time {}", Count(duplicates.exact), Count(duplicates.newer));
    grid.line("  duplicates", Count(duplicates.exact + duplicates.newer), note);
    grid.line("  damaged", Count(expected.repaired_total), "of the events, each with one reading");
    grid.line("damaged", Count(expected.damaged_total), "besides these, for the quarantine");
    grid.line("partitions", Count(expected.partitions), "");
    grid.line("total", Elapsed(elapsed), speed);
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    format!("{}\nexpected counts in `{}`\n", grid.render(), path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_the_counts_where_no_run_finds_them() {
        let path = |folder: &str| expected_path(Path::new(folder)).to_str().unwrap().to_owned();
        assert_eq!(path("/x/inputs"), "/x/inputs.expected.json");
        assert_eq!(path("/x/landing/pending"), "/x/landing/pending.expected.json");
        assert_eq!(path("/x/pending/a/pending/b"), "/x/pending.a.pending.b.expected.json");
    }

    #[test]
    fn refuses_counts_among_the_inputs() {
        let inside = PathBuf::from("/x/inputs/deep/counts.json");
        assert!(outside(&inside, Path::new("/x/inputs")).is_err());
        assert!(outside(&PathBuf::from("/x/inputs.json"), Path::new("/x/inputs")).is_ok());
    }
}
