//! What Glue is asked, and what it answers: JSON over HTTP, an operation a request.
//!
//! Source: <https://docs.aws.amazon.com/glue/latest/webapi/API_Operations.html>.

use backon::{BackoffBuilder, ExponentialBuilder};
use events_stores::{Opening, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::error::{Error, Result};
use crate::name::TableName;

const SERVICE: &str = "glue";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Errors of Glue that are answers to us.
const NOT_FOUND: &str = "EntityNotFoundException";
const EXISTS: &str = "AlreadyExistsException";
/// Somebody else has changed what was read.
const CHANGED: [&str; 2] = ["ConcurrentModificationException", "VersionMismatchException"];

/// What is refused because of others who ask at the same time, or of Glue itself: the same may be done a moment later.
const MOMENTARY: [&str; 5] = [
    "ConcurrentModificationException",
    "InternalServiceException",
    "OperationTimeoutException",
    "ResourceNotReadyException",
    "ThrottlingException",
];
/// How often partitions are sent again.
const PAUSES_MAX: usize = 5;
const ADD: &str = "BatchCreatePartition";

/// The longest message of Glue that becomes part of an error, in characters.
const MESSAGE_MAX: usize = 500;

/// The catalog of an account in a region.
#[derive(Debug)]
pub(crate) struct Glue(Service);

/// A partition that was not registered.
struct RefusedPartition {
    values: Value,
    code: String,
    message: String,
}

impl RefusedPartition {
    fn is_momentary(&self) -> bool {
        MOMENTARY.contains(&self.code.as_str())
    }
}

impl From<RefusedPartition> for Error {
    fn from(RefusedPartition { code, message, .. }: RefusedPartition) -> Self {
        Self::Refused { operation: ADD, code, message }
    }
}

/// What became of a request.
enum Outcome {
    Done(Value),
    Refused { code: String, message: String },
}

impl Glue {
    pub(crate) fn open(opening: &Opening) -> Result<Self> {
        Ok(Self(Service::open(SERVICE, opening)?))
    }

    /// The table as it stands there; `None` when it, or its database, does not.
    pub(crate) async fn table(&self, name: &TableName) -> Result<Option<Value>> {
        let operation = "GetTable";
        match self.ask(operation, &json!({ "DatabaseName": name.database, "Name": name.table })).await? {
            Outcome::Done(mut answer) => Ok(Some(answer["Table"].take())),
            Outcome::Refused { code, .. } if code == NOT_FOUND => Ok(None),
            Outcome::Refused { code, message } => Err(Error::Refused { operation, code, message }),
        }
    }

    /// Makes the table, and its database when there is none. Somebody else may be first.
    pub(crate) async fn create(&self, name: &TableName, table: &Value) -> Result<()> {
        let operation = "CreateTable";
        let request = json!({ "DatabaseName": name.database, "TableInput": table });
        match self.ask(operation, &request).await? {
            // There is no database.
            Outcome::Refused { code, .. } if code == NOT_FOUND => {
                let database = json!({ "DatabaseInput": { "Name": name.database } });
                done_or_there("CreateDatabase", self.ask("CreateDatabase", &database).await?)?;
                done_or_there(operation, self.ask(operation, &request).await?)
            }
            outcome => done_or_there(operation, outcome),
        }
    }

    /// Puts another description in the place of the one with that version, without keeping that one. False: somebody else was
    /// first.
    pub(crate) async fn update(&self, name: &TableName, table: &Value, version: Option<&str>) -> Result<bool> {
        let operation = "UpdateTable";
        let mut request = json!({ "DatabaseName": name.database, "TableInput": table, "SkipArchive": true });
        if let Some(version) = version {
            request["VersionId"] = version.into();
        }
        match self.ask(operation, &request).await? {
            Outcome::Done(_) => Ok(true),
            Outcome::Refused { code, .. } if CHANGED.contains(&code.as_str()) => Ok(false),
            Outcome::Refused { code, message } => Err(Error::Refused { operation, code, message }),
        }
    }

    /// Registers partitions, at most [`PARTITIONS_MAX`] of them, and tells how many are new. Those that are there stay as they
    /// are. What is refused for a moment is sent again.
    pub(crate) async fn add(&self, name: &TableName, mut partitions: Vec<Value>) -> Result<u64> {
        let mut pauses = ExponentialBuilder::default().with_jitter().with_max_times(PAUSES_MAX).build();
        let mut added = 0;
        loop {
            let refused = self.add_once(name, &partitions).await?;
            added += (partitions.len() - refused.len()) as u64;
            let mut refused = momentary(refused)?;
            let Some(last) = refused.pop() else { return Ok(added) };
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(last.into()),
            }
            refused.push(last);
            partitions.retain(|partition| refused.iter().any(|refused| refused.values == partition["Values"]));
        }
    }

    /// Registers partitions, and tells which were refused.
    async fn add_once(&self, name: &TableName, partitions: &[Value]) -> Result<Vec<RefusedPartition>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Refusal {
            partition_values: Value,
            error_detail: Detail,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Detail {
            error_code: String,
            #[serde(default)]
            error_message: String,
        }
        let operation = ADD;
        let request =
            json!({ "DatabaseName": name.database, "TableName": name.table, "PartitionInputList": partitions });
        let mut answer = match self.ask(operation, &request).await? {
            Outcome::Done(answer) => answer,
            Outcome::Refused { code, message } => {
                let all = |partition: &Value| RefusedPartition {
                    values: partition["Values"].clone(),
                    code: code.clone(),
                    message: message.clone(),
                };
                return Ok(partitions.iter().map(all).collect());
            }
        };
        let refusals: Option<Vec<Refusal>> =
            serde_json::from_value(answer["Errors"].take()).map_err(|source| Error::Answer { operation, source })?;
        let refused = |Refusal { partition_values: values, error_detail }: Refusal| RefusedPartition {
            values,
            code: error_detail.error_code,
            message: error_detail.error_message,
        };
        Ok(refusals.unwrap_or_default().into_iter().map(refused).collect())
    }

    async fn ask(&self, operation: &'static str, request: &Value) -> Result<Outcome> {
        let target = format!("AWSGlue.{operation}");
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", target.as_str())];
        let answer = self.0.post(&headers, request.to_string().into()).await?;
        if answer.is_success() {
            let body = if answer.body.is_empty() { b"{}" } else { &*answer.body };
            let done = serde_json::from_slice(body).map_err(|source| Error::Answer { operation, source })?;
            return Ok(Outcome::Done(done));
        }
        Ok(refusal(answer.status, &answer.body))
    }
}

