//! The object that says that this is a table, and on which a store shows whether it keeps conditions.

use object_store::{Error as StoreError, ObjectStore, PutMode, PutOptions, PutPayload, UpdateVersion};

use crate::error::{Error, Result};
use crate::run::layout::TABLE_MARK;
use crate::run::zone::Zone;

/// The same in every table of this version, so writing it again changes nothing.
const MARK: &[u8] = b"{\"format\":\"event-distributor table\",\"version\":1}\n";

/// No store names a version so.
const NO_E_TAG: &str = "\"event-distributor-no-version\"";

/// Finds out whether a store keeps the conditions of a put: what several runs at once stand on. Some that speak S3 ignore
/// them and answer as if all was well.
///
/// # Errors
/// [`Error::Unconditional`] when it does not.
pub(crate) async fn require_conditional(trusted: &Zone) -> Result<()> {
    require_conditional_at(trusted, TABLE_MARK).await
}

/// The same, found out on an object that may be replaced by a mark.
pub(crate) async fn require_conditional_at(trusted: &Zone, path: &str) -> Result<()> {
    require_create(trusted, path).await?;
    let version = UpdateVersion { e_tag: Some(NO_E_TAG.to_owned()), version: None };
    match put(trusted, path, PutMode::Update(version)).await? {
        Err(StoreError::Precondition { .. } | StoreError::NotFound { .. } | StoreError::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(unconditional(trusted, &error).unwrap_or_else(|| trusted.error("probing", path, error))),
        Ok(()) => Err(ignored(trusted, "replaced an object whose version was another than the one asked for")),
    }
}

async fn require_create(trusted: &Zone, path: &str) -> Result<()> {
    // Where the object is there already, one try tells.
    for created_before in [false, true] {
        match put(trusted, path, PutMode::Create).await? {
            Ok(()) if created_before => break,
            Ok(()) => {}
            Err(StoreError::AlreadyExists { .. }) => return Ok(()),
            Err(error) => {
                let unconditional = unconditional(trusted, &error);
                return Err(unconditional.unwrap_or_else(|| trusted.error("probing", path, error)));
            }
        }
    }
    Err(ignored(trusted, "created an object that was there already"))
}

/// What it means that a store refuses a put under a condition as such; `None` when it has refused it for another reason.
pub(super) fn unconditional(trusted: &Zone, error: &StoreError) -> Option<Error> {
    let unsupported = matches!(error, StoreError::NotImplemented { .. } | StoreError::NotSupported { .. });
    unsupported.then(|| ignored(trusted, "puts no object under a condition"))
}

fn ignored(trusted: &Zone, problem: &'static str) -> Error {
    Error::Unconditional { zone: trusted.url().to_owned(), problem }
}

async fn put(trusted: &Zone, path: &str, mode: PutMode) -> Result<Result<(), StoreError>> {
    let options = PutOptions { mode, ..PutOptions::default() };
    let payload = PutPayload::from_static(MARK);
    Ok(trusted.store().put_opts(&trusted.path(path)?, payload, options).await.map(drop))
}
