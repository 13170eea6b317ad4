//! The TOML file: names and values, each checked by the flag of the same name.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::names;
use crate::exit::Failure;

/// What the file says, by the id of the setting.
pub(super) type Said = BTreeMap<String, Vec<String>>;

/// Reads and checks the file.
pub(super) fn read(path: &Path, settings: &Command) -> anyhow::Result<Said> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read `{shown}`: {error}"), "check --config")
    })?;
    let table: Table = toml::from_str(&text).map_err(|error| {
        Failure::usage(
            // The driver's own rendering quotes the line, which may hold a password.
            format!(
                "`{shown}` is not TOML: {}{}",
                error.message(),
                line(&text, error.span())
            ),
            "`hokusai config show` prints every setting in the file's form",
        )
    })?;
    let mut values = Vec::new();
    flatten("", table, &mut values);
    let mut said = Said::new();
    for (name, value) in values {
        let arg = setting(settings, &name, &shown.to_string())?;
        let texts = texts(value).ok_or_else(|| {
            Failure::usage(
                format!("`{shown}`: `{name}` must be a text, a number, true or false, or a list of these"),
                format!("write it as `--{name}` takes it"),
            )
        })?;
        check(arg, &texts, &format!("`{shown}`: `{name}`"))?;
        said.insert(arg.get_id().to_string(), texts);
    }
    Ok(said)
}

/// Asks the flag whether it would take these values.
pub(super) fn check(arg: &Arg, values: &[String], place: &str) -> anyhow::Result<()> {
    let name = arg.get_long().unwrap_or_default();
    let wrong = |why: &str| {
        let shown = if arg.is_hide_env_values_set() {
            "the value".to_owned()
        } else {
            format!("`{}`", values.join(","))
        };
        Failure::usage(
            format!("{place}: {shown} cannot be used: {why}"),
            format!("see `--{name}` in `hokusai --help`"),
        )
    };
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let is_known = values.len() == 1
            && values
                .iter()
                .all(|value| BOOLEANS.contains(&value.to_ascii_lowercase().as_str()));
        return if is_known {
            Ok(())
        } else {
            Err(wrong("it must be true or false"))
        };
    }
    let alone = arg.clone().env(clap::builder::Resettable::Reset);
    Command::new("value")
        .no_binary_name(true)
        .arg(alone)
        .try_get_matches_from(values.iter().map(|value| format!("--{name}={value}")))
        .map(drop)
        .map_err(|error| {
            wrong(&error.source().map_or_else(
                || "it is not one of the possible values, or there are too many".to_owned(),
                ToString::to_string,
            ))
        })
}

fn flatten(prefix: &str, table: Table, values: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let name = format!("{prefix}{}", name.replace('_', "-"));
        match value {
            Value::Table(inner) => flatten(&format!("{name}-"), inner, values),
            value => values.push((name, value)),
        }
    }
}

fn setting<'c>(settings: &'c Command, name: &str, file: &str) -> anyhow::Result<&'c Arg> {
    let known = || {
        settings
            .get_arguments()
            .filter_map(|arg| Some((arg.get_long()?, arg)))
    };
    if let Some((_, arg)) = known().find(|(long, _)| *long == name) {
        return Ok(arg);
    }
    let nearest = names::nearest(name, known().map(|(long, _)| long), names::FILE_DISTANCE);
    let hint = nearest.map_or_else(
        || "`hokusai config show` prints every setting".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(Failure::usage(
        format!("`{file}` sets `{name}`, which is no setting"),
        hint,
    ))
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn line(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or_else(String::new, |before| {
        format!(" (line {})", before.matches('\n').count() + 1)
    })
}

const BOOLEANS: [&str; 12] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0",
];
