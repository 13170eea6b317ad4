//! A finding: what is wrong, where, the request that shows it, and what to do.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::fix::Fix;
use crate::request::Request;
use crate::source::Span;

/// Something wrong with a table. Data: the binary renders it, this crate prints nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Stable code; its manual page is the file of the finding.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The shortest request that shows it, for findings about requests.
    #[serde(serialize_with = "witness")]
    pub witness: Option<Request<'static>>,
    /// Name of the rule.
    pub rule: Option<String>,
    /// Name of the listener.
    pub listener: Option<String>,
    /// What the witness reaches.
    pub reaches: Option<String>,
    /// What it should reach.
    pub expected: Option<String>,
    /// The host of the intent that is violated.
    #[serde(skip)]
    pub host: Option<String>,
    /// The path of the intent that is violated.
    #[serde(skip)]
    pub path: Option<String>,
    /// What to do.
    pub help: String,
    /// A repair that was proven to remove the finding. (Within a check, until it is proven, one that may.)
    #[serde(skip)]
    pub fix: Option<Fix>,
    /// Where it was written.
    #[serde(skip)]
    pub span: Option<Span>,
}

/// Stable code of a kind of finding, e.g. `R001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Code(pub &'static str);

/// How bad a finding is. `Error` and `Warning` fail a check, `Note` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// Wrong.
    Error,
}

impl Finding {
    /// An error; the other parts are set by the caller.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            witness: None,
            rule: None,
            listener: None,
            reaches: None,
            expected: None,
            host: None,
            path: None,
            help: help.into(),
            fix: None,
            span: None,
        }
    }

    /// With another severity.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// With its source.
    #[must_use]
    pub fn at(self, span: Option<Span>) -> Self {
        Self { span, ..self }
    }

    /// Whether it fails a check.
    pub fn is_failure(&self) -> bool {
        self.severity > Severity::Note
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over by reference")]
fn witness<S: Serializer>(request: &Option<Request<'static>>, out: S) -> Result<S::Ok, S::Error> {
    let Some(request) = request else {
        return out.serialize_none();
    };
    let mut map = out.serialize_map(None)?;
    map.serialize_entry("method", &request.method)?;
    map.serialize_entry("host", &request.host)?;
    map.serialize_entry("path", &request.path)?;
    if !request.query.is_empty() {
        map.serialize_entry("query", &request.query)?;
    }
    if !request.headers.is_empty() {
        map.serialize_entry("headers", &request.headers)?;
    }
    if !request.peer.is_loopback() {
        map.serialize_entry("from", &request.peer)?;
    }
    map.end()
}
