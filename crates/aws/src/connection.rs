//! Credentials, region and endpoint.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use aws_config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::command::Arguments;

/// Clients of both services.
pub(crate) struct Connection {
    /// Load balancers.
    pub balancers: aws_sdk_elasticloadbalancingv2::Client,
    /// Names.
    pub names: aws_sdk_route53::Client,
}

impl Connection {
    /// From environment, profile, or the machine's role, as every AWS tool; the endpoint from the flag only.
    pub(crate) async fn open(arguments: &Arguments) -> Self {
        // rustls with ring: the only provider of cryptography in this workspace.
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
        if let Some(region) = &arguments.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &arguments.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        Self {
            balancers: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            names: aws_sdk_route53::Client::new(&config),
        }
    }
}

/// Starts this program again with the SDK told to ignore endpoints of environment and profile; `None` when it was.
pub(crate) fn without_configured_endpoints() -> Option<ExitCode> {
    if std::env::var(IGNORE).is_ok_and(|value| value == "true") {
        return None;
    }
    let failure = match std::env::current_exe() {
        Ok(program) => Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(IGNORE, "true")
            .exec(),
        Err(error) => error,
    };
    eprintln!("error: this program could not be started again: {failure}");
    Some(ExitCode::from(crate::COULD_NOT_RUN))
}

const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
