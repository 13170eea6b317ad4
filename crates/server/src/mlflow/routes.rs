//! Every MLflow route, with who may use it.

use hokusai_core::access::Action;

use super::{
    artifacts, describe, experiments, logged_models, metrics, model_versions, registered_models,
    runs, server_info,
};
use crate::gate::Access::{Needs, Public};
use crate::registry::RegistryState;
use crate::routing::Route;

/// All routes, at their canonical paths; [`crate::base_path`] maps the others here.
pub fn all() -> Vec<Route<RegistryState>> {
    let mut routes = experiment_routes();
    routes.extend(run_routes());
    routes.extend(models());
    routes.extend(versions());
    routes.extend(logged());
    routes.extend(artifact_store());
    routes
        .into_iter()
        .map(|route| {
            // A route that is not described is found by a test.
            match describe::of(route.method().as_str(), route.path()) {
                Some(operation) => route.describe(operation),
                None => route,
            }
        })
        .collect()
}

/// Experiments.
fn experiment_routes() -> Vec<Route<RegistryState>> {
    use Action::{DeleteTracking, ReadTracking, WriteTracking};
    vec![
        Route::post(
            "/api/2.0/mlflow/experiments/create",
            Needs(WriteTracking),
            experiments::create,
        ),
        Route::get(
            "/api/2.0/mlflow/experiments/get",
            Needs(ReadTracking),
            experiments::get,
        ),
        Route::get(
            "/api/2.0/mlflow/experiments/get-by-name",
            Needs(ReadTracking),
            experiments::get_by_name,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/update",
            Needs(WriteTracking),
            experiments::update,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/delete",
            Needs(DeleteTracking),
            experiments::delete,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/restore",
            Needs(DeleteTracking),
            experiments::restore,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/set-experiment-tag",
            Needs(WriteTracking),
            experiments::set_tag,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/delete-experiment-tag",
            Needs(WriteTracking),
            experiments::delete_tag,
        ),
        Route::post(
            "/api/2.0/mlflow/experiments/search",
            Needs(ReadTracking),
            experiments::search,
        ),
        Route::get(
            "/api/2.0/mlflow/experiments/search",
            Needs(ReadTracking),
            experiments::search,
        ),
    ]
}

/// Runs and metrics.
fn run_routes() -> Vec<Route<RegistryState>> {
    use Action::{DeleteTracking, ReadTracking, WriteTracking};
    vec![
        Route::post(
            "/api/2.0/mlflow/runs/create",
            Needs(WriteTracking),
            runs::create,
        ),
        Route::get("/api/2.0/mlflow/runs/get", Needs(ReadTracking), runs::get),
        Route::post(
            "/api/2.0/mlflow/runs/update",
            Needs(WriteTracking),
            runs::update,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/delete",
            Needs(DeleteTracking),
            runs::delete,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/restore",
            Needs(DeleteTracking),
            runs::restore,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/log-metric",
            Needs(WriteTracking),
            runs::log_metric,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/log-parameter",
            Needs(WriteTracking),
            runs::log_parameter,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/log-batch",
            Needs(WriteTracking),
            runs::log_batch,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/set-tag",
            Needs(WriteTracking),
            runs::set_tag,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/delete-tag",
            Needs(WriteTracking),
            runs::delete_tag,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/log-inputs",
            Needs(WriteTracking),
            runs::log_inputs,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/outputs",
            Needs(WriteTracking),
            runs::log_outputs,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/log-model",
            Needs(WriteTracking),
            runs::log_model,
        ),
        Route::post(
            "/api/2.0/mlflow/runs/search",
            Needs(ReadTracking),
            runs::search,
        ),
        Route::get(
            "/api/2.0/mlflow/metrics/get-history",
            Needs(ReadTracking),
            metrics::get_history,
        ),
        Route::get(
            "/api/2.0/mlflow/metrics/get-history-bulk",
            Needs(ReadTracking),
            metrics::get_history_bulk,
        ),
    ]
}

/// Registered models.
fn models() -> Vec<Route<RegistryState>> {
    use Action::{DeleteModels, ReadModels, WriteModels};
    vec![
        Route::post(
            "/api/2.0/mlflow/registered-models/create",
            Needs(WriteModels),
            registered_models::create,
        ),
        Route::post(
            "/api/2.0/mlflow/registered-models/rename",
            Needs(WriteModels),
            registered_models::rename,
        ),
        Route::patch(
            "/api/2.0/mlflow/registered-models/update",
            Needs(WriteModels),
            registered_models::update,
        ),
        Route::delete(
            "/api/2.0/mlflow/registered-models/delete",
            Needs(DeleteModels),
            registered_models::delete,
        ),
        Route::get(
            "/api/2.0/mlflow/registered-models/get",
            Needs(ReadModels),
            registered_models::get,
        ),
        Route::get(
            "/api/2.0/mlflow/registered-models/search",
            Needs(ReadModels),
            registered_models::search,
        ),
        Route::get(
            "/api/2.0/mlflow/registered-models/get-latest-versions",
            Needs(ReadModels),
            registered_models::latest_versions,
        ),
        Route::post(
            "/api/2.0/mlflow/registered-models/get-latest-versions",
            Needs(ReadModels),
            registered_models::latest_versions,
        ),
        Route::post(
            "/api/2.0/mlflow/registered-models/set-tag",
            Needs(WriteModels),
            registered_models::set_tag,
        ),
        Route::delete(
            "/api/2.0/mlflow/registered-models/delete-tag",
            Needs(WriteModels),
            registered_models::delete_tag,
        ),
        Route::get(
            "/api/2.0/mlflow/registered-models/alias",
            Needs(ReadModels),
            registered_models::get_by_alias,
        ),
        Route::post(
            "/api/2.0/mlflow/registered-models/alias",
            Needs(WriteModels),
            registered_models::set_alias,
        ),
        Route::delete(
            "/api/2.0/mlflow/registered-models/alias",
            Needs(DeleteModels),
            registered_models::delete_alias,
        ),
    ]
}

