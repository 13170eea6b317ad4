//! What stands in a path, decoded once; what is no text is refused in the words of every other refusal, not in the framework's.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ErrorKind};

/// The parameters of a route's path.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let decoded = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        decoded.map(|path| Self(path.0)).map_err(|_| {
            ApiError::new(
                ErrorKind::BadRequest,
                "the path is not UTF-8 once its percent signs are decoded: encode each segment as UTF-8",
            )
        })
    }
}
