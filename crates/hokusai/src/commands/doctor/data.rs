//! Whether data can be kept here: directory, permissions, space, database.

use std::io::Read as _;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use hokusai_artifacts::{ArtifactError, Artifacts, ArtifactsLocation, Limits};
use hokusai_store::Location;

use super::Finding;
use crate::config::{Config, Settings};
use crate::system::SystemClock;

/// Looks at what the databases and the artifacts need.
pub(super) fn look(config: &Config, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &config.storage.location {
        Location::Sqlite { directory } => {
            findings.extend(directory_findings("data.directory", directory));
            for name in ["auth.sqlite", "registry.sqlite"] {
                findings.extend(sqlite(&directory.join(name)));
            }
        }
        Location::Postgres(_) => findings.push(postgres(settings)),
    }
    match &config.storage.artifacts {
        ArtifactsLocation::Directory(artifacts) => {
            findings.extend(directory_findings("data.artifacts", artifacts));
            findings.extend(space(artifacts, config.storage.limits));
        }
        bucket @ ArtifactsLocation::Bucket(_) => findings.push(bucket_finding(bucket)),
    }
    findings
}

/// By trying: whether the bucket can be reached, written and read.
fn bucket_finding(location: &ArtifactsLocation) -> Finding {
    const ID: &str = "data.artifacts";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let detail = format!("`{location}` was not looked at: {error}");
            return Finding::wrong(ID, detail, "free what this process needs");
        }
    };
    let now = SystemClock::start().system_time();
    let tried = runtime.block_on(async {
        let store = Artifacts::open(location, Limits::default(), now).await?;
        store.is_claimed_for_restore().await
    });
    match tried {
        Ok(false) => Finding::fine(ID, format!("`{location}` can be written and read")),
        Ok(true) => Finding::wrong(
            ID,
            format!("a restore into `{location}` is under way or was broken off"),
            "wait for it, or delete what is below that prefix and restore again",
        ),
        Err(error @ ArtifactError::Unavailable(_)) => Finding::wrong(
            ID,
            format!("`{location}`: {error}"),
            "start the store, or correct --artifacts-endpoint",
        ),
        Err(error) => Finding::wrong(
            ID,
            format!("`{location}`: {error}"),
            "correct the bucket in --artifacts-url, or credentials and region in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
        ),
    }
}

fn directory_findings(id: &'static str, directory: &Path) -> Vec<Finding> {
    let shown = directory.display();
    let Ok(metadata) = std::fs::metadata(directory) else {
        let above = nearest(directory);
        return vec![if is_writable(above) {
            Finding::noted(
                id,
                format!("`{shown}` is not there yet; the server makes it"),
            )
        } else {
            Finding::wrong(
                id,
                format!(
                    "`{shown}` is not there, and this user can't make it in `{}`",
                    above.display()
                ),
                "make it and give it to the user who runs the server, or name another with --data-dir",
            )
        }];
    };
    let mut findings = Vec::new();
    if !metadata.is_dir() {
        return vec![Finding::wrong(
            id,
            format!("`{shown}` is no directory"),
            "name a directory",
        )];
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        findings.push(Finding::wrong(
            "data.permissions",
            format!("`{shown}` is open to others (mode {mode:03o})"),
            format!("chmod 700 {shown}; the server does it at its next start"),
        ));
    }
    findings.push(if is_writable(directory) {
        Finding::fine(id, format!("`{shown}` can be written"))
    } else {
        Finding::wrong(
            id,
            format!("`{shown}` can't be written by this user: another owner, or a volume that is read-only"),
            "give it to the user who runs the server, or mount it for writing",
        )
    });
    findings
}

/// By trying: permissions alone don't know of volumes that are read-only.
fn is_writable(directory: &Path) -> bool {
    tempfile::Builder::new()
        .prefix(".hokusai-doctor-")
        .tempfile_in(directory)
        .is_ok()
}

/// The directory itself, or the first above it that is there.
fn nearest(directory: &Path) -> &Path {
    let mut above = directory.ancestors().filter(|path| path.is_dir());
    above.next().unwrap_or(Path::new("."))
}

fn space(directory: &Path, limits: Limits) -> Option<Finding> {
    let stat = rustix::fs::statvfs(nearest(directory)).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let floor = limits.free_space_floor_bytes;
    let detail = format!(
        "{} MiB free; uploads stop below {} MiB",
        free >> 20,
        floor >> 20
    );
    Some(if free < floor {
        Finding::wrong(
            "data.space",
            detail,
            "free space on the volume, or enlarge it",
        )
    } else {
        Finding::fine("data.space", detail)
    })
}

fn sqlite(path: &Path) -> Option<Finding> {
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            let detail = format!("`{}` can't be read: {error}", path.display());
            return Some(Finding::wrong(
                "data.database",
                detail,
                "give it to the user who runs the server",
            ));
        }
    };
    let mut head = [0; SQLITE_MAGIC.len()];
    let is_database = file.read_exact(&mut head).is_ok() && head == *SQLITE_MAGIC;
    Some(if is_database {
        Finding::fine(
            "data.database",
            format!("`{}` is a database", path.display()),
        )
    } else {
        Finding::wrong(
            "data.database",
            format!(
                "`{}` is no SQLite database: damaged, or another file",
                path.display()
            ),
            "move it away and restore a backup",
        )
    })
}

/// Whether something accepts connections where the URL points; the URL itself is a secret.
fn postgres(settings: &Settings) -> Finding {
    let url = settings.storage.database_url.as_deref().unwrap_or_default();
    let Ok(url) = reqwest::Url::parse(url) else {
        return Finding::wrong(
            "data.database",
            "the database URL can't be read",
            "write postgres://user@host/name",
        );
    };
    let host = url.host_str().unwrap_or("localhost").to_owned();
    let port = url.port().unwrap_or(5432);
    let found = (host.as_str(), port).to_socket_addrs();
    let addresses = match found {
        Ok(addresses) => addresses,
        Err(error) => {
            let detail = format!("the database's host `{host}` does not resolve: {error}");
            return Finding::wrong(
                "data.database",
                detail,
                "correct the host in HOKUSAI_DATABASE_URL",
            );
        }
    };
    for address in addresses {
        if TcpStream::connect_timeout(&address, CONNECT).is_ok() {
            return Finding::fine(
                "data.database",
                format!("PostgreSQL's port answers at `{address}`"),
            );
        }
    }
    Finding::wrong(
        "data.database",
        format!("nothing accepts connections at `{host}:{port}`, where the database should be"),
        "start PostgreSQL, or correct host and port in HOKUSAI_DATABASE_URL",
    )
}

const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
const CONNECT: Duration = Duration::from_secs(3);