/// What may be sent again: neither what is there already, nor anything when something was refused for good.
fn momentary(refused: Vec<RefusedPartition>) -> Result<Vec<RefusedPartition>> {
    let (momentary, mut others): (Vec<_>, Vec<_>) =
        refused.into_iter().filter(|refused| refused.code != EXISTS).partition(RefusedPartition::is_momentary);
    others.pop().map_or(Ok(momentary), |refused| Err(refused.into()))
}

/// The most partitions that a request registers.
pub(crate) const PARTITIONS_MAX: usize = 100;

/// An answer that refuses: `{"__type":"prefix#Code","message":"…"}`, or whatever a proxy says.
fn refusal(status: u16, body: &[u8]) -> Outcome {
    #[derive(Default, Deserialize)]
    struct Refusal {
        #[serde(rename = "__type", default)]
        code: String,
        #[serde(alias = "Message", default)]
        message: String,
    }
    let Refusal { code, message } = serde_json::from_slice(body)
        .unwrap_or_else(|_| Refusal { message: String::from_utf8_lossy(body).into_owned(), ..Refusal::default() });
    let code = match code.rsplit('#').next() {
        Some(code) if !code.is_empty() => code.to_owned(),
        _ => format!("status {status}"),
    };
    Outcome::Refused { code, message: message.chars().take(MESSAGE_MAX).collect() }
}

fn done_or_there(operation: &'static str, outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Done(_) => Ok(()),
        Outcome::Refused { code, .. } if code == EXISTS => Ok(()),
        Outcome::Refused { code, message } => Err(Error::Refused { operation, code, message }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_again_what_was_refused_for_a_moment_unless_something_was_for_good() {
        let refused = |codes: &[&str]| {
            let of = |code: &&str| RefusedPartition {
                values: json!([code]),
                code: (*code).to_owned(),
                message: String::new(),
            };
            momentary(codes.iter().map(of).collect())
                .map(|left| left.into_iter().map(|left| left.code).collect::<Vec<_>>())
        };
        assert_eq!(refused(&[EXISTS, EXISTS]).unwrap(), [""; 0]);
        let left = refused(&["ThrottlingException", EXISTS, "ConcurrentModificationException"]).unwrap();
        assert_eq!(left, ["ThrottlingException", "ConcurrentModificationException"]);
        let error = refused(&["ThrottlingException", "InvalidInputException", EXISTS]).unwrap_err();
        assert!(error.to_string().contains("Glue refused BatchCreatePartition: InvalidInputException"), "{error}");
    }

    #[test]
    fn reads_refusals_of_every_shape() {
        let read = |body: &str| match refusal(400, body.as_bytes()) {
            Outcome::Refused { code, message } => (code, message),
            Outcome::Done(_) => unreachable!(),
        };
        let own = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        assert_eq!(read(r#"{"__type":"EntityNotFoundException","message":"no"}"#), own(NOT_FOUND, "no"));
        assert_eq!(
            read(r#"{"__type":"com.amazonaws#AccessDeniedException","Message":"x"}"#),
            own("AccessDeniedException", "x")
        );
        assert_eq!(read("<html>"), own("status 400", "<html>"));
    }
}
