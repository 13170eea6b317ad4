//! The backup that is restored: its manifest, and readers that fail at the end of a file that is not what was copied.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::ProgressBar;

use crate::commands::backup::manifest::{
    CopiedFile, DATABASES, FORMAT, MANIFEST, MANIFEST_DIGEST, Manifest,
};
use crate::commands::digest::Running;
use crate::exit::Failure;

/// A whole backup.
pub(super) struct Source {
    root: PathBuf,
    /// What is in it.
    pub(super) manifest: Manifest,
    /// The manifest's own digest.
    pub(super) sha256: String,
}

impl Source {
    /// Reads the manifest and compares it with its digest.
    pub(super) fn open(root: &Path) -> anyhow::Result<Self> {
        let shown = root.display();
        let text = match std::fs::read_to_string(root.join(MANIFEST)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Failure::usage(
                    format!(
                        "`{shown}` is no backup, or one that was broken off: it has no {MANIFEST}"
                    ),
                    "name a directory that `hokusai backup` finished",
                ));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
        };
        let mut digest = Running::default();
        digest.add(text.as_bytes());
        let sha256 = digest.finish();
        let noted = std::fs::read_to_string(root.join(MANIFEST_DIGEST))
            .with_context(|| format!("cannot read `{MANIFEST_DIGEST}` of `{shown}`"))?;
        anyhow::ensure!(
            noted == format!("{sha256}  {MANIFEST}\n"),
            "the manifest of `{shown}` is damaged: its SHA-256 is {sha256}"
        );
        let manifest: Manifest = serde_json::from_str(&text)
            .with_context(|| format!("the manifest of `{shown}` is of another form"))?;
        anyhow::ensure!(
            manifest.format == FORMAT,
            "the backup has form {}, this release knows {FORMAT}: restore with release {} or a later one",
            manifest.format,
            manifest.release
        );
        Ok(Self {
            root: root.to_owned(),
            manifest,
            sha256,
        })
    }

    /// A file of the databases.
    pub(super) fn database(&self, name: &str, bar: &ProgressBar) -> std::io::Result<Box<dyn Read>> {
        let path = format!("{DATABASES}{name}");
        let listed = self.manifest.file(&path);
        let listed = listed.ok_or_else(|| Error::other("the manifest does not list it"))?;
        Ok(Box::new(self.verified(listed, bar)?))
    }

    /// Any file.
    pub(super) fn verified(
        &self,
        listed: &CopiedFile,
        bar: &ProgressBar,
    ) -> std::io::Result<Verified> {
        Ok(Verified {
            file: File::open(self.root.join(&listed.path))?,
            expected: listed.clone(),
            digest: Some(Running::default()),
            size_bytes: 0,
            bar: bar.clone(),
        })
    }
}

/// A file that is hashed while it is read.
pub(super) struct Verified {
    file: File,
    expected: CopiedFile,
    digest: Option<Running>,
    size_bytes: u64,
    bar: ProgressBar,
}

impl Read for Verified {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Some(digest) = &mut self.digest {
            digest.add(bytes);
        }
        self.size_bytes += count as u64;
        self.bar.inc(count as u64);
        if count == 0 && !buffer.is_empty() {
            self.judge()?;
        }
        Ok(count)
    }
}

impl Verified {
    fn judge(&mut self) -> std::io::Result<()> {
        let Some(digest) = self.digest.take() else {
            return Ok(());
        };
        let sha256 = digest.finish();
        if self.size_bytes == self.expected.size_bytes && sha256 == self.expected.sha256 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidData,
            format!(
                "the backup is damaged: {} bytes with SHA-256 {sha256} in place of {} with {}",
                self.size_bytes, self.expected.size_bytes, self.expected.sha256
            ),
        ))
    }
}
