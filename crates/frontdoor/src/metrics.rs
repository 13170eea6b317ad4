//! What is counted, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::group::GroupCounters;
use crate::installed::Installed;

/// All series. They outlive the tables whose rules they count.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    rules: Mutex<BTreeMap<RuleKey, Arc<RuleCounters>>>,
    groups: Mutex<BTreeMap<String, Arc<GroupCounters>>>,
    /// Tables that were taken into use.
    pub(crate) reloads: AtomicU64,
    /// Tables and certificates that were refused.
    pub(crate) refused_reloads: AtomicU64,
    /// Requests that carried a key over plain HTTP.
    pub(crate) keys_in_clear: AtomicU64,
    /// Open tunnels so far.
    pub(crate) tunnels: AtomicU64,
}

/// Listener, rule, target group (empty without one).
type RuleKey = (String, String, String);

/// Picks a counter of a group.
type Read = fn(&GroupCounters) -> &AtomicU64;

/// What is counted of a rule and one of its groups.
#[derive(Debug, Default)]
pub(crate) struct RuleCounters {
    by_class: [AtomicU64; 5],
    /// Not more than each of [`BUCKETS_MS`]; the last counts all.
    by_duration: [AtomicU64; BUCKETS_MS.len() + 1],
    sum_us: AtomicU64,
}

impl RuleCounters {
    /// Counts an answer whose head came after `took`.
    pub(crate) fn count(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        if let Some(counter) = self.by_class.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let bucket = BUCKETS_MS.partition_point(|limit| Duration::from_millis(*limit) < took);
        if let Some(counter) = self.by_duration.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(took, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn rule(&self, listener: &str, rule: &str, group: &str) -> Arc<RuleCounters> {
        let key = (listener.to_owned(), rule.to_owned(), group.to_owned());
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if rules.len() >= MAX_SERIES && !rules.contains_key(&key) {
            return Arc::default();
        }
        Arc::clone(rules.entry(key).or_default())
    }

    pub(crate) fn group(&self, name: &str) -> Arc<GroupCounters> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(groups.entry(name.to_owned()).or_default())
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self, installed: &Installed) -> String {
        let mut out = String::new();
        self.write_rules(&mut out);
        self.write_groups(&mut out);
        write_targets(&mut out, installed);
        for (name, counter) in [
            ("tables_installed_total", &self.reloads),
            ("tables_refused_total", &self.refused_reloads),
            ("keys_in_clear_total", &self.keys_in_clear),
            ("tunnels_total", &self.tunnels),
        ] {
            head(&mut out, name, "counter");
            line(&mut out, name, "", counter.load(Ordering::Relaxed));
        }
        out
    }

    fn write_rules(&self, out: &mut String) {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        head(out, "requests_total", "counter");
        for ((listener, rule, group), counters) in rules.iter() {
            for (class, counter) in (1..).zip(&counters.by_class) {
                let labels = format!(
                    "{{listener={listener:?},rule={rule:?},group={group:?},status=\"{class}xx\"}}"
                );
                let value = counter.load(Ordering::Relaxed);
                if value > 0 {
                    line(out, "requests_total", &labels, value);
                }
            }
        }
        head(out, "request_seconds", "histogram");
        for ((listener, rule, group), counters) in rules.iter() {
            let labels = format!("listener={listener:?},rule={rule:?},group={group:?}");
            let mut sum = 0;
            for (index, counter) in counters.by_duration.iter().enumerate() {
                sum += counter.load(Ordering::Relaxed);
                let limit = BUCKETS_MS.get(index).map_or("+Inf".to_owned(), |ms| {
                    format!("{}", Duration::from_millis(*ms).as_secs_f64())
                });
                let labels = format!("{{{labels},le=\"{limit}\"}}");
                line(out, "request_seconds_bucket", &labels, sum);
            }
            let took = Duration::from_micros(counters.sum_us.load(Ordering::Relaxed));
            let labels = format!("{{{labels}}}");
            line(out, "request_seconds_sum", &labels, took.as_secs_f64());
            line(out, "request_seconds_count", &labels, sum);
        }
    }

    fn write_groups(&self, out: &mut String) {
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let counters: [(&str, Read); 4] = [
            ("group_queued_total", |group| &group.queued),
            ("group_full_total", |group| &group.full),
            ("group_retried_total", |group| &group.retried),
            ("group_health_changes_total", |group| &group.health_changes),
        ];
        for (name, read) in counters {
            head(out, name, "counter");
            for (group, counted) in groups.iter() {
                let labels = format!("{{group={group:?}}}");
                line(out, name, &labels, read(counted).load(Ordering::Relaxed));
            }
        }
    }
}

fn write_targets(out: &mut String, installed: &Installed) {
    head(out, "group_in_flight", "gauge");
    for (table, generation) in installed.generations() {
        for group in generation.groups.values() {
            let labels = format!("{{table={table:?},group={:?}}}", group.name);
            line(out, "group_in_flight", &labels, group.in_flight());
        }
    }
    head(out, "target_healthy", "gauge");
    for (table, generation) in installed.generations() {
        for group in generation.groups.values() {
            for target in &group.targets {
                let labels = format!(
                    "{{table={table:?},group={:?},target={:?}}}",
                    group.name, target.name
                );
                line(
                    out,
                    "target_healthy",
                    &labels,
                    u8::from(target.is_healthy()),
                );
            }
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "# TYPE hokusai_front_door_{name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "hokusai_front_door_{name}{labels} {value}");
}

/// From what a healthy service takes to what somebody complains about.
const BUCKETS_MS: [u64; 9] = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 30_000];
/// A thousand rules with a few groups each; tables that change for ever must not fill the memory.
const MAX_SERIES: usize = 10_000;
