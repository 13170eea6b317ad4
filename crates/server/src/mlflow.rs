//! MLflow's REST API. A folder per entity, a file per endpoint, all routes on one page.

pub mod artifacts;
pub mod model_versions;
pub mod page_token;
pub mod registered_models;
pub mod routes;
pub mod server_info;
