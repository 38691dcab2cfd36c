//! What `events --help` shows: where to start, and the commands by what they are for.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

use super::Cli;

/// The commands by what they are for. One that is in no group is shown behind them.
const GROUPS: [(&str, &[&str]); 7] = [
    ("First steps", &["demo", "doctor"]),
    ("Events to rows", &["run", "plan", "parse", "distribute", "prepare", "work", "reprocess"]),
    ("To look at", &["inspect", "runs", "report", "trace"]),
    ("The table", &["compact", "rebuild", "ddl", "catalog"]),
    ("Damaged records", &["quarantine", "repair"]),
    ("Tools", &["generate"]),
    ("The shell", &["completions", "man"]),
];
const OTHERS: &str = "More";

/// What a person does first.
const START: &str = "  events demo                     everything once, in ./demo, on inputs made for it
  events run --root ./lake        ./lake/landing/pending becomes ./lake/trusted/events
  events doctor --root ./lake     what a run needs there, and what is missing";

/// The width of lines, as that of the library where there is no terminal.
const WIDTH: usize = 100;

/// The command line, with commands in groups.
///
/// The library knows one list of commands only, so the groups are part of the template.
pub(crate) fn command_line() -> Command {
    let command = Cli::command();
    let header = *command.get_styles().get_header();
    let heading = |name: &str| format!("{header}{name}:{header:#}");
    let mut template = format!("{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}\n{START}\n\n", heading("Start here"));
    for (name, commands) in groups(&command) {
        // Writing to a string does not fail.
        let _ = writeln!(template, "{}", heading(&name));
        template.extend(commands.into_iter().map(line));
        template.push('\n');
    }
    let _ = write!(template, "{}\n{{options}}{{after-help}}\n", heading("Options of all commands"));
    command.help_template(template)
}

/// The groups that have commands, in their order.
fn groups(cli: &Command) -> Vec<(String, Vec<&Command>)> {
    let of = |name: &&str| cli.find_subcommand(name);
    let mut groups: Vec<(String, Vec<&Command>)> =
        GROUPS.iter().map(|(name, names)| ((*name).to_owned(), names.iter().filter_map(of).collect())).collect();
    let is_grouped = |command: &&Command| GROUPS.iter().any(|(_, names)| names.contains(&command.get_name()));
    groups.push((OTHERS.to_owned(), cli.get_subcommands().filter(|command| !is_grouped(command)).collect()));
    groups.retain(|(_, commands)| !commands.is_empty());
    groups
}

/// A command and what it is, in lines of at most that width.
fn line(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("  {:<12}", command.get_name());
    let mut column = text.len();
    for word in about.split_whitespace() {
        if column + 1 + word.chars().count() > WIDTH {
            text.push_str("\n              ");
            column = 14;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.chars().count();
    }
    text.push('\n');
    // A brace would be a field of the template.
    text.replace(['{', '}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_only_commands_that_there_are_and_each_once() {
        let cli = Cli::command();
        let named: Vec<_> = GROUPS.iter().flat_map(|(_, names)| names.iter()).collect();
        for name in &named {
            assert!(cli.find_subcommand(name).is_some(), "{name}");
            assert_eq!(named.iter().filter(|other| other == &name).count(), 1, "{name}");
        }
    }

    #[test]
    fn breaks_long_lines_below_their_beginning() {
        let text = line(&Command::new("name").about("word ".repeat(40)));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("               word")), "{text}");
    }
}
