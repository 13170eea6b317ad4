//! A rule's conditions as ACLs: several lines of one name are or-ed, names on one line are and-ed.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{line, quoted};
use crate::model::{Pattern, Rule, Test};
use crate::writer::expression;

/// Writes the ACLs of a rule; gives what stands after `if` to ask for all of them.
pub(super) fn write(out: &mut String, prefix: &str, rule: &Rule) -> String {
    let mut asked = String::new();
    for (number, condition) in (1..).zip(&rule.conditions) {
        let name = format!("{prefix}_c{number}");
        for test in tests(&condition.test) {
            line(out, 1, &format!("acl {name} {test}"));
        }
        asked.push(' ');
        asked.push_str(&name);
    }
    asked
}

/// One test per line, any of which is enough; a condition without values never holds.
fn tests(test: &Test) -> Vec<String> {
    let lines = match test {
        Test::Host(values) => patterns("var(txn.host)", values),
        Test::Path(values) => patterns("path", values),
        // `req.fhdr` in an ACL looks at each occurrence, and does not split it at commas.
        Test::Header { name, values } => {
            patterns(&format!("req.fhdr({})", name.to_ascii_lowercase()), values)
        }
        Test::Method(methods) => {
            let quoted: Vec<String> = methods.iter().map(|method| quoted(method)).collect();
            quoted
                .iter()
                .map(|method| format!("method -m str {method}"))
                .collect()
        }
        Test::Query(pairs) => {
            let pair = |pair| {
                let inner = expression::pairs(std::slice::from_ref(pair));
                format!("query -m reg {}", quoted(&format!("(?:^|&){inner}(?:&|$)")))
            };
            pairs.iter().map(pair).collect()
        }
        Test::SourceIp(nets) => nets
            .iter()
            .flat_map(without_mapped)
            .map(|net| format!("src {net}"))
            .collect(),
    };
    if lines.is_empty() {
        return vec!["always_false".to_owned()];
    }
    lines
}

fn patterns(sample: &str, values: &[Pattern]) -> Vec<String> {
    let one = |value: &Pattern| {
        let expression = expression::found(std::slice::from_ref(value));
        format!("{sample} -m reg {}", quoted(&expression))
    };
    values.iter().map(one).collect()
}

/// HAProxy takes an IPv4 client for `::ffff:a.b.c.d` when it compares it with an IPv6 range; the load balancer does not.
/// A range that holds those addresses is written as the ranges around them.
fn without_mapped(net: &IpNet) -> Vec<IpNet> {
    let mapped = Ipv6Net::new_assert(Ipv4Net::default().addr().to_ipv6_mapped(), MAPPED_PREFIX);
    let mut rest = match net {
        IpNet::V6(net) if net.contains(&mapped) => *net,
        net => return vec![*net],
    };
    let mut kept = Vec::new();
    while rest != mapped {
        let Ok(halves) = rest.subnets(rest.prefix_len() + 1) else {
            break;
        };
        for half in halves {
            if half.contains(&mapped) {
                rest = half;
            } else {
                kept.push(IpNet::V6(half));
            }
        }
    }
    kept
}

/// `::ffff:0:0/96`.
const MAPPED_PREFIX: u8 = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_around_mapped_addresses_leaves_them_out() {
        let all = without_mapped(&"::/0".parse().unwrap());
        assert_eq!(all.len(), 96);
        let holds = |address: &str| {
            all.iter()
                .any(|net| net.contains(&address.parse::<std::net::IpAddr>().unwrap()))
        };
        assert!(holds("::1") && holds("fe80::1") && holds("::fffe:1.2.3.4"));
        assert!(!holds("::ffff:1.2.3.4"));
        assert_eq!(without_mapped(&"fe80::/10".parse().unwrap()).len(), 1);
    }
}
