//! Where inputs are, as notifications name it.

use std::borrow::Cow;

use events_core::run::Place;
use events_stores::{StoreName, ZoneUrl};
use percent_encoding::percent_decode;

/// The place that notifications are held against. What happens elsewhere, such as in `processed`, where the function itself
/// puts objects, is nothing to run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Landing {
    /// None in a file system, which nobody sends notifications of.
    bucket: Option<String>,
    /// With a slash at its end.
    pending: String,
}

impl Landing {
    pub(crate) fn of(zone: &ZoneUrl) -> Self {
        let bucket = match &zone.store {
            StoreName::Bucket(bucket) => Some(bucket.clone()),
            StoreName::Folder(_) | StoreName::Memory => None,
        };
        Self { bucket, pending: format!("{}/", zone.prefix.clone().join(Place::Pending.folder())) }
    }

    /// Whether an object is an input. The key is as it is in the bucket.
    pub(crate) fn takes(&self, bucket: &str, key: &[u8]) -> bool {
        let is_below = key.len() > self.pending.len() && key.starts_with(self.pending.as_bytes());
        is_below && self.bucket.as_deref() == Some(bucket)
    }

    /// Whether an object is an input whose key is encoded as S3 encodes it in its own notifications: `+` for a space, and
    /// `%` before two digits for any byte.
    pub(crate) fn takes_encoded(&self, bucket: &str, key: &str) -> bool {
        let spaced = key.replace('+', " ");
        let decoded: Cow<'_, [u8]> = percent_decode(spaced.as_bytes()).into();
        self.takes(bucket, &decoded)
    }

    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { bucket: None, pending: "pending/".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing(url: &str) -> Landing {
        Landing::of(&ZoneUrl::parse(url).unwrap())
    }

    #[test]
    fn takes_objects_below_pending_of_its_bucket_only() {
        let landing = landing("s3://lake/a b/landing");
        assert!(landing.takes("lake", b"a b/landing/pending/x.json"));
        assert!(landing.takes("lake", b"a b/landing/pending/deep/x.json"));
        for key in ["a b/landing/pending/", "a b/landing/pending", "a b/landing/processed/date=2026-01-31/x.json", "x"]
        {
            assert!(!landing.takes("lake", key.as_bytes()), "{key}");
        }
        assert!(!landing.takes("other", b"a b/landing/pending/x.json"));
        assert!(!self::landing("/lake").takes("lake", b"lake/pending/x.json"));
        assert!(self::landing("s3://lake").takes("lake", b"pending/x.json"));
    }

    #[test]
    fn decodes_the_keys_of_notifications_of_s3() {
        let landing = landing("s3://lake/a b+c=d/ü");
        assert!(landing.takes_encoded("lake", "a+b%2Bc%3Dd/%C3%BC/pending/x.json"));
        assert!(!landing.takes_encoded("lake", "a b+c=d/ü/pending/x.json"), "a plus in it is a space");
        assert!(!landing.takes("lake", b"a+b%2Bc%3Dd/%C3%BC/pending/x.json"), "EventBridge does not encode");
    }
}
