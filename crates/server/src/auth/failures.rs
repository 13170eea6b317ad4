//! How many bad keys one address may present to an anonymous `validate`, in bounded memory.
//!
//! Good keys from the same address always pass: only the answer to a bad one changes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use hokusai_core::key::{RateDecision, RateLimit, RateState};

/// One bucket per address, or per /64 of IPv6.
#[derive(Default)]
pub(super) struct Failures(HashMap<Option<IpAddr>, RateState>);

impl Failures {
    /// Counts a failure of `address`; not allowed means too many.
    pub(super) fn count(&mut self, address: Option<IpAddr>, now_ms: u64) -> RateDecision {
        if self.0.len() >= MOST_ADDRESSES {
            // Forgetting is cheap for an attacker with that many addresses, and never costs a good key anything.
            self.0.clear();
        }
        let state = self.0.entry(address.map(network)).or_default();
        LIMIT.spend(state, now_ms)
    }
}

/// What one customer of a network has: an address, or a /64 of IPv6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
    }
}

/// Ten a second over a minute: no person and no script that mends its key meets it.
const LIMIT: RateLimit = RateLimit { per_hour: 36_000 };
/// A few hundred kilobytes; beyond it all are forgotten, which costs no good key anything.
const MOST_ADDRESSES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_runs_dry_and_its_neighbour_does_not() {
        let mut failures = Failures::default();
        let first: IpAddr = "2001:db8::1".parse().unwrap();
        let same_network: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "2001:db8:1::1".parse().unwrap();
        while failures.count(Some(first), 0).allowed {}
        assert!(!failures.count(Some(same_network), 0).allowed);
        assert!(failures.count(Some(other), 0).allowed);
    }

    #[test]
    fn memory_is_bounded() {
        let mut failures = Failures::default();
        for n in 0..20_000_u32 {
            failures.count(Some(IpAddr::V4(n.into())), 0);
        }
        assert!(failures.0.len() <= MOST_ADDRESSES);
    }
}
