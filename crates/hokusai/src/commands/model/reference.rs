//! `churn`, `churn/3`, `churn@champion`: which version is meant.

use hokusai_core::artifact_uri::{ArtifactUri, ModelUri};
use hokusai_core::model::{ModelName, VersionNumber};
use reqwest::Method;
use serde_json::Value;

use super::client::Client;
use crate::exit::Failure;

/// Finds the version that a reference means; a bare name means the newest.
pub(super) async fn resolve(
    client: &Client,
    raw: &str,
) -> anyhow::Result<(ModelName, VersionNumber)> {
    let bare = raw.strip_prefix("models:/").unwrap_or(raw);
    let full = if bare.contains(['/', '@']) {
        bare.to_owned()
    } else {
        format!("{bare}/latest")
    };
    let (name, alias) = match format!("models:/{full}").parse() {
        Ok(ArtifactUri::Model(ModelUri::Version(name, version))) => return Ok((name, version)),
        Ok(ArtifactUri::Model(ModelUri::Alias(name, alias))) => (name, alias.to_string()),
        Ok(ArtifactUri::Model(ModelUri::Latest(name))) => (name, "latest".to_owned()),
        _ => {
            return Err(Failure::usage(
                format!("`{raw}` names no version of a model"),
                "write NAME, NAME/VERSION or NAME@ALIAS",
            ));
        }
    };
    let path = ["api", "2.0", "mlflow", "registered-models", "alias"];
    let query = [("name", name.as_str()), ("alias", alias.as_str())];
    let request = client.request(Method::GET, &path, &query)?;
    let answer: Value = client.send(request).await?.json().await?;
    let version = answer
        .pointer("/model_version/version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok((name, version.parse()?))
}
