//! Tables from files: how they are read is said with the same flags on every command.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use hokusai_routes::finding::Finding;
use hokusai_routes::model::{HostIntent, Intent, Table};
use hokusai_routes::reader::{self, Form, Reading};
use hokusai_routes::source::Source;

use super::render;
use crate::commands::aws::LiveRules;
use crate::exit::Failure;

/// Files that make one table, and how they are read.
#[derive(Args)]
pub(super) struct Tables {
    /// Files of one form that make one table, or directories with such files; `-` is the standard input.
    #[arg(
        required_unless_present = "aws",
        conflicts_with = "aws",
        value_name = "FILE"
    )]
    files: Vec<PathBuf>,
    #[command(flatten)]
    live: LiveRules,
    #[command(flatten)]
    how: HowToRead,
}

/// What the texts don't say themselves.
#[derive(Args)]
pub(super) struct HowToRead {
    /// Form of the files; without it each shows its own.
    #[arg(long, value_parser = form, value_name = "FORM", help = format_help())]
    format: Option<Form>,
    /// A TOML file whose `[intent]` tables replace what the files say of the same hosts.
    #[arg(long, value_name = "FILE")]
    intent: Option<PathBuf>,
    /// Target groups that a host may reach; replaces what the files say of the host.
    #[arg(long, value_name = "HOST=GROUP[,GROUP]")]
    expect: Vec<String>,
}

impl Tables {
    /// Reads what can be read; the findings say what could not.
    pub(super) fn read(&self) -> anyhow::Result<Reading> {
        match self.live.source(0)? {
            Some(live) => self.how.make(&[live]),
            None => self.how.read(&self.files),
        }
    }

    /// Reads files of which everything must be understood.
    pub(super) fn read_all(&self) -> anyhow::Result<Reading> {
        self.how.read_all_of(&self.live, &self.files)
    }
}

impl HowToRead {
    /// Reads the live rules if they are asked for, otherwise the files; everything must be understood.
    pub(super) fn read_all_of(
        &self,
        live: &LiveRules,
        files: &[PathBuf],
    ) -> anyhow::Result<Reading> {
        match live.source(0)? {
            Some(live) => complete(self.make(std::slice::from_ref(&live))?, &[live.name]),
            None => self.read_all(files),
        }
    }

    /// Reads several files into one table.
    pub(super) fn read(&self, files: &[PathBuf]) -> anyhow::Result<Reading> {
        let files = files_of(files)?;
        let sources: Vec<Source> = (0..)
            .zip(&files)
            .map(|(id, file)| source(id, file))
            .collect::<anyhow::Result<_>>()?;
        self.make(&sources)
    }

    /// Makes one table of texts.
    fn make(&self, sources: &[Source]) -> anyhow::Result<Reading> {
        let mut whole = reader::read(sources, self.format);
        self.add_intent(&mut whole)?;
        Ok(whole)
    }

    /// Reads several files of which everything must be understood.
    pub(super) fn read_all(&self, files: &[PathBuf]) -> anyhow::Result<Reading> {
        let names: Vec<_> = files.iter().map(|file| name(file)).collect();
        complete(self.read(files)?, &names)
    }

    fn add_intent(&self, whole: &mut Reading) -> anyhow::Result<()> {
        if let Some(file) = &self.intent {
            let next = whole.table.sources.iter().map(|source| source.id.0 + 1);
            let stated = reader::toml::read(&source(next.max().unwrap_or(0), file)?);
            for entry in stated.table.intent.hosts {
                replace(&mut whole.table.intent, entry);
            }
            whole.table.sources.extend(stated.table.sources);
            whole.findings.extend(stated.findings);
        }
        for expectation in &self.expect {
            replace(&mut whole.table.intent, parse(expectation)?);
        }
        Ok(())
    }
}

