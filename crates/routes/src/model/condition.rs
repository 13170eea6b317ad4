//! Conditions of a rule: and-ed with each other, the values of one are or-ed.

use ipnet::IpNet;

use super::{Glob, Regex};
use crate::source::Span;

/// One condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What is tested.
    pub test: Test,
    /// Where it was written.
    pub span: Option<Span>,
}

/// What a condition tests. It holds when at least one of its values matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The Host header, in any letter case. A request without Host matches none.
    Host(Vec<Pattern>),
    /// The path of the URL without its query, letter case counts.
    Path(Vec<Pattern>),
    /// Any occurrence of the header, in any letter case.
    Header {
        /// Name of the header; no wildcards.
        name: String,
        /// Values.
        values: Vec<Pattern>,
    },
    /// The method, exactly.
    Method(Vec<String>),
    /// Any pair of the query string, in any letter case.
    Query(Vec<QueryPair>),
    /// The address of the TCP peer, never a forwarding header.
    SourceIp(Vec<IpNet>),
}

/// A value with wildcards, or a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `*` and `?`; must match the whole subject.
    Glob(Glob),
    /// Found anywhere in the subject unless it says `^` and `$`.
    Regex(Regex),
}

/// A pair of the query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPair {
    /// Key; absent means any.
    pub key: Option<Glob>,
    /// Value.
    pub value: Glob,
}

impl Condition {
    /// A condition without a source.
    pub fn new(test: Test) -> Self {
        Self { test, span: None }
    }

    /// A host condition with plain values.
    pub fn host(values: &[&str]) -> Self {
        Self::new(Test::Host(
            values
                .iter()
                .map(|v| Pattern::Glob(Glob::host(v)))
                .collect(),
        ))
    }

    /// A path condition with plain values.
    pub fn path(values: &[&str]) -> Self {
        Self::new(Test::Path(
            values
                .iter()
                .map(|v| Pattern::Glob(Glob::path(v)))
                .collect(),
        ))
    }

    /// A header condition with plain values.
    pub fn header(name: &str, values: &[&str]) -> Self {
        let values = values
            .iter()
            .map(|v| Pattern::Glob(Glob::header(v)))
            .collect();
        Self::new(Test::Header {
            name: name.to_owned(),
            values,
        })
    }

    /// A method condition.
    pub fn method(values: &[&str]) -> Self {
        Self::new(Test::Method(values.iter().map(|&v| v.to_owned()).collect()))
    }

    /// A query condition with one `key=value`, or a value for any key.
    pub fn query(key: Option<&str>, value: &str) -> Self {
        let pair = QueryPair {
            key: key.map(Glob::query),
            value: Glob::query(value),
        };
        Self::new(Test::Query(vec![pair]))
    }
}

impl Test {
    /// Name of the condition as the load balancer's API spells it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Host(_) => "host-header",
            Self::Path(_) => "path-pattern",
            Self::Header { .. } => "http-header",
            Self::Method(_) => "http-request-method",
            Self::Query(_) => "query-string",
            Self::SourceIp(_) => "source-ip",
        }
    }

    /// The values as they were written.
    pub fn values(&self) -> Vec<String> {
        match self {
            Self::Host(values) | Self::Path(values) | Self::Header { values, .. } => {
                values.iter().map(|value| value.text().to_owned()).collect()
            }
            Self::Method(values) => values.clone(),
            Self::Query(pairs) => pairs.iter().map(QueryPair::to_string).collect(),
            Self::SourceIp(nets) => nets.iter().map(IpNet::to_string).collect(),
        }
    }
}

impl Pattern {
    /// The value as it was written.
    pub fn text(&self) -> &str {
        match self {
            Self::Glob(glob) => glob.text(),
            Self::Regex(regex) => regex.text(),
        }
    }

    /// Whether the subject matches.
    pub fn matches(&self, subject: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(subject),
            Self::Regex(regex) => regex.matches(subject),
        }
    }
}

impl std::fmt::Display for QueryPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}={}", key.text(), self.value.text()),
            None => f.write_str(self.value.text()),
        }
    }
}
