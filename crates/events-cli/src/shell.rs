//! `events completions` and `events man`: what shells and `man` are to know of the command line, made of the command line.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use serde::Serialize;

use crate::console::Console;
use crate::error::{Error, Result};
use crate::options::{Cli, OutputForm};
use crate::units::counted;
use crate::{console, exit};

/// The command as it is typed, and the first word of the names of its pages.
const NAME: &str = "events";
/// The section of the manual for commands.
const SECTION: &str = "1";

/// The command that the library adds, which has no page.
const HELP: &str = "help";

/// Prints what a shell completes by.
pub(crate) fn completions(shell: Shell, console: &Console) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(exit::DONE)
}

/// Pages for machines.
#[derive(Debug, Serialize)]
struct Document {
    pages: Vec<String>,
}

/// Prints the page of `events`, or writes one for each command into a folder.
pub(crate) fn man(folder: Option<&Path>, console: &Console) -> Result<u8> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else {
        console.print(&page(&command, NAME)?)?;
        return Ok(exit::DONE);
    };
    let failed = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { operation, path, source }
    };
    fs::create_dir_all(folder).map_err(failed("creating folder", folder))?;
    let mut pages = Vec::new();
    for (name, command) in commands(&command, NAME) {
        let file = format!("{name}.{SECTION}");
        let path = folder.join(&file);
        fs::write(&path, page(command, &name)?).map_err(failed("writing", &path))?;
        pages.push(file);
    }
    console.print(&match console.output() {
        OutputForm::Human => format!("{} in `{}`\n", counted(pages.len() as u64, "page"), folder.display()),
        OutputForm::Json => console::json(&Document { pages }),
    })?;
    Ok(exit::DONE)
}

/// A command and all below it, with the names of their pages.
fn commands<'a>(command: &'a Command, name: &str) -> Vec<(String, &'a Command)> {
    let below = command.get_subcommands().filter(|command| command.get_name() != HELP);
    let below = below.flat_map(|command| commands(command, &format!("{name}-{}", command.get_name())));
    std::iter::once((name.to_owned(), command)).chain(below).collect()
}

fn page(command: &Command, name: &str) -> Result<String> {
    let mut text = Vec::new();
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    let command = command.clone().display_name(name.to_owned());
    let man = Man::new(command).title(name.to_ascii_uppercase()).section(SECTION).source(source);
    man.render(&mut text).map_err(|source| Error::Process { operation: "making a manual page", source })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
