//! Which bytes a node of the search must try: one of each kind that nothing can tell apart.

use std::collections::HashMap;

use super::states::{Part, States};
use super::validity::Validity;

/// A byte and what it does to the positive side.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) byte: u8,
    pub(super) valid: u8,
    /// Per positive condition, the states it may go to; none is empty.
    pub(super) positive: Vec<Vec<u32>>,
}

/// The moves of a node. Bytes that lead the positive side alike are one kind; of a kind, a byte that no active negative
/// state names is best, since it makes the negative sets do the least; without one, each byte that they see
/// differently is tried.
pub(super) fn moves(
    states: &States,
    validity: Validity,
    part: &Part,
    (positive, valid): (&[u32], u8),
    negative: &[u32],
) -> Vec<Move> {
    let mut named: [Vec<u32>; 256] = std::array::from_fn(|_| Vec::new());
    for &state in negative {
        states.ranges(state, |from, to, next| {
            let range = named.get_mut(usize::from(from)..=usize::from(to));
            range
                .into_iter()
                .flatten()
                .for_each(|names| names.push(next));
        });
    }
    let mut kinds: HashMap<(Vec<Vec<u32>>, u8), Vec<u8>> = HashMap::new();
    let mut order = Vec::new();
    for byte in validity.bytes(part) {
        let Some(valid) = validity.step(part, valid, byte) else {
            continue;
        };
        let next = positive
            .iter()
            .map(|&state| successors(states, state, byte));
        let Some(next) = next.collect::<Option<Vec<_>>>() else {
            continue;
        };
        let kind = kinds.entry((next, valid)).or_insert_with_key(|key| {
            order.push(key.clone());
            Vec::new()
        });
        kind.push(byte);
    }
    let mut moves = Vec::new();
    for key in order {
        let bytes = kinds.get(&key).map(Vec::as_slice).unwrap_or_default();
        for byte in representatives(bytes, &named) {
            moves.push(Move {
                byte,
                valid: key.1,
                positive: key.0.clone(),
            });
        }
    }
    moves
}

fn successors(states: &States, state: u32, byte: u8) -> Option<Vec<u32>> {
    let mut next = Vec::new();
    states.step(state, byte, |state| next.push(state));
    next.sort_unstable();
    next.dedup();
    (!next.is_empty()).then_some(next)
}

fn representatives(bytes: &[u8], named: &[Vec<u32>; 256]) -> Vec<u8> {
    let seen_by = |byte: u8| {
        named
            .get(usize::from(byte))
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    if let Some(&free) = bytes.iter().find(|&&byte| seen_by(byte).is_empty()) {
        return vec![free];
    }
    let mut kept: Vec<u8> = Vec::new();
    for &byte in bytes {
        if !kept.iter().any(|&other| seen_by(other) == seen_by(byte)) {
            kept.push(byte);
        }
    }
    kept
}
