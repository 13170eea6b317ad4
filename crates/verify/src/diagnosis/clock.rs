//! Two clocks disagree.

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let skewed: Vec<Service> = Service::ALL
        .into_iter()
        .filter(|service| facts.failed(*service, "clock"))
        .collect();
    if skewed.is_empty() {
        return Vec::new();
    }
    let details = skewed
        .iter()
        .filter_map(|s| facts.detail(*s, "clock").map(|d| format!("{s}: {d}")));
    let sentence = if skewed.len() == 2 {
        "the clocks of the services and of this machine disagree: this machine's is wrong, or that of the machine on which both services run; keys and certificates seem expired or not yet valid"
    } else {
        "a server's clock is wrong: keys seem expired or not yet valid, and runs and audit entries carry wrong times"
    };
    let fix = "set the clock from a time server (`timedatectl set-ntp true`) on the machine that is wrong";
    vec![Cause::new("clock-skew", 33, sentence.to_owned(), fix).with(details)]
}
