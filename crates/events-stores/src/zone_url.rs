//! What the URL of a zone means.

use std::path::PathBuf;

use object_store::path::Path;
use url::Url;

use crate::error::{Error, Place, Result};

/// The place that a zone's URL names: a store, and the prefix of the zone in it.
///
/// | URL | store | prefix |
/// |---|---|---|
/// | `lake/landing`, `file:///data/lake` | that folder | none |
/// | `s3://bucket/a/b` | the bucket | `a/b` |
/// | `memory:///a` | memory, gone with the process | `a` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneUrl {
    /// As typed, without a slash at the end: what messages of a run call the zone.
    pub text: String,
    /// The store.
    pub store: StoreName,
    /// Where in the store.
    pub prefix: Path,
    /// What names it when it has to be corrected.
    pub place: Place,
}

/// What tells stores apart: zones of one name share one store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StoreName {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of S3, or of a store that speaks as S3 does.
    Bucket(String),
    /// Memory.
    Memory,
}

impl ZoneUrl {
    /// Reads a URL or the path of a folder, which messages will repeat.
    ///
    /// # Errors
    /// [`Error::Zone`].
    pub fn parse(text: &str) -> Result<Self> {
        // Credentials in it are a secret.
        let shown = if holds_credentials(text) { "s3://…" } else { text };
        Self::named(text, &Place::Url(shown.to_owned()))
    }

    /// Reads the URL or the path of a folder that a variable holds.
    ///
    /// # Errors
    /// [`Error::Zone`], which names the variable.
    pub fn of_variable(variable: &'static str, text: &str) -> Result<Self> {
        Self::named(text, &Place::Variable(variable))
    }

    fn named(text: &str, place: &Place) -> Result<Self> {
        let problem = |problem: &str| Error::Zone { place: place.clone(), problem: problem.to_owned() };
        let at =
            |store, prefix| Self { text: text.trim_end_matches('/').to_owned(), store, prefix, place: place.clone() };
        let prefix_of = |prefix: &str| {
            let prefix = Path::parse(prefix.trim_matches('/'));
            prefix.map_err(|_| problem("has no valid prefix: an empty, `.` or `..` segment, or a control character"))
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.is_empty() {
                return Err(problem("is empty: a folder or a URL is expected"));
            }
            return Ok(at(StoreName::Folder(PathBuf::from(text)), Path::default()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let url = Url::parse(text).ok();
                if url.as_ref().is_some_and(|url| url.query().is_some() || url.fragment().is_some()) {
                    return Err(problem("holds a `?` or `#`, which a URL writes as `%3F` and `%23`"));
                }
                let path = url.and_then(|url| url.to_file_path().ok());
                let path = path.ok_or_else(|| problem("is not the URL of a local folder: `file:///` and its path"))?;
                Ok(at(StoreName::Folder(path), Path::default()))
            }
            "s3" => {
                if holds_credentials(text) {
                    return Err(problem("holds credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"));
                }
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if bucket.is_empty() || !bucket.bytes().all(allowed) {
                    return Err(problem("names no bucket: `s3://bucket/prefix` is expected"));
                }
                Ok(at(StoreName::Bucket(bucket.to_owned()), prefix_of(prefix)?))
            }
            "memory" => Ok(at(StoreName::Memory, prefix_of(rest)?)),
            _ => Err(problem("has an unknown scheme: a folder, `file://`, `s3://` or `memory://` is expected")),
        }
    }

    /// The zone of that name below this one, in the same store.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        let text = format!("{}/{name}", self.text);
        let place = match &self.place {
            Place::Url(_) => Place::Url(text.clone()),
            Place::Variable(variable) => Place::Variable(variable),
        };
        Self { text, store: self.store.clone(), prefix: self.prefix.clone().join(name), place }
    }

    /// The local folder of the zone, if it is one.
    #[must_use]
    pub fn local_folder(&self) -> Option<PathBuf> {
        match &self.store {
            StoreName::Folder(folder) => {
                Some(self.prefix.parts().fold(folder.clone(), |path, part| path.join(part.as_ref())))
            }
            StoreName::Bucket(_) | StoreName::Memory => None,
        }
    }

    pub(crate) fn problem(&self, problem: impl Into<String>) -> Error {
        Error::Zone { place: self.place.clone(), problem: problem.into() }
    }
}

/// Whether there is something before the name of a bucket where other URLs have a user and a password.
fn holds_credentials(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest.split_once('/').map_or(rest, |(first, _)| first));
    authority.is_some_and(|authority| authority.contains('@'))
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
            let error = ZoneUrl::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("zone `{text}` ")), "{error}");
        }
    }

    #[test]
    fn names_the_variable_and_not_what_it_holds() {
        for text in [
            "",
            "ftp://canary/lake",
            "s3://",
            "s3:///canary",
            "s3://canary:x@b/y",
            "s3://b/a//canary",
            "file://canary/x",
        ] {
            let error = ZoneUrl::of_variable("EVENTS_ROOT", text).unwrap_err().to_string();
            assert!(error.starts_with("the zone of variable `EVENTS_ROOT` "), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
        let zone = ZoneUrl::of_variable("EVENTS_ROOT", "s3://lake").unwrap().below("landing");
        assert_eq!(zone.place, Place::Variable("EVENTS_ROOT"));
    }

    #[test]
    fn does_not_repeat_credentials() {
        for text in ["s3://key:secret@lake/x", "S3://key:secret@lake", "ftp://key:secret@host/x"] {
            let error = ZoneUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
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
