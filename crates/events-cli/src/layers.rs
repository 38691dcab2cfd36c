//! From what was typed, the variables and the settings file to one command line.
//!
//! A layer below the typed one is read as if it had been typed: each of its values goes through the same parser, and the
//! next layer is put on top.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::error::{Error, Result};
use crate::options::{Cli, command_line};

/// The settings file that is read when nobody names one.
const DEFAULT_FILE: &str = "events.toml";

/// The command whose options have a table of their own in the file and a longer name as variables: they share names
/// with those of the others.
const GENERATE: &str = "generate";

/// The command that tells of what is wrong in the layers instead of ending there.
const DOCTOR: &str = "doctor";

/// Commands that are about the command line itself: nothing of them is a setting.
const WITHOUT_SETTINGS: [&str; 2] = ["completions", "man"];

/// What the names of all variables begin with.
const PREFIX: &str = "EVENTS_";
/// The variable for where the file is.
const CONFIG: &str = "EVENTS_CONFIG";
/// Variables of the function that are no settings of the command, which is often given all that the function has.
const OF_THE_FUNCTION: [&str; 2] = ["EVENTS_INPUT_BYTES_MAX", "EVENTS_NOTIFIED"];

/// Options that only make sense where they are typed: where the file is cannot stand in the file, a switch that is
/// forgotten in one must not turn a filter or a check into nothing, and which rejects, days, items or plans are meant differs
/// from call to call. Those of help are no settings.
const TYPED_ONLY: &[&str] = &[
    "config",
    "help",
    "version",
    "check",
    "diff",
    "report",
    "rejects",
    "run",
    "source",
    "reason",
    "limit",
    "days-read",
    "item",
    "html",
    "last",
    "show-values",
    "plan-file",
    "plan-out",
    "read-only",
];

/// What the layers below the command line hold, for all commands.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The settings file, when there is one.
    pub(crate) file: Option<PathBuf>,
    /// What it sets, and which variables set something.
    pub(crate) keys: usize,
    pub(crate) variables: Vec<String>,
    /// What is wrong with the file, or with values.
    pub(crate) problems: Vec<Error>,
    /// Variables that are named like settings and are none.
    pub(crate) unknown: Vec<UnknownVariable>,
}

/// A variable that nothing reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownVariable {
    pub(crate) name: String,
    /// The setting that it may be meant for.
    pub(crate) nearest: Option<String>,
}

/// Settings of a layer, and what is wrong with others of it.
#[derive(Default)]
struct Layer {
    settings: Vec<Setting>,
    problems: Vec<Error>,
}

/// A value of a layer.
#[derive(Debug)]
struct Setting {
    /// The option, without its dashes, by the name that is the same in all commands.
    flag: String,
    value: OsString,
    /// What an error calls it.
    place: String,
}

/// Reads the command line and the layers below it.
///
/// `variable` gives the value of an environment variable.
///
/// # Errors
/// [`Error::Usage`] for what was typed, which may be a wish for help; [`Error::Setting`] for a value of a lower layer;
/// [`Error::Io`] when the file cannot be read.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Cli> {
    let typed = command_line().try_get_matches_from(arguments)?;
    let typed_cli = Cli::from_arg_matches(&typed)?;
    let path = path(&typed);
    if path.iter().any(|name| WITHOUT_SETTINGS.contains(name)) {
        return Ok(typed_cli);
    }
    let file = typed_cli.common.config.map(OsString::from).or_else(|| set(variable, CONFIG));

    let mut cli = Cli::try_parse_from(["events"].iter().chain(&path))?;
    let mut problems = lay(&mut cli, &path, file_settings(file.as_deref().map(Path::new), &path))?;
    problems.extend(lay(&mut cli, &path, variable_settings(variable, &path))?);
    // The doctor looks at the layers itself, with `survey`, and goes on with what is sound in them.
    if path != [DOCTOR]
        && let Some(problem) = problems.into_iter().next()
    {
        return Err(problem);
    }
    put(&mut cli, &typed)?;
    Ok(cli)
}

