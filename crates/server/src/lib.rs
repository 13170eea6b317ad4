//! The HTTP of both services.
//!
//! A request passes, from the outside in: request id, base path, gate (key, scope, rate), handler. A handler parses, decides, does
//! one transaction, answers.
//!
//! # To add an endpoint
//! 1. A file named after it, in the folder of its entity: parameters, handler, tests.
//! 2. A line in the routes page of its service ([`mlflow::routes`]), with its [`gate::Access`]: there is no way to leave it out.
//! 3. Its rule goes to `hokusai-core`, its SQL to `hokusai-store`.

pub mod api;
pub mod audit;
pub mod auth;
pub mod authority;
pub mod base_path;
pub mod body;
pub mod caller;
pub mod error;
pub mod gate;
pub mod health;
pub mod json;

pub mod metrics;
pub mod mlflow;
pub mod openapi;
pub mod outbound;
pub mod path;
pub mod registry;
pub mod request_id;
pub mod routing;
