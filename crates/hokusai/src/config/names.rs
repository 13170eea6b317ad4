//! Names in the environment: near-misses are errors, strangers are warnings, and what Kubernetes injects is ignored.

/// Something about a `HOKUSAI_…` variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Almost a setting.
    NearMiss {
        /// What is set.
        found: String,
        /// What was probably meant.
        meant: &'static str,
    },
    /// Not like any setting.
    Unknown {
        /// What is set.
        found: String,
    },
}

/// Looks at all names.
pub(super) fn problems(names: impl Iterator<Item = String>) -> Vec<Problem> {
    names
        .filter(|name| name.starts_with("HOKUSAI_"))
        .filter_map(problem)
        .collect()
}

fn problem(found: String) -> Option<Problem> {
    if KNOWN.contains(&found.as_str()) || is_service_link(&found) {
        return None;
    }
    let nearest = KNOWN
        .iter()
        .min_by_key(|known| strsim::damerau_levenshtein(known, &found))
        .copied();
    Some(
        match nearest.filter(|known| strsim::damerau_levenshtein(known, &found) <= 2) {
            Some(meant) => Problem::NearMiss { found, meant },
            None => Problem::Unknown { found },
        },
    )
}

/// `HOKUSAI_PORT`, `HOKUSAI_SERVICE_HOST`, `HOKUSAI_AUTH_PORT_8000_TCP_ADDR` …: a service of that name in the same namespace.
fn is_service_link(name: &str) -> bool {
    name == "HOKUSAI_PORT"
        || name.contains("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_")
        || name.ends_with("_PORT")
}

/// Every name that something of ours reads.
const KNOWN: [&str; 18] = [
    "HOKUSAI_ALLOWED_HOST",
    "HOKUSAI_API_KEY",
    "HOKUSAI_ARTIFACTS_URL",
    "HOKUSAI_AUTH_KEY_FILE",
    "HOKUSAI_AUTH_LISTEN",
    "HOKUSAI_AUTH_URL",
    "HOKUSAI_BEHIND_TLS",
    "HOKUSAI_BOOTSTRAP_KEY_FILE",
    "HOKUSAI_CONFIG",
    "HOKUSAI_DATABASE_URL",
    "HOKUSAI_DATA_DIR",
    "HOKUSAI_LOG",
    "HOKUSAI_NO_AUTH",
    "HOKUSAI_REGISTRY_LISTEN",
    "HOKUSAI_REGISTRY_URL",
    "HOKUSAI_TEST_POSTGRES_URL",
    "HOKUSAI_TRUSTED_PROXY",
    "HOKUSAI_VENV",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> Option<Problem> {
        problems(std::iter::once(name.to_owned())).pop()
    }

    #[test]
    fn a_near_miss_names_what_was_meant() {
        assert_eq!(
            one("HOKUSAI_DATBASE_URL"),
            Some(Problem::NearMiss {
                found: "HOKUSAI_DATBASE_URL".to_owned(),
                meant: "HOKUSAI_DATABASE_URL"
            })
        );
    }

    #[test]
    fn kubernetes_names_and_known_ones_are_fine_and_strangers_are_told() {
        for name in [
            "HOKUSAI_PORT",
            "HOKUSAI_SERVICE_HOST",
            "HOKUSAI_PORT_8000_TCP_ADDR",
            "HOKUSAI_DATA_DIR",
            "PATH",
        ] {
            assert_eq!(one(name), None, "{name}");
        }
        assert!(matches!(
            one("HOKUSAI_MOCK_MODE"),
            Some(Problem::Unknown { .. })
        ));
    }
}
