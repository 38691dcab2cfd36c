//! What a run leaves in the local folder of a stage zone.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use events_core::run::RunId;
use events_stores::ZoneUrl;

use crate::places::EVENTS;

/// Removes the empty folders that a run leaves in a local stage zone, whose objects are gone by then. When this run is
/// alone, also what was being written when another was killed: files that the store shows to nobody, whatever run comes.
///
/// A folder with anything else in it stays, and so does what cannot be removed: it harms nobody.
pub(crate) fn tidy_stage(stage: &ZoneUrl, alone: bool) {
    let Some(folder) = stage.local_folder().map(|folder| folder.join(EVENTS)) else { return };
    let Ok(entries) = fs::read_dir(&folder) else { return };
    // What is no run's is a probe at work.
    let runs = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("run="));
    runs.for_each(|run| tidy(&run.path(), alone));
    let _ = fs::remove_dir(folder);
}

/// Removes what is left in a local stage zone of a run that is over: folders, and what a worker that was killed was writing.
pub(crate) fn tidy_run(stage: &ZoneUrl, run: &RunId) {
    if let Some(folder) = stage.local_folder() {
        tidy(&folder.join(EVENTS).join(format!("run={run}")), true);
        tidy_stage(stage, false);
    }
}

fn tidy(folder: &Path, alone: bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            tidy(&entry.path(), alone);
        } else if alone && is_being_written(&entry.file_name()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    // The system refuses to remove a folder that is not empty, so nothing is lost to a run beside this one.
    let _ = fs::remove_dir(folder);
}

/// Whether the store of folders writes a file under that name, to give it its own when it is whole: `<its own>#<number>`.
fn is_being_written(name: &OsStr) -> bool {
    let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidies_away_what_was_being_written_only_when_nobody_else_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let stage = ZoneUrl::parse(folder.path().to_str().unwrap()).unwrap();
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        write("events/run=dead/out/a.parquet#1");
        write("events/run=parsed/complete.json");
        write("events/run=parsed/moved#12");
        write("events/probe/at-work.json#1");
        tidy_stage(&stage, false);
        assert!(folder.path().join("events/run=dead/out/a.parquet#1").exists());
        tidy_stage(&stage, true);
        assert!(!folder.path().join("events/run=dead").exists());
        assert!(folder.path().join("events/run=parsed/complete.json").exists());
        assert!(!folder.path().join("events/run=parsed/moved#12").exists());
        assert!(folder.path().join("events/probe/at-work.json#1").exists());
        for name in ["a", "a#", "a#1b", "#a"] {
            assert!(!is_being_written(OsStr::new(name)), "{name}");
        }
    }
}
