use super::*;
use crate::deployment::Options;
use crate::diagnosis::diagnose;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Connected, Fault, KeyForm};
use crate::plan::plan;

fn deployment() -> Deployment {
    Deployment {
        auth: "https://auth.a.test".parse().unwrap(),
        registry: "https://registry.a.test".parse().unwrap(),
        direct: Vec::new(),
        options: Options::default(),
    }
}

/// Every probe has the outcome that `of` says.
fn judged(of: impl Fn(&Probe) -> Outcome) -> (Verdict, Vec<crate::diagnosis::Cause>) {
    let deployment = deployment();
    let plan = plan(&deployment);
    let observations: Vec<Observation> = plan
        .iter()
        .map(|probe| Observation {
            probe: probe.id.clone(),
            outcome: of(probe),
            took_ms: 1,
        })
        .collect();
    let verdict = judge(&deployment, &plan, &observations);
    let causes = diagnose(&Facts {
        deployment: &deployment,
        plan: &plan,
        observations: &observations,
        verdict: &verdict,
        rules: None,
    });
    (verdict, causes)
}

#[test]
fn what_could_not_run_is_neither_passed_nor_failed() {
    let (verdict, causes) = judged(|_| Outcome::NotRun(NotRun::OutOfTime));
    assert_eq!(
        (verdict.count(State::Passed), verdict.count(State::Failed)),
        (0, 0)
    );
    assert_eq!(verdict.overall(), Overall::Incomplete);
    assert!(causes.is_empty());
}

#[test]
fn what_has_nothing_to_check_is_not_missing() {
    let (verdict, _) = judged(|_| Outcome::NotRun(NotRun::NoKey));
    assert_eq!(verdict.overall(), Overall::Passed);
    assert_eq!(verdict.count(State::Passed), 0);
}

#[test]
fn a_probe_that_was_never_tried_is_missing() {
    let deployment = deployment();
    let verdict = judge(&deployment, &plan(&deployment), &[]);
    assert_eq!(verdict.overall(), Overall::Incomplete);
    assert_eq!(verdict.count(State::Passed), 0);
}

#[test]
fn a_failed_connection_is_one_failure_and_what_it_blocks_is_none() {
    let (verdict, causes) = judged(|probe| match (probe.expect, probe.service) {
        (Expect::Resolves, _) => Outcome::Resolved(vec!["192.0.2.1".to_owned()]),
        (Expect::Connects, Service::Auth) => {
            Outcome::Failed(Fault::Refused("192.0.2.1:443".to_owned()))
        }
        (Expect::WellFormedKey, _) => Outcome::Key(KeyForm::Good),
        (_, Service::Auth) => Outcome::NotRun(NotRun::Blocked("auth.connect".to_owned())),
        (Expect::Connects, Service::Registry) => Outcome::Connected(Connected {
            peer: "192.0.2.1:443".to_owned(),
            is_loopback: false,
            certificate_ends_s: None,
            tls_version: None,
        }),
        _ => Outcome::NotRun(NotRun::NoKey),
    });
    let failed: Vec<&str> = verdict
        .checks
        .iter()
        .filter(|check| check.state == State::Failed)
        .map(|check| check.id.as_str())
        .collect();
    assert_eq!(failed, ["auth.connect"]);
    let codes: Vec<&str> = causes.iter().map(|cause| cause.code).collect();
    assert_eq!(codes, ["nothing-listens"]);
}

#[test]
fn a_failure_without_a_known_cause_says_so() {
    let (verdict, causes) = judged(|probe| match probe.expect {
        Expect::ValidKey => Outcome::Failed(Fault::Broken("x".into())),
        _ => Outcome::NotRun(NotRun::NoKey),
    });
    assert_eq!(verdict.count(State::Failed), 1);
    assert_eq!(causes[0].code, "unexplained");
    assert!(causes[0].sentence.contains("`auth.key-valid`"));
}
