//! The process: one function, one invocation after the other.

use lambda_runtime::{LambdaEvent, service_fn};
use tokio::runtime::Builder;

use crate::function::Function;
use crate::log;

/// Threads that only wait for stores: the core computes on its own.
const RUNTIME_THREADS: usize = 2;

/// Serves invocations until the host ends the process.
///
/// # Errors
/// When the host's interface does not answer. Wrong settings are no such error: they are the answer to each invocation,
/// where whoever invokes the function sees them.
///
/// # Panics
/// When the variables that Lambda sets are missing.
pub fn serve() -> Result<(), lambda_runtime::Error> {
    log::init();
    let function = &Function::open(|name| std::env::var(name).ok());
    let runtime = Builder::new_multi_thread().worker_threads(RUNTIME_THREADS).enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(move |event: LambdaEvent<_>| function.handle(event))))
}
