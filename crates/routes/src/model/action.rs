//! What a rule does with a request.

use std::collections::BTreeMap;

use super::Stickiness;

/// What a rule, or a listener by default, does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends it to one of several target groups.
    Forward(Forward),
    /// Answers with a redirect.
    Redirect(Redirect),
    /// Answers by itself.
    FixedResponse(FixedResponse),
}

/// Target groups, chosen by weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// 1–5 groups.
    pub groups: Vec<WeightedGroup>,
    /// Whether a client stays with the group it was given.
    pub stickiness: Option<Stickiness>,
}

/// A target group and its share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedGroup {
    /// Name of the target group.
    pub group: String,
    /// 0–999; a group with weight 0 receives nothing.
    pub weight: u32,
}

/// A redirect; an absent part keeps the request's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301 or 302.
    pub status: RedirectStatus,
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    pub protocol: Option<String>,
    /// Host, may use `#{host}`.
    pub host: Option<String>,
    /// Port, may use `#{port}`.
    pub port: Option<String>,
    /// Path, may use `#{host}`, `#{path}` and `#{port}`.
    pub path: Option<String>,
    /// Query without `?`, may use `#{query}` too.
    pub query: Option<String>,
}

/// Status of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 301.
    Permanent,
    /// 302.
    Temporary,
}

/// An answer without a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedResponse {
    /// 2xx, 4xx or 5xx.
    pub status: u16,
    /// One of five types; see [`FixedResponse::kind`].
    pub content_type: Option<String>,
    /// At most 1024 bytes.
    pub body: Option<String>,
}

impl FixedResponse {
    /// The content type that is sent: `text/plain` when none is said.
    pub fn kind(&self) -> &str {
        self.content_type.as_deref().unwrap_or("text/plain")
    }

    /// Whether a client gets the same answer from both.
    pub fn answers_like(&self, other: &Self) -> bool {
        let sent = |answer: &Self| answer.body.clone().unwrap_or_default();
        (self.status, self.kind()) == (other.status, other.kind()) && sent(self) == sent(other)
    }
}

/// Authentication that the balancer does before the action. Data only: it never changes which rule is selected.
/// Secrets are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// How.
    pub kind: AuthenticationKind,
    /// Its settings under the load balancer's own names, without `client_secret`.
    pub settings: BTreeMap<String, String>,
}

/// How the balancer authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationKind {
    /// `authenticate-oidc`.
    Oidc,
    /// `authenticate-cognito`.
    Cognito,
    /// `jwt-validation`.
    Jwt,
}

/// A rewrite after the decision: the first match of `regex` is replaced; without a match nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// What is rewritten.
    pub kind: TransformKind,
    /// Regular expression, at most 1024 characters.
    pub regex: String,
    /// Replacement with `$1`.
    pub replace: String,
}

/// What a transform rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransformKind {
    /// `host-header-rewrite`.
    Host,
    /// `url-rewrite`.
    Url,
}

impl Action {
    /// Forwards everything to one group.
    pub fn forward(group: impl Into<String>) -> Self {
        let group = WeightedGroup {
            group: group.into(),
            weight: 1,
        };
        Self::Forward(Forward {
            groups: vec![group],
            stickiness: None,
        })
    }

    /// Answers with a status and no body.
    pub fn respond(status: u16) -> Self {
        Self::FixedResponse(FixedResponse {
            status,
            content_type: None,
            body: None,
        })
    }

    /// The groups that a request can reach through it: those with a weight, or all when none has one. Sorted.
    pub fn reached_groups(&self) -> Vec<&str> {
        let Self::Forward(forward) = self else {
            return Vec::new();
        };
        let none_weighs = forward.groups.iter().all(|group| group.weight == 0);
        let reached = forward
            .groups
            .iter()
            .filter(|group| group.weight > 0 || none_weighs);
        let mut names: Vec<&str> = reached.map(|group| group.group.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// One phrase for people: `target group auth`, `a 404 answer`, `a redirect`.
    pub fn describe(&self) -> String {
        match self {
            Self::Forward(_) => match self.reached_groups().as_slice() {
                [one] => format!("target group `{one}`"),
                many => format!("target groups `{}`", many.join("`, `")),
            },
            Self::Redirect(redirect) => format!("a {} redirect", redirect.status.code()),
            Self::FixedResponse(response) => format!("a fixed {} answer", response.status),
        }
    }
}

impl RedirectStatus {
    /// 301 or 302.
    pub fn code(self) -> u16 {
        match self {
            Self::Permanent => 301,
            Self::Temporary => 302,
        }
    }
}

impl AuthenticationKind {
    /// Name of the action in the load balancer's API.
    pub fn field(self) -> &'static str {
        match self {
            Self::Oidc => "authenticate-oidc",
            Self::Cognito => "authenticate-cognito",
            Self::Jwt => "jwt-validation",
        }
    }
}
