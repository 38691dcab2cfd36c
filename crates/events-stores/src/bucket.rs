//! A bucket, set up by the variables that other tools of AWS know.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3CopyIfNotExists};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    ClientConfigKey, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, RetryConfig,
};

use crate::error::Error;
use crate::opening::Opening;
use crate::profile::Profile;
use crate::wire::{RefusedKeys, Wire};
use crate::zone_url::ZoneUrl;

/// The variable for the time that a request may take, and what holds when it is not set: a file of 64 MiB at 5 Mbit/s.
const REQUEST_TIMEOUT: (&str, &str) = ("AWS_TIMEOUT", "120 seconds");

/// The variable that lets requests go out without TLS, or forbids it.
pub(crate) const ALLOW_HTTP: &str = "AWS_ALLOW_HTTP";

/// The store of a bucket, which lists also what it cannot name.
#[derive(Debug)]
pub(crate) struct Bucket(Arc<AmazonS3>);

impl Bucket {
    /// Sets a store up. No request is made.
    ///
    /// # Errors
    /// [`Error::Store`] and [`Error::Profile`].
    pub(crate) fn open(zone: &ZoneUrl, bucket: &str, opening: &Opening) -> Result<Self, Error> {
        match builder(opening)?.with_bucket_name(bucket).build() {
            Ok(store) => Ok(Self(Arc::new(store))),
            Err(source) => Err(Error::Store { place: zone.place.clone(), source: Box::new(source) }),
        }
    }

    fn list_pages(&self, prefix: Option<&Path>, offset: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = Arc::clone(&self.0);
        let prefix = prefix.filter(|prefix| !prefix.as_ref().is_empty()).map(|prefix| format!("{prefix}/"));
        let offset = offset.map(ToString::to_string);
        let pages = stream::try_unfold(Page::First, move |page| {
            let (store, prefix, offset) = (Arc::clone(&store), prefix.clone(), offset.clone());
            async move {
                let page_token = match page {
                    Page::First => None,
                    Page::Next(token) => Some(token),
                    Page::None => return Ok(None),
                };
                let options = PaginatedListOptions { offset, page_token, ..PaginatedListOptions::default() };
                let listed = store.list_paginated(prefix.as_deref(), options).await?;
                let next = listed.page_token.clone().map_or(Page::None, Page::Next);
                Ok(Some((objects(listed), next)))
            }
        });
        // A name that is refused is an item of the listing, not its end.
        pages.map(|page| stream::iter(page.unwrap_or_else(|error| vec![Err(error)]))).flatten().boxed()
    }
}

/// What the variables say, and profiles where they are read: a store of any bucket, or whatever else takes its credentials.
/// It prints its secrets: it never leaves this crate.
///
/// # Errors
/// [`Error::Profile`].
pub(crate) fn builder(opening: &Opening) -> Result<AmazonS3Builder, Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let (timeout, timeout_default) = REQUEST_TIMEOUT;
    let mut builder = AmazonS3Builder::from_env()
        .with_config(
            AmazonS3ConfigKey::Client(ClientConfigKey::Timeout),
            variable(timeout).unwrap_or_else(|| timeout_default.to_owned()),
        )
        .with_retry(RetryConfig { retry_timeout: opening.retry_within, ..RetryConfig::default() })
        .with_http_connector(Wire(opening.counter.clone()));
    let is_set = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_some();
    if opening.is_shared && !is_set(&builder, AmazonS3ConfigKey::CopyIfNotExists) {
        builder = builder.with_copy_if_not_exists(S3CopyIfNotExists::Multipart);
    }
    // Whoever names an endpoint without TLS has decided already.
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::S3Endpoint);
    let endpoint = endpoint.or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint));
    if variable(ALLOW_HTTP).is_none() && endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    if opening.reads_profiles {
        builder = with_profile(builder, &variable)?;
    }
    check_characters(&builder)?;
    Ok(builder)
}

/// Refuses what cannot be sent, such as a key with the line feed of the file that it was read from.
fn check_characters(builder: &AmazonS3Builder) -> Result<(), Error> {
    let variables = [
        (AmazonS3ConfigKey::AccessKeyId, "AWS_ACCESS_KEY_ID"),
        (AmazonS3ConfigKey::SecretAccessKey, "AWS_SECRET_ACCESS_KEY"),
        (AmazonS3ConfigKey::Token, "AWS_SESSION_TOKEN"),
        (AmazonS3ConfigKey::Region, "AWS_REGION"),
    ];
    for (key, name) in variables {
        if builder.get_config_value(&key).is_some_and(|value| !value.bytes().all(|byte| byte.is_ascii_graphic())) {
            let problem = "holds a space, a line feed or another character that it cannot have".to_owned();
            return Err(Error::Variable { name: name.to_owned(), problem });
        }
    }
    Ok(())
}

/// Adds what a profile of `~/.aws` says and no variable does.
fn with_profile(
    mut builder: AmazonS3Builder,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<AmazonS3Builder, Error> {
    let has_keys = [AmazonS3ConfigKey::AccessKeyId, AmazonS3ConfigKey::SecretAccessKey]
        .iter()
        .any(|key| builder.get_config_value(key).is_some());
    let profile = match Profile::read(variable) {
        // Who has keys needs no profile, and may not be who may read one.
        Err(_) if has_keys => None,
        profile => profile?,
    };
    let Some(profile) = profile else { return Ok(builder) };
    if let (Some(region), None) = (profile.region(), builder.get_config_value(&AmazonS3ConfigKey::Region)) {
        builder = builder.with_region(region);
    }
    if has_keys {
        return Ok(builder);
    }
    Ok(match profile.credentials()? {
        Some(credentials) => builder.with_credentials(Arc::new(credentials)),
        None => builder,
    })
}

/// Which page of a listing comes next.
enum Page {
    First,
    Next(String),
    None,
}

fn objects(PaginatedListResult { mut result, .. }: PaginatedListResult) -> Vec<Result<ObjectMeta>> {
    let refused = result.extensions.remove::<RefusedKeys>().map(|RefusedKeys(refused)| refused).unwrap_or_default();
    let refused = refused.into_iter().map(|refused| Err(refused.into_error()));
    result.objects.into_iter().map(Ok).chain(refused).collect()
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_pages(prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_pages(prefix, Some(offset))
    }

    /// Without what no path can be: a run puts nothing there, so nobody who asks for folders looks for it.
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}
