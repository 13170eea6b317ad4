//! Uploads with a progress bar, hashed on the way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Body, Method, header};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::{Client, Place};
use crate::commands::digest::Running;
use crate::commands::model::tree::LocalFile;

/// One read of a file.
const CHUNK_BYTES: usize = 256 << 10;

/// Uploads the files one after the other; answers path and digest of each. What lies there already in the same size is not sent
/// again: the registry compares every digest before it registers.
pub(super) async fn all(
    client: &Client,
    place: &Place,
    files: &[LocalFile],
    is_quiet: bool,
) -> anyhow::Result<Vec<Value>> {
    let Ok(ArtifactUri::Stored(root)) = place.artifact_uri.parse() else {
        anyhow::bail!(
            "the registry keeps artifacts elsewhere (`{}`): this command can't upload there",
            place.artifact_uri
        );
    };
    let total = files.iter().map(|file| file.size_bytes).sum();
    let bar = if is_quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(total)
    };
    bar.set_style(ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
    )?);
    let mut uploaded = Vec::new();
    let mut there = HashMap::new();
    for file in files {
        bar.set_message(file.to.file_name().to_owned());
        let sha256 = if is_there(client, place, file, &mut there).await? {
            hashed(file, &bar).await
        } else {
            one(client, &root, file, &bar).await
        };
        let sha256 = sha256.with_context(|| format!("cannot upload `{}`", file.to))?;
        uploaded.push(json!({"path": file.to.as_str(), "sha256": sha256}));
    }
    bar.finish_and_clear();
    Ok(uploaded)
}

/// Whether a file lies there in the same size. `listed` holds what each directory was found to hold.
async fn is_there(
    client: &Client,
    place: &Place,
    file: &LocalFile,
    listed: &mut HashMap<String, HashMap<String, u64>>,
) -> anyhow::Result<bool> {
    let directory = file
        .to
        .as_str()
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    if !listed.contains_key(directory) {
        let path = [
            "api",
            "2.0",
            "mlflow",
            "logged-models",
            &place.model_id,
            "artifacts",
            "directories",
        ];
        let query = [("artifact_directory_path", directory)];
        let request = client.request(Method::GET, &path, &query)?;
        let found: Value = client.send(request).await?.json().await?;
        let sizes = found
            .get("files")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let sizes = sizes.filter(|entry| entry.get("is_dir") != Some(&Value::Bool(true)));
        let sizes = sizes.filter_map(|entry| {
            let size = entry.get("file_size").and_then(Value::as_u64).unwrap_or(0);
            Some((entry.get("path")?.as_str()?.to_owned(), size))
        });
        listed.insert(directory.to_owned(), sizes.collect());
    }
    let size = listed
        .get(directory)
        .and_then(|sizes| sizes.get(file.to.as_str()));
    Ok(size == Some(&file.size_bytes))
}

/// The digest of a file that need not be sent.
async fn hashed(file: &LocalFile, bar: &ProgressBar) -> anyhow::Result<String> {
    let mut open = tokio::fs::File::open(&file.from).await?;
    let mut digest = Running::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = open.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(digest.finish());
        };
        digest.add(bytes);
        bar.inc(u64::try_from(count).unwrap_or(0));
    }
}

async fn one(
    client: &Client,
    root: &ArtifactPath,
    file: &LocalFile,
    bar: &ProgressBar,
) -> anyhow::Result<String> {
    let path = root.join(&file.to);
    let segments: Vec<&str> = ["api", "2.0", "mlflow-artifacts", "artifacts"]
        .into_iter()
        .chain(path.segments())
        .collect();
    let digest = Arc::new(Mutex::new(Running::default()));
    let open = tokio::fs::File::open(&file.from).await?;
    let body = stream::try_unfold(
        (open, bar.clone(), Arc::clone(&digest)),
        |(mut open, bar, digest)| async move {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = open.read(&mut chunk).await?;
            chunk.truncate(count);
            if chunk.is_empty() {
                return Ok::<_, std::io::Error>(None);
            }
            digest
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(&chunk);
            bar.inc(u64::try_from(count).unwrap_or(0));
            Ok(Some((Bytes::from(chunk), (open, bar, digest))))
        },
    );
    let request = client
        .request(Method::PUT, &segments, &[])?
        .header(header::CONTENT_LENGTH, file.size_bytes)
        .body(Body::wrap_stream(body));
    client.send(request).await?;
    let mut digest = digest.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *digest).finish())
}
