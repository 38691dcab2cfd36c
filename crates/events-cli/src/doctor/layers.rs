//! The program, and what is set for it below the command line.

use super::check::{Check, told};
use crate::layers::{Survey, UnknownVariable, survey};
use crate::message::advice;
use crate::settings::DoctorSettings;

const SETTINGS: &str = "settings";
const VARIABLES: &str = "variables";

/// Which program this is.
pub(super) fn program() -> Check {
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    Check::ok("program", format!("events {} for {system} on {machine}", env!("CARGO_PKG_VERSION")))
}

/// The settings file and the variables, of all commands.
pub(super) fn settings(settings: &DoctorSettings) -> Vec<Check> {
    let Survey { file, keys, variables, problems, unknown } = survey(settings.file.as_deref(), std::env::vars_os());
    let mut checks: Vec<_> = problems
        .iter()
        .map(|problem| {
            // Every other command would end with it, and point here.
            Check::wrong(
                SETTINGS,
                told(problem),
                "correct it, or take it away: what holds without it is in `events run --help`",
            )
        })
        .collect();
    if let Err(error) = settings.config.validate() {
        let error = error.into();
        checks.push(Check::wrong(SETTINGS, told(&error), advice(&error).unwrap_or_default()));
    }
    if checks.is_empty() {
        let file = match file {
            Some(file) => format!("{keys} in `{}`", file.display()),
            None => "no settings file".to_owned(),
        };
        let variables = if variables.is_empty() { "no variable".to_owned() } else { variables.join(", ") };
        checks.push(Check::ok(SETTINGS, format!("{file}; {variables}")));
    }
    checks.extend(unknown.into_iter().map(unknown_variable));
    checks
}

fn unknown_variable(UnknownVariable { name, nearest }: UnknownVariable) -> Check {
    let mend = match nearest {
        Some(nearest) => format!("it is ignored: is {nearest} meant?"),
        None => "it is ignored: `events run --help` has the options, each of which is a variable".to_owned(),
    };
    Check::warning(VARIABLES, format!("`{name}` is no setting"), mend)
}
