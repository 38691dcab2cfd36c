//! The function: what stays between invocations, and what an invocation asks for and is told.

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use tracing::{info, warn};

use crate::error::{Error, Result};
use crate::message::Secrets;
use crate::request::{Batch, BatchAnswer, Command, Landing, Notices, Request, Work};
use crate::response::{Done, Ignored, Response};
use crate::runs::Runs;
use crate::settings::Settings;

/// The function of a process. Its stores are opened once and keep their connections between invocations.
pub struct Function {
    secrets: Secrets,
    /// The error is the answer to every invocation.
    opened: Result<Opened>,
}

struct Opened {
    landing: Landing,
    runs: Runs,
}

impl Function {
    /// Opens the function that the variables describe. No request is made.
    #[must_use]
    pub fn open(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self { secrets: Secrets::of(&variable), opened: Opened::of(&variable) }
    }

    /// Does what the payload asks for.
    ///
    /// # Errors
    /// A wrong variable or payload, or the run's error: its causes in one line, and in `error_type` what to do.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
        let told = |error: &Error| self.secrets.diagnostic(error);
        let opened = self.opened.as_ref().map_err(told)?;
        opened.answer(event.payload, &event.context).await.map_err(|error| told(&error))
    }
}

impl Opened {
    fn of(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let settings = Settings::of(variable)?;
        Ok(Self { landing: settings.landing.clone(), runs: Runs::open(settings)? })
    }

    async fn answer(&self, payload: Value, context: &Context) -> Result<Response> {
        match Request::of(payload, &self.landing)? {
            Request::Command(command) => {
                let report = self.runs.run(command, context).await?;
                Ok(Response::Done(Box::new(Done::of(report, None))))
            }
            Request::Work(Work::Prepare(division)) => self.runs.prepare(division, context).await.map(Response::Planned),
            Request::Work(Work::Work(part)) => self.runs.work(part, context).await.map(Response::Worked),
            Request::Notified(notices) => self.answer_notified(notices, context).await,
            Request::Batch(batch) => self.answer_batch(batch, context).await.map(Response::Batch),
        }
    }

    /// One run for all of it: what is pending is known by looking, so it does not matter which notifications were lost, came
    /// late or came twice.
    async fn answer_notified(&self, notices: Notices, context: &Context) -> Result<Response> {
        log(notices);
        if notices.relevant == 0 {
            return Ok(Response::Ignored(Ignored { notices }));
        }
        let report = self.runs.run(Command::RUN, context).await?;
        match report.left {
            0 => Ok(Response::Done(Box::new(Done::of(report, Some(notices))))),
            // Nobody looks at the answer to an asynchronous invocation, but its host repeats one that fails.
            left => Err(Error::Left { done: report.inputs.len(), left }),
        }
    }

    /// A table that is busy and inputs that are left are no faults: their messages come again, and the invocation has
    /// succeeded. Any other error is returned, although it keeps all messages just the same, because that is what counts
    /// in the metrics of the function, and what makes Lambda ask for fewer messages at once.
    async fn answer_batch(&self, batch: Batch, context: &Context) -> Result<BatchAnswer> {
        log(batch.notices);
        for refused in &batch.refused {
            warn!(message_id = refused.message, problem = refused.problem, "message refused");
        }
        if !batch.asks() {
            return Ok(batch.answer(true));
        }
        let is_done = match self.runs.run(Command::RUN, context).await {
            Ok(report) => report.left == 0,
            Err(error) if error.is_busy() => false,
            Err(error) => return Err(error),
        };
        Ok(batch.answer(is_done))
    }
}

fn log(notices: Notices) {
    info!(relevant = notices.relevant, ignored = notices.ignored, "notified");
}
