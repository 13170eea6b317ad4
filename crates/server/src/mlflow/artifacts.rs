//! `/api/2.0/mlflow-artifacts`: the store of artifacts over HTTP, streamed both ways.

mod authority;
mod change;
mod delete;
mod download;
mod freeze;
mod list;
mod logged_model;
mod manifest;
mod multipart;
pub(super) mod response;
mod run;
mod upload;

pub use delete::delete;
pub use download::download;
pub(crate) use freeze::freeze;
pub use list::list;
pub use logged_model::{get_of_logged_model, list_of_logged_model};
pub use multipart::unsupported;
pub use run::{get_of_run, list_of_run};
pub use upload::upload;

use hokusai_artifacts::ArtifactError;

use crate::error::{ApiError, ErrorKind};

/// The store's refusals in HTTP's terms.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn refused(error: ArtifactError) -> ApiError {
    let kind = match &error {
        ArtifactError::NotFound => ErrorKind::DoesNotExist,
        ArtifactError::IsDirectory
        | ArtifactError::NotADirectory
        | ArtifactError::PathTooLong { .. } => ErrorKind::InvalidParameter,
        ArtifactError::RangeNotSatisfiable { .. } => ErrorKind::RangeNotSatisfiable,
        ArtifactError::TooLarge { .. } => ErrorKind::TooLarge,
        ArtifactError::NoSpace { .. } | ArtifactError::Full => ErrorKind::NoSpace,
        ArtifactError::Stalled { .. } | ArtifactError::Body(_) => ErrorKind::BadRequest,
        ArtifactError::Unavailable(cause) => return ApiError::store_away(cause.clone()),
        ArtifactError::Refused(cause) => {
            return ApiError::internal(format!("the object store refuses: {cause}"));
        }
        ArtifactError::Io(cause) => return ApiError::internal(format!("artifact store: {cause}")),
    };
    ApiError::new(kind, error.to_string())
}
