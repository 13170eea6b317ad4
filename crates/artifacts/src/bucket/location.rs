//! Which bucket, where, and who we are there.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use hokusai_core::artifact_path::ArtifactPath;
use reqwest::Url;

use crate::InvalidLocation;

/// A bucket, and the prefix of everything that we keep in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketLocation {
    bucket: String,
    prefix: Option<ArtifactPath>,
    endpoint: Option<Endpoint>,
    environment: AwsEnvironment,
}

impl BucketLocation {
    /// Reads what stands behind `s3://`.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !is_bucket_name(bucket) || prefix.contains(['?', '#', '%']) {
            return None;
        }
        let prefix = match prefix {
            "" => None,
            prefix => Some(prefix.parse().ok()?),
        };
        Some(Self {
            bucket: bucket.to_owned(),
            prefix,
            endpoint: None,
            environment: AwsEnvironment::default(),
        })
    }

    /// At a store of its own in place of AWS.
    #[must_use]
    pub fn at(self, endpoint: Option<Endpoint>) -> Self {
        Self { endpoint, ..self }
    }

    /// With credentials and a region.
    #[must_use]
    pub fn with_environment(self, environment: AwsEnvironment) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// The store's address, if it is not AWS.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket
    }

    pub(super) fn environment(&self) -> &AwsEnvironment {
        &self.environment
    }

    /// Empty, or ends with `/`.
    pub(super) fn key_prefix(&self) -> String {
        let prefix = self.prefix.as_ref();
        prefix.map_or_else(String::new, |prefix| format!("{prefix}/"))
    }
}

impl fmt::Display for BucketLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        match &self.prefix {
            Some(prefix) => write!(f, "/{prefix}"),
            None => Ok(()),
        }
    }
}

/// As AWS's rules for names say; other stores take no more.
fn is_bucket_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.chars().all(|c| is_plain(c) || matches!(c, '.' | '-'))
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
}

/// The address of a store that is not AWS: `https://host[:port][/path]`, or `http:` to this machine, since requests
/// carry artifacts in clear and signatures that somebody in between could use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads an address. `http:` to another machine is taken only where somebody said that nobody listens in between.
    pub fn parse(raw: &str, is_network_trusted: bool) -> Result<Self, InvalidLocation> {
        let refused = |shown: &str| InvalidLocation::Endpoint {
            endpoint: shown.to_owned(),
        };
        let url = Url::parse(raw).map_err(|_| refused(raw))?;
        let host = url.host_str().unwrap_or_default();
        if !url.username().is_empty() || url.password().is_some() {
            // Not echoed: it holds a secret.
            return Err(refused(host));
        }
        let is_plain = url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            _ if host.is_empty() || !is_plain => Err(refused(raw)),
            "https" => Ok(Self(url)),
            "http" if is_network_trusted || is_this_machine(host) => Ok(Self(url)),
            "http" => Err(InvalidLocation::PlainEndpoint {
                endpoint: raw.to_owned(),
            }),
            _ => Err(refused(raw)),
        }
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

/// Names below `localhost` are not taken: not every system's resolver keeps them here.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// AWS's standard variables, those that say who we are and where: what weakens a check (plain HTTP, no signature, no
/// certificate) is not among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsEnvironment(BTreeMap<&'static str, String>);

impl AwsEnvironment {
    /// Picks the variables that count from all there are; an empty one is not set.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = |(name, value): (String, String)| {
            let name = NAMES.into_iter().find(|known| *known == name)?;
            (!value.is_empty()).then_some((name, value))
        };
        Self(variables.into_iter().filter_map(known).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values are secrets.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variables that count.
const NAMES: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_in_clear() {
        for good in [
            "https://s3.example.com",
            "https://s3.example.com:9000/base",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://localhost:9000",
        ] {
            assert!(Endpoint::parse(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://s3.example.com",
            "http://10.0.0.1:9000",
            "http://127.0.0.1.example.com",
            "http://s3.localhost",
            "ftp://127.0.0.1",
            "s3.example.com",
            "https://s3.example.com/?x=1",
            "https://s3.example.com/#x",
            "",
        ] {
            assert!(Endpoint::parse(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn another_machine_is_asked_in_clear_only_where_the_network_is_trusted() {
        let plain = "http://10.0.0.1:9000";
        let refused = Endpoint::parse(plain, false).unwrap_err();
        assert!(matches!(refused, InvalidLocation::PlainEndpoint { .. }));
        assert!(Endpoint::parse(plain, true).is_ok());
        assert!(Endpoint::parse("ftp://10.0.0.1", true).is_err());
    }

    #[test]
    fn a_secret_in_an_endpoint_is_refused_and_not_echoed() {
        let refused = Endpoint::parse("https://me:hush@s3.example.com", false);
        assert!(!refused.unwrap_err().to_string().contains("hush"));
    }

    #[test]
    fn only_what_says_who_and_where_is_taken_from_the_environment_and_never_shown() {
        let variables = [
            ("AWS_SECRET_ACCESS_KEY", "hush"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_SKIP_SIGNATURE", "true"),
            ("AWS_SESSION_TOKEN", ""),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = AwsEnvironment::from_variables(owned);
        assert_eq!(
            environment.iter().collect::<Vec<_>>(),
            [("AWS_SECRET_ACCESS_KEY", "hush")]
        );
        assert_eq!(format!("{environment:?}"), r#"{"AWS_SECRET_ACCESS_KEY"}"#);
    }
}
