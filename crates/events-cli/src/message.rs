//! How an error is told: one line, and a hint where one helps.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use crate::error::Error;

/// Where the store of the AWS library asks for credentials when no variable has them.
const METADATA_ADDRESS: &str = "169.254.169.254";
/// What S3 answers when there is no such bucket, which the library takes for any missing object.
const MISSING_BUCKET: &str = "NoSuchBucket";

/// The error and what caused it, each said once: `error: …: caused by …`.
pub(crate) fn line(error: &(dyn StdError + 'static)) -> String {
    let mut line = format!("error: {}", one_line(error));
    for cause in causes(error).skip(1) {
        // Libraries like to repeat their cause in their own text.
        let text = one_line(cause);
        if !line.contains(&text) {
            line.push_str(": caused by ");
            line.push_str(&text);
        }
    }
    line
}

/// The variables whose values no message may hold.
const SECRET_VARIABLES: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// A text without secrets: S3 repeats the session token in its answer to a request that it does not accept, and that
/// answer is part of the error.
pub(crate) fn redacted(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let secrets = SECRET_VARIABLES.into_iter().filter_map(variable).filter(|secret| !secret.is_empty());
    secrets.fold(text.to_owned(), |text, secret| text.replace(&secret, "…"))
}

/// What may help, if anything is known to.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let of_a_cause = || causes(error).find_map(|cause| io_hint(cause).or_else(|| store_hint(cause)));
    let hint = match error {
        Error::Usage(_) | Error::Setting { .. } | Error::Missing { .. } => return None,
        Error::Run(events_core::Error::Unfinished { .. }) => {
            let then = "the next run first finishes what this one has committed";
            let hint = of_a_cause().unwrap_or("run again when the store answers");
            return Some(format!("hint: {hint}; {then}"));
        }
        Error::Stores(events_stores::Error::Busy { .. }) => "--wait 60 waits up to a minute for it to end",
        Error::Run(events_core::Error::Busy { .. }) => {
            "--wait 90 waits for it to end, and long enough if it was killed"
        }
        Error::Run(events_core::Error::Unconditional { .. }) => {
            "--unsafe-single-writer goes on without; then nothing may start a second run on this table"
        }
        Error::Run(events_core::Error::Outdated { .. }) => {
            "`events plan` makes another plan, of what is there now; `events run` without --plan goes on without one"
        }
        Error::Run(events_core::Error::Damaged { .. }) => {
            "`events repair --diff` shows what repair would change, --repair lenient mends what has one reading"
        }
        Error::Catalog(
            events_catalog::Error::Refused { .. }
            | events_catalog::Error::Answer { .. }
            | events_catalog::Error::Contended { .. }
            | events_catalog::Error::Service(events_stores::Error::Service { .. }),
        ) => of_a_cause()
            .unwrap_or("the table is whole: the next run registers what is missing, and so does `events catalog sync`"),
        Error::Damaged { .. } => "--diff --level lenient shows what repair would change",
        Error::Run(events_core::Error::Setting { name: "dedup_horizon_days", .. }) => {
            "it is --dedup-horizon, the variable EVENTS_DEDUP_HORIZON or the key `dedup-horizon` of `events.toml`"
        }
        Error::Run(events_core::Error::TooManyPartitions { .. }) => {
            "when there are so many kinds and days, raise --partitions-max; else a producer mistakes another field for a kind"
        }
        _ => of_a_cause()?,
    };
    Some(format!("hint: {hint}"))
}

fn io_hint(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    Some(match cause.downcast_ref::<io::Error>()?.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full: make room or choose another --scratch or zone, then run again; no input is lost"
        }
        ErrorKind::PermissionDenied => "this user may not do that: check the owner and the mode of the file or folder",
        ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only",
        ErrorKind::ConnectionRefused
        | ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable => "nobody answers there: check AWS_ENDPOINT_URL, AWS_REGION and the network",
        _ => return None,
    })
}

fn store_hint(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    // A boxed source is its own type to the chain.
    let boxed = cause.downcast_ref::<Box<object_store::Error>>().map(AsRef::as_ref);
    let error = boxed.or_else(|| cause.downcast_ref::<object_store::Error>())?;
    Some(match error {
        _ if error.to_string().contains(METADATA_ADDRESS) => {
            "no credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a \
            role gives them"
        }
        _ if error.to_string().contains(MISSING_BUCKET) => {
            "the bucket does not exist: check its name, AWS_REGION and AWS_ENDPOINT_URL"
        }
        object_store::Error::Unauthenticated { .. } => {
            "the credentials were not accepted: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        }
        object_store::Error::PermissionDenied { .. } => {
            "the credentials do not allow it: listing, reading, writing and deleting in all three zones is needed"
        }
        _ => return None,
    })
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn one_line(error: &(dyn StdError + 'static)) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use events_stores::Place;

    use super::*;

    #[test]
    fn does_not_repeat_a_token_that_a_store_repeats() {
        let variable = |name: &str| (name == "AWS_SESSION_TOKEN").then(|| "canary".to_owned());
        let body = "<Error><Code>InvalidToken</Code><Token-0>canary</Token-0></Error>";
        assert_eq!(redacted(body, &variable), "<Error><Code>InvalidToken</Code><Token-0>…</Token-0></Error>");
    }

    #[test]
    fn says_each_cause_once() {
        let inner = io::Error::from(ErrorKind::PermissionDenied);
        let error = Error::Io { operation: "creating folder", path: PathBuf::from("x"), source: inner };
        assert_eq!(line(&error), "error: creating folder `x`: caused by permission denied");

        let repeated = object_store::Error::Generic { store: "S3", source: "no route\n to host".into() };
        let error = Error::from(events_stores::Error::Store {
            place: Place::Url("s3://b".to_owned()),
            source: Box::new(repeated),
        });
        assert_eq!(line(&error), "error: opening zone `s3://b`: caused by Generic S3 error: no route to host");
    }

    #[test]
    fn gives_a_hint_for_what_a_person_can_mend() {
        let hint_of = |kind: ErrorKind| {
            let source =
                object_store::Error::Generic { store: "LocalFileSystem", source: io::Error::from(kind).into() };
            hint(&events_stores::Error::Store { place: Place::Url("x".to_owned()), source: Box::new(source) }.into())
        };
        assert!(hint_of(ErrorKind::StorageFull).unwrap().contains("disk is full"));
        assert!(hint_of(ErrorKind::PermissionDenied).unwrap().contains("this user"));
        assert_eq!(hint_of(ErrorKind::Other), None);
    }
}
