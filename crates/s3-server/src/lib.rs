//! A real S3 server on this machine for tests and measurements: `s3s-fs`, which keeps buckets as directories, checks
//! signatures and checksums, and knows nothing of us.
//!
//! As a program, for scripts: `hokusai-s3-server DIRECTORY [ADDRESS]` (built by `cargo build -p hokusai-s3-server`) serves the
//! bucket `hokusai` from the directory until it is killed. Its first line on stdout is JSON, in Python:
//!
//! ```python
//! server = subprocess.Popen(["target/debug/hokusai-s3-server", directory], stdout=subprocess.PIPE, text=True)
//! said = json.loads(server.stdout.readline())
//! flags = ["--artifacts-url", f"s3://{said['bucket']}/prefix"]
//! environment = os.environ | said["environment"]  # AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
//! ```
//!
//! It must not become a part of the product.

mod faithful;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use self::faithful::Faithful;

/// The one bucket.
pub const BUCKET: &str = "hokusai";
/// Who may use it.
pub const ACCESS_KEY_ID: &str = "made-for-tests";
/// How it is proven.
pub const SECRET_ACCESS_KEY: &str = "not-a-secret-but-a-fixture";

/// A running server. Dropping it, or stopping it, cuts every connection off.
#[derive(Debug)]
pub struct S3Server {
    root: PathBuf,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl S3Server {
    /// Starts on a free port of 127.0.0.1 with what is in `root`; the bucket is made if it is missing.
    pub async fn start(root: &Path) -> io::Result<Self> {
        Self::start_at(root, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address, for instance where it was before.
    pub async fn start_at(root: &Path, address: SocketAddr) -> io::Result<Self> {
        std::fs::create_dir_all(root.join(BUCKET))?;
        let files =
            FileSystem::new(root).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let root = root.to_owned();
        service.set_access(Faithful { root: root.clone() });
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            root,
            address,
            serving: tokio::spawn(accept(listener, service.build())),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The variables that let a client in.
    pub fn variables() -> [(&'static str, &'static str); 3] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_REGION", "us-east-1"),
        ]
    }

    /// What a script needs to know: `{"url": …, "bucket": …, "environment": {…}}`.
    pub fn announcement(&self) -> Value {
        let mut environment: Map<String, Value> = Self::variables()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into_iter()
            .collect();
        environment.insert("AWS_ENDPOINT_URL".to_owned(), self.url().into());
        json!({"url": self.url(), "bucket": BUCKET, "environment": environment})
    }

    /// How many files it keeps for multipart uploads that are neither completed nor aborted. S3 itself shows them in no
    /// listing of objects; a client of ours must not leave any.
    pub fn unfinished(&self) -> io::Result<usize> {
        let names = std::fs::read_dir(&self.root)?;
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let is_upload = |name: &std::fs::DirEntry| {
            let name = name.file_name();
            name.to_string_lossy().starts_with(".upload")
        };
        Ok(names.iter().filter(|name| is_upload(name)).count())
    }

    /// Stops it: connections are cut off, what is stored stays.
    pub async fn stop(mut self) {
        self.serving.abort();
        // It was aborted: how it ended says nothing.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            let server = Builder::new(TokioExecutor::new());
            // A client that breaks off is no news here.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
