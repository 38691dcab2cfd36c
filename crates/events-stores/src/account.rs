//! Where requests to buckets go, and as whom, by the variables and the profiles of AWS.

use std::fmt;

use object_store::aws::AmazonS3ConfigKey;

use crate::bucket::builder;
use crate::error::{Error, Result};
use crate::opening::Opening;
use crate::profile::Profile;

/// A name for a bucket that is never asked for anything.
const NO_BUCKET: &str = "none";

/// Where requests to buckets go, and as whom. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The region; `None` when nobody says: then it is `us-east-1`.
    pub region: Option<String>,
    /// The address of S3; `None` for that of AWS in the region.
    pub endpoint: Option<String>,
    /// What gives the credentials.
    pub credentials: CredentialKind,
}

/// What gives the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// Nothing, because requests are not to be signed.
    Unsigned,
    /// Variables that hold keys.
    Variables {
        /// Whether the keys are of a session, which ends.
        session: bool,
    },
    /// A profile of `~/.aws`.
    Profile {
        /// Its name.
        name: String,
    },
    /// A web identity: a token in a file, and a role.
    WebIdentity,
    /// The service of a container.
    Container,
    /// The service of an instance, which is asked when nothing else is set.
    Instance,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => formatter.write_str("none: AWS_SKIP_SIGNATURE says so"),
            Self::Variables { session: false } => {
                formatter.write_str("the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            }
            Self::Variables { session: true } => formatter.write_str(
                "the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, of a session",
            ),
            Self::Profile { name } => write!(formatter, "the profile `{name}`"),
            Self::WebIdentity => {
                formatter.write_str("a web identity: AWS_WEB_IDENTITY_TOKEN_FILE with the role of AWS_ROLE_ARN")
            }
            Self::Container => formatter.write_str("the service of this container"),
            Self::Instance => formatter.write_str("the service of this instance"),
        }
    }
}

impl Account {
    /// Reads what is set. No request is made.
    ///
    /// # Errors
    /// [`Error::Profile`], [`Error::Variable`], and [`Error::Io`] for a profile that cannot be read.
    pub fn read(opening: &Opening) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let builder = builder(opening)?;
        let value = |key| builder.get_config_value(&key);
        let is_set = |key| value(key).is_some();
        let has_keys = is_set(AmazonS3ConfigKey::AccessKeyId) || is_set(AmazonS3ConfigKey::SecretAccessKey);
        let profile = if opening.reads_profiles && !has_keys { Profile::read(&variable)? } else { None };
        let profile = match profile {
            Some(profile) => profile.credentials()?.map(|_| profile.name().to_owned()),
            None => None,
        };
        let credentials = match profile {
            _ if value(AmazonS3ConfigKey::SkipSignature).is_some_and(|value| value == "true") => {
                CredentialKind::Unsigned
            }
            Some(name) => CredentialKind::Profile { name },
            // In the order in which the library looks.
            None if has_keys => CredentialKind::Variables { session: is_set(AmazonS3ConfigKey::Token) },
            None if is_set(AmazonS3ConfigKey::WebIdentityTokenFile) && is_set(AmazonS3ConfigKey::RoleArn) => {
                CredentialKind::WebIdentity
            }
            None if is_set(AmazonS3ConfigKey::ContainerCredentialsRelativeUri)
                || (is_set(AmazonS3ConfigKey::ContainerCredentialsFullUri)
                    && is_set(AmazonS3ConfigKey::ContainerAuthorizationTokenFile)) =>
            {
                CredentialKind::Container
            }
            None => CredentialKind::Instance,
        };
        let endpoint = value(AmazonS3ConfigKey::S3Endpoint).or_else(|| value(AmazonS3ConfigKey::Endpoint));
        Ok(Self { region: value(AmazonS3ConfigKey::Region), endpoint, credentials })
    }

    /// Asks whoever gives the credentials for some. Whether a bucket accepts them, only the bucket knows.
    ///
    /// # Errors
    /// [`Error::Credentials`] when there are none; else as [`Account::read`].
    pub async fn find_credentials(opening: &Opening) -> Result<()> {
        let failed = |source| Error::Credentials { source: Box::new(source) };
        let store = builder(opening)?.with_bucket_name(NO_BUCKET).build().map_err(failed)?;
        store.credentials().get_credential().await.map(drop).map_err(failed)
    }
}
