//! Values of conditions, alike in the load balancer's API and in Terraform.

use std::net::IpAddr;

use ipnet::IpNet;

use super::node::Node;
use super::notes::Notes;
use crate::model::{Glob, InvalidRegex, Pattern, Regex};

/// How one kind of condition reads its values.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    glob: fn(&str) -> Glob,
    regex: fn(&str) -> Result<Regex, InvalidRegex>,
}

/// Values of a host condition.
pub(super) const HOST: Kind = Kind {
    glob: Glob::host,
    regex: Regex::host,
};
/// Values of a path condition.
pub(super) const PATH: Kind = Kind {
    glob: Glob::path,
    regex: Regex::path,
};
/// Values of a header condition.
pub(super) const HEADER: Kind = Kind {
    glob: Glob::header,
    regex: Regex::header,
};

/// The patterns of plain values and regular expressions.
pub(super) fn patterns(
    notes: &Notes,
    kind: Kind,
    plain: Option<&Node>,
    regexes: Option<&Node>,
) -> Vec<Pattern> {
    let plain = plain.map(|node| notes.texts("values", node));
    let globs = plain.unwrap_or_default().into_iter();
    let mut patterns: Vec<_> = globs
        .map(|text| Pattern::Glob((kind.glob)(&text)))
        .collect();
    for node in regexes.map_or(&[][..], |node| notes.list("regex values", node)) {
        let Some(text) = notes.text("regex value", node) else {
            continue;
        };
        match (kind.regex)(&text) {
            Ok(regex) => patterns.push(Pattern::Regex(regex)),
            Err(error) => {
                notes.unreadable(node.span, error.to_string(), "correct the expression");
            }
        }
    }
    patterns
}

/// The address ranges of a list.
pub(super) fn nets(notes: &Notes, node: &Node) -> Vec<IpNet> {
    let each = notes.list("values", node).iter();
    each.filter_map(|node| net(notes, node)).collect()
}

fn net(notes: &Notes, node: &Node) -> Option<IpNet> {
    let text = notes.text("source address", node)?;
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let net = text.parse().ok().or_else(address);
    if net.is_none() {
        let shown: String = text.chars().take(60).collect();
        let message = format!("`{shown}` is not an address range");
        notes.unreadable(node.span, message, "write it as `10.0.0.0/8`");
    }
    net
}
