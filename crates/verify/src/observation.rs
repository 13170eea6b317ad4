//! What was seen. Nothing here is judged, and no key of the caller ever stands in it.

use crate::foreign::Foreign;

/// What came of one probe.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Id of the probe.
    pub probe: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of a probe.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The addresses of a name.
    Resolved(Vec<String>),
    /// A connection stands.
    Connected(Connected),
    /// An answer came.
    Answered(Box<Answer>),
    /// Nothing usable came.
    Failed(Fault),
    /// The steps of the registration.
    Steps(Vec<Step>),
    /// The form of the key.
    Key(KeyForm),
    /// It was not tried.
    NotRun(NotRun),
}

/// A connection that stood.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Address and port.
    pub peer: String,
    /// Whether that is this machine.
    pub is_loopback: bool,
    /// When the first certificate of its chain ends, in seconds since 1970; only over TLS.
    pub certificate_ends_s: Option<u64>,
    /// The protocol version, `TLSv1_3`.
    pub tls_version: Option<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Who made it, as its header says: `auth`, `registry`, `front-door`.
    pub answered_by: Option<String>,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, Foreign)>,
    /// The body, cut at a limit.
    pub body: Foreign,
    /// Times of all askings in milliseconds, sorted.
    pub times_ms: Vec<u64>,
    /// This machine's clock when it came, in milliseconds since 1970.
    pub local_ms: i64,
    /// Versions that the askings named, without repetition.
    pub versions: Vec<String>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&Foreign> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// The body as JSON, `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.body.raw()).unwrap_or_default()
    }

    /// A string in the body.
    pub fn text(&self, field: &str) -> Option<String> {
        let json = self.json();
        json.get(field)?.as_str().map(str::to_owned)
    }

    /// The typed reason of a refusal.
    pub fn code(&self) -> Option<String> {
        self.text("code")
    }

    /// What the answer says in a sentence, for people.
    pub fn says(&self) -> Foreign {
        let json = self.json();
        let said = ["message", "error", "detail"].iter().find_map(|f| {
            let text = json.get(f)?.as_str()?;
            Some(Foreign::new(text))
        });
        said.unwrap_or_else(|| self.body.clone())
    }

    /// Whether the status is 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the status is 3xx.
    pub const fn is_redirect(&self) -> bool {
        self.status >= 300 && self.status < 400
    }

    /// Whether one of our services made it, and not something before it.
    pub fn is_from_service(&self) -> bool {
        matches!(self.answered_by.as_deref(), Some("auth" | "registry"))
    }

    /// The median time, in milliseconds.
    pub fn median_ms(&self) -> u64 {
        let middle = self.times_ms.len() / 2;
        self.times_ms.get(middle).copied().unwrap_or_default()
    }
}

/// Why nothing usable came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The name has no address.
    Unresolved(Foreign),
    /// Nobody listens there.
    Refused(String),
    /// The network does not get there.
    Unreachable(String, Foreign),
    /// No connection within the deadline.
    ConnectTimeout(String),
    /// TLS did not come about.
    Tls(TlsFault),
    /// No answer within the deadline, in milliseconds.
    Timeout(u64),
    /// The connection broke, or what came is no HTTP.
    Broken(Foreign),
}

/// Why TLS did not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate ended, seconds since 1970.
    Expired(u64),
    /// The certificate begins later, seconds since 1970.
    NotYetValid(u64),
    /// The certificate is for other names.
    WrongName(Vec<Foreign>),
    /// Nobody who is trusted vouches for it.
    Untrusted,
    /// The server wants a certificate of the client.
    WantsClientCertificate,
    /// The port speaks something else.
    NotTls,
    /// Anything else.
    Other(Foreign),
}

/// Why a probe was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// An earlier probe failed: its id.
    Blocked(String),
    /// There is nothing to check, and why.
    NotApplicable(String),
    /// No key was given.
    NoKey,
    /// The key was kept back, and why.
    Withheld(Withheld),
    /// The run ended before.
    OutOfTime,
}

/// Why the caller's key was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Plain HTTP to another machine.
    InClear,
    /// `/health` on the very connection was not answered by the service.
    Identity(Foreign),
    /// The canary on the very path was answered by somebody else, or by nobody.
    Path(String, Foreign),
}

/// One step of the registration.
#[derive(Clone, Debug)]
pub struct Step {
    /// `upload`, `version` …
    pub name: &'static str,
    /// What came of it.
    pub result: Result<String, StepFault>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Why a step failed.
#[derive(Clone, Debug)]
pub enum StepFault {
    /// The answer is no success.
    Answered(Box<Answer>),
    /// Nothing usable came.
    Failed(Fault),
    /// The key was kept back.
    Withheld(Withheld),
    /// An answer lacks a field, or its value is wrong.
    Wrong(String),
    /// The bytes came back changed.
    Changed,
}

/// The form of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// As the published form says, checksum right.
    Good,
    /// The right form without a right checksum: mistyped, or of an older service.
    NoChecksum,
    /// Not the form of a key.
    Malformed,
    /// White space or quotes around it.
    Wrapped,
}
