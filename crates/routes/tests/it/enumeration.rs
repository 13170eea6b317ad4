//! The prover against the matcher on every request of a small world.
//!
//! Each case is a table of up to five rules with conditions of all kinds over the letters `a` and `b`. Every rule's
//! reachability is asked, and every request of the world is tried. Where some request selects the rule, the prover
//! finds one, and it is not longer than the shortest of the world; where it finds one within the world's bounds, so
//! does the enumeration; where it proves that there is none, no request of the world selects the rule.

use hokusai_routes::matcher::select;
use hokusai_routes::prover::Verdict;
use hokusai_routes::questions::Questions;
use hokusai_routes::request::Request;
use proptest::prelude::*;

use crate::world::{MAX_WORLD, World, folded, is_of_world, length, listener};

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_global_rejects: CASES, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_and_lengths_agree_with_enumeration(listener in listener()) {
        let world = World::of(&listener);
        prop_assume!(world.size() <= MAX_WORLD);
        let mut shortest: Vec<Option<Request<'static>>> = vec![None; listener.rules.len() + 1];
        world.each(|request| {
            let selected = select(&listener, request).rule;
            let index = selected.map_or(listener.rules.len(), |rule| rule.priority as usize - 1);
            if shortest[index].as_ref().is_none_or(|best| length(request) < length(best)) {
                shortest[index] = Some(request.clone());
            }
        });
        let questions = Questions::new(&listener);
        for decider in questions.deciders() {
            let verdict = questions.reaches(decider, &[], &[]);
            let best = &shortest[decider.index];
            match (&verdict, best) {
                (Verdict::Witness(found), Some(best)) => {
                    prop_assert!(length(found) <= length(best), "{found} is longer than {best}");
                    if is_of_world(&folded(found)) {
                        prop_assert_eq!(length(found), length(best), "{} and {}", found, best);
                    }
                }
                (Verdict::Witness(found), None) => {
                    prop_assert!(!is_of_world(&folded(found)), "{found} was not enumerated");
                }
                (Verdict::Proven | Verdict::OddWitness(_), None) => {}
                (verdict, best) => prop_assert!(false, "{verdict:?} against {best:?}"),
            }
        }
    }
}

/// Tables tried; each asks up to six questions.
const CASES: u32 = 2_000;
