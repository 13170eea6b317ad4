//! A world of requests that is small enough to try every one, and random listeners over its letters.

use std::borrow::Cow;

use hokusai_routes::model::{
    Action, Condition, Glob, HostPort, Listener, Pattern, Protocol, QueryPair, Regex, Rule, Test,
};
use hokusai_routes::request::Request;
use proptest::prelude::*;

type Pairs = Vec<(Cow<'static, str>, Cow<'static, str>)>;

fn text(alphabet: &'static str, longest: usize) -> impl Strategy<Value = String> {
    let letters: Vec<char> = alphabet.chars().collect();
    prop::collection::vec(prop::sample::select(letters), 0..=longest)
        .prop_map(|letters| letters.into_iter().collect())
}

fn regex_text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "^a",
        "a$",
        "^a$",
        "^[ab]*$",
        "b.",
        "^(a|bb)+$",
        "^$",
        "a?b",
        "^/a",
        "^.a*$",
        "(^a)|b$",
    ])
}

fn pattern(
    alphabet: &'static str,
    glob: fn(&str) -> Glob,
    regex: fn(&str) -> Result<Regex, hokusai_routes::model::InvalidRegex>,
) -> impl Strategy<Value = Pattern> {
    prop_oneof![
        4 => text(alphabet, 3).prop_map(move |text| Pattern::Glob(glob(&text))),
        1 => regex_text().prop_map(move |text| Pattern::Regex(regex(text).expect("compiles"))),
    ]
}

/// A host, half of them with a port or a regex about one.
fn host() -> impl Strategy<Value = Pattern> {
    let name = pattern("AaB*?.", Glob::host, Regex::host);
    let port = prop::sample::select(vec!["", "", "", ":1", ":*", ":"]);
    (name, port).prop_map(|(name, port)| match name {
        Pattern::Glob(glob) => Pattern::Glob(Glob::host(&format!("{}{port}", glob.text()))),
        Pattern::Regex(_) if !port.is_empty() => {
            Pattern::Regex(Regex::host("^a(:1)?$").expect("compiles"))
        }
        Pattern::Regex(regex) => Pattern::Regex(regex),
    })
}

fn test() -> impl Strategy<Value = Test> {
    let few = 1..=2usize;
    let header = (
        prop::sample::select(vec!["X", "y"]),
        prop::collection::vec(pattern("ab*?", Glob::header, Regex::header), few.clone()),
    );
    let path = text("ab*?/", 3).prop_map(|rest| Pattern::Glob(Glob::path(&format!("/{rest}"))));
    let free_path = pattern("ab*?/", Glob::path, Regex::path);
    let pair = (prop::option::of(text("ab*?", 2)), text("ab*?", 2));
    let pair = pair.prop_map(|(key, value)| QueryPair {
        key: key.as_deref().map(Glob::query),
        value: Glob::query(&value),
    });
    let net = prop::sample::select(vec![
        "127.0.0.0/8",
        "10.0.0.0/8",
        "10.128.0.0/9",
        "0.0.0.0/0",
        "::/0",
        "fe80::/10",
    ]);
    let net = net.prop_map(|net| net.parse().expect("a net"));
    prop_oneof![
        4 => prop::collection::vec(host(), few.clone()).prop_map(Test::Host),
        4 => prop::collection::vec(prop_oneof![3 => path, 1 => free_path], few.clone()).prop_map(Test::Path),
        2 => header.prop_map(|(name, values)| Test::Header { name: name.to_owned(), values }),
        1 => prop::collection::vec(prop::sample::select(vec!["GET", "POST", "X"]), few.clone())
            .prop_map(|methods| Test::Method(methods.into_iter().map(str::to_owned).collect())),
        2 => prop::collection::vec(pair, few.clone()).prop_map(Test::Query),
        1 => prop::collection::vec(net, few).prop_map(Test::SourceIp),
    ]
}

