//! Names in the environment: near-misses are errors, strangers and retired ones are warnings, and what Kubernetes injects is ignored.

use std::collections::BTreeSet;

use clap::Command;

/// Something about a `HOKUSAI_…` variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Almost a setting.
    NearMiss {
        /// What is set.
        found: String,
        /// What was probably meant.
        meant: String,
    },
    /// Was a setting of the platform's older tools.
    Retired {
        /// What is set.
        found: String,
        /// What to do.
        instead: &'static str,
    },
    /// Not like any setting.
    Unknown {
        /// What is set.
        found: String,
    },
}

/// Every name that a flag of any command reads, and what is read elsewhere.
pub(super) fn of(command: &Command) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = ELSEWHERE.iter().map(|name| (*name).to_owned()).collect();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        let read = command.get_arguments().filter_map(clap::Arg::get_env);
        known.extend(read.map(|name| name.to_string_lossy().into_owned()));
        commands.extend(command.get_subcommands());
    }
    known
}

/// Looks at all names.
pub(super) fn problems(
    names: impl Iterator<Item = String>,
    known: &BTreeSet<String>,
) -> Vec<Problem> {
    names
        .filter(|name| name.starts_with("HOKUSAI_") && !known.contains(name))
        .filter_map(|found| problem(found, known))
        .collect()
}

/// The known name that is at most `distance` typing errors away.
pub(super) fn nearest<'k>(
    found: &str,
    known: impl Iterator<Item = &'k str>,
    distance: usize,
) -> Option<&'k str> {
    known
        .map(|known| (strsim::damerau_levenshtein(known, found), known))
        .filter(|(errors, _)| *errors <= distance)
        .min()
        .map(|(_, known)| known)
}

fn problem(found: String, known: &BTreeSet<String>) -> Option<Problem> {
    if is_service_link(&found) {
        return None;
    }
    let retired = RETIRED
        .iter()
        .find(|(name, _)| found == *name || name.ends_with('_') && found.starts_with(name));
    if let Some((_, instead)) = retired {
        return Some(Problem::Retired { found, instead });
    }
    let meant = nearest(
        &found,
        known.iter().map(String::as_str),
        ENVIRONMENT_DISTANCE,
    );
    Some(match meant.map(str::to_owned) {
        Some(meant) => Problem::NearMiss { found, meant },
        None => Problem::Unknown { found },
    })
}

/// `HOKUSAI_PORT`, `HOKUSAI_SERVICE_HOST`, `HOKUSAI_AUTH_PORT_8000_TCP_ADDR` …: a service of that name in the same namespace.
fn is_service_link(name: &str) -> bool {
    name.contains("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_")
        || name.ends_with("_PORT")
}

/// Two typing errors; other programs' variables may share the prefix, so more would guess.
const ENVIRONMENT_DISTANCE: usize = 2;

/// In our own file every name is meant for us.
pub(super) const FILE_DISTANCE: usize = 4;

/// Read by something other than a flag: the key of commands, the log's filter, and the tests.
const ELSEWHERE: [&str; 6] = [
    "HOKUSAI_API_KEY",
    "HOKUSAI_BIN",
    "HOKUSAI_LOG",
    "HOKUSAI_POSTGRES_BIN",
    "HOKUSAI_TEST_POSTGRES_URL",
    "HOKUSAI_VENV",
];

/// Of the platform's older tools; a `_` at the end stands for every name that begins so.
const RETIRED: [(&str, &str); 9] = [
    (
        "HOKUSAI_ADMIN_TOKEN",
        "use HOKUSAI_API_KEY with a key that has `keys:admin`",
    ),
    (
        "HOKUSAI_API_ENDPOINT",
        "MLflow clients read MLFLOW_TRACKING_URI",
    ),
    ("HOKUSAI_API_URL", "MLflow clients read MLFLOW_TRACKING_URI"),
    (
        "HOKUSAI_AUTH_SERVICE_ID",
        "a key's service is fixed when the key is made",
    ),
    ("HOKUSAI_AUTH_SERVICE_URL", "use HOKUSAI_AUTH_URL"),
    ("HOKUSAI_DB_", "use HOKUSAI_DATABASE_URL"),
    ("HOKUSAI_MOCK_MODE", "there are no mocks"),
    ("HOKUSAI_OPTIONAL_MLFLOW", "the registry is MLflow's API"),
    (
        "HOKUSAI_VALIDATE_API_KEY",
        "keys are always validated, unless --no-auth says otherwise",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> Option<Problem> {
        let known = ["HOKUSAI_DATABASE_URL", "HOKUSAI_DATA_DIR"].map(str::to_owned);
        problems(std::iter::once(name.to_owned()), &known.into()).pop()
    }

    #[test]
    fn a_near_miss_names_what_was_meant() {
        assert_eq!(
            one("HOKUSAI_DATBASE_URL"),
            Some(Problem::NearMiss {
                found: "HOKUSAI_DATBASE_URL".to_owned(),
                meant: "HOKUSAI_DATABASE_URL".to_owned()
            })
        );
    }

    #[test]
    fn kubernetes_names_and_known_ones_are_fine() {
        for name in [
            "HOKUSAI_PORT",
            "HOKUSAI_SERVICE_HOST",
            "HOKUSAI_AUTH_SERVICE_PORT_HTTP",
            "HOKUSAI_PORT_8000_TCP_ADDR",
            "HOKUSAI_DATA_DIR",
            "PATH",
        ] {
            assert_eq!(one(name), None, "{name}");
        }
    }

    #[test]
    fn strangers_and_retired_names_are_told_apart() {
        assert!(matches!(
            one("HOKUSAI_COLOUR"),
            Some(Problem::Unknown { .. })
        ));
        for name in [
            "HOKUSAI_MOCK_MODE",
            "HOKUSAI_DB_HOST",
            "HOKUSAI_AUTH_SERVICE_URL",
        ] {
            assert!(matches!(one(name), Some(Problem::Retired { .. })), "{name}");
        }
    }
}
