//! How an error is told to whoever invoked the function.

use std::error::Error as StdError;

use lambda_runtime::Diagnostic;

use crate::error::Error;

/// What no message may hold.
///
/// S3 repeats the session token in its answer to a request that it does not accept, that answer is part of the error,
/// and whoever may invoke a function need not be allowed what the function is.
pub(crate) struct Secrets(Vec<String>);

/// The variables whose values are secrets.
const SECRET_VARIABLES: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

impl Secrets {
    pub(crate) fn of(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self(SECRET_VARIABLES.into_iter().filter_map(variable).filter(|secret| !secret.is_empty()).collect())
    }

    /// What the host hands on of an error. The host logs it as well, so it holds no more than text.
    pub(crate) fn diagnostic(&self, error: &Error) -> Diagnostic {
        let told = chain(error);
        let error_message = self.0.iter().fold(told, |message, secret| message.replace(secret, "…"));
        Diagnostic { error_type: error.type_name().to_owned(), error_message }
    }
}

/// The error and what caused it, each said once: `…: caused by …`.
fn chain(error: &dyn StdError) -> String {
    let mut chain = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        // Libraries like to repeat their cause in their own text.
        let text = cause.to_string();
        if !chain.contains(&text) {
            chain.push_str(": caused by ");
            chain.push_str(&text);
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What S3 says about a token that it does not know.
    fn refused() -> Error {
        let body = "403 Forbidden: <Error><Code>InvalidToken</Code><Token-0>canary</Token-0></Error>";
        let source = object_store::Error::Generic { store: "S3", source: body.into() };
        Error::Run(events_core::Error::Storage {
            operation: "listing",
            object: "s3://lake/pending".to_owned(),
            source: Box::new(source),
        })
    }

    #[test]
    fn says_each_cause_once_and_what_to_do() {
        let diagnostic = Secrets(Vec::new()).diagnostic(&refused());
        assert_eq!(diagnostic.error_type, "Storage");
        assert!(diagnostic.error_message.starts_with("listing `s3://lake/pending`: caused by Generic S3 error: 403"));
        assert_eq!(diagnostic.error_message.matches("InvalidToken").count(), 1);
    }

    #[test]
    fn leaves_out_secrets() {
        let secrets = Secrets::of(&|name| (name == "AWS_SESSION_TOKEN").then(|| "canary".to_owned()));
        let message = secrets.diagnostic(&refused()).error_message;
        assert!(message.contains("<Token-0>…</Token-0>"), "{message}");
    }
}
