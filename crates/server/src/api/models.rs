//! The Models API, at `/api/models` and, for older clients, at `/models`: list, get, lineage, manifest, register.
//!
//! What the platform's first system had here beyond that (evaluation, predictions, scoring, token events) was made of
//! mocks or belongs elsewhere, and isn't served.

mod describe;
mod get;
mod lineage;
mod list;
mod manifest;
mod register;

use hokusai_core::access::Action::{ReadModels, WriteModels};

use crate::gate::Access::Needs;
use crate::registry::RegistryState;
use crate::routing::Route;

/// All routes of the Models API.
pub fn routes() -> Vec<Route<RegistryState>> {
    vec![
        Route::get("/api/models", Needs(ReadModels), list::list).describe(&describe::LIST),
        Route::get("/models", Needs(ReadModels), list::list).describe(&describe::LIST),
        Route::post(
            "/api/models/register",
            Needs(WriteModels),
            register::register,
        )
        .describe(&describe::REGISTER),
        Route::post("/models/register", Needs(WriteModels), register::register)
            .describe(&describe::REGISTER),
        Route::get("/api/models/{name}", Needs(ReadModels), get::model).describe(&describe::MODEL),
        Route::get("/models/{name}", Needs(ReadModels), get::model).describe(&describe::MODEL),
        Route::get(
            "/api/models/{name}/lineage",
            Needs(ReadModels),
            lineage::lineage,
        )
        .describe(&describe::LINEAGE),
        Route::get(
            "/models/{name}/lineage",
            Needs(ReadModels),
            lineage::lineage,
        )
        .describe(&describe::LINEAGE),
        Route::get(
            "/api/models/{name}/versions/{version}",
            Needs(ReadModels),
            get::version,
        )
        .describe(&describe::VERSION),
        Route::get(
            "/models/{name}/versions/{version}",
            Needs(ReadModels),
            get::version,
        )
        .describe(&describe::VERSION),
        Route::get(
            "/api/models/{name}/versions/{version}/manifest",
            Needs(ReadModels),
            manifest::manifest,
        )
        .describe(&describe::MANIFEST),
        Route::get(
            "/models/{name}/versions/{version}/manifest",
            Needs(ReadModels),
            manifest::manifest,
        )
        .describe(&describe::MANIFEST),
    ]
}
