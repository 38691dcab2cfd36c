//! The executable of the function: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match events_lambda::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
