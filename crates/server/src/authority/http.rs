//! Verdicts of an auth service over HTTP.
//!
//! Only an answer that is signed with this service's credential, for this nonce and this key, counts: behind a load balancer the
//! right certificate does not prove that the right service answered. Everything else means that the auth service is away.
//! An accepted key is asked about again after [`FRESH_MS`]; when nobody answers it keeps working for the [`StaleWindow`], but not
//! for deletions. Expiry, end of overlap, address and scope are judged here on every request.

mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, KeyHash, KeyRecord, RateState, judge};
use hokusai_core::random::{Random, hex_id};
use reqwest::{Client, Url};
use serde_json::json;
use tokio::sync::Semaphore;

use super::stale::StaleWindow;
use super::{Authority, Identity, Judgement, Presented};
use crate::auth::endpoints::validate::{NONCE, SERVICE_KEY, SIGNATURE};
use crate::auth::judging::{
    AUTH_STATE, STALE_AFTER_MS, may_be_stale, over_rate, rate_headers, refused, store_down,
    unreadable,
};
use crate::error::ApiError;
use crate::outbound;
use verdict::Verdict;

/// Asks an auth service, and remembers for a moment.
pub struct HttpAuthority {
    client: Client,
    validate: Url,
    credential: ApiKey,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    stale_window: StaleWindow,
    accepted: Mutex<HashMap<KeyHash, Accepted>>,
    rates: Mutex<HashMap<String, RateState>>,
    questions: Semaphore,
}

#[derive(Clone)]
struct Accepted {
    record: Arc<KeyRecord>,
    /// Monotonic moment at which the auth service last heard its own database.
    heard_at_ms: u64,
}

impl HttpAuthority {
    /// Asks the service at `url` with a credential that has the scope `keys:validate`.
    pub fn new(
        url: &Url,
        credential: ApiKey,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        stale_window: StaleWindow,
    ) -> Result<Self, reqwest::Error> {
        let mut validate = url.clone();
        validate.set_path(&format!("{}{VALIDATE}", url.path().trim_end_matches('/')));
        Ok(Self {
            client: outbound::client()?,
            validate,
            credential,
            clock,
            random,
            stale_window,
            accepted: Mutex::default(),
            rates: Mutex::default(),
            questions: Semaphore::new(MOST_QUESTIONS),
        })
    }

    async fn decide(&self, presented: Presented) -> Result<Identity, ApiError> {
        let key = ApiKey::parse(&presented.key)
            .map_err(|invalid| unreadable(invalid, presented.source))?;
        let hash = key.hash();
        let known = lock(&self.accepted).get(&hash).cloned();
        if let Some(known) = &known
            && self.age_ms(known) <= FRESH_MS
        {
            return self.identity(&known.record, &presented, false);
        }
        match self.ask(&key, &presented).await {
            Ok(Verdict::Accepted {
                record,
                heard_ms_ago,
            }) => {
                let record = Arc::new(*record);
                let is_stale = heard_ms_ago > STALE_AFTER_MS;
                if is_stale && !may_be_stale(presented.action) {
                    return Err(store_down("the auth service cannot hear its database"));
                }
                self.remember(hash, &record, heard_ms_ago);
                self.identity(&record, &presented, is_stale)
            }
            Ok(Verdict::Refused(refusal)) => {
                lock(&self.accepted).remove(&hash);
                Err(refusal)
            }
            Err(why) => {
                tracing::warn!(auth.url = %self.validate, error = %why, "the auth service gave no verdict");
                known
                    .filter(|known| {
                        may_be_stale(presented.action)
                            && self.age_ms(known) <= self.stale_window.ms()
                    })
                    .ok_or_else(|| store_down("the auth service gave no verdict"))
                    .and_then(|known| self.identity(&known.record, &presented, true))
            }
        }
    }

    /// What is judged on every request, whatever was remembered; then the rate, which this process counts by itself.
    fn identity(
        &self,
        record: &KeyRecord,
        presented: &Presented,
        is_stale: bool,
    ) -> Result<Identity, ApiError> {
        let now_ms = self.clock.now_ms();
        judge(record, presented.client_ip, Some(presented.action), now_ms)
            .map_err(|refusal| refused(&refusal))?;
        let mut headers = Vec::new();
        if let Some(limit) = record.rate_limit {
            let mut rates = lock(&self.rates);
            let state = rates.entry(record.chain_id.clone()).or_default();
            let rate = limit.spend(state, self.clock.monotonic_ms());
            if !rate.allowed {
                return Err(over_rate(record, rate));
            }
            headers = rate_headers(rate);
        }
        if is_stale {
            headers.push((AUTH_STATE, "stale".to_owned()));
        }
        Ok(Identity {
            key_id: record.id.clone(),
            user: record.owner.clone(),
            scopes: record.scopes.clone(),
            headers,
        })
    }

    async fn ask(&self, key: &ApiKey, presented: &Presented) -> Result<Verdict, String> {
        let _permit = self
            .questions
            .acquire()
            .await
            .map_err(|closed| closed.to_string())?;
        let nonce = hex_id(self.random.as_ref());
        let mut body = json!({"spend": false});
        if let (Some(ip), Some(fields)) = (presented.client_ip, body.as_object_mut()) {
            fields.insert("client_ip".to_owned(), ip.to_string().into());
        }
        let mut response = self
            .client
            .post(self.validate.clone())
            .bearer_auth(key.reveal())
            .header(SERVICE_KEY, self.credential.reveal())
            .header(NONCE, &nonce)
            .json(&body)
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        let signature = response
            .headers()
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| error.without_url().to_string())?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_VERDICT_BYTES {
                return Err("the answer is too long for a verdict".to_owned());
            }
        }
        if status != 200 {
            return Err(format!(
                "status {status} in place of a verdict: is this the auth service, and has the registry's own key the scope `keys:validate`?"
            ));
        }
        let is_signed = hokusai_core::key::verdict::is_signed(
            &self.credential,
            &nonce,
            key.hash(),
            &bytes,
            &signature,
        );
        if !is_signed {
            return Err("the answer is not signed with this registry's credential: another service answered".to_owned());
        }
        Verdict::read(&bytes, key.hash())
    }

    fn remember(&self, hash: KeyHash, record: &Arc<KeyRecord>, heard_ms_ago: u64) {
        let mut accepted = lock(&self.accepted);
        if accepted.len() >= MOST_REMEMBERED {
            accepted.clear();
        }
        accepted.insert(
            hash,
            Accepted {
                record: Arc::clone(record),
                heard_at_ms: self.clock.monotonic_ms().saturating_sub(heard_ms_ago),
            },
        );
    }

    fn age_ms(&self, known: &Accepted) -> u64 {
        self.clock.monotonic_ms().saturating_sub(known.heard_at_ms)
    }
}

impl Authority for HttpAuthority {
    fn judge(&self, presented: Presented) -> Judgement<'_> {
        Box::pin(self.decide(presented))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const VALIDATE: &str = "/api/v1/keys/validate";

/// A revocation at the auth service counts here within this, and its own half second of polling.
pub const FRESH_MS: u64 = 1_000;

/// More questions than this wait for an answer to another: strangers' keys cannot open more connections.
const MOST_QUESTIONS: usize = 64;
const MOST_REMEMBERED: usize = 10_000;
const MOST_VERDICT_BYTES: usize = 64 * 1024;
