//! Registered models, versions, aliases, manifests and their search.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::{
    IS_PROMPT_TAG, ManifestEntry, ModelName, ModelTag, Stage, VersionNumber,
};
use hokusai_core::search::{Query, Target};
use hokusai_store::model_versions::NewVersion;
use hokusai_store::search_sql::Page;
use hokusai_store::statement::Schema;
use hokusai_store::{
    Store, StoreError, StoreOptions, Tx, artifact_changes, artifact_digests, model_aliases,
    model_versions, models, search_sql,
};
use hokusai_testkit::{Backend, TestDatabase};

use crate::BOTH;

const PAGE: Page = Page {
    offset: 0,
    limit: 10,
};

struct Fixture {
    _database: TestDatabase,
    store: Store,
}

impl Fixture {
    async fn on(backend: Backend) -> Self {
        let database = TestDatabase::new(backend);
        let store = crate::open(StoreOptions::new(database.location(), Schema::Registry)).await;
        Self {
            _database: database,
            store,
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(operation).await.unwrap()
    }

    async fn model(&self, raw: &'static str) {
        assert!(
            self.write(move |tx| models::insert(tx, &name(raw), None, &[], 1))
                .await
        );
    }

    async fn version(&self, raw: &'static str, path: &'static str) -> VersionNumber {
        self.write(move |tx| model_versions::insert(tx, &new_version(raw, path), 2))
            .await
            .unwrap()
            .version
    }

    async fn found(&self, filter: &'static str) -> Vec<(String, i64)> {
        let query = Query::parse(Target::Versions, filter, &[]).unwrap();
        let versions = self
            .write(move |tx| search_sql::versions(tx, &query, PAGE))
            .await;
        versions
            .iter()
            .map(|version| (version.name.to_string(), version.version.get()))
            .collect()
    }
}

fn name(raw: &str) -> ModelName {
    raw.parse().unwrap()
}

fn path(raw: &str) -> ArtifactPath {
    raw.parse().unwrap()
}

fn new_version(model: &str, at: &str) -> NewVersion {
    NewVersion {
        name: name(model),
        description: None,
        user_id: None,
        source: format!("mlflow-artifacts:/{at}"),
        download_uri: format!("mlflow-artifacts:/{at}"),
        artifact_path: Some(path(at)),
        run_id: Some("r1".to_owned()),
        run_link: None,
        model_id: None,
        tags: vec![ModelTag::new("k", "v").unwrap()],
        files: vec![ManifestEntry {
            path: "MLmodel".to_owned(),
            size_bytes: 3,
            sha256: "ab".to_owned(),
        }],
    }
}

#[tokio::test]
async fn a_name_is_taken_once() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        assert!(
            !fixture
                .write(|tx| models::insert(tx, &name("churn"), None, &[], 1))
                .await
        );
    }
}

#[tokio::test]
async fn versions_count_from_one_and_are_never_used_twice() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        assert_eq!(fixture.version("churn", "a").await.get(), 1);
        assert_eq!(fixture.version("churn", "b").await.get(), 2);
        fixture
            .write(|tx| {
                let id = models::id(tx, &name("churn"))?.unwrap();
                model_versions::delete(tx, id, VersionNumber::new(2), 3)
            })
            .await;
        assert_eq!(fixture.version("churn", "c").await.get(), 3);
        assert!(
            fixture
                .write(|tx| model_versions::insert(tx, &new_version("gone", "x"), 2))
                .await
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_model_shows_the_newest_version_of_each_stage_its_tags_and_aliases() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        for at in ["a", "b", "c"] {
            fixture.version("churn", at).await;
        }
        let model = fixture
            .write(|tx| {
                let id = models::id(tx, &name("churn"))?.unwrap();
                models::set_tag(tx, &name("churn"), &ModelTag::new("team", "x").unwrap())?;
                model_aliases::set(tx, id, &"champion".parse().unwrap(), VersionNumber::new(2))?;
                model_versions::set_stage(
                    tx,
                    id,
                    VersionNumber::new(1),
                    Stage::Production,
                    false,
                    5,
                )?;
                models::get(tx, &name("churn"))
            })
            .await
            .unwrap();
        let latest: Vec<_> = model
            .latest_versions
            .iter()
            .map(|v| (v.version.get(), v.stage))
            .collect();
        assert_eq!(latest, [(1, Stage::Production), (3, Stage::None)]);
        assert_eq!(model.tags[0].value(), "x");
        assert_eq!(
            model.aliases,
            [("champion".parse().unwrap(), VersionNumber::new(2))]
        );
        assert_eq!(model.updated_at_ms, 5);
    }
}

