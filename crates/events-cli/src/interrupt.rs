//! Ctrl-C, and what a process manager sends instead.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use events_core::run::{Cancel, Phase, Progress};

use crate::console::Console;
use crate::error::{Error, Result};
use crate::exit;

/// Listens from now on: the first signal asks the run to stop, a second ends the process at once.
///
/// `scratch` is what the process would leave behind when it ends at once. Called in a runtime.
///
/// # Errors
/// [`Error::Process`] when the system does not let the process listen.
pub(crate) fn listen(cancel: Cancel, progress: Arc<Progress>, scratch: PathBuf, console: Console) -> Result<()> {
    let mut signals = Signals::new().map_err(|source| Error::Process { operation: "listening for signals", source })?;
    tokio::spawn(async move {
        signals.next().await;
        console.say("stopping: the run ends after the piece of work at hand; once more to end at once");
        cancel.cancel();
        signals.next().await;
        let _ = std::fs::remove_dir_all(scratch);
        // From the commit on, of this run or of one that it finishes, what is left undone is the next run's.
        let committed = matches!(progress.phase(), Phase::Publish | Phase::Move | Phase::Erase);
        if committed {
            console.say("ended behind a commit: the next run finishes it");
        }
        let code = if committed { exit::UNFINISHED } else { exit::INTERRUPTED };
        std::process::exit(i32::from(code));
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // A listener that fails never fires, as if nobody pressed the keys.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
