//! What the store's failures mean to us, and what to do about them.

use std::error::Error as _;

use object_store::Error;

use crate::ArtifactError;

/// Of a request that reads: what is not there is not found.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn of_read(error: Error) -> ArtifactError {
    match &error {
        Error::NotFound { source, .. } if !source.to_string().contains("NoSuchBucket") => {
            ArtifactError::NotFound
        }
        other => judge(other),
    }
}

/// Of a request that writes: nothing has to be there before but the bucket.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn of_write(error: Error) -> ArtifactError {
    judge(&error)
}

fn judge(error: &Error) -> ArtifactError {
    let text = whole(error);
    match error {
        Error::Generic { .. } if !is_refusal(&text) => ArtifactError::Unavailable(text),
        // Replaced between two requests: the next try reads the new one.
        Error::JoinError { .. } | Error::Precondition { .. } => ArtifactError::Unavailable(text),
        _ => ArtifactError::Refused(explained(text)),
    }
}

/// With the innermost cause, which the outer ones don't show: that a connection was refused, for instance.
fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut innermost = error.source();
    while let Some(next) = innermost.and_then(std::error::Error::source) {
        innermost = Some(next);
    }
    if let Some(cause) = innermost.map(ToString::to_string)
        && !text.contains(&cause)
    {
        text = format!("{text}: {cause}");
    }
    if text.contains(INSTANCE_METADATA) {
        text.push_str(". No credentials are named, so this instance's own were asked for: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY unless it has a role");
    }
    text
}

/// Where AWS tells an instance its role's credentials.
const INSTANCE_METADATA: &str = "http://169.254.169.254/";

/// The crate has no name of its own for these: a redirect to another region, and a 4xx that is none of the usual. (It
/// has tried 408 and 429 again; that they stand here means that they may pass.)
fn is_refusal(text: &str) -> bool {
    let passing = ["code: 408", "code: 429"];
    text.contains("redirect")
        || text.contains("status code: 3")
        || text.contains("status code: 4") && !passing.iter().any(|code| text.contains(code))
}

/// What to do about the usual mistakes, in place of XML.
fn explained(text: String) -> String {
    let code = element(&text, "Code").unwrap_or_default();
    let advice = match code {
        "NoSuchBucket" => "there is no such bucket: make it, or correct artifacts-url",
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
            "it does not accept the credentials: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        "ExpiredToken" | "InvalidToken" => {
            "the credentials are no longer valid: renew AWS_SESSION_TOKEN"
        }
        "AccessDenied" => {
            "these credentials may not do that: allow s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and \
             s3:AbortMultipartUpload"
        }
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => {
            "the bucket is in another region: correct AWS_REGION"
        }
        _ if text.contains("redirect") => "the bucket is in another region: correct AWS_REGION",
        _ => return text,
    };
    match element(&text, "Message") {
        Some(said) => format!("{advice} ({code}: {said})"),
        None if code.is_empty() => advice.to_owned(),
        None => format!("{advice} ({code})"),
    }
}

/// The text of an element of an answer in XML.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(content, _)| content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_and_what_was_said() {
        let body = "status code: 403 Forbidden: <Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        let said = explained(body.to_owned());
        assert!(said.contains("s3:PutObject"), "{said}");
        assert!(said.ends_with("(AccessDenied: no)"), "{said}");
        assert_eq!(explained("whatever".to_owned()), "whatever");
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        for passing in [
            "status code: 503 x",
            "status code: 429 x",
            "connection refused",
        ] {
            assert!(!is_refusal(passing), "{passing}");
        }
        for lasting in [
            "status code: 400 x",
            "status code: 301",
            "Received redirect without LOCATION",
        ] {
            assert!(is_refusal(lasting), "{lasting}");
        }
    }
}
