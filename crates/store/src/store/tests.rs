//! What only `SQLite` promises: one process per file, and files that are private.

use super::*;

fn options(directory: &tempfile::TempDir) -> StoreOptions {
    StoreOptions::new(
        Location::Sqlite {
            directory: directory.path().join("data"),
        },
        Schema::Registry,
    )
}

#[tokio::test]
async fn a_second_store_on_the_same_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&directory)).unwrap();
    assert!(matches!(
        Store::open(&options(&directory)),
        Err(OpenError::InUse { .. })
    ));
    store.close();
    Store::open(&options(&directory)).unwrap().close();
}

#[tokio::test]
async fn files_are_private_under_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&directory)).unwrap();
    let data = directory.path().join("data");
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.path()
        );
    }
    store.close();
}
