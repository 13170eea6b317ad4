//! Good requests whose texts are as long as they may be.

use serde_json::json;

use super::table::random;
use super::world::World;

/// Writes values, keys and paths that do not compress, each as long as it may be: a database could find them too long for an index.
pub(super) fn take(world: &World) {
    let long = random;
    let batch = json!({
        "run_id": world.names["run"],
        "params": [{"key": long(250), "value": long(6000)}],
        "tags": [{"key": long(250), "value": long(8000)}],
        "metrics": [{"key": long(250), "value": 1.5, "timestamp": i64::MAX, "step": i64::MIN}],
    });
    world.good("registry", "POST", "/api/2.0/mlflow/runs/log-batch", &batch);
    let search = json!({
        "experiment_ids": [world.names["experiment"]],
        "filter": format!("params.`{}` = '{}'", long(250), long(6000)),
    });
    let found = world.good("registry", "POST", "/api/2.0/mlflow/runs/search", &search);
    assert_eq!(found["runs"].as_array().map(Vec::len), Some(1), "{found}");
    let run = json!({
        "experiment_id": world.names["experiment"], "run_name": long(8000), "user_id": long(256),
        "tags": [{"key": long(250), "value": long(8000)}],
    });
    world.good("registry", "POST", "/api/2.0/mlflow/runs/create", &run);
    let inputs = json!({"run_id": world.names["run"], "datasets": [{"dataset": {
        "name": long(500), "digest": long(36), "source_type": long(36), "source": long(65_535),
        "schema": long(1_048_575),
    }}]});
    world.good(
        "registry",
        "POST",
        "/api/2.0/mlflow/runs/log-inputs",
        &inputs,
    );
    let outputs =
        json!({"run_id": world.names["run"], "models": [{"model_id": long(250), "step": 1}]});
    world.good("registry", "POST", "/api/2.0/mlflow/runs/outputs", &outputs);
    let logged = json!({
        "experiment_id": world.names["experiment"], "name": long(500), "model_type": long(500),
        "source_run_id": long(250), "params": [{"key": long(255), "value": long(100_000)}],
        "tags": [{"key": long(255), "value": long(100_000)}],
    });
    world.good("registry", "POST", "/api/2.0/mlflow/logged-models", &logged);
    let name = long(256);
    let model = json!({"name": name, "description": long(100_000), "tags": [{"key": long(250), "value": long(100_000)}]});
    world.good(
        "registry",
        "POST",
        "/api/2.0/mlflow/registered-models/create",
        &model,
    );
    let version = json!({
        "name": name, "source": format!("s3://{}", long(2043)), "run_id": long(250), "run_link": long(2048),
    });
    world.good(
        "registry",
        "POST",
        "/api/2.0/mlflow/model-versions/create",
        &version,
    );
    let alias = json!({"name": name, "alias": long(255), "version": "1"});
    world.good(
        "registry",
        "POST",
        "/api/2.0/mlflow/registered-models/alias",
        &alias,
    );
    let root = format!(
        "{}/{}/artifacts",
        world.names["experiment"], world.names["run"]
    );
    let mut path = root;
    while path.len() + 241 < 2500 {
        path = format!("{path}/{}", long(240));
    }
    path = format!("{path}/{}", long(2500 - path.len() - 1));
    world.good(
        "registry",
        "PUT",
        &format!("/api/2.0/mlflow-artifacts/artifacts/{path}"),
        &json!({}),
    );
    let key = json!({"name": long(100), "user_id": long(256), "scopes": ["model:read"]});
    world.good("auth", "POST", "/api/v1/keys", &key);
}
