//! What is not broken and not good: builds, base paths, latency, days left, rate headers (classes 4 and 5).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for service in Service::ALL {
        let mut add = |id: &str, code, rank, sentence: String, fix: &str| {
            if facts.failed(service, id) {
                let seen = facts.detail(service, id).map(str::to_owned);
                causes.push(Cause::new(code, rank, sentence, fix).with(seen));
            }
        };
        let host = &facts.deployment.endpoint(service).host;
        add(
            "build",
            "stale-build",
            50,
            format!(
                "{service} at `{host}` is not the build that it should be: a replica was not deployed, or was rolled back"
            ),
            "compare the deployment's image with the release, and see why the new one was not taken (`hokusai config show` with its settings)",
        );
        add(
            "certificate-days",
            "certificate-ends-soon",
            52,
            format!("the certificate of `{host}` ends within days"),
            "renew it now, and find out why it is not renewed by itself",
        );
        add(
            "latency",
            "slow",
            60,
            format!("{service} answers, and slower than the budget"),
            "compare with `--auth-direct`/`--registry-direct`: a proxy, the way there, or the service itself",
        );
        add(
            "rate-limit",
            "rate-headers-missing",
            61,
            format!(
                "a proxy removes the `X-RateLimit-*` headers of {service}, so clients cannot slow down in time"
            ),
            "let the proxy pass response headers on unchanged",
        );
    }
    causes.extend(base_paths(facts));
    causes
}

/// The root works and another base does not.
fn base_paths(facts: &Facts<'_>) -> Option<Cause> {
    if !facts.passed(Service::Registry, "base") {
        return None;
    }
    let bases = ["base-mlflow", "base-api-mlflow", "base-api-2-0-mlflow"];
    let broken: Vec<String> = bases
        .into_iter()
        .filter(|id| {
            !facts.passed(Service::Registry, id) && facts.outcome(Service::Registry, id).is_some()
        })
        .filter_map(|id| {
            Some(format!(
                "`registry.{id}`: {}",
                facts.detail(Service::Registry, id)?
            ))
        })
        .collect();
    if broken.is_empty() || facts.steps("register").is_empty() {
        return None;
    }
    let sentence = "MLflow's API works at the root and not at every base path that clients are told to use: a proxy rewrites or does not route them".to_owned();
    let fix = "forward `/mlflow/*`, `/api/mlflow/*` and `/api/2.0/mlflow/*` unchanged; the registry knows all of them";
    Some(Cause::new("base-path", 51, sentence, fix).with(broken))
}
