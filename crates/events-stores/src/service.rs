//! A service of AWS beside S3, asked with the credentials and in the region of buckets.

use std::fmt;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use http::Request;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredential};
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpRequest, ReqwestConnector};
use object_store::{ClientConfigKey, ClientOptions};
use url::Url;

use crate::bucket::{ALLOW_HTTP, builder};
use crate::error::{Error, Result};
use crate::opening::Opening;
use crate::wire::without;

/// The variable for the address of all services. Behind an underscore, the name of one gives its own.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
/// Where buckets are when nobody says, and so everything else.
const DEFAULT_REGION: &str = "us-east-1";
/// What stands in an answer with status 400 to somebody who asks too often, or when the service was too slow.
const TOO_OFTEN: [&[u8]; 3] = [b"ThrottlingException", b"RequestLimitExceeded", b"OperationTimeoutException"];
/// The status of the same, where a service uses it.
const TOO_MANY_REQUESTS: u16 = 429;
/// What is set for the client of buckets holds for that of services.
const CLIENT_KEYS: [ClientConfigKey; 7] = [
    ClientConfigKey::Timeout,
    ClientConfigKey::ConnectTimeout,
    ClientConfigKey::AllowInvalidCertificates,
    ClientConfigKey::ProxyUrl,
    ClientConfigKey::ProxyCaCertificate,
    ClientConfigKey::ProxyExcludes,
    ClientConfigKey::UserAgent,
];
const BAD_REQUEST: u16 = 400;
const SERVER_ERROR: u16 = 500;

/// A service.
pub struct Service {
    name: &'static str,
    endpoint: String,
    region: String,
    /// Of a bucket that is never asked for anything.
    store: AmazonS3,
    client: HttpClient,
    retry_within: Duration,
}

/// What a service has answered, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the service has done what it was asked for.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn is_worth_another_try(&self) -> bool {
        let holds = |text: &&[u8]| self.body.windows(text.len()).any(|window| window == *text);
        self.status >= SERVER_ERROR
            || self.status == TOO_MANY_REQUESTS
            || (self.status == BAD_REQUEST && TOO_OFTEN.iter().any(holds))
    }
}

