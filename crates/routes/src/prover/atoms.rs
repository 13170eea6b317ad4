//! Methods and addresses: finitely many kinds, one of each kind is enough.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::states::Set;

/// A method and an address that stand for all that the sets can't tell from them.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) method: String,
    pub(super) peer: IpAddr,
}

/// One atom of each kind, the plain ones first: GET from the loopback address.
pub(super) fn atoms(sets: &[&Set]) -> Vec<Atom> {
    let methods = distinct(methods(sets), |method, seen: &mut Vec<bool>| {
        let tests = sets.iter().flat_map(|set| &set.methods);
        seen.extend(tests.map(|values| values.contains(method)));
    });
    let peers = distinct(peers(sets), |peer, seen: &mut Vec<bool>| {
        let tests = sets.iter().flat_map(|set| &set.nets);
        seen.extend(tests.map(|nets| nets.iter().any(|net| net.contains(peer))));
    });
    let pairs = methods
        .iter()
        .flat_map(|method| peers.iter().map(move |peer| (method, *peer)));
    pairs
        .map(|(method, peer)| Atom {
            method: method.clone(),
            peer,
        })
        .collect()
}

/// Whether the finite conditions of the set hold.
pub(super) fn satisfies(set: &Set, atom: &Atom) -> bool {
    set.methods
        .iter()
        .all(|values| values.contains(&atom.method))
        && set
            .nets
            .iter()
            .all(|nets| nets.iter().any(|net| net.contains(&atom.peer)))
}

fn distinct<T>(candidates: Vec<T>, signature: impl Fn(&T, &mut Vec<bool>)) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for candidate in candidates {
        let mut holds = Vec::new();
        signature(&candidate, &mut holds);
        if seen.insert(holds) {
            kept.push(candidate);
        }
    }
    kept
}

fn methods(sets: &[&Set]) -> Vec<String> {
    let mentioned: Vec<&String> = sets
        .iter()
        .flat_map(|set| set.methods.iter().flatten())
        .collect();
    let mut all: Vec<String> = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
        .iter()
        .map(|&method| method.to_owned())
        .collect();
    all.extend(mentioned.iter().map(|&method| method.clone()));
    // A method that nobody mentions: longer than all that are.
    let longest = mentioned
        .iter()
        .map(|method| method.len())
        .max()
        .unwrap_or(0);
    all.push("X".repeat(longest + 1));
    all
}

/// The loopback address, then the first address of every range and the first one after it: each kind starts at one.
fn peers(sets: &[&Set]) -> Vec<IpAddr> {
    let nets = sets.iter().flat_map(|set| set.nets.iter().flatten());
    let mut all = vec![
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    for net in nets {
        all.push(net.network());
        all.extend(after(net));
    }
    all
}

fn after(net: &IpNet) -> Option<IpAddr> {
    match net.broadcast() {
        IpAddr::V4(last) => u32::from(last)
            .checked_add(1)
            .map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(last) => u128::from(last)
            .checked_add(1)
            .map(|next| IpAddr::V6(next.into())),
    }
}