/// Looks at the layers below the command line as all commands would.
///
/// `file` is the settings file that somebody has named; `variables` are all of the environment.
pub(crate) fn survey(file: Option<&Path>, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Survey {
    let variables: BTreeMap<String, OsString> = variables
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    let variable = |name: &str| variables.get(name).cloned();
    let named = file.map(Path::to_owned).or_else(|| variable(CONFIG).map(PathBuf::from));
    let cli = Cli::command();
    let mut survey = Survey::default();
    // A setting that several commands have is looked at once, by its place.
    let (mut of_file, mut of_variables, mut problems) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for path in paths(&cli) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        for (layer, settings) in [
            (file_settings(named.as_deref(), &path), &mut of_file),
            (variable_settings(&variable, &path), &mut of_variables),
        ] {
            problems.extend(layer.problems.into_iter().map(|problem| (problem.to_string(), problem)));
            for setting in layer.settings {
                if let Err(problem) = check(&path, &setting) {
                    problems.insert(problem.to_string(), problem);
                }
                settings.insert(setting.place);
            }
        }
    }
    let file = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    survey.file = file.exists().then_some(file);
    survey.keys = of_file.len();
    survey.problems = problems.into_values().collect();
    (survey.variables, survey.unknown) = told_apart(variables.into_keys(), &cli);
    survey
}

/// Variables of the environment that are named like settings and that no command reads.
pub(crate) fn unknown_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<UnknownVariable> {
    let is_set = |(_, value): &(OsString, OsString)| !value.is_empty();
    let names = variables.into_iter().filter(is_set).filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(PREFIX)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    names.sort_unstable();
    told_apart(names, &Cli::command()).1
}

/// Of variables, those that are settings of some command, and those that are only named like settings.
fn told_apart(names: impl IntoIterator<Item = String>, cli: &clap::Command) -> (Vec<String>, Vec<UnknownVariable>) {
    let mut known = vec![CONFIG.to_owned()];
    for path in paths(cli) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        known.extend(variable_names(cli, &path).into_iter().map(|(name, _)| name));
    }
    let named_so = |name: &String| name.starts_with(PREFIX) && !OF_THE_FUNCTION.contains(&name.as_str());
    let (settings, others): (Vec<_>, Vec<_>) =
        names.into_iter().filter(named_so).partition(|name| known.contains(name));
    let unknown = |name: String| UnknownVariable { nearest: nearest(&name, &known), name };
    (settings, others.into_iter().map(unknown).collect())
}

/// The names of all commands that do something and have settings, level by level.
fn paths(command: &clap::Command) -> Vec<Vec<String>> {
    let below = command.get_subcommands().filter(|command| !WITHOUT_SETTINGS.contains(&command.get_name()));
    let paths = below.flat_map(|command| {
        let name = command.get_name();
        let mut paths = paths(command);
        if paths.is_empty() {
            paths.push(Vec::new());
        }
        paths.into_iter().map(move |path| std::iter::once(name.to_owned()).chain(path).collect::<Vec<_>>())
    });
    paths.collect()
}

/// The known name that a wrong one is most like, when one is like it at all.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    // With more letters that differ, it is another word: the sooner the shorter it is.
    let distance_max = (name.len().saturating_sub(PREFIX.len()) / 3).clamp(1, 3);
    let distances = known.iter().map(|known| (distance(name, known), known));
    let (_, nearest) = distances.filter(|(distance, _)| *distance <= distance_max).min()?;
    Some(nearest.clone())
}

/// How many letters must be put in, taken out or changed to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other_letter) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other_letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// The names of the command that was typed: most have one, some stand below another.
fn path(typed: &clap::ArgMatches) -> Vec<&str> {
    let levels = std::iter::successors(typed.subcommand(), |(_, matches)| matches.subcommand());
    levels.map(|(name, _)| name).collect()
}

/// Puts what is sound of a layer on top of those below, and gives what is wrong with the rest.
fn lay(cli: &mut Cli, path: &[&str], layer: Layer) -> Result<Vec<Error>> {
    let Layer { settings, mut problems } = layer;
    let mut arguments = command(path);
    for setting in settings {
        // One at a time first, because the error of a whole line would not say which place it is about.
        match check(path, &setting) {
            Ok(()) => arguments.push(setting.argument()),
            Err(problem) => problems.push(problem),
        }
    }
    put(cli, &Cli::command().try_get_matches_from(arguments)?)?;
    Ok(problems)
}

