//! The tables that are enforced: one, or two with a share of the clients each.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::generation::Generation;

/// What is enforced at one moment; replaced as a whole.
#[derive(Clone)]
pub(crate) struct Installed {
    /// Counts the changes.
    pub(crate) revision: u64,
    pub(crate) current: Arc<Generation>,
    /// What was current before the last promotion.
    pub(crate) previous: Option<Arc<Generation>>,
    pub(crate) next: Option<Arc<Generation>>,
    /// Percent of the clients of a listener that `next` decides about; 0 where nothing stands.
    pub(crate) next_percent: BTreeMap<String, u8>,
}

impl Installed {
    /// The table that decides about a client of a listener. A client stays with `next` while its share grows.
    pub(crate) fn choose(&self, listener: &str, client: IpAddr) -> &Arc<Generation> {
        let Some(next) = &self.next else {
            return &self.current;
        };
        let share = self.next_percent.get(listener).copied().unwrap_or(0);
        if bucket(client) < share {
            next
        } else {
            &self.current
        }
    }

    /// The tables by name.
    pub(crate) fn generations(&self) -> impl Iterator<Item = (&'static str, &Arc<Generation>)> {
        let next = self.next.iter().map(|next| ("next", next));
        [("current", &self.current)].into_iter().chain(next)
    }
}

/// 0 to 99, the same for a client in every process and release (FNV-1a, then mixed). IPv6 clients change the last 64 bits of
/// their addresses at will: those don't count.
pub(crate) fn bucket(client: IpAddr) -> u8 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let basis = 0xcbf2_9ce4_8422_2325;
    let hash = match client.to_canonical() {
        IpAddr::V4(address) => address.octets().iter().fold(basis, step),
        IpAddr::V6(address) => address.octets().iter().take(8).fold(basis, step),
    };
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u8::try_from((mixed >> 40) % 100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn clients_spread_evenly_and_stay_where_they_are() {
        let mut counts = [0_u32; 10];
        for number in 0..10_000_u32 {
            let client = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
            assert_eq!(bucket(client), bucket(client));
            counts[usize::from(bucket(client) / 10)] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1200).contains(count)),
            "{counts:?}"
        );
        let bucket_of = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(bucket_of("::ffff:10.0.0.1"), bucket_of("10.0.0.1"));
        assert_eq!(bucket_of("2001:db8::1"), bucket_of("2001:db8::2"));
        // Of the same release for ever: a rolling restart must not move clients.
        assert_eq!([bucket_of("10.0.0.1"), bucket_of("127.0.0.1")], [71, 78]);
    }
}