/// A reading of which everything was understood; what was not is shown.
fn complete(reading: Reading, names: &[String]) -> anyhow::Result<Reading> {
    if reading.is_complete() {
        return Ok(reading);
    }
    for finding in reading.findings.iter().filter(|f| Finding::is_failure(f)) {
        eprint!("{}", render::finding(finding, &reading.table));
    }
    Err(Failure::usage(
        format!("not all of {} was understood", names.join(", ")),
        "correct what is shown above",
    ))
}

/// The live rules of load balancers, of which everything must be understood.
pub(in crate::commands) fn read_live(live: &LiveRules) -> anyhow::Result<Option<Table>> {
    let Some(source) = live.source(0)? else {
        return Ok(None);
    };
    let reading = AS_IT_STANDS.make(std::slice::from_ref(&source))?;
    Ok(Some(complete(reading, &[source.name])?.table))
}

/// Reads one file of which everything must be understood, as it stands.
pub(in crate::commands) fn read_file(file: &Path) -> anyhow::Result<Table> {
    Ok(AS_IT_STANDS.read_all(&[file.to_owned()])?.table)
}

fn replace(intent: &mut Intent, entry: HostIntent) {
    intent
        .hosts
        .retain(|old| !old.host.eq_ignore_ascii_case(&entry.host));
    intent.hosts.push(entry);
}

fn parse(expectation: &str) -> anyhow::Result<HostIntent> {
    let (host, groups) = expectation
        .split_once('=')
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| {
            Failure::usage(
                format!("`{expectation}` is not HOST=GROUP"),
                "for example --expect auth.example.com=auth",
            )
        })?;
    let groups = groups.split(',').map(str::trim);
    Ok(HostIntent {
        host: host.to_owned(),
        may: groups
            .filter(|group| !group.is_empty())
            .map(str::to_owned)
            .collect(),
        must: Vec::new(),
        listeners: Vec::new(),
        span: None,
    })
}

fn form(name: &str) -> Result<Form, String> {
    let found = Form::ALL.into_iter().find(|form| form.name() == name);
    found.ok_or_else(|| format!("it is none of {}", form_names()))
}

fn format_help() -> String {
    format!(
        "Form of the files, one of {}; told from them when absent",
        form_names()
    )
}

fn form_names() -> String {
    Form::ALL.map(Form::name).join(", ")
}

/// The files, those of directories in the order of their names.
fn files_of(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new(STDIN) || !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listed = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .with_context(|| format!("could not list {}", path.display()))?;
        let mut listed: Vec<PathBuf> = listed;
        listed.retain(|file| is_table(file) && file.is_file());
        listed.sort();
        if listed.is_empty() {
            return Err(Failure::usage(
                format!("{} has no files with rules", path.display()),
                format!("their names end in one of {}", ENDINGS.join(", ")),
            ));
        }
        files.extend(listed);
    }
    Ok(files)
}

fn is_table(file: &Path) -> bool {
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    name.is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// The text of a file. Of an endless one no more is read than makes it too large for every reader.
fn source(id: u32, file: &Path) -> anyhow::Result<Source> {
    let name = name(file);
    let open = || -> std::io::Result<Box<dyn std::io::Read>> {
        if file == Path::new(STDIN) {
            return Ok(Box::new(std::io::stdin().lock()));
        }
        Ok(Box::new(std::fs::File::open(file)?))
    };
    let mut text = String::new();
    open()
        .and_then(|input| {
            let most = reader::MAX_SOURCE_BYTES as u64 + 1;
            input.take(most).read_to_string(&mut text)
        })
        .with_context(|| format!("could not read {name}"))?;
    Ok(Source::new(id, name, text))
}

fn name(file: &Path) -> String {
    if file == Path::new(STDIN) {
        return "standard input".to_owned();
    }
    file.display().to_string()
}

/// The text alone says everything.
const AS_IT_STANDS: HowToRead = HowToRead {
    format: None,
    intent: None,
    expect: Vec::new(),
};
/// What the names of files in a directory end in when they are read.
const ENDINGS: [&str; 3] = [".toml", ".json", ".tf"];
/// Stands for the standard input in place of a file.
const STDIN: &str = "-";