/// Versions of registered models.
fn versions() -> Vec<Route<RegistryState>> {
    use Action::{DeleteModels, ReadArtifacts, ReadModels, WriteModels};
    vec![
        Route::post(
            "/api/2.0/mlflow/model-versions/create",
            Needs(WriteModels),
            model_versions::create,
        ),
        Route::patch(
            "/api/2.0/mlflow/model-versions/update",
            Needs(WriteModels),
            model_versions::update,
        ),
        Route::post(
            "/api/2.0/mlflow/model-versions/transition-stage",
            Needs(WriteModels),
            model_versions::transition,
        ),
        Route::delete(
            "/api/2.0/mlflow/model-versions/delete",
            Needs(DeleteModels),
            model_versions::delete,
        ),
        Route::get(
            "/api/2.0/mlflow/model-versions/get",
            Needs(ReadModels),
            model_versions::get,
        ),
        Route::get(
            "/api/2.0/mlflow/model-versions/get-download-uri",
            Needs(ReadModels),
            model_versions::download_uri,
        ),
        Route::get(
            "/api/2.0/mlflow/model-versions/search",
            Needs(ReadModels),
            model_versions::search,
        ),
        Route::post(
            "/api/2.0/mlflow/model-versions/set-tag",
            Needs(WriteModels),
            model_versions::set_tag,
        ),
        Route::delete(
            "/api/2.0/mlflow/model-versions/delete-tag",
            Needs(WriteModels),
            model_versions::delete_tag,
        ),
        Route::get(
            "/model-versions/get-artifact",
            Needs(ReadArtifacts),
            model_versions::get_artifact,
        ),
    ]
}

/// The store of artifacts.
fn artifact_store() -> Vec<Route<RegistryState>> {
    use Action::{DeleteArtifacts, ReadArtifacts, WriteArtifacts};
    vec![
        Route::get(
            "/api/2.0/mlflow/artifacts/list",
            Needs(ReadArtifacts),
            artifacts::list_of_run,
        ),
        Route::get("/get-artifact", Needs(ReadArtifacts), artifacts::get_of_run),
        Route::get(
            "/api/2.0/mlflow-artifacts/artifacts",
            Needs(ReadArtifacts),
            artifacts::list,
        ),
        Route::get(
            "/api/2.0/mlflow-artifacts/artifacts/{*path}",
            Needs(ReadArtifacts),
            artifacts::download,
        ),
        Route::put(
            "/api/2.0/mlflow-artifacts/artifacts/{*path}",
            Needs(WriteArtifacts),
            artifacts::upload,
        ),
        Route::delete(
            "/api/2.0/mlflow-artifacts/artifacts/{*path}",
            Needs(DeleteArtifacts),
            artifacts::delete,
        ),
        Route::post(
            "/api/2.0/mlflow-artifacts/mpu/create/{*path}",
            Needs(WriteArtifacts),
            artifacts::unsupported,
        ),
        Route::post(
            "/api/2.0/mlflow-artifacts/mpu/complete/{*path}",
            Needs(WriteArtifacts),
            artifacts::unsupported,
        ),
        Route::post(
            "/api/2.0/mlflow-artifacts/mpu/abort/{*path}",
            Needs(WriteArtifacts),
            artifacts::unsupported,
        ),
        Route::get("/api/3.0/mlflow/server-info", Public, server_info::get),
    ]
}

/// Logged models.
fn logged() -> Vec<Route<RegistryState>> {
    use Action::{DeleteTracking, ReadArtifacts, ReadTracking, WriteTracking};
    vec![
        Route::post(
            "/api/2.0/mlflow/logged-models",
            Needs(WriteTracking),
            logged_models::create,
        ),
        Route::post(
            "/api/2.0/mlflow/logged-models/search",
            Needs(ReadTracking),
            logged_models::search,
        ),
        Route::get(
            "/api/2.0/mlflow/logged-models/{model_id}",
            Needs(ReadTracking),
            logged_models::get,
        ),
        Route::patch(
            "/api/2.0/mlflow/logged-models/{model_id}",
            Needs(WriteTracking),
            logged_models::finalize,
        ),
        Route::delete(
            "/api/2.0/mlflow/logged-models/{model_id}",
            Needs(DeleteTracking),
            logged_models::delete,
        ),
        Route::post(
            "/api/2.0/mlflow/logged-models/{model_id}/params",
            Needs(WriteTracking),
            logged_models::log_params,
        ),
        Route::get(
            "/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories",
            Needs(ReadArtifacts),
            artifacts::list_of_logged_model,
        ),
        Route::get(
            "/api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
            Needs(ReadArtifacts),
            artifacts::get_of_logged_model,
        ),
        Route::patch(
            "/api/2.0/mlflow/logged-models/{model_id}/tags",
            Needs(WriteTracking),
            logged_models::set_tags,
        ),
        Route::delete(
            "/api/2.0/mlflow/logged-models/{model_id}/tags/{key}",
            Needs(WriteTracking),
            logged_models::delete_tag,
        ),
    ]
}
