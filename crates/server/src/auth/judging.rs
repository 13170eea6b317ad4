//! The judgement of a presented key, from memory: form, existence, revocation, expiry, address, scope, rate.

use std::net::IpAddr;
use std::sync::Arc;

use hokusai_core::access::Action;
use hokusai_core::key::{ApiKey, InvalidKey, KeyRecord, RateDecision, Refusal, judge};
use hokusai_store::keys::Activity;

use super::service::{AuthService, lock};
use super::view;
use crate::authority::{Authority, Identity, Judgement, Presented};
use crate::error::{ApiError, ErrorKind};

/// A key to be judged, and for what.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The raw key.
    pub raw: &'a str,
    /// Where it was read from, for messages.
    pub source: &'a str,
    /// The address that allowlists are checked against.
    pub client_ip: Option<IpAddr>,
    /// What the key is to be used for.
    pub action: Option<Action>,
    /// Whether this use spends one request of the key's rate.
    pub spends: bool,
}

/// A judged key: the record and what its rate allowed.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The key.
    pub record: Arc<KeyRecord>,
    /// What its rate limit said, if it has one and was asked to spend.
    pub rate: Option<RateDecision>,
    /// Whether the database has been silent for too long to be sure that the key was not revoked since.
    pub is_stale: bool,
}

/// What memory alone says of a key.
enum Opinion {
    /// The key is known, and nothing speaks against it or something does.
    Known(Arc<KeyRecord>),
    /// Another replica may know better: the database must be asked.
    Doubtful,
    /// Nobody knows the key.
    Unknown(ApiKey),
}

impl AuthService {
    /// Judges a key: form, existence, revocation, expiry, address, scope, and then its rate. The database is asked only about what
    /// memory cannot know: a key that another replica may just have made, and whether nothing changed before what must not be stale.
    pub async fn judge_key(&self, question: &Question<'_>) -> Result<Judged, ApiError> {
        let judged = self.decide(question).await;
        let code = judged.as_ref().map_or_else(|error| reason(error), |_| "ok");
        self.shared
            .judgements
            .get_or_create(&[("outcome", code)])
            .inc();
        if let Err(refused) = &judged {
            let code = reason(refused);
            if code != STORE_DOWN {
                self.note_refusal(question.client_ip, code);
            }
        }
        judged
    }

    async fn decide(&self, question: &Question<'_>) -> Result<Judged, ApiError> {
        let key =
            ApiKey::parse(question.raw).map_err(|invalid| unreadable(invalid, question.source))?;
        let record = match self.opinion(key, question.action) {
            Opinion::Known(record) => record,
            Opinion::Unknown(key) => return Err(unknown(&key, question.source)),
            Opinion::Doubtful => self.confirmed(question).await?,
        };
        self.use_of(record, question)
    }

    fn opinion(&self, key: ApiKey, action: Option<Action>) -> Opinion {
        let is_fresh = self.age_ms() <= FRESH_MS;
        match self.snapshot().by_hash.get(&key.hash()) {
            Some(_) if !is_fresh && action.is_some_and(|action| !may_be_stale(action)) => {
                Opinion::Doubtful
            }
            Some(record) => Opinion::Known(Arc::clone(record)),
            // Alone with its database, this process knows every key.
            None if is_fresh && !self.store().is_shared() => Opinion::Unknown(key),
            None => Opinion::Doubtful,
        }
    }

    /// What the database says now.
    async fn confirmed(&self, question: &Question<'_>) -> Result<Arc<KeyRecord>, ApiError> {
        let key =
            ApiKey::parse(question.raw).map_err(|invalid| unreadable(invalid, question.source))?;
        if !self.confirm().await {
            // A key that this replica has not heard of yet must never be called unknown.
            return Err(store_down("the key database is away"));
        }
        let record = self.snapshot().by_hash.get(&key.hash()).cloned();
        record.ok_or_else(|| unknown(&key, question.source))
    }

    /// Judges the record, and spends.
    fn use_of(&self, record: Arc<KeyRecord>, question: &Question<'_>) -> Result<Judged, ApiError> {
        let age_ms = self.age_ms();
        if age_ms > self.shared.stale_window.ms().max(FRESH_MS) {
            return Err(store_down("the key database has been away for too long"));
        }
        let now_ms = self.shared.clock.now_ms();
        judge(&record, question.client_ip, question.action, now_ms).map_err(|refusal| {
            self.note(&record.id, Some(refusal.code()));
            refused(&refusal)
        })?;
        let rate = question.spends.then(|| self.spend(&record)).flatten();
        if let Some(rate) = rate.filter(|rate| !rate.allowed) {
            self.note(&record.id, Some("rate"));
            return Err(over_rate(&record, rate));
        }
        self.note(&record.id, None);
        Ok(Judged {
            record,
            rate,
            is_stale: age_ms > FRESH_MS,
        })
    }

    /// The chain of rotations shares one bucket: rotating does not refill it.
    fn spend(&self, record: &KeyRecord) -> Option<RateDecision> {
        let limit = record.rate_limit?;
        let mut rates = lock(&self.shared.rates);
        let state = rates.entry(record.chain_id.clone()).or_default();
        Some(limit.spend(state, self.shared.clock.monotonic_ms()))
    }

