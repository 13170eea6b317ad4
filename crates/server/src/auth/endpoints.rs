//! One file per endpoint of the auth API.

pub mod audit;
pub mod create;
pub mod epoch;
pub mod get;
pub mod health;
pub mod list;
pub mod older;
pub mod revoke;
pub mod rotate;
pub mod usage;
pub mod validate;

use std::sync::Arc;

use hokusai_core::access::{Action, may};
use hokusai_core::key::KeyRecord;
use hokusai_core::key::manage::sees;

use crate::auth::local;
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};

/// The key with this id, if the caller may see it. Other people's keys look exactly like keys that do not exist.
fn visible(service: &AuthService, caller: &Caller, id: &str) -> Result<Arc<KeyRecord>, ApiError> {
    service
        .key(id)
        .filter(|record| own(service, caller).is_ok_and(|own| sees(&own, record)))
        .ok_or_else(|| {
            ApiError::missing(format!(
                "no API key `{}`: see `hokusai keys list`",
                crate::routing::mask(id)
            ))
        })
}

/// The caller's own key, as it is now.
fn own(service: &AuthService, caller: &Caller) -> Result<Arc<KeyRecord>, ApiError> {
    if caller.key_id() == local::LOCAL {
        return Ok(Arc::new(local::record()));
    }
    service.key(caller.key_id()).ok_or_else(|| {
        ApiError::new(
            ErrorKind::Unauthenticated,
            "the key of this request is gone: use another",
        )
    })
}

/// A refusal to reach beyond the caller's own key.
fn exceeds(error: &impl std::fmt::Display) -> ApiError {
    ApiError::new(
        ErrorKind::PermissionDenied,
        format!("Permission denied: {error}"),
    )
    .with("code", "scope")
}

/// A refusal of a value that breaks a rule; the rule owns the sentence.
fn unprocessable(error: &impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::Unprocessable, error.to_string())
}

/// The ids of the keys that the caller may see.
fn visible_ids(service: &AuthService, caller: &Caller) -> Vec<String> {
    let sees_all = is_admin(caller);
    service
        .keys()
        .iter()
        .filter(|record| sees_all || record.owner == caller.user())
        .map(|record| record.id.clone())
        .collect()
}

fn is_admin(caller: &Caller) -> bool {
    may(caller.scopes(), Action::ManageAllKeys).is_ok()
}
