//! Who may do what to which key: decided on the caller's key and the target, never on the caller alone.

use ipnet::IpNet;

use super::KeyRecord;
use crate::access::{Action, covers, may};

/// What a key would be able to do; of a key to be made, or of one that exists.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a>(pub &'a KeyRecord);

/// Why a key may not be made or rotated by this caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeds {
    /// More scopes.
    #[error(
        "a key may not hand out scopes that it does not have itself: leave out what exceeds {0}"
    )]
    Scopes(String),
    /// More addresses.
    #[error("your key is bound to {0}: the new one must have `allowed_ips` within that")]
    Addresses(String),
    /// A longer life.
    #[error("your key expires before the new one would: ask for a shorter `expires_in_days`")]
    Expiry,
    /// Another service.
    #[error(
        "your key belongs to service `{0}`: only a key with `keys:admin` makes keys for another"
    )]
    Service(String),
    /// Another environment.
    #[error(
        "your key belongs to environment `{0}`: only a key with `keys:admin` makes keys for another"
    )]
    Environment(&'static str),
    /// A higher rate.
    #[error(
        "your key is limited to {0} requests per hour: the new one must have `rate_limit_per_hour` of at most that"
    )]
    Rate(u32),
    /// Somebody else's.
    #[error("only a key with `keys:admin` makes keys for others")]
    Owner,
}

/// Why a key cannot be rotated, whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRotatable {
    /// It is revoked or expired.
    #[error(
        "key `{0}` is revoked or expired and cannot be rotated: make a new one with `hokusai keys create`"
    )]
    Inactive(String),
    /// It was rotated before and lives out its overlap.
    #[error("key `{old}` was rotated before: rotate its successor `{new}`")]
    Superseded {
        /// This key.
        old: String,
        /// The one that replaced it.
        new: String,
    },
    /// The successor would exceed the caller.
    #[error(transparent)]
    Exceeds(#[from] Exceeds),
}

/// Whether `target` exists as far as `caller` can tell.
pub fn sees(caller: &KeyRecord, target: &KeyRecord) -> bool {
    caller.owner == target.owner || manages_all(caller)
}

/// Refuses a key that would reach beyond the one that makes it.
pub fn may_make(caller: &KeyRecord, wanted: Reach<'_>) -> Result<(), Exceeds> {
    let wanted = wanted.0;
    if !covers(&caller.scopes, &wanted.scopes) {
        let held: Vec<&str> = caller.scopes.iter().map(|scope| scope.as_str()).collect();
        return Err(Exceeds::Scopes(format!("`{}`", held.join("`, `"))));
    }
    if !caller.allowed_ips.is_empty() && !is_within(&wanted.allowed_ips, &caller.allowed_ips) {
        let bound: Vec<String> = caller.allowed_ips.iter().map(ToString::to_string).collect();
        return Err(Exceeds::Addresses(bound.join(", ")));
    }
    if ends_ms(caller) < ends_ms(wanted) {
        return Err(Exceeds::Expiry);
    }
    if let Some(limit) = caller.rate_limit
        && wanted
            .rate_limit
            .is_none_or(|asked| asked.per_hour > limit.per_hour)
    {
        return Err(Exceeds::Rate(limit.per_hour));
    }
    if manages_all(caller) {
        return Ok(());
    }
    if caller.owner != wanted.owner {
        return Err(Exceeds::Owner);
    }
    if caller.service_id != wanted.service_id {
        return Err(Exceeds::Service(caller.service_id.clone()));
    }
    if caller.environment != wanted.environment {
        return Err(Exceeds::Environment(caller.environment.as_str()));
    }
    Ok(())
}

/// Refuses a rotation of a dead key, of a key in overlap, and of one that reaches beyond the caller.
pub fn may_rotate(caller: &KeyRecord, target: &KeyRecord, now_ms: i64) -> Result<(), NotRotatable> {
    if !target.is_active(now_ms) {
        return Err(NotRotatable::Inactive(target.id.clone()));
    }
    if let Some(new) = &target.rotated_to {
        return Err(NotRotatable::Superseded {
            old: target.id.clone(),
            new: new.clone(),
        });
    }
    if caller.id == target.id {
        return Ok(());
    }
    Ok(may_make(caller, Reach(target))?)
}

