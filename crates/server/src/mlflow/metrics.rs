//! The history of metrics.

mod get_history;
mod get_history_bulk;

pub use get_history::get_history;
pub use get_history_bulk::get_history_bulk;

/// Most points in one answer that asks for no page: 250,000 points are 25 MB of JSON.
const MOST_POINTS: i64 = 250_000;
