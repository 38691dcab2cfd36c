//! How an error is told: one line, and a hint where one helps.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use crate::error::Error;
use crate::generate::GenerateError;

/// Where the store of the AWS library asks for credentials when no variable has them.
const METADATA_ADDRESS: &str = "169.254.169.254";
/// What helps whoever has none.
const NO_CREDENTIALS: &str = "no credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run \
    where a role gives them";
/// What a store answers to somebody who may not do that.
const FORBIDDEN: &str = "403 Forbidden";
/// What helps then.
const NOT_ALLOWED: &str =
    "the credentials do not allow it: listing, reading, writing and deleting in all three zones is needed";
/// What S3 answers when there is no such bucket, which the library takes for any missing object.
const MISSING_BUCKET: &str = "NoSuchBucket";

/// The error and what caused it, each said once: `error: …: caused by …`.
pub(crate) fn line(error: &(dyn StdError + 'static)) -> String {
    format!("error: {}", told(error))
}

/// The same without the word in front.
pub(crate) fn told(error: &(dyn StdError + 'static)) -> String {
    let mut line = one_line(error);
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
    Some(format!("hint: {}", advice(error)?))
}

/// The same without the word in front: what to do or to type next.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let text = match error {
        // The library's text ends with what to type; the problem of a setting that is missing names its option.
        Error::Usage(_) | Error::Missing { .. } | Error::Form { .. } => return None,
        Error::NoZone { .. } => {
            "`events demo` makes a lake in ./demo to try it on, with --root demo; `events doctor` says what a run needs"
        }
        // One that is typed is named as it is typed.
        Error::Setting { place, .. } if place.starts_with("--") => return None,
        Error::Setting { .. } | Error::Config { .. } => {
            "`events doctor` tells what is wrong in the settings file and in variables, all at once"
        }
        Error::Plan { .. } => "`events plan --out FILE` makes another plan, of what is there now",
        Error::Overtaken { .. } => "`events prepare` makes another plan, of what is pending now",
        Error::Place { .. } => "`events inspect --help` has what can be looked at",
        Error::Stores(error) => return of_stores(error),
        Error::Run(error) => return of_run(error),
        Error::Catalog(error) => return of_catalog(error),
        Error::Damaged { .. } => "--diff --level lenient shows what repair would change",
        Error::Generate(GenerateError::Exists { .. }) => "--out names another folder",
        Error::Generate(GenerateError::Config { .. }) => "`events generate --help` has the bounds",
        Error::Parquet { .. } => REPORT,
        Error::Folder { .. } | Error::Io { .. } | Error::Process { .. } | Error::Generate(_) => of_a_cause(error)?,
    };
    Some(text.to_owned())
}

/// What to do about what cannot be mended.
const REPORT: &str =
    concat!("it is a bug of this program: please report it at ", env!("CARGO_PKG_REPOSITORY"), "/issues");

/// What to do about a store of which nothing else is known.
const CHECK: &str = "run again when the store answers; `events doctor` with the same zones checks each of them";

fn of_stores(error: &events_stores::Error) -> Option<String> {
    let text = match error {
        events_stores::Error::Busy { .. } => "--wait 60 waits up to a minute for it to end",
        events_stores::Error::Interrupted => "run again: the inputs are pending",
        events_stores::Error::Zone { .. } => {
            "`events doctor` with the same zones says what a run needs there, and how to get it"
        }
        events_stores::Error::Profile { .. } => "`aws configure list-profiles` names those that there are",
        events_stores::Error::Credentials { .. } => NO_CREDENTIALS,
        events_stores::Error::Variable { .. } => return None,
        events_stores::Error::Store { .. } | events_stores::Error::ServiceSetting { .. } => {
            of_a_cause(error).unwrap_or("`events doctor` with the same zones shows what the variables of AWS come to")
        }
        _ => of_a_cause(error)?,
    };
    Some(text.to_owned())
}

fn of_run(error: &events_core::Error) -> Option<String> {
    use events_core::Error as Run;

    let text = match error {
        Run::Unfinished { .. } => {
            let hint = of_a_cause(error).unwrap_or("run again when the store answers");
            return Some(format!("{hint}; the next `events run` first finishes what this one has committed"));
        }
        Run::Busy { .. } => "--wait 90 waits for it to end, and long enough if it was killed",
        Run::Conflict { .. } => "run again; --wait 90 lets it wait for others before it begins",
        Run::Unconditional { .. } => {
            "--unsafe-single-writer goes on without; then nothing may start a second run on this table"
        }
        Run::Outdated { .. } => {
            "`events plan` makes another plan, of what is there now; `events run` without --plan goes on without one"
        }
        Run::Damaged { .. } => {
            "`events repair --diff` shows what repair would change, --repair lenient mends what has one reading"
        }
        Run::Setting { name, .. } => return of_setting(name),
        Run::TooManyPartitions { .. } => {
            "when there are so many kinds and days, raise --partitions-max; else a producer mistakes another field for a kind"
        }
        Run::NoStage { .. } => "`events parse` with the same zones makes one; `events run` does both halves",
        Run::InputChanged { .. } => "run again when the producer has ended",
        Run::Scratch { .. } => of_a_cause(error).unwrap_or("--scratch names another folder"),
        Run::Table { problem, .. } if problem.contains(OTHER_VERSION) => {
            "use the newer of the two versions: it reads what the older one has written, or says how to go on"
        }
        Run::Table { .. } | Run::Changed { .. } => {
            "`events doctor` shows what the table says about itself; `events rebuild` makes that anew from the files, when \
            nobody else is at work"
        }
        Run::Interrupted => "run again: the inputs are pending",
        Run::Storage { .. } | Run::Sync { .. } | Run::Undecided { .. } => of_a_cause(error).unwrap_or(CHECK),
        error if error.kind() == events_core::ErrorKind::Bug => REPORT,
        _ => of_a_cause(error)?,
    };
    Some(text.to_owned())
}

