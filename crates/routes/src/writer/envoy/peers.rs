//! Address ranges. Ranges are nested or apart, so the smallest one that holds an address tells which others do, and Envoy
//! takes the filter chain of the smallest one: a chain for each, with the rules whose address conditions hold there,
//! and one for all other addresses.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::model::{Listener, Rule, Test};

/// Each range with the rules whose address conditions hold for addresses of it and of no smaller one; first, without a
/// range, those for all other addresses.
pub(super) fn ranges(listener: &Listener) -> Vec<(Option<IpNet>, Vec<&Rule>)> {
    let rules = listener.ordered();
    let nets: BTreeSet<IpNet> = rules
        .iter()
        .flat_map(|rule| tested(rule).into_iter().flatten())
        .map(IpNet::trunc)
        .collect();
    let of_range = |range: Option<IpNet>| {
        let holds = |net: &IpNet| range.is_some_and(|range| net.contains(&range));
        let holding = rules.iter().copied().filter(|rule| {
            let mut conditions = tested(rule).into_iter();
            conditions.all(|nets| nets.iter().any(holds))
        });
        (range, holding.collect())
    };
    let ranges = nets.into_iter().map(Some);
    std::iter::once(None).chain(ranges).map(of_range).collect()
}

/// Envoy takes a chain for all addresses of one kind for one without any range; so that is written as two halves.
pub(super) fn halves(net: IpNet) -> Vec<IpNet> {
    if net.prefix_len() > 0 {
        return vec![net];
    }
    net.subnets(1).map_or(vec![net], Iterator::collect)
}

/// The ranges of each address condition of a rule.
fn tested(rule: &Rule) -> Vec<&[IpNet]> {
    let nets = rule
        .conditions
        .iter()
        .filter_map(|condition| match &condition.test {
            Test::SourceIp(nets) => Some(nets.as_slice()),
            _ => None,
        });
    nets.collect()
}
