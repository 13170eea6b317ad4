//! The store of artifacts.

use super::{MLFLOW, Routes, may, must, reads, sends};
use crate::openapi::Operation;

pub(super) const ROUTES: Routes = &[
    ("GET artifacts/list", reads(&[must("run_id"), may("path")])),
    ("GET /get-artifact", sends(&[must("run_id"), must("path")])),
    (
        "GET /api/2.0/mlflow-artifacts/artifacts",
        reads(&[may("path")]),
    ),
    (
        "GET /api/2.0/mlflow-artifacts/artifacts/{*path}",
        sends(&[]),
    ),
    (
        "PUT /api/2.0/mlflow-artifacts/artifacts/{*path}",
        Operation {
            takes_file: true,
            refusals: &[404, 413, 507],
            ..MLFLOW
        },
    ),
    ("DELETE /api/2.0/mlflow-artifacts/artifacts/{*path}", MLFLOW),
    (
        "POST /api/2.0/mlflow-artifacts/mpu/create/{*path}",
        IN_PARTS,
    ),
    (
        "POST /api/2.0/mlflow-artifacts/mpu/complete/{*path}",
        IN_PARTS,
    ),
    ("POST /api/2.0/mlflow-artifacts/mpu/abort/{*path}", IN_PARTS),
];

/// As MLflow's server does for a store on disk: clients then upload a file as a whole.
const IN_PARTS: Operation = Operation {
    description: "Always 501: files are uploaded as a whole.",
    refusals: &[404, 501],
    ..MLFLOW
};