/// What the core says of an object that it cannot read because of its version.
const OTHER_VERSION: &str = "another version of this program";

/// A setting of the core as a person can set it.
fn of_setting(name: &str) -> Option<String> {
    let option = match name {
        "threads" => "threads",
        "memory_bytes" => "memory",
        "record_bytes_max" => "record-max",
        "depth_max" => "depth-max",
        "keys_max" => "keys-max",
        "decompressed_bytes_max" => "decompressed-max",
        "decompression_ratio_max" => "ratio-max",
        "dedup_horizon_days" => "dedup-horizon",
        "fold_below_bytes" => "fold-below",
        "partitions_max" => "partitions-max",
        _ => return None,
    };
    let variable = option.to_ascii_uppercase().replace('-', "_");
    Some(format!("it is --{option}, the variable EVENTS_{variable} or the key `{option}` of `events.toml`"))
}

fn of_catalog(error: &events_catalog::Error) -> Option<String> {
    use events_catalog::Error as Catalog;

    let again = "the table is whole: the next run registers what is missing, and so does `events catalog sync`";
    let text = match error {
        Catalog::Refused { .. }
        | Catalog::Answer { .. }
        | Catalog::Contended { .. }
        | Catalog::Service(events_stores::Error::Service { .. }) => of_a_cause(error).unwrap_or(again),
        Catalog::Empty { .. } => "`events run` makes one of pending inputs",
        Catalog::Other { .. } => "--glue-table names another one; `events ddl` prints what declares a table elsewhere",
        Catalog::Service(error) => return of_stores(error),
        Catalog::Table(error) => return of_run(error),
        _ => of_a_cause(error)?,
    };
    Some(text.to_owned())
}

fn of_a_cause(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    causes(error).find_map(|cause| io_hint(cause).or_else(|| store_hint(cause)))
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
        _ if error.to_string().contains(METADATA_ADDRESS) => NO_CREDENTIALS,
        _ if error.to_string().contains(MISSING_BUCKET) => {
            "the bucket does not exist: check its name, AWS_REGION and AWS_ENDPOINT_URL"
        }
        object_store::Error::Unauthenticated { .. } => {
            "the credentials were not accepted: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        }
        object_store::Error::PermissionDenied { .. } => NOT_ALLOWED,
        // Of a listing, the library only has the text.
        _ if error.to_string().contains(FORBIDDEN) => NOT_ALLOWED,
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
        assert!(hint_of(ErrorKind::Other).unwrap().contains("events doctor"));
    }

    #[test]
    fn ends_with_what_to_type_next() {
        use events_core::Error as Run;

        let advice_of = |error: Run| advice(&error.into()).unwrap_or_default();
        let (object, problem) = (String::new(), String::new);
        let storage = object_store::Error::Generic { store: "S3", source: "no".into() };
        assert!(advice(&Error::NoZone { name: "landing" }).unwrap().contains("`events demo`"));
        assert!(advice_of(Run::NoStage { zone: problem() }).contains("`events parse`"));
        let source = Run::Storage { operation: "writing", object, source: Box::new(storage) };
        assert!(advice_of(Run::Unfinished { entry: problem(), source: Box::new(source) }).contains("`events run`"));
        assert!(advice_of(Run::Changed { object: problem() }).contains("`events rebuild`"));
        let other = Run::Table { object: problem(), problem: format!("{OTHER_VERSION} has written it") };
        assert!(!advice_of(other).contains("rebuild"));
        assert!(advice_of(Run::Ledger { problem: problem() }).contains("report"));
        let setting = Error::Setting { place: "key `x` of `events.toml`".to_owned(), problem: problem() };
        assert!(advice(&setting).unwrap().contains("`events doctor`"));
        assert_eq!(
            of_setting("keys_max").unwrap(),
            "it is --keys-max, the variable EVENTS_KEYS_MAX or the key `keys-max` of `events.toml`"
        );
    }
}
