//! The layers put together: a file's values become defaults of the flags, so that flags and environment win by clap's own rules.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args as _, Command};

use super::file::{self, Said};
use super::shown::{Setting, Source};
use super::{Settings, names};
use crate::exit::Failure;

/// The command line, completed by environment and file.
pub(crate) struct Layers {
    /// What clap understood.
    pub matches: ArgMatches,
    /// Every setting with its value and where that came from.
    pub settings: Vec<Setting>,
    /// What was odd and does no harm, for the log.
    pub warnings: Vec<String>,
}

/// Reads the command line, the environment and the file that `--config` names.
///
/// A wrong command line, `--help` and `--version` end the process here, as clap does it.
pub(crate) fn read(command: &Command, arguments: &[OsString]) -> anyhow::Result<Layers> {
    let settings = settings_command();
    let warnings = check_environment(command, &settings)?;
    let parse = |command: &Command| {
        command
            .clone()
            .try_get_matches_from(arguments)
            .unwrap_or_else(|error| error.exit())
    };
    let mut matches = parse(command);
    let mut said = Said::new();
    let path = matches.get_one::<PathBuf>("config").cloned();
    if let Some(path) = &path {
        said = file::read(path, &settings)?;
        matches = parse(&with_defaults(command.clone(), &said));
    }
    let file = path
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    let settings = listing(&settings, &matches, &said, &file);
    refuse_secrets_in_flags(&settings)?;
    Ok(Layers {
        matches,
        settings,
        warnings,
    })
}

/// A command that has all settings as flags and nothing else.
pub(super) fn settings_command() -> Command {
    Settings::augment_args(Command::new("settings"))
}

fn check_environment(command: &Command, settings: &Command) -> anyhow::Result<Vec<String>> {
    let mut warnings = Vec::new();
    let known = names::of(command);
    for problem in names::problems(
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
        &known,
    ) {
        match problem {
            names::Problem::NearMiss { found, meant } => {
                return Err(Failure::usage(
                    format!("the environment sets `{found}`, which is no setting"),
                    format!("did you mean `{meant}`?"),
                ));
            }
            names::Problem::Retired { found, instead } => warnings.push(format!(
                "the environment sets `{found}`, which is retired and does nothing: {instead}"
            )),
            names::Problem::Unknown { found } => warnings.push(format!(
                "the environment sets `{found}`, which is no setting of this release"
            )),
        }
    }
    for arg in settings.get_arguments() {
        let Some((name, value)) = arg
            .get_env()
            .and_then(|name| Some((name, std::env::var_os(name)?)))
        else {
            continue;
        };
        let value = value.to_string_lossy().into_owned();
        file::check(
            arg,
            &[value],
            &format!("the environment's `{}`", name.to_string_lossy()),
        )?;
    }
    Ok(warnings)
}

fn with_defaults(command: Command, said: &Said) -> Command {
    said.iter().fold(command, |command, (id, values)| {
        let values: Vec<clap::builder::OsStr> = values
            .iter()
            .map(|value| clap::builder::OsStr::from(value.clone()))
            .collect();
        command.mut_arg(id, |arg| arg.default_values(values))
    })
}

fn listing(settings: &Command, matches: &ArgMatches, said: &Said, file: &str) -> Vec<Setting> {
    settings
        .get_arguments()
        .filter_map(|arg| {
            let id = arg.get_id().as_str();
            let name = arg.get_long()?.to_owned();
            let source = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => Source::Flag(format!("--{name}")),
                Some(ValueSource::EnvVariable) => {
                    Source::Environment(arg.get_env()?.to_string_lossy().into_owned())
                }
                _ if said.contains_key(id) => Source::File(file.to_owned()),
                _ => Source::Default,
            };
            let values = matches.get_raw(id).into_iter().flatten();
            Some(Setting {
                name,
                values: values
                    .map(|value| value.to_string_lossy().into_owned())
                    .collect(),
                source,
                is_secret: arg.is_hide_env_values_set(),
                is_list: matches!(arg.get_action(), ArgAction::Append),
                is_switch: matches!(arg.get_action(), ArgAction::SetTrue),
            })
        })
        .collect()
}

/// Security 6: a command line is seen by everybody on the machine.
fn refuse_secrets_in_flags(settings: &[Setting]) -> anyhow::Result<()> {
    let bare = settings.iter().find(|setting| {
        setting.is_secret
            && matches!(setting.source, Source::Flag(_))
            && setting.values.iter().any(|value| holds_a_password(value))
    });
    match bare {
        None => Ok(()),
        Some(setting) => Err(Failure::usage(
            format!(
                "`--{}` holds a password, and a command line is seen by everybody on the machine",
                setting.name
            ),
            format!(
                "set {} or write it into the file of --config, and change the password: it was seen",
                setting
                    .name
                    .to_ascii_uppercase()
                    .replace('-', "_")
                    .replacen("", "HOKUSAI_", 1)
            ),
        )),
    }
}

/// `scheme://user:password@host` or `?password=…`.
fn holds_a_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let in_userinfo = authority
        .rsplit_once('@')
        .is_some_and(|(userinfo, _)| userinfo.contains(':'));
    let in_query = rest
        .split_once('?')
        .is_some_and(|(_, query)| query.split('&').any(|pair| pair.starts_with("password=")));
    in_userinfo || in_query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_a_url_can_hold_one() {
        for with in [
            "postgres://u:p@h/d",
            "postgres://h/d?password=p",
            "postgresql://u:p@h:1/d?a=b",
        ] {
            assert!(holds_a_password(with), "{with}");
        }
        for without in [
            "postgres://u@h:5432/d",
            "postgres://h/d?user=u",
            "postgres://h/d?x=a:b@c",
        ] {
            assert!(!holds_a_password(without), "{without}");
        }
    }
}
