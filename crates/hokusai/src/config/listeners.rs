//! Where the services listen, and whom they believe about addresses and names.

use std::net::SocketAddr;

use clap::Args;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;

use crate::exit::Failure;

/// As it was said.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Listeners")]
pub(crate) struct ListenersSettings {
    /// Where the auth service listens.
    #[arg(
        long,
        env = "HOKUSAI_AUTH_LISTEN",
        global = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:8000"
    )]
    pub auth_listen: SocketAddr,
    /// Where the registry listens.
    #[arg(
        long,
        env = "HOKUSAI_REGISTRY_LISTEN",
        global = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:5000"
    )]
    pub registry_listen: SocketAddr,
    /// Somebody in front ends TLS; needed to listen beyond loopback.
    #[arg(
        long,
        env = "HOKUSAI_BEHIND_TLS",
        global = true,
        value_parser = BoolishValueParser::new()
    )]
    pub behind_tls: bool,
    /// A proxy whose X-Forwarded-For is believed; may be repeated.
    #[arg(
        long = "trusted-proxy",
        env = "HOKUSAI_TRUSTED_PROXY",
        global = true,
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxy: Vec<IpNet>,
    /// A host name under which clients reach the services; may be repeated.
    #[arg(
        long = "allowed-host",
        env = "HOKUSAI_ALLOWED_HOST",
        global = true,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_host: Vec<String>,
}

/// Checked.
#[derive(Clone, Debug)]
pub(crate) struct ListenersConfig {
    /// Where the auth service listens.
    pub auth: SocketAddr,
    /// Where the registry listens.
    pub registry: SocketAddr,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxy: Vec<IpNet>,
    /// Names under which clients reach the services, besides loopback's.
    pub allowed_host: Vec<String>,
}

impl ListenersSettings {
    pub(super) fn check(&self, no_auth: bool) -> anyhow::Result<ListenersConfig> {
        for (name, address) in [
            ("auth-listen", self.auth_listen),
            ("registry-listen", self.registry_listen),
        ] {
            if !address.ip().is_loopback() {
                self.may_leave_loopback(name, address, no_auth)?;
            }
        }
        if let Some(all) = self.trusted_proxy.iter().find(|net| net.prefix_len() == 0) {
            return Err(Failure::usage(
                format!("trusted-proxy {all} would let everybody choose their own address"),
                "name the addresses of your proxies",
            ));
        }
        Ok(ListenersConfig {
            auth: self.auth_listen,
            registry: self.registry_listen,
            trusted_proxy: self.trusted_proxy.clone(),
            allowed_host: self.allowed_host.clone(),
        })
    }

    fn may_leave_loopback(
        &self,
        name: &str,
        address: SocketAddr,
        no_auth: bool,
    ) -> anyhow::Result<()> {
        if no_auth {
            return Err(Failure::usage(
                format!(
                    "no-auth and `{name} {address}` do not go together: everybody could write the registry"
                ),
                "listen on 127.0.0.1, or leave no-auth out",
            ));
        }
        if !self.behind_tls {
            return Err(Failure::usage(
                format!(
                    "`{name} {address}` is reachable from outside, and keys would travel in clear"
                ),
                "put TLS in front and say --behind-tls, or listen on 127.0.0.1",
            ));
        }
        Ok(())
    }
}
