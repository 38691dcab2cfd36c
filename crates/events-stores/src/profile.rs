//! A profile of `~/.aws`, as `aws configure` writes it: keys, or a command that prints some.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use object_store::aws::AwsCredential;
use object_store::{CredentialProvider, Error as StoreError, Result as StoreResult};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::error::{Error, Result};

/// The profile of whoever names none.
const DEFAULT: &str = "default";

/// Credentials that end sooner than this are asked for again.
const LEFT_MIN: Duration = Duration::from_secs(300);

/// What a profile says.
pub(crate) struct Profile {
    name: String,
    /// The credentials file is asked before the configuration file.
    values: HashMap<String, String>,
}

impl Profile {
    /// Reads the profile that the variables name. `None`: they name none, and there is no default one.
    ///
    /// # Errors
    /// [`Error::Profile`] when the one that they name is in no file, or a file cannot be read.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let name = named.clone().unwrap_or_else(|| DEFAULT.to_owned());
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let file = |name: &str, default: &str| {
            variable(name).map(PathBuf::from).or_else(|| Some(home.clone()?.join(".aws").join(default)))
        };
        let files = [
            (file("AWS_CONFIG_FILE", "config"), if name == DEFAULT { "" } else { "profile " }),
            (file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ""),
        ];
        let mut values: Option<HashMap<String, String>> = None;
        for (path, prefix) in files {
            let Some(path) = path else { continue };
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(Error::Io { operation: "reading", path, source }),
            };
            if let Some(section) = section(&text, &format!("{prefix}{name}")) {
                values.get_or_insert_default().extend(section);
            }
        }
        match (values, named) {
            (Some(values), _) => Ok(Some(Self { name, values })),
            (None, None) => Ok(None),
            (None, Some(name)) => Err(Error::Profile { name, problem: "is in no file of `~/.aws`" }),
        }
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The region, when the profile has one.
    pub(crate) fn region(&self) -> Option<&str> {
        self.value("region")
    }

    /// What gives the profile's credentials; `None` when it has none.
    ///
    /// # Errors
    /// [`Error::Profile`] when they are of a kind that cannot be had here.
    pub(crate) fn credentials(&self) -> Result<Option<ProfileCredentials>> {
        let problem = |problem| Err(Error::Profile { name: self.name.clone(), problem });
        match (self.value("aws_access_key_id"), self.value("aws_secret_access_key")) {
            (Some(key_id), Some(secret_key)) => {
                let token = self.value("aws_session_token").map(ToOwned::to_owned);
                let keys = AwsCredential { key_id: key_id.to_owned(), secret_key: secret_key.to_owned(), token };
                return Ok(Some(ProfileCredentials::Keys(Arc::new(keys))));
            }
            (None, None) => {}
            _ => return problem("has one of `aws_access_key_id` and `aws_secret_access_key` without the other"),
        }
        if let Some(command) = self.value("credential_process") {
            let process = Process { profile: self.name.clone(), command: command.to_owned(), last: Mutex::default() };
            return Ok(Some(ProfileCredentials::Process(process)));
        }
        if ["role_arn", "sso_session", "sso_start_url", "login_session"].iter().any(|&key| self.value(key).is_some()) {
            return problem(
                "signs in or takes a role, which is not done here: set `credential_process = aws configure \
                export-credentials --profile … --format process` in a profile of its own",
            );
        }
        Ok(None)
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The values of a section; `None` when there is no such section. What is indented belongs to a value above.
fn section(text: &str, name: &str) -> Option<HashMap<String, String>> {
    let mut values: Option<HashMap<String, String>> = None;
    let mut is_inside = false;
    for line in text.lines() {
        let is_plain = !line.starts_with(|first: char| first.is_whitespace() || matches!(first, '#' | ';'));
        if let Some(header) = line.trim().strip_prefix('[').and_then(|line| line.split(']').next()) {
            is_inside = header.split_whitespace().eq(name.split_whitespace());
            if is_inside {
                values.get_or_insert_default();
            }
        } else if let (true, true, Some((key, value))) = (is_inside, is_plain, line.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default();
            values.get_or_insert_default().insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    values
}

/// Gives the credentials of a profile.
pub(crate) enum ProfileCredentials {
    Keys(Arc<AwsCredential>),
    Process(Process),
}

impl fmt::Debug for ProfileCredentials {
    /// Without secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keys(_) => "Keys",
            Self::Process(_) => "Process",
        })
    }
}

#[async_trait]
impl CredentialProvider for ProfileCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> StoreResult<Arc<AwsCredential>> {
        match self {
            Self::Keys(keys) => Ok(Arc::clone(keys)),
            Self::Process(process) => process.credential().await,
        }
    }
}

