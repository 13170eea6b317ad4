//! The binary with its artifacts in a bucket of a real S3 server: one process and two, and a store that goes away and comes back.

mod copies;
mod refused;

use std::path::Path;
use std::time::Duration;

use hokusai_s3_server::{BUCKET, S3Server};
use hokusai_testkit::Backend;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::backup::load::{self, Load, artifact, post};
use crate::home::Home;
use crate::process::{Answer, Server, ask, client, read_key};

/// A store, and a registry with a run whose artifacts it keeps.
struct World {
    /// Below it are the store's buckets.
    directory: tempfile::TempDir,
    store: Option<S3Server>,
    home: Home,
    server: Server,
    key: String,
    root: String,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = S3Server::start(directory.path()).await.unwrap();
        let home = Home::new(backend).in_bucket(&store, "prod");
        let server = home.serve();
        let key = read_key(Path::new(&home.path("key")));
        let body = json!({"experiment_id": "0"});
        let made = post(server.url("registry"), &key, "runs/create", body).await;
        let run = made["run"]["info"]["run_id"].as_str().unwrap();
        Self {
            root: format!("0/{run}/artifacts"),
            directory,
            store: Some(store),
            home,
            server,
            key,
        }
    }

    async fn put_at(&self, server: &Server, name: &str, bytes: Vec<u8>) -> Answer {
        let url = artifact(server.url("registry"), &format!("{}/{name}", self.root));
        let answer = client().put(url).bearer_auth(&self.key).body(bytes).send();
        let answer = answer.await.unwrap();
        let (status, retry) = (
            answer.status(),
            answer.headers().contains_key("retry-after"),
        );
        assert_eq!(retry, status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
        Answer {
            status,
            stale: false,
            body: answer.json().await.unwrap(),
            took: Duration::ZERO,
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Answer {
        self.put_at(&self.server, name, bytes).await
    }

    async fn get_from(&self, server: &Server, name: &str) -> (StatusCode, Vec<u8>) {
        let url = artifact(server.url("registry"), &format!("{}/{name}", self.root));
        let answer = client()
            .get(url)
            .bearer_auth(&self.key)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.bytes().await.unwrap().to_vec())
    }

    async fn get(&self, name: &str) -> (StatusCode, Vec<u8>) {
        self.get_from(&self.server, name).await
    }

    /// Makes a version of what lies below a name.
    async fn register_at(&self, server: &Server, name: &str) -> Answer {
        let registry = server.url("registry");
        let models = format!("{registry}/api/2.0/mlflow/registered-models/create");
        // It is there from the second time on.
        ask(
            Method::POST,
            &models,
            &self.key,
            Some(json!({"name": "tea"})),
        )
        .await;
        let source = format!("mlflow-artifacts:/{}/{name}", self.root);
        let versions = format!("{registry}/api/2.0/mlflow/model-versions/create");
        let run = self.root.split('/').nth(1);
        let body = json!({"name": "tea", "source": source, "run_id": run});
        ask(Method::POST, &versions, &self.key, Some(body)).await
    }

    /// What some routes answer that read the database alone, and some that read the bucket too.
    async fn shown_by(&self, server: &Server) -> Vec<Value> {
        let mut shown = Vec::new();
        for route in [
            "mlflow/model-versions/search?max_results=100".to_owned(),
            "mlflow/registered-models/search?max_results=100".to_owned(),
            format!("mlflow-artifacts/artifacts?path={}", self.root),
            format!("mlflow-artifacts/artifacts?path={}/model", self.root),
        ] {
            let url = format!("{}/api/2.0/{route}", server.url("registry"));
            let answer = ask(Method::GET, &url, &self.key, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            shown.push(answer.body);
        }
        shown
    }

    /// Where the store keeps an artifact.
    fn stored(&self, name: &str) -> std::path::PathBuf {
        let files = self.directory.path().join(BUCKET).join("prod/files");
        files.join(&self.root).join(name)
    }
}

/// More than a part.
fn large() -> Vec<u8> {
    (0..12_u32 << 20).map(|at| (at % 251) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_uploaded_and_registered_is_in_the_bucket_and_no_longer_changes() {
    let world = World::new(Backend::Sqlite).await;
    assert_eq!(
        world.put("model/MLmodel", b"x: 1".to_vec()).await.status,
        200
    );
    assert_eq!(world.put("model/weights", large()).await.status, 200);
    assert_eq!(
        std::fs::read(world.stored("model/weights")).unwrap(),
        large()
    );
    assert_eq!(world.get("model/weights").await, (StatusCode::OK, large()));
    let made = world.register_at(&world.server, "model").await;
    assert_eq!(made.status, 200, "{made:?}");
    let refused = world.put("model/MLmodel", b"x: 2".to_vec()).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error_code"], "INVALID_STATE", "{refused:?}");
    let url = artifact(
        world.server.url("registry"),
        &format!("{}/model", world.root),
    );
    let refused = ask(Method::DELETE, &url, &world.key, None).await;
    assert_eq!(refused.body["error_code"], "INVALID_STATE", "{refused:?}");
    assert_eq!(world.get("model/MLmodel").await.1, b"x: 1");
    assert_eq!(world.store.as_ref().unwrap().unfinished().unwrap(), 0);
    // Nothing fell back to the disk.
    assert!(!Path::new(&world.home.path("data/artifacts")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_artifacts_are_503_all_else_works_and_no_restart_is_needed() {
    let mut world = World::new(Backend::Sqlite).await;
    assert_eq!(world.put("a", b"1".to_vec()).await.status, 200);
    let store = world.store.take().unwrap();
    let address = store.address();
    store.stop().await;

    let registry = world.server.url("registry").to_owned();
    for (method, path) in [
        (Method::GET, format!("/{}/a", world.root)),
        (Method::DELETE, format!("/{}/a", world.root)),
        (Method::GET, format!("?path={}", world.root)),
    ] {
        let url = format!("{registry}/api/2.0/mlflow-artifacts/artifacts{path}");
        let away = ask(method, &url, &world.key, None).await;
        assert_eq!(away.status, 503, "{away:?}");
        assert_eq!(away.body["error_code"], "TEMPORARILY_UNAVAILABLE");
        assert!(away.took < Duration::from_secs(10), "{away:?}");
    }
    for bytes in [b"2".to_vec(), large()] {
        let away = world.put("a", bytes).await;
        assert_eq!(away.status, 503, "{away:?}");
        let said = away.body["message"].as_str().unwrap();
        assert!(said.contains("artifact store is not answering"), "{said}");
    }
    let body = json!({"experiment_id": "0"});
    post(&registry, &world.key, "runs/create", body).await;

    let again = S3Server::start_at(world.directory.path(), address).await;
    world.store = Some(again.unwrap());
    assert_eq!(world.get("a").await, (StatusCode::OK, b"1".to_vec()));
    assert_eq!(world.put("a", large()).await.status, 200);
    assert_eq!(world.get("a").await.1, large());
    assert_eq!(world.server.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_before_its_store_serves_artifacts_once_it_is_there() {
    let mut world = World::new(Backend::Sqlite).await;
    let store = world.store.take().unwrap();
    let address = store.address();
    store.stop().await;
    world.server.stop();
    world.server = world.home.serve();
    assert!(world.server.log().contains("does not answer yet"));
    assert_eq!(world.put("a", b"1".to_vec()).await.status, 503);
    let again = S3Server::start_at(world.directory.path(), address).await;
    world.store = Some(again.unwrap());
    assert_eq!(world.put("a", b"1".to_vec()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_on_one_database_and_one_bucket_give_the_same_answers() {
    let world = World::new(Backend::Postgres).await;
    let other = world.home.serve();
    assert_eq!(world.put("model/one", large()).await.status, 200);
    assert_eq!(world.put_at(&other, "model/two", large()).await.status, 200);
    assert_eq!(world.get("model/two").await.1, large());
    assert_eq!(world.get_from(&other, "model/one").await.1, large());
    let made = world.register_at(&other, "model").await;
    assert_eq!(made.status, 200, "{made:?}");
    for server in [&world.server, &other] {
        let refused = world.put_at(server, "model/one", b"x".to_vec()).await;
        assert_eq!(refused.body["error_code"], "INVALID_STATE", "{refused:?}");
    }
    let shown = world.shown_by(&world.server).await;
    assert_eq!(shown, world.shown_by(&other).await);
    assert_eq!(shown[3]["files"].as_array().unwrap().len(), 2, "{shown:?}");

    let (here, there) = (
        Load::start_where_tea_is(&world.server, &world.key).await,
        Load::start_where_tea_is(&other, &world.key).await,
    );
    here.until_each_did(3).await;
    there.until_each_did(3).await;
    let mut done = here.stop().await;
    let and = there.stop().await;
    done.steps.extend(and.steps);
    done.versions.extend(and.versions);
    done.keys.extend(and.keys);
    for server in [&world.server, &other] {
        let found = load::read(server, &world.key, &done).await;
        found.assert_between(&done, &done);
    }
    assert_eq!(
        world.shown_by(&world.server).await,
        world.shown_by(&other).await
    );
}

/// One replica makes versions of what the other replaces at that very moment: whoever comes first, the version's files stay.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_names_never_changes_whichever_replica_is_asked() {
    let world = World::new(Backend::Postgres).await;
    let other = world.home.serve();
    let models = json!({"name": "tea"});
    let registry = other.url("registry");
    post(registry, &world.key, "registered-models/create", models).await;
    let mut replaced = 0;
    for round in 0..40 {
        let (folder, file) = (format!("m{round}"), format!("m{round}/x"));
        assert_eq!(world.put(&file, b"first".to_vec()).await.status, 200);
        let (first, second, made) = tokio::join!(
            world.put(&file, b"second".to_vec()),
            world.put(&file, b"third".to_vec()),
            world.register_at(&other, &folder)
        );
        assert_eq!(made.status, 200, "{made:?}");
        for answer in [first, second] {
            assert!(matches!(answer.status.as_u16(), 200 | 400), "{answer:?}");
            replaced += usize::from(answer.status == 200);
        }
    }
    let check = world.home.run(&["db", "check", "--artifacts"]);
    assert_eq!(
        check.status.code(),
        Some(0),
        "{replaced} replaced: {check:?}"
    );
}
