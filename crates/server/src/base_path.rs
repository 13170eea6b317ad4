//! The base paths under which clients look for the registry, mapped to one canonical form.
//!
//! A tracking URI may end in nothing, `/mlflow`, `/api/mlflow` or `/api/2.0/mlflow`; the client appends `/api/2.0/mlflow/…` or, as
//! the web UI does, `/ajax-api/2.0/mlflow/…`. The real server knows only the first; the platform that this project comes from
//! documented all of them.

use std::borrow::Cow;

/// The canonical path for a path as it came in: no base, and `/api/` for `/ajax-api/`.
pub fn canonical(path: &str) -> Cow<'_, str> {
    if let Some(rest) = path.strip_prefix("/auth").filter(|rest| is_of_auth(rest)) {
        return Cow::Borrowed(rest);
    }
    let inner = BASES
        .iter()
        .find_map(|base| path.strip_prefix(base).filter(|rest| starts_an_api(rest)))
        .unwrap_or(path);
    inner
        .strip_prefix("/ajax-api/")
        .map_or(Cow::Borrowed(inner), |rest| {
            Cow::Owned(format!("/api/{rest}"))
        })
}

/// The auth service's older clients look for it below `/auth`.
fn is_of_auth(rest: &str) -> bool {
    rest.starts_with("/api/v1/") || ["/health", "/ready"].contains(&rest)
}

fn starts_an_api(rest: &str) -> bool {
    ["/api/2.0/", "/api/3.0/", "/ajax-api/2.0/", "/ajax-api/3.0/"]
        .iter()
        .any(|api| rest.starts_with(api))
        || [
            "/health",
            "/version",
            "/get-artifact",
            "/model-versions/get-artifact",
        ]
        .contains(&rest)
}

/// Longest first: each is a prefix of what the next would leave.
const BASES: [&str; 3] = ["/api/2.0/mlflow", "/api/mlflow", "/mlflow"];

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_base_leads_to_the_same_route() {
        for base in ["", "/mlflow", "/api/mlflow", "/api/2.0/mlflow"] {
            for api in ["/api/", "/ajax-api/"] {
                for rest in [
                    "2.0/mlflow/runs/create",
                    "2.0/mlflow-artifacts/artifacts/a/b",
                    "3.0/mlflow/server-info",
                ] {
                    assert_eq!(
                        canonical(&format!("{base}{api}{rest}")),
                        format!("/api/{rest}"),
                        "{base}{api}{rest}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_auth_service_answers_below_auth_too() {
        assert_eq!(canonical("/auth/api/v1/keys"), "/api/v1/keys");
        assert_eq!(canonical("/auth/health"), "/health");
        assert_eq!(canonical("/auth/live/x"), "/auth/live/x");
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        for path in [
            "/",
            "/health",
            "/mlflow",
            "/mlflowx/api/2.0/mlflow/runs/get",
            "/api/models",
            "/models/churn",
        ] {
            assert_eq!(canonical(path), path);
        }
    }
}
