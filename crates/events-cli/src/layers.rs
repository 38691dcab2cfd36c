//! From what was typed, the variables and the settings file to one command line.
//!
//! A layer below the typed one is read as if it had been typed: each of its values goes through the same parser, and the
//! next layer is put on top.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::error::{Error, Result};
use crate::options::Cli;

/// The settings file that is read when nobody names one.
const DEFAULT_FILE: &str = "events.toml";

/// The command whose options have a table of their own in the file and a longer name as variables: they share names
/// with those of the others.
const GENERATE: &str = "generate";

/// Options that only make sense where they are typed: where the file is cannot stand in the file, a switch that is
/// forgotten in one must not turn a filter into nothing, and which rejects, days, items or plans are meant differs from call to call.
/// Those of help are no settings.
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
];

/// A value of a layer.
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
    let typed = Cli::command().try_get_matches_from(arguments)?;
    let file = Cli::from_arg_matches(&typed)?.common.config.map(OsString::from);
    let file = file.or_else(|| set(variable, "EVENTS_CONFIG"));
    let path = path(&typed);

    let mut cli = Cli::try_parse_from(["events"].iter().chain(&path))?;
    lay(&mut cli, &path, &file_settings(file.as_deref().map(Path::new), &path)?)?;
    lay(&mut cli, &path, &variable_settings(variable, &path))?;
    put(&mut cli, &typed)?;
    Ok(cli)
}

/// The names of the command that was typed: most have one, some stand below another.
fn path(typed: &clap::ArgMatches) -> Vec<&str> {
    let levels = std::iter::successors(typed.subcommand(), |(_, matches)| matches.subcommand());
    levels.map(|(name, _)| name).collect()
}

/// Puts a layer on top of those below.
fn lay(cli: &mut Cli, path: &[&str], layer: &[Setting]) -> Result<()> {
    let command: Vec<OsString> = ["events"].iter().chain(path).map(OsString::from).collect();
    let mut arguments = command.clone();
    for setting in layer {
        let mut argument = OsString::from(format!("--{}=", setting.flag));
        argument.push(&setting.value);
        // One at a time first, because the error of a whole line would not say which place it is about.
        Cli::command()
            .try_get_matches_from(command.iter().chain([&argument]))
            .map_err(|error| Error::Setting { place: setting.place.clone(), problem: reason(&error) })?;
        arguments.push(argument);
    }
    put(cli, &Cli::command().try_get_matches_from(arguments)?)
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
        return source.to_string();
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

fn variable_settings(variable: &dyn Fn(&str) -> Option<OsString>, path: &[&str]) -> Vec<Setting> {
    let cli = Cli::command();
    let own_prefix = if path == [GENERATE] { "GENERATE_" } else { "" };
    let own = flags_at(&cli, path).into_iter().map(|flag| (own_prefix, flag));
    let names = flags(&cli).map(|flag| ("", flag)).chain(own);
    let setting = |(prefix, flag): (&str, String)| {
        let name = format!("EVENTS_{prefix}{}", flag.to_ascii_uppercase().replace('-', "_"));
        let place = format!("variable `{name}`");
        Some(Setting { flag, value: set(variable, &name)?, place })
    };
    names.filter_map(setting).collect()
}

/// The value of a variable. An empty one counts as not set, as most programs have it.
fn set(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    variable(name).filter(|value| !value.is_empty())
}

/// The settings of the file that concern the command; all others are checked to exist.
fn file_settings(file: Option<&Path>, command: &[&str]) -> Result<Vec<Setting>> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Config { path: path.to_owned(), source }),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = text[..error.span().map_or(0, |span| span.start)].lines().count().max(1);
        Error::Setting { place: format!("line {line} of `{}`", path.display()), problem: error.message().to_owned() }
    })?;
    let cli = Cli::command();
    let others = cli.get_subcommands().filter(|command| command.get_name() != GENERATE);
    let top: Vec<String> = flags(&cli).chain(others.flat_map(flags_below)).collect();
    let of_generate = flags_at(&cli, &[GENERATE]);
    let own = if command == [GENERATE] { Vec::new() } else { flags_at(&cli, command) };
    let of_command: Vec<String> = flags(&cli).chain(own).collect();

    let mut settings = Vec::new();
    for (key, value) in &table {
        let place = |key: &str| format!("key `{key}` of `{}`", path.display());
        match value {
            toml::Value::Table(table) if key == GENERATE => {
                for (key, value) in table {
                    let setting = setting(key, value, place(&format!("{GENERATE}.{key}")), &of_generate)?;
                    settings.extend((command == [GENERATE]).then_some(setting));
                }
            }
            _ => {
                let setting = setting(key, value, place(key), &top)?;
                settings.extend(of_command.contains(key).then_some(setting));
            }
        }
    }
    Ok(settings)
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
