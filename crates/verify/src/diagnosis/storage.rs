//! The registry reads and cannot write: a full disk, a store that is read-only (class 8).

use super::Cause;
use crate::facts::Facts;
use crate::observation::{Answer, StepFault};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let Some((step, answer)) = failed_write(facts) else {
        return Vec::new();
    };
    let what = if step == "upload" {
        "artifacts"
    } else {
        "its database"
    };
    let said = format!("step `{step}`: {}", crate::verdict::words::answer(answer));
    let is_full = answer.status == 507;
    let is_read_only = answer.status == 500 && answer.is_from_service();
    if is_full {
        let sentence = format!(
            "the registry's disk is full: reading works, and writing {what} is refused with 507"
        );
        let fix = "free space on the volume of `--data-dir` or `--artifacts-url`, or enlarge it; nothing that was acknowledged is lost";
        return vec![Cause::new("disk-full", 36, sentence, fix).with([said])];
    }
    if is_read_only {
        let sentence = format!(
            "the registry reads and cannot write {what}: the store is read-only, or the process lacks the permission (step `{step}` failed with {})",
            answer.status
        );
        let fix = "see whether the volume is mounted read-only, the database is a standby, or the directory belongs to another user (`hokusai doctor` there); the registry's log has the reason under the request id";
        return vec![Cause::new("store-read-only", 37, sentence, fix).with([said])];
    }
    Vec::new()
}

fn failed_write<'a>(facts: &Facts<'a>) -> Option<(&'static str, &'a Answer)> {
    let (step, fault) = facts.failed_step()?;
    match fault {
        StepFault::Answered(answer) if step.name != "download" => Some((step.name, answer)),
        _ => None,
    }
}