#[tokio::test]
async fn archiving_moves_only_the_other_versions_of_the_stage() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        for at in ["a", "b", "c"] {
            fixture.version("churn", at).await;
        }
        let stages = fixture
            .write(|tx| {
                let id = models::id(tx, &name("churn"))?.unwrap();
                for (version, archive) in [(1, false), (2, true)] {
                    model_versions::set_stage(
                        tx,
                        id,
                        VersionNumber::new(version),
                        Stage::Staging,
                        archive,
                        5,
                    )?;
                }
                (1..=3)
                    .map(|n| model_versions::get(tx, &name("churn"), VersionNumber::new(n)))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await;
        let stages: Vec<_> = stages
            .into_iter()
            .map(|version| version.unwrap().stage)
            .collect();
        assert_eq!(stages, [Stage::Archived, Stage::Staging, Stage::None]);
    }
}

#[tokio::test]
async fn deleting_a_version_takes_its_aliases_and_manifest_along() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        fixture.version("churn", "a").await;
        let (aliases, files) = fixture
            .write(|tx| {
                let (model, one) = (name("churn"), VersionNumber::new(1));
                let id = models::id(tx, &model)?.unwrap();
                model_aliases::set(tx, id, &"champion".parse().unwrap(), one)?;
                model_versions::delete(tx, id, one, 3)?;
                Ok((
                    model_aliases::of_models(tx, &[id])?,
                    model_versions::files(tx, &model, one)?,
                ))
            })
            .await;
        assert!(aliases.is_empty() && files.is_empty());
    }
}

#[tokio::test]
async fn a_renamed_model_keeps_its_versions() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("old").await;
        fixture.version("old", "a").await;
        let found = fixture
            .write(|tx| {
                let id = models::id(tx, &name("old"))?.unwrap();
                models::rename(tx, id, &name("new"), 9)?;
                model_versions::get(tx, &name("new"), VersionNumber::new(1))
            })
            .await;
        assert_eq!(found.unwrap().updated_at_ms, 9);
    }
}

#[tokio::test]
async fn what_a_version_refers_to_is_frozen_above_at_and_below() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        fixture.version("churn", "1/m/artifacts").await;
        for (at, is_frozen) in [
            ("1/m/artifacts", true),
            ("1/m/artifacts/MLmodel", true),
            ("1/m/artifacts/new/file", true),
            ("1/m", true),
            ("1", true),
            ("1/m/artifacts2", false),
            ("1/m/artifact", false),
            ("1/other", false),
        ] {
            let owner = fixture
                .write(move |tx| model_versions::freezer_of(tx, &path(at)))
                .await;
            assert_eq!(owner.is_some(), is_frozen, "{at}");
        }
    }
}

#[tokio::test]
async fn digests_are_found_below_a_directory_and_forgotten_with_it() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        let below = fixture
            .write(|tx| {
                for at in ["d/a", "d/b/c", "d2/a", "d"] {
                    artifact_digests::put(tx, &path(at), 1, "old")?;
                    artifact_digests::put(tx, &path(at), 2, "new")?;
                }
                let below = artifact_digests::below(tx, &path("d"))?;
                artifact_digests::delete(tx, &path("d"))?;
                assert!(artifact_digests::below(tx, &path("d"))?.is_empty());
                Ok(below)
            })
            .await;
        let shown: Vec<_> = below
            .iter()
            .map(|file| (file.path.as_str(), file.size_bytes, file.sha256.as_str()))
            .collect();
        assert_eq!(
            shown,
            [("d", 2, "new"), ("d/a", 2, "new"), ("d/b/c", 2, "new")]
        );
    }
}

