//! What goes over the wire to a bucket: counted, and listings sifted on their way back.

use async_trait::async_trait;
use events_core::run::RefusedKey;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::{ClientOptions, HeaderValue};

use crate::listing::{Sifted, sift};
use crate::requests::{RequestCounter, RequestKind};

/// What a listing leaves beside its answer.
#[derive(Debug, Clone)]
pub(crate) struct RefusedKeys(pub(crate) Vec<RefusedKey>);

/// Makes clients whose requests are counted.
#[derive(Debug)]
pub(crate) struct Wire(pub(crate) RequestCounter);

impl HttpConnector for Wire {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Counted { client, counter: self.0.clone() }))
    }
}

#[derive(Debug)]
struct Counted {
    client: HttpClient,
    counter: RequestCounter,
}

#[async_trait]
impl HttpService for Counted {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let kind = RequestKind::of(&request);
        if let Some(kind) = kind {
            self.counter.count(kind);
        }
        let token = request.headers().get("x-amz-security-token").cloned();
        let response = self.client.execute(request).await?;
        if !response.status().is_success() {
            return without(response, token).await;
        }
        if kind != Some(RequestKind::List) {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let Sifted { body, refused } = sift(body.bytes().await?);
        parts.headers.remove("content-length");
        parts.extensions.insert(RefusedKeys(refused));
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

/// An answer that does not repeat the session token: services do so when they do not accept one, and the answer becomes part of
/// an error.
pub(crate) async fn without(response: HttpResponse, token: Option<HeaderValue>) -> Result<HttpResponse, HttpError> {
    let Some(token) = token.as_ref().and_then(|token| token.to_str().ok()).filter(|token| !token.is_empty()) else {
        return Ok(response);
    };
    let (mut parts, body) = response.into_parts();
    let body = body.bytes().await?;
    parts.headers.remove("content-length");
    // An answer to a wrong signature has what was signed in hexadecimal, too.
    let dump = token.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let body = match std::str::from_utf8(&body) {
        Ok(text) if text.contains(token) || text.contains(&dump) => text.replace(token, "…").replace(&dump, "…").into(),
        _ => body.into(),
    };
    Ok(HttpResponse::from_parts(parts, body))
}
