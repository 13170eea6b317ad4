//! One file per endpoint of the auth API.

pub mod audit;
pub mod create;
pub mod get;
pub mod health;
pub mod list;
pub mod revoke;
pub mod rotate;
pub mod usage;
pub mod validate;

use std::sync::Arc;

use hokusai_core::access::{Action, may};
use hokusai_core::key::KeyRecord;

use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::ApiError;

/// The key with this id, if the caller may see it. Other people's keys look exactly like keys that do not exist.
fn visible(service: &AuthService, caller: &Caller, id: &str) -> Result<Arc<KeyRecord>, ApiError> {
    service
        .key(id)
        .filter(|record| is_admin(caller) || record.owner == caller.user())
        .ok_or_else(|| {
            ApiError::missing(format!(
                "no API key `{}`: see `hokusai keys list`",
                crate::routing::mask(id)
            ))
        })
}

fn is_admin(caller: &Caller) -> bool {
    may(caller.scopes(), Action::ManageAllKeys).is_ok()
}
