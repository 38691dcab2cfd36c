//! Where the zones are.

use events_stores::{ZoneUrl, ZoneUrls};

use crate::error::{Error, Result};
use crate::options::ZoneOptions;
use crate::places::{LANDING, STAGE, TRUSTED};

/// The scheme of places that are gone with the process.
const NOWHERE: &str = "memory:///";

/// A zone that is named itself lies there, any other below the root.
pub(super) fn resolve(options: &ZoneOptions) -> Result<ZoneUrls> {
    let root = options.root.as_deref().map(ZoneUrl::parse).transpose()?;
    let zone = |name: &'static str, url: &Option<String>| match (url, &root) {
        (Some(url), _) => Ok(ZoneUrl::parse(url)?),
        (None, Some(root)) => Ok(root.below(name)),
        (None, None) => Err(Error::NoZone { name }),
    };
    Ok(ZoneUrls {
        landing: zone(LANDING, &options.landing)?,
        stage: zone(STAGE, &options.stage)?,
        trusted: zone(TRUSTED, &options.trusted)?,
    })
}

/// The zones of a command that only reads the landing zone: the others need no name.
pub(super) fn resolve_landing(options: ZoneOptions) -> Result<ZoneUrls> {
    let [_, stage, trusted] = named_or_nowhere(&options);
    resolve(&ZoneOptions { stage, trusted, ..options })
}

/// The zones of a command that is about the stage zone alone: the others need no name.
pub(super) fn resolve_stage(options: ZoneOptions) -> Result<ZoneUrls> {
    let [landing, _, trusted] = named_or_nowhere(&options);
    resolve(&ZoneOptions { landing, trusted, ..options })
}

/// The zones of a command that is about the table alone: the others need no name.
pub(super) fn resolve_trusted(options: ZoneOptions) -> Result<ZoneUrls> {
    let [landing, stage, _] = named_or_nowhere(&options);
    resolve(&ZoneOptions { landing, stage, ..options })
}

/// Landing, stage and trusted zone: where they are named, below a root or else nowhere.
fn named_or_nowhere(options: &ZoneOptions) -> [Option<String>; 3] {
    let zones = [(LANDING, &options.landing), (STAGE, &options.stage), (TRUSTED, &options.trusted)];
    zones.map(|(name, zone)| {
        let nowhere = || options.root.is_none().then(|| format!("{NOWHERE}{name}"));
        zone.clone().or_else(nowhere)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(root: Option<&str>, trusted: Option<&str>) -> ZoneOptions {
        let text = |text: &str| text.to_owned();
        ZoneOptions { root: root.map(text), trusted: trusted.map(text), ..ZoneOptions::default() }
    }

    #[test]
    fn puts_zones_below_the_root_unless_they_are_named() {
        let urls = resolve(&zones(Some("lake/"), Some("s3://bucket/table"))).unwrap();
        let texts = [&urls.landing, &urls.stage, &urls.trusted].map(|url| url.text.as_str());
        assert_eq!(texts, ["lake/landing", "lake/stage", "s3://bucket/table"]);
    }

    #[test]
    fn names_the_zone_that_is_missing() {
        let error = resolve(&zones(None, Some("table"))).unwrap_err().to_string();
        assert!(error.contains("landing") && error.contains("--root"), "{error}");
    }

    #[test]
    fn needs_no_more_than_the_landing_zone_to_read_it() {
        let landing = ZoneOptions { landing: Some("s3://bucket/in".to_owned()), ..ZoneOptions::default() };
        assert_eq!(resolve_landing(landing).unwrap().landing.text, "s3://bucket/in");
        assert!(resolve_landing(ZoneOptions::default()).is_err());
        assert!(resolve_stage(ZoneOptions::default()).unwrap_err().to_string().contains("no stage zone"));
        let root = ZoneOptions { root: Some("lake".to_owned()), ..ZoneOptions::default() };
        assert_eq!(resolve_stage(root).unwrap().stage.text, "lake/stage");
    }
}
