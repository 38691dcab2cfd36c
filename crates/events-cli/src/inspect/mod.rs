//! `events inspect`: a look at a table or at inputs, which changes nothing.
//!
//! What is counted, and what is worth a warning, the core decides; here it is found, read and shown.
//!
//! | module | holds |
//! |---|---|
//! | `place` | what an argument names: a table, or inputs |
//! | `source` | an input: a file, standard input, an object of a bucket |
//! | `inputs`, `table` | the two looks, from what was found to what is printed |
//! | `sections` | parts of what people read that both have |
//! | `bars` | counts as bars |

mod bars;
mod inputs;
mod place;
mod sections;
mod source;
mod table;

use std::error::Error as StdError;

use crate::console::{Console, complain};
use crate::error::Result;
use crate::settings::{InspectSettings, Subject};
use crate::{exit, message, runtime};

use self::place::Found;

/// Looks at what is there.
pub(crate) fn command(settings: &InspectSettings, console: &Console) -> Result<u8> {
    let runtime = runtime::start()?;
    let looked = match &settings.subject {
        Subject::Table(zones) => table::look(zones, settings, console, &runtime),
        Subject::Places(places) => place::find(places, &runtime).and_then(|found| match found {
            Found::Table(zones) => table::look(&zones, settings, console, &runtime),
            Found::Inputs(inputs) => inputs::look(inputs, settings, console),
        }),
    };
    runtime::shut_down(runtime);
    let unread = looked?;
    Ok(if unread { exit::STORAGE } else { exit::DONE })
}

/// Tells of what could not be read, and gives what was told.
fn tell_unread(error: &(dyn StdError + 'static)) -> String {
    let line = message::redacted(&message::line(error), &|name| std::env::var(name).ok());
    complain(&line);
    line.trim_start_matches("error: ").to_owned()
}
