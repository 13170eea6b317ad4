//! A backup taken under load, restored elsewhere, is complete and consistent; a broken one is refused whole.

pub(crate) mod load;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use hokusai_testkit::Backend;
use reqwest::Method;
use serde_json::{Value, json};

use self::load::Load;
use crate::home::{Home, json_of};
use crate::process::{Server, ask, mint, read_key};

async fn verified(server: &Server, key: &str, head: &str) -> Value {
    let url = format!("{}/api/v1/audit/verify?head={head}", server.url("auth"));
    ask(Method::GET, &url, key, None).await.body
}

async fn a_backup_under_load_is_complete_and_consistent(backend: Backend) {
    moved_under_load(&Home::new(backend), &Home::new(backend)).await;
}

/// Backs up a home whose server works, restores into another, and compares.
pub(crate) async fn moved_under_load(from: &Home, to: &Home) {
    let server = from.serve();
    let admin = read_key(Path::new(&from.path("key")));
    let load = Load::start(&server, &admin).await;
    load.until_each_did(3).await;
    let before = load.acknowledged();
    let directory = from.path("backup");
    let taken = tokio::task::block_in_place(|| from.run(&["backup", &directory, "--json"]));
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");
    assert_eq!(json_of(&taken)["damaged"], json!([]), "{taken:?}");
    let after = load.stop().await;
    let moved = tokio::task::block_in_place(|| to.run(&["restore", &directory, "--json"]));
    assert_eq!(moved.status.code(), Some(0), "{moved:?}");
    let moved = json_of(&moved);
    let restored = to.serve();
    let found = load::read(&restored, &admin, &after).await;
    found.assert_between(&before, &after);
    // Whatever version is there has all its bytes.
    assert!(load::check_versions(&restored, &admin).await >= before.versions.len());
    let head = moved["audit"]["auth"]["head"].as_str().unwrap();
    let chain = verified(&restored, &admin, head).await;
    assert_eq!(chain["is_whole"], true, "{chain}");
    assert_eq!(
        chain["entries"].as_u64(),
        moved["audit"]["auth"]["entries"]
            .as_u64()
            .map(|entries| entries + 1),
        "the restore itself is recorded"
    );
    assert_eq!(moved["audit"]["registry"]["is_whole"], true, "{moved}");
    mint(restored.url("auth"), &admin, json!({"name": "next"})).await;
    load::log_another(&restored, &admin, &after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_complete_and_consistent_on_sqlite() {
    a_backup_under_load_is_complete_and_consistent(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_complete_and_consistent_on_postgresql() {
    a_backup_under_load_is_complete_and_consistent(Backend::Postgres).await;
}

/// A small backup, and the server that it was taken of.
async fn small(backend: Backend) -> (Home, Server, String) {
    let home = Home::new(backend);
    let server = home.serve();
    let admin = read_key(Path::new(&home.path("key")));
    let load = Load::start(&server, &admin).await;
    load.until_each_did(1).await;
    load.stop().await;
    let directory = home.path("backup");
    let taken = home.run(&["backup", &directory]);
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");
    (home, server, directory)
}

pub(crate) fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_eq!(mode(&path), 0o700, "{}", path.display());
            files_below(&path, found);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            found.push(path);
        }
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn refused(output: &Output, because: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(2 | 3)) && said.contains(because),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn any_damaged_file_of_a_backup_is_noticed_and_nothing_is_left_behind() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (home, _server, directory) = small(backend).await;
        let mut files = Vec::new();
        files_below(Path::new(&directory), &mut files);
        assert!(files.len() > 4, "{files:?}");
        let to = Home::new(backend);
        for file in &files {
            let whole = std::fs::read(file).unwrap();
            let mut damaged = whole.clone();
            match damaged.last_mut() {
                Some(byte) => *byte ^= 1,
                None => damaged.push(0),
            }
            std::fs::write(file, &damaged).unwrap();
            let output = to.run(&["restore", &directory]);
            assert_eq!(output.status.code(), Some(3), "{file:?} {output:?}");
            assert!(!Path::new(&to.path("data")).exists(), "{file:?}");
            std::fs::write(file, &whole).unwrap();
        }
        std::fs::remove_file(Path::new(&directory).join("manifest.json")).unwrap();
        refused(&to.run(&["restore", &directory]), "broken off");
        refused(&home.run(&["backup", &directory]), "is not empty");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_goes_only_into_an_empty_place_that_nobody_serves_from() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (home, mut server, directory) = small(backend).await;
        refused(&home.run(&["restore", &directory]), "use");
        assert_eq!(server.stop(), Some(0));
        refused(&home.run(&["restore", &directory]), "is not empty");
        let other = Home::new(match backend {
            Backend::Sqlite => Backend::Postgres,
            Backend::Postgres => Backend::Sqlite,
        });
        refused(&other.run(&["restore", &directory]), "kind of database");
        let to = Home::new(backend);
        std::fs::create_dir_all(to.path("data/artifacts/files")).unwrap();
        refused(&to.run(&["restore", &directory]), "is not empty");
        std::fs::remove_dir_all(to.path("data")).unwrap();
        let whole = to.run(&["restore", &directory]);
        assert_eq!(whole.status.code(), Some(0), "{whole:?}");
        refused(&to.run(&["restore", &directory]), "is not empty");
        drop(home.serve());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_serves_from_a_restore_that_was_broken_off() {
    let home = Home::new(Backend::Sqlite);
    std::fs::create_dir_all(home.path("data/.restoring")).unwrap();
    let key = home.path("key");
    let served = home.run(&["serve", "--bootstrap-key-file", &key]);
    refused(&served, "broken off");
    let listed = home.run(&["keys", "list", "--local"]);
    refused(&listed, "broken off");
    assert!(!Path::new(&home.path("data/auth.sqlite")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_bytes_are_damaged_is_named_and_the_rest_is_copied() {
    let (home, _server, _) = small(Backend::Sqlite).await;
    let mut files = Vec::new();
    let root = home.path("data/artifacts/files");
    files_below(Path::new(&root), &mut files);
    let model = files.iter().find(|path| path.ends_with("model.bin"));
    std::fs::write(model.unwrap(), "bit rot").unwrap();
    let directory = home.path("second");
    let taken = home.run(&["backup", &directory, "--json"]);
    assert_eq!(taken.status.code(), Some(1), "{taken:?}");
    let damaged = json_of(&taken)["damaged"].as_array().unwrap().len();
    assert_eq!(damaged, 1, "{taken:?}");
    let to = Home::new(Backend::Sqlite);
    let restored = to.run(&["restore", &directory]);
    assert_eq!(restored.status.code(), Some(1), "{restored:?}");
    drop(to.serve());
}
