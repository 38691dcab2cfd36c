//! A bucket, set up by the variables that other tools of AWS know.

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientConfigKey, Result, RetryConfig};

use crate::zones::Opening;

/// The variable for the time that a request may take, and what holds when it is not set: a file of 64 MiB at 5 Mbit/s.
const REQUEST_TIMEOUT: (&str, &str) = ("AWS_TIMEOUT", "120 seconds");

/// Sets a store up. No request is made. A builder prints its secrets: it never leaves here.
pub(crate) fn open(bucket: &str, opening: &Opening) -> Result<AmazonS3> {
    let (variable, default) = REQUEST_TIMEOUT;
    let timeout = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), timeout)
        .with_retry(RetryConfig { retry_timeout: opening.retry_within, ..RetryConfig::default() })
        .build()
}
