//! The URL that other programs know a zone by.

use std::path::absolute;

use crate::error::{Error, Result};
use crate::zone_url::{StoreName, ZoneUrl};

impl ZoneUrl {
    /// The zone's URL as other programs take it, wherever they run, without a slash at the end.
    ///
    /// | typed | location |
    /// |---|---|
    /// | `S3://lake/a/` | `s3://lake/a` |
    /// | `lake` in the folder `/data` | `file:///data/lake` |
    /// | `memory:///a` | `memory:///a` |
    ///
    /// Nothing in it is percent-encoded: Hadoop, and with it Hive and Spark, takes each `%` for one of the name.
    ///
    /// # Errors
    /// [`Error::Io`] when a folder is named relative to the working folder, and there is none; [`Error::Zone`] when its name
    /// is no text.
    pub fn location(&self) -> Result<String> {
        let at = |root: String| if self.prefix.as_ref().is_empty() { root } else { format!("{root}/{}", self.prefix) };
        match (&self.store, self.local_folder()) {
            (_, Some(folder)) => {
                let failed = |source| Error::Io { operation: "finding folder", path: folder.clone(), source };
                let folder = absolute(&folder).map_err(failed)?;
                let text = folder.to_str().ok_or_else(|| self.problem("has a name that is no text"))?;
                Ok(format!("file://{}", text.trim_end_matches('/')))
            }
            (StoreName::Bucket(bucket), None) => Ok(at(format!("s3://{bucket}"))),
            (_, None) => Ok(at("memory://".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_wherever_it_is_read() {
        let location = |text| ZoneUrl::parse(text).unwrap().location().unwrap();
        assert_eq!(location("S3://lake/a/b/"), "s3://lake/a/b");
        assert_eq!(location("s3://lake"), "s3://lake");
        assert_eq!(location("/data/a b%"), "file:///data/a b%");
        assert_eq!(location("file:///data/a%20b/"), "file:///data/a b");
        assert_eq!(location("memory:///a"), "memory:///a");
        let here = std::env::current_dir().unwrap().join("lake");
        assert_eq!(location("lake"), format!("file://{}", here.to_str().unwrap()));
    }
}
