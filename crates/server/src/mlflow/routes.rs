//! Every MLflow route, with who may use it.

use crate::registry::RegistryState;
use crate::routing::Route;

/// All routes, at their canonical paths; [`crate::base_path`] maps the others here.
pub fn all() -> Vec<Route<RegistryState>> {
    Vec::new()
}