/// Whether a command takes a setting.
fn check(path: &[&str], setting: &Setting) -> Result<()> {
    let arguments = command(path).into_iter().chain([setting.argument()]);
    match Cli::command().try_get_matches_from(arguments) {
        // What the command wants besides is not the setting's matter.
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
            Err(Error::Setting { place: setting.place.clone(), problem: reason(&error) })
        }
        _ => Ok(()),
    }
}

/// A command as it is typed.
fn command(path: &[&str]) -> Vec<OsString> {
    ["events"].iter().chain(path).map(OsString::from).collect()
}

impl Setting {
    fn argument(&self) -> OsString {
        let mut argument = OsString::from(format!("--{}=", self.flag));
        argument.push(&self.value);
        argument
    }
}

/// A root of a layer names all zones, so those of the layers below are forgotten.
fn put(cli: &mut Cli, layer: &clap::ArgMatches) -> Result<()> {
    let mut new = Cli::from_arg_matches(layer)?;
    if new.command.zones_mut().is_some_and(|zones| zones.root.is_some())
        && let Some(zones) = cli.command.zones_mut()
    {
        *zones = crate::options::ZoneOptions::default();
    }
    Ok(cli.update_from_arg_matches(layer)?)
}

/// What is wrong with a value, without the sentences around it that are about typing.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return if source.is::<std::num::ParseIntError>() {
            "a whole number is expected".to_owned()
        } else {
            source.to_string()
        };
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    match text(ContextKind::ValidValue) {
        values if values.is_empty() => error.to_string().lines().next().unwrap_or_default().replace("error: ", ""),
        values => format!("`{}` is not one of {values}", text(ContextKind::InvalidValue)),
    }
}

/// The options of a command by their names, as far as layers can set them. The name is that of the field, because a
/// command may call a setting that it shares with others by a shorter one.
fn flags(command: &clap::Command) -> impl Iterator<Item = String> {
    let named = command.get_arguments().filter(|argument| argument.get_long().is_some());
    let flags = named.map(|argument| argument.get_id().as_str().replace('_', "-"));
    flags.filter(|flag| !TYPED_ONLY.contains(&flag.as_str()))
}

/// The options of a command and of all commands below it.
fn flags_below(command: &clap::Command) -> Vec<String> {
    flags(command).chain(command.get_subcommands().flat_map(flags_below)).collect()
}

/// The options of the command at the end of a path.
fn flags_at(cli: &clap::Command, path: &[&str]) -> Vec<String> {
    let command = path.iter().try_fold(cli, |command, name| command.find_subcommand(name));
    command.into_iter().flat_map(flags).collect()
}

fn variable_settings(variable: &dyn Fn(&str) -> Option<OsString>, path: &[&str]) -> Layer {
    let setting = |(name, flag): (String, String)| {
        let place = format!("variable `{name}`");
        Some(Setting { flag, value: set(variable, &name)?, place })
    };
    let names = variable_names(&Cli::command(), path).into_iter();
    Layer { settings: names.filter_map(setting).collect(), problems: Vec::new() }
}

/// The variables of a command, with the options that they set.
fn variable_names(cli: &clap::Command, path: &[&str]) -> Vec<(String, String)> {
    let own_prefix = if path == [GENERATE] { "GENERATE_" } else { "" };
    let own = flags_at(cli, path).into_iter().map(|flag| (own_prefix, flag));
    let flags = flags(cli).map(|flag| ("", flag)).chain(own);
    flags
        .map(|(prefix, flag)| (format!("{PREFIX}{prefix}{}", flag.to_ascii_uppercase().replace('-', "_")), flag))
        .collect()
}

/// The value of a variable. An empty one counts as not set, as most programs have it.
fn set(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    variable(name).filter(|value| !value.is_empty())
}

/// The document in the file; an empty one when nobody names a file and the usual one is not there.
fn file_table(file: Option<&Path>) -> Result<toml::Table> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(toml::Table::new()),
        Err(source) => return Err(Error::Config { path: path.to_owned(), source }),
    };
    text.parse().map_err(|error: toml::de::Error| {
        let line = text[..error.span().map_or(0, |span| span.start)].lines().count().max(1);
        Error::Setting { place: format!("line {line} of `{}`", path.display()), problem: error.message().to_owned() }
    })
}

