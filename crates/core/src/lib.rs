//! Domain rules of the registry and of API keys.
//!
//! This crate is pure: no files, sockets, environment, clock or randomness. A rule is a type that can't hold a wrong
//! value, and an error that owns its sentence. Where a rule is MLflow's, the sentence is MLflow's too, word for word,
//! since its clients match on it.
//!
//! To add a rule: one file named after the noun, a type with `FromStr` or a `parse` function, a closed error enum,
//! tests whose names are claims.

pub mod access;
pub mod artifact_path;
pub mod artifact_uri;
pub mod clock;
pub mod entity_key;
pub mod experiment;
pub mod key;
pub mod logged_model;
pub mod metric;
pub mod metric_direction;
pub mod model;
pub mod python_text;
pub mod random;
pub mod run;
pub mod search;
pub mod text_limit;
pub mod usage;
