//! When one set of negative states makes another superfluous.

use super::states::{Kind, States};

/// Whether every state of `small` is in `large` or simulated by one of it.
pub(super) fn covers(states: &States, small: &[u32], large: &[u32]) -> bool {
    small.iter().all(|&state| {
        let from = large.partition_point(|&other| other < state);
        let owner = states.owner_of(state);
        let later = large.get(from..).unwrap_or_default().iter();
        later
            .map(|&other| (other, states.owner_of(other)))
            .take_while(|(_, other)| (other.set, other.condition) == (owner.set, owner.condition))
            .any(|(other, of)| match states.kind(other) {
                _ if other == state => true,
                Kind::Many => of.value == owner.value,
                Kind::Holds => true,
                _ => false,
            })
    })
}