pub(crate) fn listener() -> impl Strategy<Value = Listener> {
    let conditions = prop::collection::vec(test().prop_map(Condition::new), 0..=3);
    let rules = prop::collection::vec((conditions, 0..3u8), 1..=5);
    let host_port = prop_oneof![3 => Just(HostPort::Ignored), 1 => Just(HostPort::Compared)];
    (rules, host_port).prop_map(|(rules, host_port)| {
        let rule = |(index, (conditions, group)): (usize, (Vec<Condition>, u8))| Rule {
            name: format!("r{index}"),
            priority: u32::try_from(index).expect("few") + 1,
            conditions,
            action: Action::forward(format!("t{group}")),
            authentication: None,
            transforms: Vec::new(),
            span: None,
        };
        Listener {
            name: "l".to_owned(),
            protocol: Protocol::Http,
            port: 80,
            bind: None,
            host_port,
            certificates: Vec::new(),
            rules: rules.into_iter().enumerate().map(rule).collect(),
            default: Action::respond(404),
            default_span: None,
            span: None,
        }
    })
}

fn words(alphabet: &[u8], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        let grow = |word: &String| {
            alphabet
                .iter()
                .map(|&b| format!("{word}{}", char::from(b)))
                .collect::<Vec<_>>()
        };
        last = last.iter().flat_map(grow).collect();
        all.extend(last.clone());
    }
    all
}

fn is_name(host: &str) -> bool {
    !host.is_empty() && host.split('.').all(|label| !label.is_empty())
}

/// Lists of occurrences: none, one, or two.
fn multisets<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let one = items.iter().map(|item| vec![item.clone()]);
    let pairs = items.iter().enumerate().flat_map(|(index, first)| {
        items[index..]
            .iter()
            .map(move |second| vec![first.clone(), second.clone()])
    });
    std::iter::once(Vec::new())
        .chain(one)
        .chain(pairs)
        .collect()
}

/// What a world varies: only what the table tests, so that it stays small.
pub(crate) struct World {
    hosts: Vec<String>,
    paths: Vec<String>,
    headers: Vec<Pairs>,
    queries: Vec<Pairs>,
    methods: Vec<&'static str>,
    peers: Vec<&'static str>,
}

const LONGEST: usize = 2;

impl World {
    pub(crate) fn of(listener: &Listener) -> Self {
        let tests = |field: &str| {
            listener
                .rules
                .iter()
                .flat_map(|rule| &rule.conditions)
                .any(|c| c.test.field() == field)
        };
        let pick = |field: &str, all: Vec<String>, one: &str| {
            if tests(field) {
                all
            } else {
                vec![one.to_owned()]
            }
        };
        let values = words(b"abc", 1);
        let header = |name: &'static str| {
            values
                .iter()
                .map(move |v| (Cow::Borrowed(name), Cow::Owned(v.clone())))
        };
        let headers: Vec<_> = header("x").chain(header("Y")).collect();
        let keys = values.iter().filter(|key| !key.is_empty());
        let pairs: Vec<_> = keys
            .flat_map(|key| {
                values
                    .iter()
                    .map(|value| (Cow::Owned(key.clone()), Cow::Owned(value.clone())))
            })
            .collect();
        let names = words(b"abc.", LONGEST).into_iter().filter(|h| is_name(h));
        let mut hosts: Vec<String> = names.collect();
        if listener.host_port == HostPort::Compared {
            let ports = ["a", "b", "c"].map(|name| [format!("{name}:0"), format!("{name}:1")]);
            hosts.extend(ports.into_iter().flatten());
        }
        Self {
            hosts: pick("host-header", hosts, "c"),
            paths: pick(
                "path-pattern",
                words(b"abc/", LONGEST)
                    .into_iter()
                    .map(|w| format!("/{w}"))
                    .collect(),
                "/",
            ),
            headers: if tests("http-header") {
                multisets(&headers)
            } else {
                vec![Vec::new()]
            },
            queries: if tests("query-string") {
                multisets(&pairs)
            } else {
                vec![Vec::new()]
            },
            methods: if tests("http-request-method") {
                vec!["GET", "POST", "X", "PUT"]
            } else {
                vec!["GET"]
            },
            peers: if tests("source-ip") {
                vec![
                    "127.0.0.1",
                    "10.0.0.1",
                    "10.128.0.1",
                    "9.0.0.1",
                    "::1",
                    "fe80::1",
                ]
            } else {
                vec!["127.0.0.1"]
            },
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.hosts.len()
            * self.paths.len()
            * self.headers.len()
            * self.queries.len()
            * self.methods.len()
            * self.peers.len()
    }

