//! Where requests to buckets and to the catalog go, and as whom.

use events_catalog::Catalog;
use events_stores::{Account, CredentialKind, ZoneUrls};

use super::check::Check;
use super::opening;
use super::zones::Found;
use crate::error::Result;
use crate::settings::DoctorSettings;

const CREDENTIALS: &str = "credentials";
const ENDPOINT: &str = "endpoint";

/// Names of this machine, to which nothing is sent in the clear.
const LOCAL_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The credentials, and the region and the address of buckets.
pub(super) async fn checks(has_bucket: bool, settings: &DoctorSettings) -> [Check; 2] {
    if !has_bucket {
        return [CREDENTIALS, ENDPOINT].map(|name| Check::skipped(name, "no zone is in a bucket"));
    }
    let opening = opening(settings);
    let account = match Account::read(&opening) {
        Ok(account) => account,
        Err(error) => {
            let failed = Check::failed(CREDENTIALS, &error.into(), "docs/S3.md has the variables of AWS that count");
            return [failed, Check::skipped(ENDPOINT, "the variables or the profile of AWS cannot be read")];
        }
    };
    let credentials = match Account::find_credentials(&opening).await {
        Ok(()) => Check::ok(CREDENTIALS, format!("from {}", account.credentials)),
        Err(_) if account.credentials == CredentialKind::Unsigned => {
            Check::ok(CREDENTIALS, account.credentials.to_string())
        }
        Err(error) => Check::failed(CREDENTIALS, &error.into(), "docs/S3.md says where they are looked for"),
    };
    [credentials, endpoint(&account)]
}

fn endpoint(Account { region, endpoint, .. }: &Account) -> Check {
    let named = region.as_deref().unwrap_or("us-east-1, as nobody names one");
    let endpoint = endpoint.as_deref().map(without_user);
    match (&endpoint, region) {
        (Some(address), _) if is_in_the_clear(address) => Check::warning(
            ENDPOINT,
            format!("region {named}; `{address}`, without TLS"),
            "records and session tokens can be read on the way: name an address with https:// in AWS_ENDPOINT_URL",
        ),
        (Some(address), _) => Check::ok(ENDPOINT, format!("region {named}; `{address}`")),
        (None, Some(_)) => Check::ok(ENDPOINT, format!("region {named}; the address of AWS")),
        (None, None) => Check::warning(
            ENDPOINT,
            format!("region {named}; the address of AWS"),
            "name the region of the buckets in AWS_REGION, or in the profile",
        ),
    }
}

fn is_in_the_clear(address: &str) -> bool {
    let host = address.strip_prefix("http://");
    let name = |host: &str| host.split(['/', ':']).next().unwrap_or_default().to_owned();
    host.is_some_and(|host| {
        let is_v6 = host.starts_with("[::1]");
        !is_v6 && !LOCAL_HOSTS.contains(&name(host).as_str())
    })
}

/// An address without the name and the password that may stand in front of its host.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let host_from = rest[..rest.find('/').unwrap_or(rest.len())].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host_from..])
}

/// The table in the catalog, when there is to be one.
pub(super) async fn catalog(urls: &ZoneUrls, settings: &DoctorSettings, trusted: &Found) -> Check {
    const NAME: &str = "catalog";
    let name = match settings.catalog() {
        Ok(Some(name)) => name,
        Ok(None) => return Check::skipped(NAME, "no --glue-database names one"),
        Err(error) => return Check::failed(NAME, &error, "--glue-database names the database"),
    };
    if trusted.zone.is_none() {
        return Check::skipped(NAME, "the trusted zone has failed");
    }
    let found: Result<_> = async {
        let catalog = Catalog::open(name.clone(), &urls.trusted, &opening(settings))?;
        Ok(catalog.is_there().await?)
    }
    .await;
    match found {
        Ok(true) => Check::ok(NAME, format!("table {name} is there")),
        Ok(false) => Check::ok(NAME, format!("table {name} is not there: the first commit makes it")),
        Err(error) => Check::failed(NAME, &error, "a run needs rights on the table in Glue: docs/CATALOG.md"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_of_what_is_sent_in_the_clear_to_others() {
        assert!(is_in_the_clear("http://minio.example.org:9000"));
        assert!(!is_in_the_clear("http://127.0.0.1:9000") && !is_in_the_clear("https://s3.example.org"));
    }
}
