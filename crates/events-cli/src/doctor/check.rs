//! A check, and what it came to.

use serde::Serialize;

use crate::error::Error;
use crate::{exit, message};

/// A check, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What was checked. Several checks of settings and variables have one name.
    pub(super) name: &'static str,
    pub(super) verdict: Verdict,
    /// What was seen; of one that was skipped, why.
    pub(super) seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
    /// The exit code that a failure gives the command.
    #[serde(skip)]
    code: u8,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As a run needs it.
    Ok,
    /// A run can go on, and perhaps not as somebody means it.
    Warning,
    /// A run would end with an error.
    Failed,
    /// It was not checked.
    Skipped,
}

impl Check {
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Verdict::Ok, seen, None)
    }

    pub(super) fn warning(name: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, Verdict::Warning, seen, Some(mend.into()))
    }

    /// What is where, or is set, must be corrected.
    pub(super) fn wrong(name: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { code: exit::USAGE, ..Self::new(name, Verdict::Failed, seen, Some(mend.into())) }
    }

    /// What a run would end with. `mend` is for an error of which nothing is known but that this command tells more.
    pub(super) fn failed(name: &'static str, error: &Error, mend: &str) -> Self {
        let advice = message::advice(error).filter(|advice| !advice.contains("`events doctor`"));
        let mend = advice.unwrap_or_else(|| mend.to_owned());
        Self { code: exit::code(error.kind()), ..Self::new(name, Verdict::Failed, told(error), Some(mend)) }
    }

    pub(super) fn skipped(name: &'static str, reason: impl Into<String>) -> Self {
        Self::new(name, Verdict::Skipped, reason, None)
    }

    fn new(name: &'static str, verdict: Verdict, seen: impl Into<String>, mend: Option<String>) -> Self {
        Self { name, verdict, seen: seen.into(), mend, code: exit::DONE }
    }

    /// Whether what builds on it can be checked.
    pub(super) fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Ok | Verdict::Warning)
    }
}

/// An error without the secrets that stores repeat.
pub(super) fn told(error: &Error) -> String {
    message::redacted(&message::told(error), &|name| std::env::var(name).ok())
}

/// The exit code of all checks together: what must be corrected comes before what may pass.
pub(super) fn code(checks: &[Check]) -> u8 {
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Failed);
    let codes: Vec<u8> = failed.map(|check| check.code).collect();
    match codes.as_slice() {
        [] => exit::DONE,
        codes if codes.contains(&exit::USAGE) => exit::USAGE,
        _ => exit::STORAGE,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn gives_the_code_of_what_must_be_corrected() {
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = Error::Io { operation: "writing", path: PathBuf::from("x"), source };
        let storage = Check::failed("a", &error, "");
        assert!(storage.mend.as_ref().unwrap().contains("this user"), "{storage:?}");
        let wrong = Check::wrong("b", "", "");
        let fine = [Check::ok("c", ""), Check::warning("d", "", ""), Check::skipped("e", "")];
        assert_eq!(code(&fine), exit::DONE);
        assert_eq!(code(&[storage.clone(), fine[0].clone()]), exit::STORAGE);
        assert_eq!(code(&[storage, wrong]), exit::USAGE);
    }
}
