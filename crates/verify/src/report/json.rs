//! JSON, for programs.

use serde_json::{Value, json};

use super::Report;

pub(super) fn value(report: &Report<'_>) -> Value {
    let checks: Vec<Value> = report
        .verdict
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.id,
                "area": check.area.title(),
                "title": check.title,
                "state": check.state,
                "detail": check.detail,
                "took_ms": check.took_ms,
                "is_missing": check.is_missing,
            })
        })
        .collect();
    json!({
        "status": report.verdict.overall(),
        "date_ms": report.date_ms,
        "api_key": report.masked_key,
        "auth": report.deployment.auth.to_string(),
        "registry": report.deployment.registry.to_string(),
        "summary": report.summary(),
        "causes": report.causes,
        "checks": checks,
    })
}

pub(super) fn write(report: &Report<'_>) -> String {
    format!("{:#}\n", value(report))
}