/// A command that prints credentials, and those that it has printed last.
pub(crate) struct Process {
    profile: String,
    command: String,
    last: Mutex<Option<Dated>>,
}

/// Credentials, and when they end.
struct Dated {
    credential: Arc<AwsCredential>,
    end: Option<DateTime<Utc>>,
}

/// What such a command prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<DateTime<Utc>>,
}

impl Process {
    async fn credential(&self) -> StoreResult<Arc<AwsCredential>> {
        let mut last = self.last.lock().await;
        if let Some(Dated { credential, end }) = &*last
            && end.is_none_or(|end| Utc::now() + LEFT_MIN < end)
        {
            return Ok(Arc::clone(credential));
        }
        let command = self.command.clone();
        let output = tokio::task::spawn_blocking(move || shell(&command).output()).await?;
        let output = output.map_err(|error| self.failed(&format!("cannot be started: {error}")))?;
        if !output.status.success() {
            return Err(self.failed(&format!("failed: {}", output.status)));
        }
        // What was printed is secret, and so may be what is wrong with it.
        let printed = serde_json::from_slice(&output.stdout);
        let printed: Printed = printed.map_err(|_| self.failed("did not print credentials as JSON"))?;
        let credential = Arc::new(AwsCredential {
            key_id: printed.access_key_id,
            secret_key: printed.secret_access_key,
            token: printed.session_token,
        });
        *last = Some(Dated { credential: Arc::clone(&credential), end: printed.expiration });
        Ok(credential)
    }

    fn failed(&self, problem: &str) -> StoreError {
        let source = format!("`credential_process` of profile `{}` {problem}", self.profile).into();
        StoreError::Generic { store: "S3", source }
    }
}

/// The command as the tools of AWS run it. It may ask who looks at the terminal.
fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.arg(option).arg(command).stdin(Stdio::null()).stderr(Stdio::inherit());
    shell
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CONFIG: &str = "\
[default]
region = eu-west-1
[profile  work]
region=eu-central-1 # near
s3 =
    aws_access_key_id = nested
; aws_access_key_id = comment
[profile process]
credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"PID\",\"SecretAccessKey\":\"canary\",\"SessionToken\":\"t=1\"}'
[profile broken]
credential_process = echo canary
[profile role]
role_arn = arn:aws:iam::123456789012:role/x
";
    const CREDENTIALS: &str = "\
[work]
aws_access_key_id = KEY
aws_secret_access_key = canary=/+
[half]
aws_access_key_id = KEY
";

    fn read(name: Option<&str>) -> Result<Option<Profile>> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".aws")).unwrap();
        fs::write(folder.path().join(".aws/config"), CONFIG).unwrap();
        fs::write(folder.path().join(".aws/credentials"), CREDENTIALS).unwrap();
        Profile::read(&|variable| match variable {
            "HOME" => Some(folder.path().to_str().unwrap().to_owned()),
            "AWS_PROFILE" => name.map(ToOwned::to_owned),
            _ => None,
        })
    }

    async fn credential(name: &str) -> StoreResult<Arc<AwsCredential>> {
        read(Some(name)).unwrap().unwrap().credentials().unwrap().unwrap().get_credential().await
    }

    #[tokio::test]
    async fn reads_keys_and_region() {
        let work = read(Some("work")).unwrap().unwrap();
        assert_eq!(work.region(), Some("eu-central-1"));
        let keys = credential("work").await.unwrap();
        assert_eq!((keys.key_id.as_str(), keys.secret_key.as_str(), &keys.token), ("KEY", "canary=/+", &None));
    }

    #[tokio::test]
    async fn asks_a_command_for_credentials() {
        let keys = credential("process").await.unwrap();
        assert_eq!((keys.key_id.as_str(), keys.secret_key.as_str()), ("PID", "canary"));
        assert_eq!(keys.token.as_deref(), Some("t=1"));
    }

    #[tokio::test]
    async fn tells_of_a_command_without_what_it_prints() {
        let error = credential("broken").await.unwrap_err().to_string();
        assert!(error.contains("profile `broken` did not print") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn a_default_profile_may_be_missing_or_without_credentials() {
        let default = read(None).unwrap().unwrap();
        assert_eq!(default.region(), Some("eu-west-1"));
        assert!(default.credentials().unwrap().is_none());
        assert!(Profile::read(&|_| None).unwrap().is_none());
    }

    #[test]
    fn refuses_profiles_that_are_missing_or_not_understood() {
        let error = |name| match read(Some(name)) {
            Err(error) => error.to_string(),
            Ok(profile) => profile.unwrap().credentials().unwrap_err().to_string(),
        };
        assert_eq!(error("nobody"), "profile `nobody` is in no file of `~/.aws`");
        assert!(error("half").contains("without the other"));
        assert!(error("role").contains("credential_process"));
    }
}
