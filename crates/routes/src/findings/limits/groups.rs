//! Limits of target groups and their health checks, and the groups that the intent names.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::CODE;
use crate::finding::Finding;
use crate::model::{Table, TargetGroup};

pub(super) fn check(table: &Table, findings: &mut Vec<Finding>) {
    let mut names = BTreeSet::new();
    for group in &table.target_groups {
        let mut add = |problem: String| {
            let message = format!("target group `{}`: {problem}", group.name);
            findings.push(Finding::new(CODE, message, "change it").at(group.span));
        };
        if !names.insert(&group.name) {
            add("another group has its name".to_owned());
        }
        of_group(group, add);
    }
    for entry in &table.intent.hosts {
        let groups = entry
            .may
            .iter()
            .chain(entry.must.iter().map(|must| &must.group));
        for group in groups.filter(|group| table.target_group(group).is_none()) {
            let message = format!(
                "the intent of `{}` names target group `{group}`, which is not in the table",
                entry.host
            );
            findings
                .push(Finding::new(CODE, message, "add it, or correct its name").at(entry.span));
        }
        let listeners = entry.listeners.iter();
        for listener in listeners.filter(|name| table.listener(name).is_none()) {
            let message = format!(
                "the intent of `{}` names listener `{listener}`, which is not in the table",
                entry.host
            );
            findings
                .push(Finding::new(CODE, message, "add it, or correct its name").at(entry.span));
        }
    }
}

fn of_group(group: &TargetGroup, mut add: impl FnMut(String)) {
    let health = &group.health;
    let mut within = |what: &str, value: u32, range: RangeInclusive<u32>| {
        if !range.contains(&value) {
            add(format!(
                "{what} {value} is not within {}–{}",
                range.start(),
                range.end()
            ));
        }
    };
    within("health check interval_s", health.interval_s, 5..=300);
    within("health check timeout_s", health.timeout_s, 2..=120);
    within("healthy threshold", health.healthy_threshold, 2..=10);
    within("unhealthy threshold", health.unhealthy_threshold, 2..=10);
    within(
        "deregistration_delay_s",
        group.deregistration_delay_s,
        0..=3600,
    );
    if group.slow_start_s != 0 {
        within("slow_start_s", group.slow_start_s, 30..=900);
    }
    for range in &health.statuses {
        within("health check status", u32::from(range.first), 200..=499);
        within("health check status", u32::from(range.last), 200..=499);
    }
    if !health.path.starts_with('/') {
        add(format!(
            "health check path `{}` does not start with `/`",
            health.path
        ));
    }
}
