//! One PostgreSQL cluster per test process, started when the first test asks, ended with the process however that ends.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The URL of a running server.
pub(super) fn url() -> String {
    std::env::var("HOKUSAI_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER
            .get_or_init(|| Cluster::start(&[], |_| {}))
            .url
            .clone()
    })
}

/// A prefix of schema names that no other test uses.
pub(super) fn fresh_prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "t{}_{}_",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A running server.
pub(super) struct Cluster {
    pub(super) url: String,
    pub(super) port: u16,
    /// While its stdin is open the server lives; the system closes it when this process is gone.
    _keeper: Child,
}

impl Cluster {
    /// Starts a server with further settings; `prepare` puts files into its folder, which are readable for the server alone.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub(super) fn start(settings: &[String], prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("hokusai-pg-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        prepare(&folder);
        let as_user = as_server_user(&folder);
        let data = folder.join("data");
        let init = Command::new("sh")
            .arg("-c")
            .arg(format!("{as_user} {BINARIES}/initdb -D {} -U hokusai --auth=trust --no-locale -E UTF8 --no-sync", data.display()))
            .current_dir(&folder)
            .output()
            .expect("initdb can be started");
        assert!(
            init.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&init.stderr)
        );
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let script = format!(
            "{as_user} {BINARIES}/postgres -D {data} -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} \
             -c max_connections=300 {settings} & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf {folder}",
            data = data.display(),
            folder = folder.display(),
            settings = settings
                .iter()
                .map(|setting| format!("-c {setting}"))
                .collect::<Vec<_>>()
                .join(" "),
        );
        let keeper = Command::new("sh")
            .arg("-c")
            .arg(script)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let url = format!("postgres://hokusai@127.0.0.1:{port}/postgres");
        wait_until_it_answers(&url);
        Self {
            url,
            port,
            _keeper: keeper,
        }
    }
}

/// The server refuses to run as root, so root hands its folder to the account that Debian's package makes.
fn as_server_user(folder: &Path) -> &'static str {
    if folder.metadata().is_ok_and(|folder| folder.uid() != 0) {
        return "";
    }
    let given = Command::new("chown")
        .args(["-R", "postgres"])
        .arg(folder)
        .status();
    assert!(
        given.is_ok_and(|status| status.success()),
        "the account `postgres` is missing: install postgresql-15"
    );
    "exec setpriv --reuid=postgres --regid=postgres --clear-groups"
}

fn wait_until_it_answers(url: &str) {
    for _ in 0..600 {
        let url = url.to_owned();
        // On a thread of its own: the synchronous client may not be used inside of a tokio task.
        let answers =
            std::thread::spawn(move || postgres::Client::connect(&url, postgres::NoTls).is_ok());
        if answers.join().unwrap_or(false) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(url.is_empty(), "PostgreSQL did not answer within 30 s");
}

const BINARIES: &str = "/usr/lib/postgresql/15/bin";
