//! What an invocation asks for, read from its payload.
//!
//! Payloads are read with a few structures and paths of our own, and not with the types of `aws_lambda_events`: those
//! need fields that nobody here asks for and that other hosts leave out, such as `userIdentity` of an S3 notification,
//! know no `s3:TestEvent` and nothing in a message's text, and fail a payload as a whole where one of its messages is
//! damaged. What is needed is six fields.

mod batch;
mod command;
mod landing;
mod notice;
mod work;

use serde_json::Value;

pub(crate) use batch::Batch;
pub use batch::{BatchAnswer, BatchItemFailure};
pub(crate) use command::Command;
pub(crate) use landing::Landing;
pub use notice::Notices;
pub(crate) use work::{Division, Part, Work};

use crate::error::{Error, Result};

/// What an invocation asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Somebody, a schedule or a workflow says what to do.
    Command(Command),
    /// A workflow says which part of a run to do that many invocations share.
    Work(Work),
    /// Something has happened. It asks for a run when any of it is about an input.
    Notified(Notices),
    /// Messages of a queue, of which each is kept or taken back on its own.
    Batch(Batch),
}

impl Request {
    /// # Errors
    /// [`Error::Request`] for a payload of another form.
    pub(crate) fn of(payload: Value, landing: &Landing) -> Result<Self> {
        if let Some(batch) = Batch::of(&payload) {
            return Ok(Self::Batch(batch.reading(landing)?));
        }
        if notice::is_one(&payload) {
            let notices = Notices::of(&payload, landing);
            return notices.map(Self::Notified).map_err(|problem| Error::Request { problem });
        }
        match Work::of(&payload) {
            Some(work) => work.map(Self::Work),
            None => Command::of(payload).map(Self::Command),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_commands_notifications_and_batches_apart() {
        let request = |payload| Request::of(payload, &Landing::nowhere());
        assert_eq!(request(json!({})).unwrap(), Request::Command(Command::RUN));
        assert!(matches!(request(json!({"detail-type": "Scheduled Event"})).unwrap(), Request::Notified(_)));
        let message = json!({"eventSource": "aws:sqs", "messageId": "1", "body": "{}"});
        assert!(matches!(request(json!({"Records": [message]})).unwrap(), Request::Batch(_)));
    }

    #[test]
    fn refuses_records_of_another_service_and_none_at_all() {
        for records in [json!([]), json!([{"eventSource": "aws:kinesis"}]), json!({}), json!([1])] {
            let error = Request::of(json!({"Records": records}), &Landing::nowhere()).unwrap_err();
            assert_eq!(error.type_name(), "Request", "{error}");
        }
    }
}
