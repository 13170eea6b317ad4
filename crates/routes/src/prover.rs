//! The prover: is there a request that satisfies some sets of conditions and none of some others?
//!
//! Such a question is a language inclusion, L(positive) ⊆ ∪ L(negative), decided by a breadth-first search with
//! antichains (de Wulf, Doyen, Henzinger, Raskin 2006) over one word per request: host, path, then the values of the
//! headers and query pairs that the positive sets ask for. Methods and addresses are finitely many atoms, one start
//! each. The first word found is a shortest one. Globs are compared with star simulation: a position is covered by an
//! active `*` further on, without which the search is exponential in practice.
//!
//! - A request has a Host and a path that starts with `/`; a front door refuses others.
//! - Headers and query pairs are multisets. A positive condition needs one occurrence; more occurrences can only help
//!   the negative sets, so a word holds as many as its positive conditions need, in every possible sharing.
//! - The first run only builds requests that a client can send (a DNS name, unreserved characters). If it finds none,
//!   a second one takes all of visible ASCII, and only if that one finds none is it a proof.
//! - Out of budget is [`Verdict::Unknown`], which every caller treats as a failure.

mod alphabet;
mod antichain;
mod atoms;
mod search;
mod states;
mod validity;
mod variants;

use self::search::{Outcome, Search};
use self::states::States;
use self::validity::Strictness;
use crate::model::{Condition, HostPort};
use crate::request::Request;

/// Sets of conditions, compiled once for many questions.
#[derive(Debug)]
pub struct Prover {
    states: States,
    host_port: HostPort,
    budget: usize,
}

/// Number of a set of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(usize);

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is one; none is shorter.
    Witness(Request<'static>),
    /// There are only requests that no well-behaved client sends, this for one: its host is no DNS name, or its path
    /// has odd characters.
    OddWitness(Request<'static>),
    /// Proven: there is none.
    Proven,
    /// The budget did not suffice.
    Unknown,
}

impl Prover {
    /// A prover without sets. `host_port` says whether hosts may carry a port.
    pub fn new(host_port: HostPort) -> Self {
        Self {
            states: States::default(),
            host_port,
            budget: NODE_BUDGET,
        }
    }

    /// With another budget of search nodes per question.
    #[must_use]
    pub fn with_budget(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// Adds a set of conditions, all of which must hold.
    pub fn add<'c>(&mut self, conditions: impl IntoIterator<Item = &'c Condition>) -> SetId {
        SetId(self.states.add(conditions))
    }

    /// Is there a request in all `positive` sets and in no `negative` one?
    pub fn find(&self, positive: &[SetId], negative: &[SetId]) -> Verdict {
        self.find_counting(positive, negative).0
    }

    /// Like [`Prover::find`], with the number of search nodes that it took.
    pub fn find_counting(&self, positive: &[SetId], negative: &[SetId]) -> (Verdict, usize) {
        self.find_within(positive, negative, self.budget)
    }

    /// Like [`Prover::find_counting`], with another budget, for callers with one for many questions.
    pub fn find_within(
        &self,
        positive: &[SetId],
        negative: &[SetId],
        budget: usize,
    ) -> (Verdict, usize) {
        let (strict, nodes) = self.run(positive, negative, Strictness::Sendable, budget);
        match strict {
            Outcome::Found(request) => return (Verdict::Witness(request), nodes),
            Outcome::OutOfBudget => return (Verdict::Unknown, nodes),
            Outcome::Nothing => {}
        }
        let (loose, more) = self.run(positive, negative, Strictness::Visible, budget);
        let verdict = match loose {
            Outcome::Found(request) => Verdict::OddWitness(request),
            Outcome::OutOfBudget => Verdict::Unknown,
            Outcome::Nothing => Verdict::Proven,
        };
        (verdict, nodes + more)
    }

    fn run(
        &self,
        positive: &[SetId],
        negative: &[SetId],
        strictness: Strictness,
        budget: usize,
    ) -> (Outcome, usize) {
        let numbers = |sets: &[SetId]| -> Vec<usize> { sets.iter().map(|set| set.0).collect() };
        let rules = validity::Validity {
            strictness,
            host_port: self.host_port,
        };
        Search::new(&self.states, rules, budget).run(&numbers(positive), &numbers(negative))
    }
}

/// Nodes per run of the search; the hardest question measured on tables of 100 rules takes a few hundred.
pub const NODE_BUDGET: usize = 200_000;

#[cfg(test)]
mod tests;
