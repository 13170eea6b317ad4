//! Requests: random ones, and the witnesses of each listener's rules and findings.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use hokusai_routes::finding::Finding;
use hokusai_routes::findings;
use hokusai_routes::model::{Listener, Table};
use hokusai_routes::prover::Verdict;
use hokusai_routes::questions::Questions;
use hokusai_routes::request::Request;

use crate::dice::Dice;

/// A request, and whether a proxy may refuse it.
pub(crate) struct Sent {
    pub(crate) request: Request<'static>,
    /// The target as it is written, with the query as it was drawn.
    pub(crate) target: String,
    pub(crate) is_odd: bool,
    pub(crate) is_witness: bool,
}

/// A random request.
pub(crate) fn random(dice: &mut Dice) -> Sent {
    let mut host = dice.text("aAb.", 4);
    if host.is_empty() || dice.once_in(4) {
        host.push_str("a.b");
    }
    if dice.once_in(6) {
        host.push_str(dice.pick(&[":80", ":8443"], ":80"));
    }
    let path = format!("/{}", dice.text("aAb/.", 4));
    let query = if dice.once_in(2) {
        dice.text("ab=&B", 5)
    } else {
        String::new()
    };
    let mut request = Request::get(host, path);
    request.query = owned(Request::split_query(&query));
    request.method = Cow::Borrowed(dice.pick(&["GET", "GET", "POST", "DELETE", "PURGE"], "GET"));
    for _ in 0..dice.roll(3) {
        let name = dice.pick(&["x-a", "X-B"], "x-a");
        request
            .headers
            .push((Cow::Borrowed(name), Cow::Owned(dice.text("aAb,", 3))));
    }
    let peer = dice.pick(
        &[[127, 0, 0, 1], [127, 1, 0, 1], [127, 1, 2, 3]],
        [127, 0, 0, 1],
    );
    request.peer = IpAddr::V4(Ipv4Addr::from(peer));
    let target = match query.as_str() {
        "" => request.path.to_string(),
        query => format!("{}?{query}", request.path),
    };
    Sent {
        request,
        target,
        is_odd: false,
        is_witness: false,
    }
}

/// The shortest request of each rule of a listener, of its default, and of each finding.
pub(crate) fn witnesses(table: &Table, listener: &Listener) -> Vec<Sent> {
    let questions = Questions::new(listener);
    let mut all: Vec<(Request<'static>, bool)> = Vec::new();
    for decider in questions.deciders() {
        match questions.reaches(decider, &[], &[]) {
            Verdict::Witness(request) => all.push((request, false)),
            Verdict::OddWitness(request) => all.push((request, true)),
            Verdict::Proven | Verdict::Unknown => {}
        }
    }
    let alone = Table {
        listeners: vec![listener.clone()],
        ..table.clone()
    };
    let of_finding = |finding: Finding| finding.witness.map(|request| (request, true));
    all.extend(
        findings::check(&alone)
            .findings
            .into_iter()
            .filter_map(of_finding),
    );
    // Only addresses of this machine can be sent from, and only methods that Envoy knows.
    let can_be_sent = |request: &Request<'_>| match request.peer {
        IpAddr::V4(peer) => peer.is_loopback() && !request.method.starts_with("XX"),
        IpAddr::V6(_) => false,
    };
    let all = all.into_iter().filter(|(request, _)| can_be_sent(request));
    all.map(|(request, is_odd)| Sent {
        target: target(&request),
        request,
        is_odd,
        is_witness: true,
    })
    .collect()
}

fn target(request: &Request<'_>) -> String {
    let pairs: Vec<String> = request
        .query
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if pairs.is_empty() {
        return request.path.to_string();
    }
    format!("{}?{}", request.path, pairs.join("&"))
}

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn owned(pairs: Pairs<'_>) -> Pairs<'static> {
    let pair = |(key, value): (Cow<'_, str>, Cow<'_, str>)| {
        (Cow::Owned(key.into_owned()), Cow::Owned(value.into_owned()))
    };
    pairs.into_iter().map(pair).collect()
}
