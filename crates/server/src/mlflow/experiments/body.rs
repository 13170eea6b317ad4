//! An experiment as clients read it.

use hokusai_core::experiment::Experiment;
use serde_json::{Map, Value};

use crate::mlflow::pairs;

/// The experiment as JSON; what is empty is left out, as protobuf does.
pub(in crate::mlflow) fn experiment_body(experiment: &Experiment) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("experiment_id", experiment.id.to_string().into());
    put("name", experiment.name.as_str().into());
    put(
        "artifact_location",
        experiment.artifact_location.as_str().into(),
    );
    put("lifecycle_stage", experiment.lifecycle.as_str().into());
    put("last_update_time", experiment.updated_ms.into());
    put("creation_time", experiment.created_ms.into());
    put("workspace", "default".into());
    if !experiment.tags.is_empty() {
        put("tags", pairs(&experiment.tags));
    }
    body.into()
}
