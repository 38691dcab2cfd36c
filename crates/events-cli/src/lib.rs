//! The `events` command.
//!
//! An adapter around [`events_core`]: it reads a command line, builds one [`Distributor`](events_core::run::Distributor),
//! calls it and reports. What an event, a row or a partition is, the core decides; what the URL of a zone means,
//! [`events_stores`].
//!
//! | module | holds |
//! |---|---|
//! | `options` | the command line, exactly as typed |
//! | `layers` | what was typed on top of variables on top of the settings file |
//! | `settings` | what that means: every default filled in |
//! | `job` | a run, one of its halves or another job on a table, from settings to exit code |
//! | `plan`, `plan_file` | `events plan`: a run on a view of the zones, and what is saved of it |
//! | `workers` | `events prepare` and `events work`: a run over several processes |
//! | `repair` | `events repair`: a filter from files to lines |
//! | `runs`, `report`, `trace` | what was done to a table: its history, a page about it, and where its rows come from |
//! | `inspect` | `events inspect`: a look at a table or at inputs |
//! | `input`, `irregular` | a file or standard input, decompressed, in pieces; what is no file |
//! | `quarantine` | `events quarantine`: a look at rejects |
//! | `ddl` | `events ddl`: the statements that declare the table |
//! | `catalog` | the catalog of AWS Glue, behind each job and with `events catalog` |
//! | `interrupt`, `live` | what goes on beside a run: signals, the progress display, log lines |
//! | `summary`, `dry_run`, `grid`, `columns`, `units`, `names`, `places` | what people read |
//! | `generation` | `events generate` around [`generate`] |
//! | `durability` | what makes writes survive a loss of power |
//! | `stage_folder` | what a run leaves in a local stage zone |
//! | `demo` | `events demo` |
//! | `doctor` | `events doctor`: what a run needs, checked |
//! | `shell` | `events completions` and `events man` |
//! | `console`, `outlet`, `visible` | streams, and bytes that people can read |
//! | `error`, `message`, [`exit`] | how a command ends |

mod catalog;
mod columns;
mod console;
mod ddl;
mod demo;
mod doctor;
mod dry_run;
mod durability;
mod error;
pub mod exit;
pub mod generate;
mod generation;
mod grid;
mod input;
mod inspect;
mod interrupt;
mod irregular;
mod job;
mod layers;
mod live;
mod message;
mod names;
mod options;
mod outlet;
mod places;
mod plan;
mod plan_file;
mod quarantine;
mod repair;
mod report;
mod runs;
mod runtime;
mod settings;
mod shell;
mod stage_folder;
mod summary;
mod trace;
mod units;
mod visible;
mod workers;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::DateTime;
use tracing::warn;

use crate::console::{Console, complain};
use crate::error::{Error, Result};
use crate::layers::UnknownVariable;
use crate::options::Command;
use crate::settings::Settings;

/// Does what the command line of this process says, and gives one of the codes of [`exit`].
#[must_use]
pub fn main() -> ExitCode {
    let code = match catch_unwind(try_main) {
        // The panic has told of itself.
        Err(_) => exit::FAILED,
        Ok(Ok(code)) => code,
        Ok(Err(Error::Usage(error))) => {
            // The text of a wrong command line or of the wanted help, which nobody has to read to its end.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
        }
        Ok(Err(error)) => {
            complain(&message::redacted(&message::line(&error), &|name| std::env::var(name).ok()));
            if let Some(hint) = message::hint(&error) {
                complain(&hint);
            }
            exit::code(error.kind())
        }
    };
    ExitCode::from(code)
}

/// Tells of variables that are named nearly as a setting: without a word, a run would go by other ones. The doctor makes a check
/// of all that are named like settings, and what only prints the command line has none.
fn warn_of_variables() {
    for UnknownVariable { name, nearest } in layers::unknown_variables(std::env::vars_os()) {
        // Another program may have any other name. Never its value, which may be a secret.
        if let Some(nearest) = nearest {
            warn!(variable = name, meant = nearest, "this variable is no setting, and is ignored");
        }
    }
}

fn try_main() -> Result<u8> {
    let cli = layers::read(std::env::args_os(), &|name| std::env::var_os(name))?;
    let console = Console::start(settings::resolve_console(&cli.common));
    if !matches!(cli.command, Command::Doctor(_) | Command::Completions(_) | Command::Man(_)) {
        warn_of_variables();
    }
    match settings::resolve(cli, DateTime::from(SystemTime::now()))? {
        Settings::Job(settings) => job::command(&settings, &console),
        Settings::Plan(settings) => plan::command(&settings, &console),
        Settings::Work(settings) => workers::command(&settings, &console),
        Settings::Ddl(settings) => ddl::command(&settings, &console),
        Settings::Catalog(settings) => catalog::sync(&settings, &console),
        Settings::Runs(settings) => runs::command(&settings, &console),
        Settings::Report(settings) => report::command(&settings, &console),
        Settings::Trace(settings) => trace::command(&settings, &console),
        Settings::Quarantine(settings) => quarantine::command(&settings, &console),
        Settings::Repair(settings) => repair::command(&settings, &console),
        Settings::Inspect(settings) => inspect::command(&settings, &console),
        Settings::Generate(settings) => generation::command(&settings, &console),
        Settings::Demo { folder, job } => demo::command(&folder, &job, &console),
        Settings::Doctor(settings) => doctor::command(&settings, &console),
        Settings::Completions(shell) => shell::completions(shell, &console),
        Settings::Man(folder) => shell::man(folder.as_deref(), &console),
    }
}
