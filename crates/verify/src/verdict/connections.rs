//! Names, connections, certificates, port 80.

use super::{Check, Judgement, State, words};
use crate::observation::{Fault, Observation, Outcome};
use crate::probe::{Area, Probe};

pub(super) fn resolves(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Resolved(addresses) if !addresses.is_empty() => {
            (State::Passed, format!("`{}`", addresses.join("`, `")))
        }
        Outcome::Resolved(_) => (State::Failed, "the name has no address".to_owned()),
        other => (State::Failed, words::outcome(other)),
    }
}

/// A fault of TLS is another check's.
pub(super) fn connects(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Connected(connected) => (State::Passed, format!("`{}` accepts", connected.peer)),
        Outcome::Failed(Fault::Tls(_)) => (State::Passed, "the port accepts".to_owned()),
        other => (State::Failed, words::outcome(other)),
    }
}

/// Whether keys are safe on the way: the certificate, from the same observation as the connection.
pub(super) fn privacy(probe: &Probe, is_tls: bool, observation: Option<&Observation>) -> Check {
    let (state, detail) = match observation.map(|o| (&o.outcome, o)) {
        Some((Outcome::Connected(connected), _)) if !is_tls && connected.is_loopback => (
            State::NotRun,
            "plain HTTP, and this machine: nothing to check".to_owned(),
        ),
        Some((Outcome::Connected(_), _)) if !is_tls => (
            State::Failed,
            "plain HTTP to another machine: keys can be read on the way".to_owned(),
        ),
        Some((Outcome::Connected(connected), _)) => {
            let ends = connected.certificate_ends_s.map_or_else(String::new, |at| {
                format!(", good until {}", crate::report::day(at))
            });
            let version = connected.tls_version.as_deref().unwrap_or("TLS");
            (
                State::Passed,
                format!("chain and host name are right{ends} ({version})"),
            )
        }
        Some((Outcome::Failed(Fault::Tls(fault)), _)) => (State::Failed, words::tls(fault)),
        _ => (State::NotRun, "there was no connection".to_owned()),
    };
    Check {
        id: format!("{}.tls", probe.service),
        area: Area::Connection,
        title: format!("{}: TLS", probe.service),
        state,
        detail,
        took_ms: None,
        is_missing: false,
    }
}

pub(super) fn plain_refused(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Failed(Fault::Refused(_) | Fault::ConnectTimeout(_) | Fault::Unreachable(..)) => {
            (State::Passed, "nothing listens there".to_owned())
        }
        Outcome::Answered(answer) if answer.is_redirect() => (
            State::Failed,
            format!(
                "{} to `{}`: the key has travelled in clear by then, and a POST becomes a GET",
                answer.status,
                answer.header("location").cloned().unwrap_or_default()
            ),
        ),
        Outcome::Answered(answer) if answer.is_from_service() || answer.is_success() => (
            State::Failed,
            format!("carried on in clear: {}", words::answer(answer)),
        ),
        Outcome::Answered(answer) if answer.status < 500 => {
            (State::Passed, format!("refused: {}", words::answer(answer)))
        }
        other => (State::Failed, words::outcome(other)),
    }
}

pub(super) fn plain_page(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Failed(Fault::Refused(_) | Fault::ConnectTimeout(_) | Fault::Unreachable(..)) => {
            (State::Passed, "nothing listens there".to_owned())
        }
        Outcome::Answered(answer) if answer.is_redirect() => {
            let to = answer.header("location").cloned().unwrap_or_default();
            if to.raw().to_ascii_lowercase().starts_with("https://") {
                (State::Passed, format!("redirects to `{to}`"))
            } else {
                (
                    State::Failed,
                    format!("redirects to `{to}`, which is not https: a loop or a detour in clear"),
                )
            }
        }
        Outcome::Answered(answer) if answer.is_from_service() || answer.is_success() => (
            State::Failed,
            format!("served in clear: {}", words::answer(answer)),
        ),
        Outcome::Answered(answer) => (State::Passed, format!("refused with {}", answer.status)),
        other => (State::Failed, words::outcome(other)),
    }
}
