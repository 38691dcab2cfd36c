//! What the URL of a zone means.

use std::path;

use object_store::path::Path;
use url::Url;

use crate::error::{Error, Result};

/// The place that a zone's URL names: a store, and the prefix of the zone in it.
///
/// | URL | store | prefix |
/// |---|---|---|
/// | `s3://bucket/a/b` | the bucket | `a/b` |
/// | `file:///data/lake`, `/data/lake` | the file system | `data/lake` |
/// | `lake` | the file system | `lake` in the working folder |
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneUrl {
    /// The variable that holds it.
    pub(crate) variable: &'static str,
    /// As set, without a slash at the end: what messages call the zone.
    pub(crate) text: String,
    pub(crate) store: StoreName,
    pub(crate) prefix: Path,
}

/// What tells stores apart: zones of one name share one store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum StoreName {
    FileSystem,
    Bucket(String),
}

impl ZoneUrl {
    /// Reads the URL or the path of a folder that a variable holds.
    ///
    /// # Errors
    /// [`Error::Setting`], which does not repeat the text: somebody may have put credentials there.
    pub(crate) fn parse(variable: &'static str, text: &str) -> Result<Self> {
        let problem = |problem: &str| Error::Setting { variable, problem: problem.to_owned() };
        let (store, prefix) = match text.split_once("://") {
            Some(("s3", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if bucket.is_empty() || !bucket.bytes().all(allowed) {
                    return Err(problem("names no bucket: `s3://bucket/prefix` is expected"));
                }
                (StoreName::Bucket(bucket.to_owned()), Path::parse(prefix.trim_matches('/')))
            }
            Some(("file", _)) => {
                let folder = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
                let folder = folder.ok_or_else(|| problem("is not the URL of a folder: `file:///` and its path"))?;
                (StoreName::FileSystem, Path::from_absolute_path(folder))
            }
            Some(_) => return Err(problem("has an unknown scheme: `s3://`, `file://` or a folder is expected")),
            None => {
                let folder = path::absolute(text).map_err(|_| problem("is not the path of a folder"))?;
                (StoreName::FileSystem, Path::from_absolute_path(folder))
            }
        };
        let prefix = prefix.map_err(|_| problem("has no valid path: an empty, `.` or `..` segment, or a control"))?;
        Ok(Self { variable, text: text.trim_end_matches('/').to_owned(), store, prefix })
    }

    /// The zone of that name below this place, in the same store.
    pub(crate) fn below(&self, name: &str) -> Self {
        Self {
            text: format!("{}/{name}", self.text),
            prefix: self.prefix.clone().join(name),
            store: self.store.clone(),
            ..*self
        }
    }

    /// Whether two URLs name one place, however they are spelled.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.store == other.store && self.prefix == other.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ZoneUrl> {
        ZoneUrl::parse("EVENTS_ROOT", text)
    }

    #[test]
    fn reads_buckets_and_folders() {
        let read = |text: &str| {
            let url = parse(text).unwrap();
            (url.store, url.prefix.to_string())
        };
        let bucket = || StoreName::Bucket("lake".to_owned());
        assert_eq!(read("s3://lake"), (bucket(), String::new()));
        assert_eq!(read("s3://lake/a/b/"), (bucket(), "a/b".to_owned()));
        assert_eq!(read("file:///data/a%20b/"), (StoreName::FileSystem, "data/a b".to_owned()));
        assert_eq!(read("/data/ü"), (StoreName::FileSystem, "data/ü".to_owned()));
        assert!(read("lake").1.ends_with("/lake"));
    }

    #[test]
    fn refuses_what_names_no_place_without_repeating_it() {
        for text in
            ["", "ftp://canary/lake", "s3://", "s3:///canary", "s3://canary:x@b/y", "s3://b/a//b", "file://canary/x"]
        {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("variable `EVENTS_ROOT`") && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn keeps_zones_below_a_root_in_its_store() {
        let root = parse("s3://lake/x/").unwrap();
        let landing = root.below("landing");
        assert_eq!(landing.store, root.store);
        assert_eq!((landing.text.as_str(), landing.prefix.as_ref()), ("s3://lake/x/landing", "x/landing"));
    }
}
