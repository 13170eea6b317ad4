//! The baseline, and what counts against the budget.
//!
//! A migration usually starts from something broken, so "all green" is no condition for going on. What is one: no probe that
//! was green before is red now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Light {
    /// It passed.
    Green,
    /// It failed.
    Red,
    /// It could not be run: neither.
    NotRun,
}

/// The probes of one verification, by their stable ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Probes(pub BTreeMap<String, Light>);

impl Probes {
    /// Ids of the red ones, in order.
    pub fn red(&self) -> Vec<String> {
        let red = self.0.iter().filter(|(_, light)| **light == Light::Red);
        red.map(|(id, _)| id.clone()).collect()
    }

    /// How many are green.
    pub fn count_green(&self) -> usize {
        self.0
            .values()
            .filter(|light| **light == Light::Green)
            .count()
    }

    /// Whether something was asked and nothing is red.
    pub fn is_green(&self) -> bool {
        self.count_green() > 0 && self.red().is_empty()
    }

    /// Ids that are green in `self`, the baseline, and red in `now`. One that could not be run now is no regression.
    pub fn regressions(&self, now: &Self) -> Vec<String> {
        let is_green = |id: &String| self.0.get(id) == Some(&Light::Green);
        now.red().into_iter().filter(is_green).collect()
    }

    /// Both together: red where either is.
    #[must_use]
    pub fn worst(mut self, other: &Self) -> Self {
        for (id, light) in &other.0 {
            if *light == Light::Red || !self.0.contains_key(id) {
                self.0.insert(id.clone(), *light);
            }
        }
        self
    }

    /// Whether going back from `now` to `self`, the baseline, would turn more probes red than it turns green.
    pub fn is_worse_than(&self, now: &Self) -> bool {
        self.red().len() > now.red().len()
    }

    /// `12 green, 3 red, 1 not run`.
    pub fn summary(&self) -> String {
        let red = self.red().len();
        let green = self.count_green();
        let not_run = self.0.len() - red - green;
        format!("{green} green, {red} red, {not_run} not run")
    }
}

/// How many regressions, counted over all verifications of one step, are borne before the migration goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budget(pub u32);

impl Budget {
    /// Whether so many regressions exceed it.
    pub fn is_broken_by(self, regressions: usize) -> bool {
        u32::try_from(regressions).is_ok_and(|count| count > self.0)
            || u32::try_from(regressions).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes(lights: &[(&str, Light)]) -> Probes {
        Probes(
            lights
                .iter()
                .map(|(id, light)| ((*id).to_owned(), *light))
                .collect(),
        )
    }

    #[test]
    fn only_a_green_probe_that_turned_red_is_a_regression() {
        let before = probes(&[
            ("a", Light::Green),
            ("b", Light::Red),
            ("c", Light::NotRun),
            ("d", Light::Green),
        ]);
        let now = probes(&[
            ("a", Light::Red),
            ("b", Light::Red),
            ("c", Light::Red),
            ("d", Light::NotRun),
            ("e", Light::Red),
        ]);
        assert_eq!(before.regressions(&now), ["a"]);
    }

    #[test]
    fn a_baseline_with_more_red_is_worse() {
        let broken = probes(&[("a", Light::Red), ("b", Light::Red)]);
        let half = probes(&[("a", Light::Green), ("b", Light::Red)]);
        assert!(broken.is_worse_than(&half));
        assert!(!half.is_worse_than(&broken));
        assert!(!half.is_worse_than(&half));
    }

    #[test]
    fn nothing_asked_is_not_green() {
        assert!(!Probes::default().is_green());
        assert!(!probes(&[("a", Light::NotRun)]).is_green());
        assert!(probes(&[("a", Light::NotRun), ("b", Light::Green)]).is_green());
    }

    #[test]
    fn a_budget_bears_as_many_as_it_says() {
        assert!(!Budget(0).is_broken_by(0));
        assert!(Budget(0).is_broken_by(1));
        assert!(!Budget(2).is_broken_by(2));
        assert!(Budget(2).is_broken_by(3));
    }
}