    pub(crate) fn each(&self, mut visit: impl FnMut(&Request<'static>)) {
        let mut request = Request::get("", "");
        for peer in &self.peers {
            request.peer = peer.parse().expect("an address");
            for &method in &self.methods {
                request.method = Cow::Borrowed(method);
                for headers in &self.headers {
                    request.headers.clone_from(headers);
                    for query in &self.queries {
                        request.query.clone_from(query);
                        for host in &self.hosts {
                            request.host = Some(Cow::Owned(host.clone()));
                            for path in &self.paths {
                                request.path = Cow::Owned(path.clone());
                                visit(&request);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a request is small enough to have been tried.
pub(crate) fn is_of_world(request: &Request<'_>) -> bool {
    let within = |text: &str| text.len() <= 1 && text.bytes().all(|b| b"abc".contains(&b));
    let host = request.host.as_deref().unwrap_or_default();
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let longest = LONGEST - usize::from(!port.is_empty());
    port.len() <= 1
        && request.headers.len() <= 2
        && request.query.len() <= 2
        && request.headers.iter().all(|(_, value)| within(value))
        && request
            .query
            .iter()
            .all(|(key, value)| within(key) && within(value))
        && host.len() <= longest
        && host.bytes().all(|b| b"abc.".contains(&b))
        && request.path.len() <= LONGEST + 1
        && request.path.bytes().all(|b| b"abc/".contains(&b))
}

/// What the prover minimises: all text, and one for each occurrence.
pub(crate) fn length(request: &Request<'_>) -> usize {
    let pairs = |pairs: &[(Cow<'_, str>, Cow<'_, str>)], own: usize| -> usize {
        pairs
            .iter()
            .map(|(key, value)| {
                if own == 0 {
                    value.len() + 1
                } else {
                    key.len() + value.len() + 2
                }
            })
            .sum()
    };
    request.host.as_deref().unwrap_or_default().len()
        + request.path.len()
        + pairs(&request.headers, 0)
        + pairs(&request.query, 1)
}

/// A byte that stands for all that the table does not name is `c` in the world.
pub(crate) fn folded(request: &Request<'static>) -> Request<'static> {
    let fold = |text: &str| -> Cow<'static, str> {
        let keep = |c: char| if "ab./".contains(c) { c } else { 'c' };
        Cow::Owned(text.chars().map(keep).collect())
    };
    // Of a port, digits that the table does not name are `0`.
    let fold_host = |host: &str| -> Cow<'static, str> {
        let (name, port) = host.split_once(':').unwrap_or((host, ""));
        let digits = port.chars().map(|c| if c == '1' { c } else { '0' });
        let colon = if host.contains(':') { ":" } else { "" };
        Cow::Owned(format!(
            "{}{colon}{}",
            fold(name),
            digits.collect::<String>()
        ))
    };
    let pairs = |pairs: &Pairs, keys: bool| -> Pairs {
        pairs
            .iter()
            .map(|(k, v)| (if keys { fold(k) } else { k.clone() }, fold(v)))
            .collect()
    };
    Request {
        host: request.host.as_deref().map(fold_host),
        path: fold(&request.path),
        headers: pairs(&request.headers, false),
        query: pairs(&request.query, true),
        ..request.clone()
    }
}

/// Larger worlds are left out, so that a table takes milliseconds.
pub(crate) const MAX_WORLD: usize = 60_000;
