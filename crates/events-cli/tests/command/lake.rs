//! A folder with a lake in it, and the binary that works there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use events_cli::generate::{Expected, GenerateConfig, Layout, generate};
use events_core::run::Report;
use tempfile::TempDir;

/// A working folder of its own, with `lake` in it.
pub(crate) struct Lake {
    folder: TempDir,
}

impl Lake {
    /// An empty lake: `lake/landing/pending`.
    pub(crate) fn new() -> Self {
        let lake = Self::nowhere();
        fs::create_dir_all(lake.path("lake/landing/pending")).unwrap();
        lake
    }

    /// A working folder with nothing in it.
    pub(crate) fn nowhere() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A lake with inputs of that configuration.
    pub(crate) fn with(config: &GenerateConfig) -> (Self, Expected) {
        let lake = Self::new();
        let expected = generate(config, &lake.path("lake/landing/pending"), &mut |_| {}).unwrap();
        (lake, expected)
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The folder, which stays.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    pub(crate) fn write(&self, relative: &str, content: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The binary in the working folder, without what the variables of whoever runs the tests would add.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_events"));
        for (name, _) in std::env::vars_os() {
            if ["EVENTS_", "AWS_", "NO_COLOR", "RUST_LOG"]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn events(&self, arguments: &str) -> Finished {
        Finished::of(&mut self.command(arguments))
    }

    /// A run that must end with that code; its report.
    pub(crate) fn report(&self, arguments: &str, code: i32) -> Report {
        let finished = self.events(&format!("{arguments} --output json"));
        assert_eq!(finished.code, code, "{finished:?}");
        serde_json::from_str(&finished.stdout).unwrap()
    }

    /// Every file of the trusted zone but the lock, which stays: the table, and what it says about itself.
    pub(crate) fn trusted(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files("lake/trusted");
        files.remove("control/lock");
        // They tell how long a run took.
        files.retain(|path, _| !path.starts_with("control/reports/"));
        files
    }

    /// The commits of the log, and those of them that are carried out.
    pub(crate) fn log(&self) -> (Vec<u64>, Vec<u64>) {
        let files = self.files("lake/trusted/control/log");
        let numbers = |suffix| {
            let named = |name: &String| name.strip_suffix(suffix)?.parse().ok();
            files.keys().filter_map(named).collect()
        };
        (numbers(".json"), numbers(".done"))
    }

    /// Every file below a folder, by its path there.
    pub(crate) fn files(&self, relative: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(relative), "", &mut files);
        files
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// What a process left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Asserts the code, and that the last lines of standard error say all of these texts.
    pub(crate) fn fails(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.contains("error: "), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A few hundred records without damage.
pub(crate) fn small() -> GenerateConfig {
    GenerateConfig { bytes: 200_000, files: 7, days: 3, layout: Layout::Mixed, kinds: 4, ..GenerateConfig::default() }
}
