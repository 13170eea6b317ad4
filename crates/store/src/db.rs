//! Where the two databases meet: one queue of jobs, two kinds of threads that run them.

pub(crate) mod postgres;
pub(crate) mod queue;
pub(crate) mod sqlite;