impl Service {
    /// Sets a service up. No request is made.
    ///
    /// `name` is what requests are signed for, such as `glue`. The address is in `AWS_ENDPOINT_URL_<NAME>` or
    /// `AWS_ENDPOINT_URL`, else it is that of the region.
    ///
    /// # Errors
    /// [`Error::ServiceSetting`], [`Error::Variable`] and [`Error::Profile`].
    pub fn open(name: &'static str, opening: &Opening) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let builder = builder(opening)?;
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region).unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let own = format!("{ENDPOINT}_{}", name.to_ascii_uppercase());
        let named = |name: &str| variable(name).map(|value| checked_endpoint(name, &value));
        let endpoint = named(&own).or_else(|| named(ENDPOINT)).unwrap_or_else(|| Ok(address(name, &region)))?;
        let failed = |source| Error::ServiceSetting { service: name, source: Box::new(source) };
        let options = client_options(&builder, &endpoint);
        let store = builder.with_bucket_name(name).build().map_err(failed)?;
        let client = ReqwestConnector::default().connect(&options).map_err(failed)?;
        Ok(Self { name, region, store, client, retry_within: opening.retry_within, endpoint })
    }

    /// Posts a request, again when the service does not answer, fails or is asked too often. What is asked for may then be
    /// done twice.
    ///
    /// # Errors
    /// [`Error::Service`] when there are no credentials, and when nobody has answered in time. An answer that refuses is
    /// none.
    pub async fn post(&self, headers: &[(&'static str, &str)], body: Bytes) -> Result<Answer> {
        let pause =
            ExponentialBuilder::default().with_jitter().without_max_times().with_total_delay(Some(self.retry_within));
        let credential = self.store.credentials().get_credential().await.map_err(|error| self.failed(error))?;
        let ask = || async {
            let request = self.request(&credential, headers, body.clone()).map_err(Err)?;
            match self.send(request).await {
                Ok(answer) if answer.is_worth_another_try() => Err(Ok(answer)),
                Ok(answer) => Ok(answer),
                Err(error) => Err(Err(self.failed(error))),
            }
        };
        // The pauses alone do not bound it: each try may take its time.
        let began = Instant::now();
        ask.retry(pause).when(|_| began.elapsed() < self.retry_within).await.or_else(|last| last)
    }

    fn request(
        &self,
        credential: &AwsCredential,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<HttpRequest> {
        let unsigned = headers
            .iter()
            .fold(Request::post(format!("{}/", self.endpoint)), |request, (name, value)| request.header(*name, *value));
        let mut request = unsigned.body(body.into()).map_err(|error| self.failed(error))?;
        let signed = AwsAuthorizer::new(credential, self.name, &self.region).try_authorize(&mut request, None);
        signed.map(|()| request).map_err(|error| self.failed(error))
    }

    async fn send(&self, request: HttpRequest) -> Result<Answer, HttpError> {
        let token = request.headers().get("x-amz-security-token").cloned();
        let (parts, body) = without(self.client.execute(request).await?, token).await?.into_parts();
        Ok(Answer { status: parts.status.as_u16(), body: body.bytes().await? })
    }

    fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Service { service: self.name, endpoint: self.endpoint.clone(), source: source.into() }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// An address that somebody has named, without a slash at the end.
fn checked_endpoint(variable: &str, text: &str) -> Result<String> {
    let wrong = |problem: &str| Error::Variable { name: variable.to_owned(), problem: problem.to_owned() };
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| wrong("is no address: `https://host` is expected"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("holds more than an address"));
    }
    if url.scheme() == "http" && std::env::var(ALLOW_HTTP).is_ok_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(wrong("is without TLS, which AWS_ALLOW_HTTP forbids"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// How the client of a bucket would be set up, for an endpoint.
fn client_options(builder: &AmazonS3Builder, endpoint: &str) -> ClientOptions {
    let mut options = ClientOptions::new();
    for key in CLIENT_KEYS {
        if let Some(value) = builder.get_config_value(&AmazonS3ConfigKey::Client(key)) {
            options = options.with_config(key, value);
        }
    }
    options.with_allow_http(endpoint.starts_with("http://"))
}

/// The address of a service in a region. Source: <https://docs.aws.amazon.com/general/latest/gr/rande.html>.
fn address(name: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{name}.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_address_of_a_region() {
        assert_eq!(address("glue", "eu-west-1"), "https://glue.eu-west-1.amazonaws.com");
        assert_eq!(address("glue", "cn-north-1"), "https://glue.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn takes_addresses_and_nothing_else() {
        let checked = |text: &str| checked_endpoint("AWS_ENDPOINT_URL_GLUE", text);
        assert_eq!(checked("http://127.0.0.1:5000/").unwrap(), "http://127.0.0.1:5000");
        assert_eq!(checked("https://proxy/glue").unwrap(), "https://proxy/glue");
        for wrong in ["/foo", "localhost:5000", "ftp://host", "https://", "http://u:canary@host", "https://host?a=b"] {
            let error = checked(wrong).unwrap_err().to_string();
            assert!(error.starts_with("variable `AWS_ENDPOINT_URL_GLUE` "), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn asks_again_only_where_that_may_help() {
        let again = |status, body: &'static str| Answer { status, body: body.into() }.is_worth_another_try();
        assert!(again(500, "") && again(503, "") && again(429, ""));
        assert!(again(400, r#"{"__type":"ThrottlingException"}"#));
        assert!(!again(400, r#"{"__type":"EntityNotFoundException"}"#) && !again(403, "") && !again(200, ""));
    }
}
