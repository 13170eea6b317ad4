//! Operations of the store through its public surface.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]

mod audit;
mod metrics;
mod models;
mod postgres;
mod postgres_tls;
mod statements;
mod store;

use hokusai_store::{Store, StoreOptions};
use hokusai_testkit::Backend;

const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// The synchronous client may be neither made nor dropped inside of a tokio task.
async fn open(options: StoreOptions) -> Store {
    tokio::task::spawn_blocking(move || Store::open(&options))
        .await
        .unwrap()
        .unwrap()
}

async fn close(store: Store) {
    tokio::task::spawn_blocking(move || store.close())
        .await
        .unwrap();
}
