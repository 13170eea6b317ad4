//! Uploads with a progress bar, hashed on the way.

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

use super::Client;
use crate::commands::model::digest::Running;
use crate::commands::model::tree::LocalFile;

/// One read of a file.
const CHUNK_BYTES: usize = 256 << 10;

/// Uploads the files one after the other; answers path and digest of each.
pub(super) async fn all(
    client: &Client,
    artifact_uri: &str,
    files: &[LocalFile],
    is_quiet: bool,
) -> anyhow::Result<Vec<Value>> {
    let Ok(ArtifactUri::Stored(root)) = artifact_uri.parse() else {
        anyhow::bail!(
            "the registry keeps artifacts elsewhere (`{artifact_uri}`): this command can't upload there"
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
    for file in files {
        bar.set_message(file.to.file_name().to_owned());
        let sha256 = one(client, &root, file, &bar)
            .await
            .with_context(|| format!("cannot upload `{}`", file.to))?;
        uploaded.push(json!({"path": file.to.as_str(), "sha256": sha256}));
    }
    bar.finish_and_clear();
    Ok(uploaded)
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
