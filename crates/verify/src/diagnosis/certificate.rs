//! TLS does not come about (class 13).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Fault, TlsFault};
use crate::report::day;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for service in Service::ALL {
        for probe in ["connect", "health"] {
            if let Some(Fault::Tls(fault)) = facts.fault(service, probe) {
                causes.push(cause(facts, service, fault));
                break;
            }
        }
    }
    causes
}

fn cause(facts: &Facts<'_>, service: Service, fault: &TlsFault) -> Cause {
    let endpoint = facts.deployment.endpoint(service);
    let host = &endpoint.host;
    let (code, sentence, fix) = match fault {
        TlsFault::Expired(at) => (
            "certificate-expired",
            format!("the certificate of `{host}` ended on {}, so every client refuses the connection", day(*at)),
            "renew the certificate and reload what ends TLS; if it was renewed, the old one is still being served".to_owned(),
        ),
        TlsFault::NotYetValid(at) => (
            "certificate-not-yet-valid",
            format!("the certificate of `{host}` begins on {}: it was made for later, or the clock of this machine is behind", day(*at)),
            "compare this machine's clock with a time server (`timedatectl`); if it is right, serve a certificate that is valid now".to_owned(),
        ),
        TlsFault::WrongName(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            (
                "certificate-wrong-name",
                format!("`{host}` is served with a certificate for {}: the wrong certificate, or the name points to another balancer", names.join(", ")),
                format!("add a certificate for `{host}` to the listener (SNI), or correct the DNS record"),
            )
        }
        TlsFault::Untrusted => (
            "certificate-untrusted",
            format!("the certificate of `{host}` is self-signed or comes from an authority that this machine does not know"),
            "serve the whole chain of a public authority, or give the private authority's certificate to clients (`--ca FILE` here, `REQUESTS_CA_BUNDLE` for the MLflow client)".to_owned(),
        ),
        TlsFault::WantsClientCertificate => (
            "client-certificate-wanted",
            format!("`{host}` asks clients for a certificate (mTLS), which neither this verifier nor the MLflow client sends"),
            "turn client certificates off at this listener; keys identify clients here".to_owned(),
        ),
        TlsFault::NotTls => (
            "not-tls",
            format!("port {} of `{host}` speaks no TLS: the listener is plain HTTP behind an https URL", endpoint.port),
            "give the listener a certificate, or correct the port".to_owned(),
        ),
        TlsFault::Other(why) => (
            "tls-failed",
            format!("TLS with `{host}` fails: `{why}`"),
            "compare protocol versions and cipher suites: TLS 1.2 or 1.3 is needed".to_owned(),
        ),
    };
    let seen = facts.detail(service, "tls").map(str::to_owned);
    Cause::new(code, 14, sentence, fix).with(seen)
}
