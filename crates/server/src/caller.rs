//! Who is calling: a proof that a key was presented, judged and allowed.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hokusai_core::access::Scope;

use crate::error::ApiError;

/// An authenticated caller that may do what the route does. Only [`crate::gate`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    key_id: String,
    user: String,
    scopes: Vec<Scope>,
    client_ip: Option<IpAddr>,
}

impl Caller {
    pub(crate) const fn new(
        key_id: String,
        user: String,
        scopes: Vec<Scope>,
        client_ip: Option<IpAddr>,
    ) -> Self {
        Self {
            key_id,
            user,
            scopes,
            client_ip,
        }
    }

    /// The id of the key; never the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whose key it is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// From where, if that is known: for the audit log.
    pub const fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    /// What the key may do.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            ApiError::internal("a handler asks for its caller on a route without a gate")
        })
    }
}
