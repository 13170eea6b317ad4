//! A stored key, and the judgement of a request that presents it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Environment, KeyHash, RateLimit};
use crate::access::{Action, Denied, Scope, may};

/// What is known of a key. The raw key is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public id.
    pub id: String,
    /// SHA-256 of the key.
    pub hash: KeyHash,
    /// A name for people.
    pub name: String,
    /// The beginning of the key, to recognise it by.
    pub prefix: String,
    /// Who owns it.
    pub owner: String,
    /// The service it was made for.
    pub service_id: String,
    /// Where it may be used.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Addresses that may use it; empty means all.
    pub allowed_ips: Vec<IpNet>,
    /// Its rate; none unless one was set.
    pub rate_limit: Option<RateLimit>,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it ends; milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
    /// When it was revoked; milliseconds since 1970.
    pub revoked_at_ms: Option<i64>,
    /// When it was last used; milliseconds since 1970, a minute behind at most.
    pub last_used_at_ms: Option<i64>,
    /// The key that replaced it.
    pub rotated_to: Option<String>,
    /// The first key of its chain of rotations: the chain shares one rate.
    pub chain_id: String,
    /// Why a request with it was refused last, for `keys show`.
    pub last_refusal: Option<String>,
}

/// Why a key may not be used here and now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was revoked.
    #[error(
        "API key revoked: ask the owner of key `{id}` for a new one, or make one with `hokusai keys create`"
    )]
    Revoked {
        /// The key's id.
        id: String,
    },
    /// Its time is over.
    #[error(
        "API key expired: make a new one with `hokusai keys create`, or rotate the next one with `hokusai keys rotate` before it ends"
    )]
    Expired {
        /// The key's id.
        id: String,
    },
    /// The address is not in its allowlist.
    #[error(
        "IP address not allowed: requests from {seen} may not use key `{id}`; make one with `hokusai keys create --allowed-ip {seen}`"
    )]
    WrongIp {
        /// The key's id.
        id: String,
        /// The address that was seen.
        seen: String,
    },
    /// It lacks a scope.
    #[error(transparent)]
    Scope(#[from] Denied),
}

impl Refusal {
    /// The typed reason, the same in every answer, log and metric.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Revoked { .. } => "revoked",
            Self::Expired { .. } => "expired",
            Self::WrongIp { .. } => "ip",
            Self::Scope(_) => "scope",
        }
    }
}

impl KeyRecord {
    /// Whether it can still be used by anybody.
    pub fn is_active(&self, now_ms: i64) -> bool {
        self.revoked_at_ms.is_none_or(|at| at > now_ms)
            && self.expires_at_ms.is_none_or(|at| at > now_ms)
    }
}

/// Judges one request, on every request, whatever was cached: revocation, expiry, address, then scope. The rate is spent by the caller,
/// after this.
pub fn judge(
    record: &KeyRecord,
    client_ip: Option<IpAddr>,
    action: Option<Action>,
    now_ms: i64,
) -> Result<(), Refusal> {
    if record.revoked_at_ms.is_some_and(|at| at <= now_ms) {
        return Err(Refusal::Revoked {
            id: record.id.clone(),
        });
    }
    if record.expires_at_ms.is_some_and(|at| at <= now_ms) {
        return Err(Refusal::Expired {
            id: record.id.clone(),
        });
    }
    let client_ip = client_ip.map(|ip| ip.to_canonical());
    let is_allowed = record.allowed_ips.is_empty()
        || client_ip.is_some_and(|ip| record.allowed_ips.iter().any(|net| net.contains(&ip)));
    if !is_allowed {
        let seen = client_ip.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
        return Err(Refusal::WrongIp {
            id: record.id.clone(),
            seen,
        });
    }
    if let Some(action) = action {
        may(&record.scopes, action)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> KeyRecord {
        KeyRecord {
            id: "k1".to_owned(),
            hash: KeyHash([0; 32]),
            name: "ci".to_owned(),
            prefix: "hk_live_abcd".to_owned(),
            owner: "ada".to_owned(),
            service_id: "platform".to_owned(),
            environment: Environment::Live,
            scopes: vec![Scope::ModelRead],
            allowed_ips: Vec::new(),
            rate_limit: None,
            created_at_ms: 0,
            expires_at_ms: None,
            revoked_at_ms: None,
            last_used_at_ms: None,
            rotated_to: None,
            chain_id: "k1".to_owned(),
            last_refusal: None,
        }
    }

    #[test]
    fn each_reason_is_told_apart() {
        let revoked = KeyRecord {
            revoked_at_ms: Some(5),
            ..record()
        };
        let expired = KeyRecord {
            expires_at_ms: Some(5),
            ..record()
        };
        let bound = KeyRecord {
            allowed_ips: vec!["10.0.0.0/8".parse().unwrap()],
            ..record()
        };
        let code = |record: &KeyRecord, ip: &str, action| {
            judge(record, ip.parse().ok(), Some(action), 10).map_err(|refusal| refusal.code())
        };
        assert_eq!(code(&record(), "1.2.3.4", Action::ReadModels), Ok(()));
        assert_eq!(
            code(&revoked, "1.2.3.4", Action::ReadModels),
            Err("revoked")
        );
        assert_eq!(
            code(&expired, "1.2.3.4", Action::ReadModels),
            Err("expired")
        );
        assert_eq!(code(&bound, "1.2.3.4", Action::ReadModels), Err("ip"));
        assert_eq!(
            code(&record(), "1.2.3.4", Action::WriteModels),
            Err("scope")
        );
    }

    #[test]
    fn a_mapped_address_is_the_address_and_an_unknown_one_fails_every_allowlist() {
        let bound = KeyRecord {
            allowed_ips: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            ..record()
        };
        assert_eq!(
            judge(&bound, "::ffff:10.0.0.1".parse().ok(), None, 10),
            Ok(())
        );
        assert_eq!(judge(&bound, "fd00::1".parse().ok(), None, 10), Ok(()));
        assert!(judge(&bound, None, None, 10).is_err());
    }

    #[test]
    fn a_key_in_overlap_works_until_its_revocation_comes() {
        let overlapping = KeyRecord {
            revoked_at_ms: Some(100),
            ..record()
        };
        assert_eq!(judge(&overlapping, None, None, 99), Ok(()));
        assert!(judge(&overlapping, None, None, 100).is_err());
    }
}
