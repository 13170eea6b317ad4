//! What is said at the start about a bucket that can't be used.

use std::process::{Command, Output, Stdio};

use hokusai_s3_server::{BUCKET, S3Server};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_bucket_credentials_and_endpoint_is_said_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let store = S3Server::start(directory.path()).await.unwrap();
    let (endpoint, url) = (store.url(), format!("s3://{BUCKET}/x"));
    let bucket = ["--artifacts-url", url.as_str()];
    let [id, secret, region] = S3Server::variables();
    let at = ("AWS_ENDPOINT_URL", endpoint.as_str());
    let wrong = ("AWS_SECRET_ACCESS_KEY", "hush-wrong");
    let plain = ("AWS_ENDPOINT_URL", "http://10.0.0.1:9000");
    for (flags, environment, says) in [
        (
            ["--artifacts-url", "s3://elsewhere"],
            vec![id, secret, region, at],
            "no such bucket",
        ),
        (
            bucket,
            vec![id, wrong, region, at],
            "does not accept the credentials",
        ),
        (bucket, vec![region, at], "set AWS_ACCESS_KEY_ID"),
        (bucket, vec![id, secret], "set AWS_REGION"),
        (
            bucket,
            vec![id, secret, region, plain],
            "--artifacts-trusted-network",
        ),
        (
            ["--artifacts-url", "s3://UPPER"],
            vec![],
            "s3://bucket/prefix",
        ),
        (
            ["--artifacts-endpoint", &endpoint],
            vec![],
            "add artifacts-url",
        ),
    ] {
        let said = refusal_with(&flags, &environment);
        assert!(
            said.contains(says) && !said.contains("hush"),
            "{says}: {said}"
        );
    }
}

/// What `serve` says before it ends, with the store's variables.
pub(super) fn refusal(flags: &[&str], store: &S3Server) -> String {
    let endpoint = store.url();
    let mut environment = S3Server::variables().to_vec();
    environment.push(("AWS_ENDPOINT_URL", &endpoint));
    refusal_with(flags, &environment)
}

fn refusal_with(flags: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env_clear()
        .envs(environment.iter().copied())
        .args(["serve", "registry", "--no-auth", "--registry-listen"])
        .args(["127.0.0.1:0", "--data-dir"])
        .arg(folder.path().join("data"))
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(2 | 3)), "{output:?}");
    error(&output)
}

pub(super) fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
