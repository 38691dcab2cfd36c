//! How many requests went to buckets, by what they ask for: that is what a bucket is paid for.

use std::fmt;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::client::HttpRequest;
use serde::{Deserialize, Serialize};

/// Requests to buckets. Each try counts, as it does on the bill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Reads of objects or ranges of them.
    pub get: u64,
    /// Questions about an object.
    pub head: u64,
    /// Objects put with one request.
    pub put: u64,
    /// Pages of listings.
    pub list: u64,
    /// Deletions: of one object, of up to a thousand, or of an upload that was given up.
    pub delete: u64,
    /// Objects copied with one request.
    pub copy: u64,
    /// What belongs to uploads and copies in parts: their beginnings, parts and ends.
    pub multipart: u64,
}

impl Requests {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(_, count)| count).sum()
    }

    /// What came after an earlier look at the same counter.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        *self - *earlier
    }

    /// Each kind by its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("get", self.get),
            ("head", self.head),
            ("put", self.put),
            ("list", self.list),
            ("delete", self.delete),
            ("copy", self.copy),
            ("multipart", self.multipart),
        ]
    }
}

impl Sub for Requests {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            get: self.get - other.get,
            head: self.head - other.head,
            put: self.put - other.put,
            list: self.list - other.list,
            delete: self.delete - other.delete,
            copy: self.copy - other.copy,
            multipart: self.multipart - other.multipart,
        }
    }
}

impl fmt::Display for Requests {
    /// The kinds that there are, with their counts.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.named();
        let mut named = named.iter().filter(|(_, count)| *count > 0).peekable();
        while let Some((name, count)) = named.next() {
            write!(formatter, "{name} {count}{}", if named.peek().is_some() { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Counts requests. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct RequestCounter(Arc<[AtomicU64; KINDS]>);

impl RequestCounter {
    /// The requests until now.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let of = |kind: RequestKind| self.0[kind as usize].load(Ordering::Relaxed);
        Requests {
            get: of(RequestKind::Get),
            head: of(RequestKind::Head),
            put: of(RequestKind::Put),
            list: of(RequestKind::List),
            delete: of(RequestKind::Delete),
            copy: of(RequestKind::Copy),
            multipart: of(RequestKind::Multipart),
        }
    }

    pub(crate) fn count(&self, kind: RequestKind) {
        self.0[kind as usize].fetch_add(1, Ordering::Relaxed);
    }
}

const KINDS: usize = 7;

/// What a request asks a bucket for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Get,
    Head,
    Put,
    List,
    Delete,
    Copy,
    Multipart,
}

impl RequestKind {
    /// The kind of a request to a bucket; `None` for one that asks for credentials elsewhere.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        let headers = request.headers();
        // S3 wants it with each request, other services do not.
        headers.get("x-amz-content-sha256")?;
        let query = request.uri().query().unwrap_or_default();
        let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let kind = match request.method().as_str() {
            "HEAD" => Self::Head,
            "DELETE" => Self::Delete,
            "POST" if asks("delete") => Self::Delete,
            "POST" => Self::Multipart,
            "PUT" if asks("uploadId") => Self::Multipart,
            "PUT" if headers.contains_key("x-amz-copy-source") => Self::Copy,
            "PUT" => Self::Put,
            _ if asks("list-type") => Self::List,
            _ => Self::Get,
        };
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use object_store::client::HttpRequestBody;

    use super::*;

    fn kind(method: &str, uri: &str, header: Option<&'static str>) -> Option<RequestKind> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = uri.parse().unwrap();
        for name in header.into_iter().chain(["x-amz-content-sha256"]) {
            request.headers_mut().insert(name, "x".parse().unwrap());
        }
        RequestKind::of(&request)
    }

    #[test]
    fn tells_kinds_apart() {
        assert_eq!(kind("GET", "http://s3/b/k", None), Some(RequestKind::Get));
        assert_eq!(kind("HEAD", "http://s3/b/k", None), Some(RequestKind::Head));
        assert_eq!(kind("PUT", "http://s3/b/delete", None), Some(RequestKind::Put));
        assert_eq!(kind("PUT", "http://s3/b/k", Some("x-amz-copy-source")), Some(RequestKind::Copy));
        assert_eq!(kind("PUT", "http://s3/b/k?partNumber=1&uploadId=x", None), Some(RequestKind::Multipart));
        assert_eq!(kind("POST", "http://s3/b/k?uploads", None), Some(RequestKind::Multipart));
        assert_eq!(kind("POST", "http://s3/b?delete", None), Some(RequestKind::Delete));
        assert_eq!(kind("DELETE", "http://s3/b/k", None), Some(RequestKind::Delete));
        assert_eq!(kind("GET", "http://s3/b?list-type=2&prefix=x", None), Some(RequestKind::List));
    }

    #[test]
    fn leaves_out_who_is_asked_for_credentials() {
        assert_eq!(RequestKind::of(&HttpRequest::new(HttpRequestBody::empty())), None);
    }

    #[test]
    fn counts_what_came_after_a_look() {
        let counter = RequestCounter::default();
        counter.count(RequestKind::Put);
        let earlier = counter.requests();
        counter.clone().count(RequestKind::Multipart);
        counter.count(RequestKind::Put);
        let since = counter.requests().since(&earlier);
        assert_eq!(since, Requests { put: 1, multipart: 1, ..Requests::default() });
        assert_eq!((since.total(), since.to_string().as_str()), (2, "put 1, multipart 1"));
    }
}
