//! Hokusai's own endpoints beside MLflow's.

pub mod models;
