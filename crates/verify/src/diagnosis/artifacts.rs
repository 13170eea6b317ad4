//! Everything but artifacts works: they are not routed, too large for a proxy, or changed (class 8).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Fault, StepFault};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let Some((step, fault)) = facts.failed_step() else {
        return Vec::new();
    };
    if !matches!(step.name, "upload" | "download")
        || facts.failed(Service::Registry, "key-as-bearer")
    {
        return Vec::new();
    }
    let bytes = facts.deployment.options.artifact_bytes;
    let cause = match fault {
        StepFault::Changed => Cause::new(
            "artifact-changed",
            39,
            "an artifact came back with other bytes than were sent: something between here and the store changes bodies".to_owned(),
            "turn off what rewrites, compresses or caches bodies in front of the registry; `hokusai model download` checks digests",
        ),
        StepFault::Answered(answer) if answer.status == 413 => Cause::new(
            "upload-too-large",
            38,
            format!("an upload of {bytes} bytes is refused with 413 by `{}`: a proxy limits bodies", answer.answered_by.as_deref().unwrap_or("a proxy")),
            "raise the proxy's body limit (nginx `client_max_body_size 0`), and let it stream in place of buffering",
        ),
        StepFault::Answered(answer) if !answer.is_from_service() || answer.status == 404 => Cause::new(
            "artifacts-not-served",
            38,
            format!("MLflow's API works and its artifact paths do not: `/api/2.0/mlflow-artifacts/…` is answered with {} by `{}`", answer.status, answer.answered_by.as_deref().unwrap_or("a proxy")),
            "route `/api/2.0/mlflow-artifacts/*` to the registry as well, with GET, PUT and DELETE",
        ),
        StepFault::Withheld(why) => Cause::new(
            "artifacts-not-served",
            38,
            format!("MLflow's API works and its artifact paths do not reach the registry: {}", crate::verdict::words::withheld(why)),
            "route `/api/2.0/mlflow-artifacts/*` to the registry as well, with GET, PUT and DELETE",
        ),
        StepFault::Failed(Fault::Timeout(_) | Fault::Broken(_)) => Cause::new(
            "transfer-breaks",
            38,
            format!("a transfer of {bytes} bytes does not end: a proxy buffers whole bodies, or cuts long requests off"),
            "let the proxy stream, and raise its idle timeout above the time of the largest upload",
        ),
        _ => return Vec::new(),
    };
    let seen = format!(
        "step `{}`: {}",
        step.name,
        crate::verdict::words::step_fault(fault)
    );
    vec![cause.with([seen])]
}
