//! `POST /api/2.0/mlflow-artifacts/mpu/{create,complete,abort}/{path}`: uploads in parts need object storage.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};

/// Says that this store takes whole files only; the client then sends them so.
pub async fn unsupported(_caller: Caller) -> ApiError {
    ApiError::new(
        ErrorKind::NotImplemented,
        "Multipart upload is not supported for the current artifact repository",
    )
}
