//! What follows from several observations: latency, clocks, builds, rate limits, days left of a certificate.

use super::{Check, Judgement, State, words};
use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::foreign;
use crate::observation::{Answer, Connected, Observation, Outcome};
use crate::probe::Area;

pub(super) fn add(
    deployment: &Deployment,
    service: Service,
    observations: &[Observation],
    checks: &mut Vec<Check>,
) {
    let seen = |id: &str| {
        let id = format!("{service}.{id}");
        observations
            .iter()
            .find(|o| o.probe == id)
            .map(|o| &o.outcome)
    };
    let health = match seen("health") {
        Some(Outcome::Answered(answer)) => Some(answer.as_ref()),
        _ => None,
    };
    let mut add = |id: &str, title: &str, (state, detail): Judgement| {
        checks.push(Check {
            id: format!("{service}.{id}"),
            area: Area::Quality,
            title: format!("{service}: {title}"),
            state,
            detail,
            took_ms: None,
            is_missing: false,
        });
    };
    add("latency", "latency", latency(deployment, health));
    add("clock", "clock", clock(health));
    add("build", "one build", build(deployment, health));
    if let (Some(Outcome::Connected(connected)), Some(health)) = (seen("connect"), health)
        && let Some(judgement) = days_left(connected, health)
    {
        add(
            "certificate-days",
            "days left of the certificate",
            judgement,
        );
    }
    if service == Service::Auth {
        add(
            "rate-limit",
            "rate-limit headers",
            rate_limit(seen("key-valid")),
        );
    }
}

fn latency(deployment: &Deployment, health: Option<&Answer>) -> Judgement {
    let Some(health) = health else {
        return nothing();
    };
    let (median, budget) = (health.median_ms(), deployment.options.latency_budget_ms);
    let sentence = format!(
        "median of {} answers to `/health`: {median} ms, budget {budget} ms",
        health.times_ms.len()
    );
    (
        if median <= budget {
            State::Passed
        } else {
            State::Failed
        },
        sentence,
    )
}

/// How many milliseconds the server's clock is ahead of this machine's, as its Date header says.
pub(crate) fn skew_ms(answer: &Answer) -> Option<i64> {
    let date = answer.header("date")?;
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let server = time::PrimitiveDateTime::parse(date.raw(), &format)
        .ok()?
        .assume_utc();
    Some(server.unix_timestamp().saturating_mul(1000) - answer.local_ms)
}

fn clock(health: Option<&Answer>) -> Judgement {
    let Some(health) = health else {
        return nothing();
    };
    match skew_ms(health) {
        None => (State::NotRun, "the answer has no Date".to_owned()),
        Some(skew) if skew.abs() <= MAX_SKEW_MS => (
            State::Passed,
            "the clocks agree within the second that a Date shows".to_owned(),
        ),
        Some(skew) => {
            let way = if skew > 0 { "ahead of" } else { "behind" };
            let by = words::seconds(skew.unsigned_abs() / 1000 * 1000);
            (
                State::Failed,
                format!("the server's clock is {by} {way} this machine's"),
            )
        }
    }
}

fn build(deployment: &Deployment, health: Option<&Answer>) -> Judgement {
    let Some(health) = health else {
        return nothing();
    };
    let versions: Vec<String> = health
        .versions
        .iter()
        .map(|v| format!("`{}`", foreign::clean(v)))
        .collect();
    let expected = deployment.options.expected_version.as_ref();
    match (health.versions.as_slice(), expected) {
        ([], _) => (State::NotRun, "the answer names no version".to_owned()),
        ([one], Some(expected)) if one != expected => (
            State::Failed,
            format!("{} answers, expected is `{expected}`", versions.join(", ")),
        ),
        ([_], _) => (State::Passed, versions.join(", ")),
        _ => (
            State::Failed,
            format!("{} answer by turns", versions.join(" and ")),
        ),
    }
}

fn days_left(connected: &Connected, health: &Answer) -> Option<Judgement> {
    let ends = i64::try_from(connected.certificate_ends_s?).ok()?;
    let days = (ends - health.local_ms / 1000) / 86_400;
    let state = if days < MIN_DAYS {
        State::Failed
    } else {
        State::Passed
    };
    Some((state, format!("{days}")))
}

fn rate_limit(validated: Option<&Outcome>) -> Judgement {
    let Some(Outcome::Answered(answer)) = validated else {
        return nothing();
    };
    let json = answer.json();
    let limit = json
        .get("rate_limit_per_hour")
        .and_then(serde_json::Value::as_u64);
    let headers = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ];
    let has_all = headers.iter().all(|name| answer.header(name).is_some());
    match limit {
        None if answer.is_success() => (State::Passed, "the key has no rate limit".to_owned()),
        None => nothing(),
        Some(limit) if has_all => (
            State::Passed,
            format!("{limit} an hour, and the headers say what is left"),
        ),
        Some(limit) => (
            State::Failed,
            format!("the key has {limit} requests an hour, and no header says what is left"),
        ),
    }
}

fn nothing() -> Judgement {
    (State::NotRun, "there was no answer to look at".to_owned())
}

/// A Date has no fractions and travels a while; half a minute is a clock that is wrong.
const MAX_SKEW_MS: i64 = 30_000;
/// Who renews automatically does so with a month left; a week is late.
const MIN_DAYS: i64 = 7;
