//! Phrases for what was seen.

use crate::observation::{Answer, Fault, NotRun, Outcome, StepFault, TlsFault, Withheld};

/// Why it was not tried.
pub(crate) fn not_run(reason: &NotRun) -> String {
    match reason {
        NotRun::Blocked(id) => format!("`{id}` failed before"),
        NotRun::NotApplicable(why) => why.clone(),
        NotRun::NoKey => "no key was given".to_owned(),
        NotRun::Withheld(why) => withheld(why),
        NotRun::OutOfTime => "it did not end in time".to_owned(),
    }
}

/// Why the key was kept back.
pub(crate) fn withheld(why: &Withheld) -> String {
    match why {
        Withheld::InClear => {
            "the key was not sent: it would travel in clear to another machine".to_owned()
        }
        Withheld::Identity(who) => {
            format!("the key was not sent: `/health` was answered by `{who}`")
        }
        Withheld::Path(path, who) => format!(
            "the key was not sent: a canary to `{}` was answered by `{who}`",
            crate::foreign::clean(path)
        ),
    }
}

/// Why nothing came.
pub(crate) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Unresolved(why) => format!("the name does not resolve: `{why}`"),
        Fault::Refused(address) => format!("`{address}` refuses connections"),
        Fault::Unreachable(address, why) => format!("`{address}` cannot be reached: `{why}`"),
        Fault::ConnectTimeout(address) => format!("no connection to `{address}` in time"),
        Fault::Tls(tls) => self::tls(tls),
        Fault::Timeout(ms) => format!("no answer within {}", seconds(*ms)),
        Fault::Broken(why) => format!("the connection broke: `{why}`"),
    }
}

/// Why TLS did not come about.
pub(crate) fn tls(fault: &TlsFault) -> String {
    match fault {
        TlsFault::Expired(at) => format!("the certificate ended on {}", crate::report::day(*at)),
        TlsFault::NotYetValid(at) => {
            format!("the certificate begins on {}", crate::report::day(*at))
        }
        TlsFault::WrongName(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the certificate is for {}", names.join(", "))
        }
        TlsFault::Untrusted => {
            "nobody whom this machine trusts vouches for the certificate (self-signed, or an authority that is not known here)".to_owned()
        }
        TlsFault::WantsClientCertificate => "the server wants a certificate of the client".to_owned(),
        TlsFault::NotTls => "the port does not speak TLS".to_owned(),
        TlsFault::Other(why) => format!("TLS failed: `{why}`"),
    }
}

/// Status, who, and what it says.
pub(crate) fn answer(answer: &Answer) -> String {
    let who = match &answer.answered_by {
        Some(who) => format!("`{who}`"),
        None => "somebody unnamed".to_owned(),
    };
    let says = answer.says().to_string();
    if says.is_empty() {
        format!("{} from {who}", answer.status)
    } else {
        format!("{} from {who}: `{says}`", answer.status)
    }
}

/// Any outcome that is not what was hoped for.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(fault) => self::fault(fault),
        Outcome::Answered(answer) => self::answer(answer),
        Outcome::NotRun(reason) => not_run(reason),
        Outcome::Resolved(_) | Outcome::Connected(_) | Outcome::Steps(_) | Outcome::Key(_) => {
            "something else was seen".to_owned()
        }
    }
}

/// Why a step failed.
pub(crate) fn step_fault(fault: &StepFault) -> String {
    match fault {
        StepFault::Answered(answer) => self::answer(answer),
        StepFault::Failed(fault) => self::fault(fault),
        StepFault::Withheld(why) => withheld(why),
        StepFault::Wrong(sentence) => sentence.clone(),
        StepFault::Changed => "the bytes came back changed".to_owned(),
    }
}

/// `5 s`, `1.2 s`, `40 ms`.
pub(crate) fn seconds(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}