/// The settings of the file that concern the command; all others are checked to exist.
fn file_settings(file: Option<&Path>, command: &[&str]) -> Layer {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let table = match file_table(file) {
        Ok(table) => table,
        Err(problem) => return Layer { settings: Vec::new(), problems: vec![problem] },
    };
    let cli = Cli::command();
    let others = cli.get_subcommands().filter(|command| {
        let name = command.get_name();
        name != GENERATE && !WITHOUT_SETTINGS.contains(&name)
    });
    let top: Vec<String> = flags(&cli).chain(others.flat_map(flags_below)).collect();
    let of_generate = flags_at(&cli, &[GENERATE]);
    let own = if command == [GENERATE] { Vec::new() } else { flags_at(&cli, command) };
    let of_command: Vec<String> = flags(&cli).chain(own).collect();

    let mut layer = Layer::default();
    let mut take = |setting: Result<Setting>, concerns_command: bool| match setting {
        Ok(setting) => layer.settings.extend(concerns_command.then_some(setting)),
        Err(problem) => layer.problems.push(problem),
    };
    for (key, value) in &table {
        let place = |key: &str| format!("key `{key}` of `{}`", path.display());
        match value {
            toml::Value::Table(table) if key == GENERATE => {
                for (key, value) in table {
                    let setting = setting(key, value, place(&format!("{GENERATE}.{key}")), &of_generate);
                    take(setting, command == [GENERATE]);
                }
            }
            _ => take(setting(key, value, place(key), &top), of_command.contains(key)),
        }
    }
    layer
}

fn setting(key: &str, value: &toml::Value, place: String, known: &[String]) -> Result<Setting> {
    if !known.iter().any(|name| name == key) {
        let mut known = known.to_vec();
        known.sort_unstable();
        known.dedup();
        return Err(Error::Setting { place, problem: format!("unknown; keys are {}", known.join(", ")) });
    }
    let value = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(_) | toml::Value::Table(_) => {
            return Err(Error::Setting { place, problem: "one value is expected".to_owned() });
        }
        // Numbers, switches and dates are written as they would be typed.
        value => value.to_string(),
    };
    Ok(Setting { flag: key.to_owned(), value: value.into(), place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("abc", "abc")), (3, 3, 0));
        let known = ["EVENTS_THREADS", "EVENTS_ROOT", "EVENTS_GENERATE_DAYS"].map(ToOwned::to_owned);
        assert_eq!(nearest("EVENTS_THREDS", &known).as_deref(), Some("EVENTS_THREADS"));
        assert_eq!(nearest("EVENTS_GENERATE_DAY", &known).as_deref(), Some("EVENTS_GENERATE_DAYS"));
        assert_eq!(nearest("EVENTS_ROTT", &known).as_deref(), Some("EVENTS_ROOT"));
        for other in ["EVENTS_WHATEVER", "EVENTS_ZZZ", "EVENTS_"] {
            assert_eq!(nearest(other, &known), None, "{other}");
        }
    }

    #[test]
    fn surveys_the_settings_of_all_commands() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, "threads = 2\nrepair = 'brave'\ncolour = 1\n[generate]\nseed = 'x'\ndays = 3\n").unwrap();
        let variables = [
            ("EVENTS_DAYS", "1"),
            ("EVENTS_GENERATE_KINDS", "2"),
            ("EVENTS_GLUE_DATABAS", "x"),
            ("EVENTS_INPUT_BYTES_MAX", "1"),
            ("EVENTS_KEYS_MAX", "many"),
            ("EVENTS_ROOT", ""),
            ("PATH", "/bin"),
        ];
        let survey = survey(Some(&file), variables.map(|(name, value)| (name.into(), value.into())));
        let problems: Vec<_> = survey.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 4, "{problems:?}");
        for place in ["key `repair` of", "key `colour` of", "key `generate.seed` of", "variable `EVENTS_KEYS_MAX`"] {
            assert!(problems.iter().any(|problem| problem.starts_with(place)), "{place}: {problems:?}");
        }
        assert_eq!((survey.file.as_deref(), survey.keys), (Some(file.as_path()), 4));
        assert_eq!(survey.variables, ["EVENTS_GENERATE_KINDS", "EVENTS_KEYS_MAX"]);
        let unknown: Vec<_> = survey.unknown.iter().map(|unknown| unknown.name.as_str()).collect();
        assert_eq!(unknown, ["EVENTS_DAYS", "EVENTS_GLUE_DATABAS"]);
        assert_eq!(survey.unknown[1].nearest.as_deref(), Some("EVENTS_GLUE_DATABASE"));
    }
}