#[tokio::test]
async fn a_doubted_digest_keeps_its_row_and_its_bytes_are_counted() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        let (doubts, below, stored) = fixture
            .write(|tx| {
                artifact_digests::put(tx, &path("d/a"), 1, "old")?;
                artifact_digests::put(tx, &path("d/b"), 20, "b")?;
                let doubts = [
                    artifact_digests::doubt(tx, &path("d/a"), 300)?,
                    artifact_digests::doubt(tx, &path("d"), 300)?,
                ];
                let below = artifact_digests::below(tx, &path("d"))?;
                Ok((doubts, below, artifact_digests::stored_bytes(tx)?))
            })
            .await;
        assert_eq!(doubts, [true, false]);
        assert_eq!((below[0].size_bytes, below[0].sha256.as_str()), (300, ""));
        assert_eq!((below.len(), stored), (2, 320));
    }
}

#[tokio::test]
async fn versions_are_found_by_name_number_run_and_tag() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("churn").await;
        fixture.model("100%_x").await;
        fixture.version("churn", "a").await;
        fixture.version("churn", "b").await;
        fixture.version("100%_x", "c").await;
        let churn = |n: i64| ("churn".to_owned(), n);
        let percent = ("100%_x".to_owned(), 1);
        assert_eq!(fixture.found("name = 'churn'").await, [churn(2), churn(1)]);
        assert_eq!(fixture.found("version_number > 1").await, [churn(2)]);
        assert_eq!(
            fixture
                .found("run_id IN ('r1', 'r2') AND source_path LIKE '%/a'")
                .await,
            [churn(1)]
        );
        assert_eq!(
            fixture.found("tags.k = 'v' AND name ILIKE 'CH%'").await,
            [churn(2), churn(1)]
        );
        assert_eq!(fixture.found("name LIKE 'CH%'").await, []);
        assert_eq!(fixture.found("name NOT IN ('churn')").await, [percent]);
        assert_eq!(fixture.found("tags.k != 'v'").await, []);
    }
}

#[tokio::test]
async fn prompts_are_hidden_from_the_search_for_models() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        fixture.model("model").await;
        let tag = ModelTag::new(IS_PROMPT_TAG, "true").unwrap();
        fixture
            .write(move |tx| {
                models::insert(tx, &name("prompt"), None, std::slice::from_ref(&tag), 1)
            })
            .await;
        for (filter, expected) in [
            ("", "model"),
            ("tags.`mlflow.prompt.is_prompt` = 'true'", "prompt"),
            ("tags.`mlflow.prompt.is_prompt` != 'true'", "model"),
        ] {
            let query = Query::parse(Target::Models, filter, &[]).unwrap();
            let found = fixture
                .write(move |tx| search_sql::models(tx, &query, PAGE))
                .await;
            assert_eq!(
                found.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
                [expected],
                "{filter}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_is_seen_at_above_and_below_its_path_until_it_ends() {
    for backend in BOTH {
        let fixture = Fixture::on(backend).await;
        let seen = fixture
            .write(|tx| {
                artifact_changes::take_fence(tx)?;
                artifact_changes::note(tx, "one", &path("d/a"), 10, 20)?;
                let mut seen = Vec::new();
                for (at, now_ms) in [
                    ("d", 10),
                    ("d/a", 20),
                    ("d/a/b", 10),
                    ("d/b", 10),
                    ("d/ab", 10),
                    ("d/a", 21),
                ] {
                    seen.push(artifact_changes::touches(tx, &path(at), now_ms)?);
                }
                artifact_changes::shorten(tx, "one", 12)?;
                seen.push(artifact_changes::touches(tx, &path("d"), 13)?);
                artifact_changes::end(tx, "one")?;
                seen.push(artifact_changes::touches(tx, &path("d"), 11)?);
                Ok(seen)
            })
            .await;
        assert_eq!(seen, [true, true, true, false, false, false, false, false]);
    }
}
