//! `GET /api/3.0/mlflow/server-info`: what this server can do. Public: clients ask before they authenticate.

use axum::Json;
use serde_json::{Value, json};

/// Answers with MLflow's fields; nothing here is secret.
pub async fn get() -> Json<Value> {
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": false,
        "presigned_upload_model_id_supported": false,
        "features_enabled": {"gateway": false},
    }))
}
