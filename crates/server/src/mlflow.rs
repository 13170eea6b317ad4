//! MLflow's REST API. A folder per entity, a file per endpoint, all routes on one page.

pub mod routes;
