//! Messages of a queue.

use serde::Serialize;
use serde_json::Value;

use super::{Landing, Notices};
use crate::error::{Error, Result};

/// Messages that came in one invocation. The queue keeps those that the answer names and forgets the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The messages that ask for a run.
    asking: Vec<String>,
    /// The messages that cannot be understood, and why.
    pub(crate) refused: Vec<Refused>,
    /// What is in the others.
    pub(crate) notices: Notices,
}

/// A message that cannot be understood, now or later: it is for the queue's dead-letter queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) message: String,
    pub(crate) problem: String,
}

/// The records of a batch, not yet read.
pub(super) struct Records<'a>(&'a [Value]);

/// The answer to a batch, which is all that Lambda takes for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// The messages that come again.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its id.
    pub item_identifier: String,
}

impl Batch {
    /// The records of a payload, when they are messages of a queue.
    pub(super) fn of(payload: &Value) -> Option<Records<'_>> {
        let records = payload.get("Records")?.as_array()?;
        // A payload is of one source.
        (records.first()?.get("eventSource")? == "aws:sqs").then_some(Records(records))
    }

    /// Whether any of it asks for a run.
    pub(crate) fn asks(&self) -> bool {
        !self.asking.is_empty()
    }

    /// The answer: what cannot be understood comes again, until the queue puts it aside, and what asked for a run when that
    /// is not done.
    pub(crate) fn answer(self, is_done: bool) -> BatchAnswer {
        let asking = self.asking.into_iter().filter(|_| !is_done);
        let refused = self.refused.into_iter().map(|refused| refused.message);
        let failures = refused.chain(asking).map(|item_identifier| BatchItemFailure { item_identifier });
        BatchAnswer { batch_item_failures: failures.collect() }
    }
}

impl Records<'_> {
    /// Reads each message.
    ///
    /// # Errors
    /// When one has no id: an answer could not name it.
    pub(super) fn reading(self, landing: &Landing) -> Result<Batch> {
        let mut batch = Batch::default();
        for record in self.0 {
            let id = record.get("messageId").and_then(Value::as_str).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| Error::Request { problem: "a message of a queue has no id".to_owned() })?;
            let body = record.get("body").and_then(Value::as_str).ok_or_else(|| "it has no body".to_owned());
            match body.and_then(|body| Notices::of_text(body, landing)) {
                Ok(notices) => {
                    batch.notices.add(notices);
                    if notices.relevant > 0 {
                        batch.asking.push(id.to_owned());
                    }
                }
                Err(problem) => batch.refused.push(Refused { message: id.to_owned(), problem }),
            }
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(bodies: &[Value]) -> Result<Batch> {
        let record = |(number, body): (usize, &Value)| json!({"eventSource": "aws:sqs", "messageId": number.to_string(), "body": body});
        let payload = json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()});
        Batch::of(&payload).unwrap().reading(&Landing::nowhere())
    }

    fn failures(batch: Batch, is_done: bool) -> Vec<String> {
        batch.answer(is_done).batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    #[test]
    fn keeps_what_cannot_be_understood_and_what_is_not_done() {
        let bodies = || {
            let scheduled = json!({"detail-type": "Scheduled Event"}).to_string();
            let test = json!({"Event": "s3:TestEvent"}).to_string();
            read(&[json!(scheduled), json!("hello"), json!(test), json!(null)]).unwrap()
        };
        assert!(bodies().asks());
        assert_eq!(failures(bodies(), true), ["1", "3"]);
        assert_eq!(failures(bodies(), false), ["1", "3", "0"]);
        assert_eq!(bodies().notices, Notices { relevant: 1, ignored: 1 });
        assert!(!read(&[json!("{}")]).unwrap().asks(), "a command is no notification");
    }

    #[test]
    fn answers_as_lambda_reads_it() {
        let answer = serde_json::to_value(read(&[json!("hello")]).unwrap().answer(true)).unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "0"}]}));
        let nothing = serde_json::to_value(Batch::default().answer(false)).unwrap();
        assert_eq!(nothing, json!({"batchItemFailures": []}));
    }

    #[test]
    fn a_message_without_an_id_fails_the_batch() {
        let payload = json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]});
        assert!(Batch::of(&payload).unwrap().reading(&Landing::nowhere()).is_err());
    }
}
