//! What the URL of a zone means.

use std::path::PathBuf;

use object_store::path::Path;
use url::Url;

use crate::error::{Error, Result};

/// The place that a zone's URL names: a store, and the prefix of the zone in it.
///
/// | URL | store | prefix |
/// |---|---|---|
/// | `lake/landing`, `file:///data/lake` | that folder | none |
/// | `s3://bucket/a/b` | the bucket | `a/b` |
/// | `memory:///a` | memory, gone with the process | `a` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneUrl {
    /// As typed, without a slash at the end: what messages call the zone.
    pub(crate) text: String,
    pub(crate) store: StoreName,
    pub(crate) prefix: Path,
}

/// What tells stores apart: zones of one name share one store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum StoreName {
    Folder(PathBuf),
    Bucket(String),
    Memory,
}

impl ZoneUrl {
    /// Reads a URL or the path of a folder.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let problem = |problem: &str| Error::Zone { zone: text.to_owned(), problem: problem.to_owned() };
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.is_empty() {
                return Err(problem("is empty: a folder or a URL is expected"));
            }
            return Ok(Self::folder(text, PathBuf::from(text)));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
                let path = path.ok_or_else(|| problem("is not the URL of a local folder: `file:///` and its path"))?;
                Ok(Self::folder(text, path))
            }
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                if bucket.contains('@') {
                    // The text may hold a secret, so the message does not repeat it.
                    let problem = "holds credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead";
                    return Err(Error::Zone { zone: "s3://…".to_owned(), problem: problem.to_owned() });
                }
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if bucket.is_empty() || !bucket.bytes().all(allowed) {
                    return Err(problem("names no bucket: `s3://bucket/prefix` is expected"));
                }
                let prefix = parse_prefix(prefix).map_err(|reason| problem(&reason))?;
                Ok(Self { text: trimmed(text), store: StoreName::Bucket(bucket.to_owned()), prefix })
            }
            "memory" => {
                let prefix = parse_prefix(rest).map_err(|reason| problem(&reason))?;
                Ok(Self { text: trimmed(text), store: StoreName::Memory, prefix })
            }
            _ => Err(problem("has an unknown scheme: a folder, `file://`, `s3://` or `memory://` is expected")),
        }
    }

    fn folder(text: &str, path: PathBuf) -> Self {
        Self { text: trimmed(text), store: StoreName::Folder(path), prefix: Path::default() }
    }

    /// The zone of that name below this one, in the same store.
    pub(crate) fn below(&self, name: &str) -> Self {
        Self {
            text: format!("{}/{name}", self.text),
            store: self.store.clone(),
            prefix: self.prefix.clone().join(name),
        }
    }

    /// The local folder of the zone, if it is one.
    pub(crate) fn local_folder(&self) -> Option<PathBuf> {
        match &self.store {
            StoreName::Folder(folder) => {
                Some(self.prefix.parts().fold(folder.clone(), |path, part| path.join(part.as_ref())))
            }
            StoreName::Bucket(_) | StoreName::Memory => None,
        }
    }
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches('/').to_owned()
}

fn parse_prefix(prefix: &str) -> std::result::Result<Path, String> {
    Path::parse(prefix.trim_matches('/')).map_err(|error| format!("has no valid prefix: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_folders_and_urls() {
        let read = |text: &str| {
            let url = ZoneUrl::parse(text).unwrap();
            (url.text, url.store, url.prefix.to_string())
        };
        let folder = |path: &str| StoreName::Folder(PathBuf::from(path));
        let bucket = || StoreName::Bucket("lake".to_owned());
        assert_eq!(read("./lake/"), ("./lake".to_owned(), folder("./lake/"), String::new()));
        assert_eq!(read("a b/ü"), ("a b/ü".to_owned(), folder("a b/ü"), String::new()));
        assert_eq!(read("file:///data/a%20b"), ("file:///data/a%20b".to_owned(), folder("/data/a b"), String::new()));
        assert_eq!(read("s3://lake"), ("s3://lake".to_owned(), bucket(), String::new()));
        assert_eq!(read("S3://lake/a/b/"), ("S3://lake/a/b".to_owned(), bucket(), "a/b".to_owned()));
        assert_eq!(read("memory:///a"), ("memory:///a".to_owned(), StoreName::Memory, "a".to_owned()));
    }

    #[test]
    fn refuses_what_names_no_place() {
        for text in
            ["", "ftp://host/lake", "s3://", "s3:///prefix", "s3://two words/x", "s3://lake/a//b", "file://host/x"]
        {
            assert!(matches!(ZoneUrl::parse(text), Err(Error::Zone { .. })), "{text}");
        }
    }

    #[test]
    fn does_not_repeat_credentials() {
        let error = ZoneUrl::parse("s3://key:secret@lake/x").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn keeps_zones_below_a_root_in_its_store() {
        let root = ZoneUrl::parse("s3://lake/x/").unwrap();
        let landing = root.below("landing");
        assert_eq!(landing.store, root.store);
        assert_eq!((landing.text.as_str(), landing.prefix.as_ref()), ("s3://lake/x/landing", "x/landing"));
        let folder = ZoneUrl::parse("lake").unwrap().below("stage");
        assert_eq!(folder.local_folder(), Some(PathBuf::from("lake/stage")));
    }
}
