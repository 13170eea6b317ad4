//! Questions to the auth service: one request, one signed answer or none.

use hokusai_core::key::{ApiKey, verdict};
use hokusai_core::random::{Random, hex_id};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use super::verdict::{EpochNotice, Verdict};
use crate::auth::endpoints::validate::{NONCE, SERVICE_KEY, SIGNATURE};
use crate::authority::Presented;
use crate::outbound;

/// Whoever can be asked, and how.
pub(super) struct AuthService {
    client: Client,
    base: Url,
    credential: ApiKey,
    random: Arc<dyn Random>,
    questions: Semaphore,
}

impl AuthService {
    pub(super) fn new(
        base: &Url,
        credential: ApiKey,
        random: Arc<dyn Random>,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: outbound::client()?,
            base: base.clone(),
            credential,
            random,
            questions: Semaphore::new(MOST_QUESTIONS),
        })
    }

    /// Its address, for the log.
    pub(super) fn address(&self) -> &str {
        self.base.as_str()
    }

    /// What it says of a key. Waiting for a free question counts towards the deadline.
    pub(super) async fn verdict(
        &self,
        key: &ApiKey,
        presented: &Presented,
    ) -> Result<Verdict, String> {
        let permit = tokio::time::timeout(outbound::DEADLINE, self.questions.acquire());
        let _permit = permit
            .await
            .map_err(|_| "too many questions wait for an answer".to_owned())?
            .map_err(|closed| closed.to_string())?;
        let mut body = json!({"spend": false});
        if let (Some(ip), Some(fields)) = (presented.client_ip, body.as_object_mut()) {
            fields.insert("client_ip".to_owned(), ip.to_string().into());
        }
        let request = self
            .client
            .post(self.url("/api/v1/keys/validate"))
            .bearer_auth(key.reveal())
            .header(SERVICE_KEY, self.credential.reveal())
            .json(&body);
        let bytes = self.signed(request, key).await?;
        Verdict::read(&bytes, key.hash())
    }

    /// What it says of all keys at once.
    pub(super) async fn epoch(&self) -> Result<EpochNotice, String> {
        let request = self
            .client
            .get(self.url("/api/v1/keys/epoch"))
            .bearer_auth(self.credential.reveal())
            .timeout(EPOCH_DEADLINE);
        let bytes = self.signed(request, &self.credential).await?;
        EpochNotice::read(&bytes)
    }

    /// The bytes of an answer about `key` that only the auth service can have made, for this question.
    async fn signed(&self, request: RequestBuilder, key: &ApiKey) -> Result<Vec<u8>, String> {
        let unreached = |error: reqwest::Error| {
            let error = error.without_url();
            match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            }
        };
        let nonce = hex_id(self.random.as_ref());
        let mut response = request
            .header(NONCE, &nonce)
            .send()
            .await
            .map_err(unreached)?;
        let status = response.status().as_u16();
        let signature = response
            .headers()
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreached)? {
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
        if !verdict::is_signed(&self.credential, &nonce, key.hash(), &bytes, &signature) {
            return Err("the answer is not signed with this registry's credential: another service answered".to_owned());
        }
        Ok(bytes)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// More questions than this wait for an answer to another: strangers' keys cannot open more connections.
const MOST_QUESTIONS: usize = 64;
/// A verdict with all scopes and addresses that a key can have.
const MOST_VERDICT_BYTES: usize = 64 * 1024;

/// A question about one number; the next one comes soon.
const EPOCH_DEADLINE: Duration = Duration::from_secs(1);