    fn note(&self, id: &str, refusal: Option<&'static str>) {
        let now_ms = self.shared.clock.now_ms();
        let mut activity = lock(&self.shared.activity);
        let entry = match activity.get_mut(id) {
            Some(entry) => entry,
            None => activity.entry(id.to_owned()).or_insert_with(|| Activity {
                key_id: id.to_owned(),
                period: view::month(now_ms),
                ..Activity::default()
            }),
        };
        match refusal {
            None => {
                entry.requests += 1;
                entry.last_used_at_ms = Some(now_ms);
            }
            Some(code) => {
                entry.refusals += 1;
                entry.last_refusal = Some(code.to_owned());
            }
        }
    }
}

impl Authority for AuthService {
    fn heard_ms_ago(&self) -> Option<u64> {
        Some(self.age_ms())
    }

    fn judge(&self, presented: Presented) -> Judgement<'_> {
        Box::pin(async move {
            let question = Question {
                raw: &presented.key,
                source: presented.source,
                client_ip: presented.client_ip,
                action: Some(presented.action),
                spends: true,
            };
            let judged = self.judge_key(&question).await?;
            let mut headers = judged.rate.map(rate_headers).unwrap_or_default();
            if judged.is_stale {
                headers.push((AUTH_STATE, "stale".to_owned()));
            }
            Ok(Identity {
                key_id: judged.record.id.clone(),
                user: judged.record.owner.clone(),
                scopes: judged.record.scopes.clone(),
                headers,
            })
        })
    }
}

/// What a key that may have been revoked meanwhile can still do.
pub(crate) const fn may_be_stale(action: Action) -> bool {
    match action {
        Action::ReadTracking
        | Action::WriteTracking
        | Action::ReadModels
        | Action::WriteModels
        | Action::ReadArtifacts
        | Action::WriteArtifacts
        // The answer says how old it is, and whoever asked judges that.
        | Action::ValidateKeys => true,
        Action::DeleteTracking
        | Action::DeleteModels
        | Action::DeleteArtifacts
        | Action::ManageOwnKeys
        | Action::ManageAllKeys
        | Action::WriteUsage
        | Action::ReadAudit => false,
    }
}

/// The state of a rate limit, on 200 and on 429.
pub fn rate_headers(rate: RateDecision) -> Vec<(&'static str, String)> {
    vec![
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-reset", rate.reset_s.to_string()),
    ]
}

/// The refusal of a key that is known.
pub(crate) fn refused(refusal: &Refusal) -> ApiError {
    let kind = match refusal {
        Refusal::WrongIp { .. } | Refusal::Scope(_) => ErrorKind::PermissionDenied,
        Refusal::Revoked { .. } | Refusal::Expired { .. } => ErrorKind::Unauthenticated,
    };
    coded(kind, refusal.to_string(), refusal.code())
}

/// The refusal of a key whose rate is spent.
pub(crate) fn over_rate(record: &KeyRecord, rate: RateDecision) -> ApiError {
    let wait_s = rate.retry_after_s.max(1);
    tracing::warn!(key.id = %record.id, retry_after_s = wait_s, "key `{}` is over its rate limit", record.name);
    let message = format!(
        "Rate limit exceeded for key `{}`: come back in {wait_s} s",
        record.id
    );
    let mut error = coded(ErrorKind::RateLimited, message, "rate").retry_after(wait_s);
    for (name, value) in rate_headers(rate) {
        error = error.with_header(name, value);
    }
    error
}

/// Nobody can say now whether the key is good: a retry can help, and it is never the key's fault.
pub(crate) fn store_down(why: &str) -> ApiError {
    let message =
        format!("Authentication is unavailable: {why}; the key was not judged, try again");
    coded(ErrorKind::Unavailable, message, STORE_DOWN).retry_after(1)
}

fn unknown(key: &ApiKey, source: &str) -> ApiError {
    if key.has_good_checksum() {
        return coded(
            ErrorKind::Unauthenticated,
            format!(
                "Invalid or expired API key: no such key here (read from {source}); is it of another environment or server? \
                 `hokusai keys create --name NAME` makes one"
            ),
            "unknown",
        );
    }
    coded(
        ErrorKind::Unauthenticated,
        format!(
            "Invalid or expired API key: its checksum is wrong (read from {source}); it was mistyped or cut off: copy it again, or make \
             another with `hokusai keys create`"
        ),
        "checksum",
    )
}

/// The refusal of what is not a key.
pub(crate) fn unreadable(invalid: InvalidKey, source: &str) -> ApiError {
    match invalid {
        InvalidKey::Empty => coded(
            ErrorKind::Unauthenticated,
            format!(
                "You are not authenticated. API key required: {source} was empty; set MLFLOW_TRACKING_TOKEN"
            ),
            "missing",
        ),
        InvalidKey::Malformed => coded(
            ErrorKind::Unauthenticated,
            format!(
                "Invalid or expired API key: {invalid} (read from {source}); `hokusai keys create --name NAME` makes one"
            ),
            "malformed",
        ),
    }
}

pub(crate) fn coded(kind: ErrorKind, message: String, code: &'static str) -> ApiError {
    ApiError::new(kind, message).with("code", code)
}

fn reason(error: &ApiError) -> &'static str {
    const REASONS: [&str; 9] = [
        "missing",
        "malformed",
        "checksum",
        "unknown",
        "revoked",
        "expired",
        "ip",
        "scope",
        "rate",
    ];
    let code = error
        .field("code")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    REASONS
        .into_iter()
        .find(|reason| *reason == code)
        .unwrap_or(STORE_DOWN)
}

const STORE_DOWN: &str = "store-down";

/// Says `stale` on an answer that was given without the database.
pub(crate) const AUTH_STATE: &str = "x-hokusai-auth";

/// What was heard from the database this long ago counts as now (security 3).
pub const FRESH_MS: u64 = 1_000;
