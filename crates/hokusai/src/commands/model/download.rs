//! `hokusai model download`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::reference::resolve;
use crate::commands::digest::Running;
use crate::exit::{Exit, Failure};

/// What, and where to.
#[derive(Args)]
pub(super) struct Download {
    /// The version: NAME (the newest), NAME/VERSION or NAME@ALIAS.
    reference: String,
    /// The directory to make; by default the model's name.
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// One file of the manifest.
struct Expected {
    path: ArtifactPath,
    sha256: String,
}

/// Downloads beside the target, verifies every file, and only then gives the directory its name.
pub(super) async fn run(
    client: &Client,
    download: &Download,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let (name, version) = resolve(client, &download.reference).await?;
    let number = version.to_string();
    let manifest = client
        .ask(
            Method::GET,
            &[
                "api",
                "models",
                name.as_str(),
                "versions",
                &number,
                "manifest",
            ],
            None,
        )
        .await?;
    let (root, files) = read(&manifest)?;
    let target = download
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(name.as_str()));
    if target.exists() {
        return Err(Failure::usage(
            format!("`{}` is there already", target.display()),
            "name another directory with --output",
        ));
    }
    let parent = target
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let partial = tempfile::Builder::new()
        .prefix(".hokusai-download-")
        .tempdir_in(parent)?;
    for file in &files {
        fetch(client, &root, file, partial.path()).await?;
    }
    std::fs::rename(partial.keep(), &target)
        .with_context(|| format!("cannot name the download `{}`", target.display()))?;
    let mut out = std::io::stdout().lock();
    if as_json {
        let answer =
            json!({"name": name.as_str(), "version": number, "path": target, "files": files.len()});
        writeln!(out, "{answer}")?;
    } else {
        writeln!(
            out,
            "{}: version {number} of {name}, {} files, all verified",
            target.display(),
            files.len()
        )?;
    }
    Ok(Exit::Fine)
}

fn read(manifest: &Value) -> anyhow::Result<(ArtifactPath, Vec<Expected>)> {
    let uri = manifest
        .get("artifact_uri")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Ok(ArtifactUri::Stored(root)) = uri.parse() else {
        anyhow::bail!("the files of this version are not in the registry's store, but at `{uri}`");
    };
    let files = manifest
        .get("files")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if files.is_empty() {
        anyhow::bail!("this version has no files");
    }
    let expected = |file: &Value| -> anyhow::Result<Expected> {
        let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
        // A path from a server is not trusted either: it can't leave the directory.
        Ok(Expected {
            path: text("path").parse()?,
            sha256: text("sha256").to_owned(),
        })
    };
    Ok((root, files.iter().map(expected).collect::<Result<_, _>>()?))
}

async fn fetch(
    client: &Client,
    root: &ArtifactPath,
    file: &Expected,
    directory: &Path,
) -> anyhow::Result<()> {
    let path = root.join(&file.path);
    let segments = ["api", "2.0", "mlflow-artifacts", "artifacts"]
        .into_iter()
        .chain(path.segments());
    let segments: Vec<&str> = segments.collect();
    let mut response = client
        .send(client.request(Method::GET, &segments, &[])?)
        .await?;
    let target = directory.join(file.path.as_str());
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut written = std::fs::File::create_new(&target)?;
    let mut digest = Running::default();
    while let Some(chunk) = response.chunk().await.context("the download broke off")? {
        digest.add(&chunk);
        written.write_all(&chunk)?;
    }
    if digest.finish() != file.sha256 {
        return Err(Failure {
            message: format!(
                "`{}` differs from what was registered: nothing was kept",
                file.path
            ),
            hint: Some(
                "the registry's disk was changed or is damaged: tell whoever runs it".to_owned(),
            ),
            exit: Exit::Findings,
        }
        .into());
    }
    Ok(())
}