fn manages_all(caller: &KeyRecord) -> bool {
    may(&caller.scopes, Action::ManageAllKeys).is_ok()
}

fn is_within(inner: &[IpNet], outer: &[IpNet]) -> bool {
    !inner.is_empty()
        && inner
            .iter()
            .all(|net| outer.iter().any(|bound| bound.contains(net)))
}

fn ends_ms(key: &KeyRecord) -> i64 {
    key.expires_at_ms
        .unwrap_or(i64::MAX)
        .min(key.revoked_at_ms.unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Scope;
    use crate::key::{Environment, KeyHash, RateLimit};

    fn key(id: &str, owner: &str, scopes: &[Scope]) -> KeyRecord {
        KeyRecord {
            id: id.to_owned(),
            hash: KeyHash([0; 32]),
            name: id.to_owned(),
            prefix: String::new(),
            owner: owner.to_owned(),
            service_id: "platform".to_owned(),
            environment: Environment::Live,
            scopes: scopes.to_vec(),
            allowed_ips: Vec::new(),
            rate_limit: None,
            created_at_ms: 0,
            expires_at_ms: None,
            revoked_at_ms: None,
            last_used_at_ms: None,
            rotated_to: None,
            chain_id: id.to_owned(),
            last_refusal: None,
        }
    }

    #[test]
    fn only_an_administrator_sees_the_keys_of_others() {
        let target = key("t", "ada", &[Scope::ModelRead]);
        assert!(sees(&key("c", "ada", &[Scope::ModelRead]), &target));
        assert!(!sees(&key("c", "bob", &[Scope::ModelWrite]), &target));
        assert!(sees(&key("c", "bob", &[Scope::KeysAdmin]), &target));
    }

    #[test]
    fn nobody_makes_a_key_beyond_their_own() {
        let caller = KeyRecord {
            allowed_ips: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at_ms: Some(100),
            rate_limit: Some(RateLimit { per_hour: 60 }),
            ..key("c", "ada", &[Scope::ModelWrite])
        };
        let same = KeyRecord {
            id: "new".to_owned(),
            ..caller.clone()
        };
        assert_eq!(may_make(&caller, Reach(&same)), Ok(()));
        let beyond: [(KeyRecord, &str); 7] = [
            (
                KeyRecord {
                    scopes: vec![Scope::Admin],
                    ..same.clone()
                },
                "scopes",
            ),
            (
                KeyRecord {
                    allowed_ips: Vec::new(),
                    ..same.clone()
                },
                "any address",
            ),
            (
                KeyRecord {
                    allowed_ips: vec!["0.0.0.0/0".parse().unwrap()],
                    ..same.clone()
                },
                "wider",
            ),
            (
                KeyRecord {
                    expires_at_ms: None,
                    ..same.clone()
                },
                "expiry",
            ),
            (
                KeyRecord {
                    rate_limit: None,
                    ..same.clone()
                },
                "rate",
            ),
            (
                KeyRecord {
                    owner: "bob".to_owned(),
                    ..same.clone()
                },
                "owner",
            ),
            (
                KeyRecord {
                    environment: Environment::Test,
                    ..same.clone()
                },
                "environment",
            ),
        ];
        for (wanted, what) in beyond {
            assert!(may_make(&caller, Reach(&wanted)).is_err(), "{what}");
        }
    }

    #[test]
    fn a_dead_or_superseded_or_stronger_key_is_not_rotated() {
        let strong = key("s", "ada", &[Scope::ModelWrite]);
        let weak = key("w", "ada", &[Scope::ModelRead]);
        assert_eq!(may_rotate(&strong, &strong, 10), Ok(()));
        assert_eq!(may_rotate(&strong, &weak, 10), Ok(()));
        assert!(matches!(
            may_rotate(&weak, &strong, 10),
            Err(NotRotatable::Exceeds(_))
        ));
        let dead = KeyRecord {
            revoked_at_ms: Some(5),
            ..strong.clone()
        };
        assert!(matches!(
            may_rotate(&strong, &dead, 10),
            Err(NotRotatable::Inactive(_))
        ));
        let overlapping = KeyRecord {
            revoked_at_ms: Some(50),
            rotated_to: Some("n".to_owned()),
            ..strong.clone()
        };
        assert!(matches!(
            may_rotate(&overlapping, &overlapping, 10),
            Err(NotRotatable::Superseded { .. })
        ));
    }
}
