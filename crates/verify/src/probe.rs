//! One question to the deployment, and what a good answer is.

use crate::endpoint::Service;

/// What a check is about; the report groups by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Names, connections, certificates, port 80.
    Connection,
    /// Who answers, and whether it is ready.
    Services,
    /// Which host reaches what.
    Isolation,
    /// Keys, good and bad.
    Keys,
    /// MLflow's API and a whole registration.
    Registration,
    /// Latency, clocks, rate limits.
    Quality,
    /// Recorded, not judged.
    Normalisation,
}

impl Area {
    /// Heading for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Services => "Services",
            Self::Isolation => "Isolation of the hosts",
            Self::Keys => "Keys",
            Self::Registration => "Model registration",
            Self::Quality => "Quality",
            Self::Normalisation => "Normalisation (recorded)",
        }
    }
}

/// A question with its expectation.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Stable id, `auth.health`; reports and diagnoses refer to it.
    pub id: String,
    /// What it is about.
    pub area: Area,
    /// For people: `auth: health`.
    pub title: String,
    /// Whose endpoint is asked.
    pub service: Service,
    /// What is done.
    pub action: Action,
    /// What a good answer is.
    pub expect: Expect,
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Resolves the name of the endpoint.
    Resolve,
    /// Opens a connection, with TLS where the URL says so.
    Connect,
    /// Sends one request.
    Ask(Ask),
    /// Looks at the form of the key; no IO.
    LookAtKey,
    /// Registers a model and cleans up.
    Register,
    /// Tries to write with a key that may only read.
    WriteAsReader,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Where it enters.
    pub entry: Entry,
    /// Method.
    pub method: &'static str,
    /// Host header, when it is not the endpoint's own.
    pub host: Option<String>,
    /// Path and query as they are sent, behind the endpoint's base; nothing normalises them.
    pub path: String,
    /// Which key, and where it stands.
    pub credential: Credential,
    /// JSON body.
    pub body: Option<String>,
    /// How often it is asked on one connection; the fastest answer and all times are kept.
    pub times: u32,
}

/// Where a request enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// At the endpoint.
    Front,
    /// At port 80 of the endpoint's host, in clear.
    Plain,
    /// At a service's own listener, in clear.
    Direct(String),
}

/// Which key a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// None.
    None,
    /// The canary, which was never minted.
    Canary(Place),
    /// Something without the form of a key.
    Malformed,
    /// The caller's key: only to an endpoint that has just shown who it is.
    Real(Place),
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: ApiKey`.
    ApiKey,
    /// `X-API-Key`.
    XApiKey,
    /// `Authorization: Basic`, as password.
    Basic,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bearer, Self::ApiKey, Self::XApiKey, Self::Basic];

    /// For people and ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::ApiKey => "ApiKey",
            Self::XApiKey => "X-API-Key",
            Self::Basic => "Basic",
        }
    }
}

/// What a good answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The name has an address.
    Resolves,
    /// The connection opens.
    Connects,
    /// 200, and the probe's service says that it is it.
    Identity,
    /// As `Identity`, and it says that it is ready.
    Ready,
    /// Bare or JSON version, from the probe's service.
    Version,
    /// The key has the form of a key.
    WellFormedKey,
    /// `is_valid: true`.
    ValidKey,
    /// The key is refused for one of these reasons, by the probe's service.
    RefusedKey(&'static [&'static str]),
    /// Success, from the probe's service.
    Allowed,
    /// The other service does not see it, and nobody serves it.
    Isolated,
    /// The probe's service answers, or the host is refused; never the other service.
    SameService,
    /// Nobody serves it.
    NotServed,
    /// Port 80 does not carry an API request on, in no direction.
    PlainRefused,
    /// Port 80 may redirect a page to https, or refuse it.
    PlainPage,
    /// The registration succeeds.
    Registers,
    /// The reader's write is refused for its scope.
    ReaderRefused,
    /// Nothing: the answer is recorded.
    Recorded,
}
