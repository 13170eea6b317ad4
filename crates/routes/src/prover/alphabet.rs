//! Which bytes a node of the search must try: one of each kind that nothing can tell apart.

use super::states::{Part, SEPARATOR, States};
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
/// differently is tried. `bytes` are those that may occur in the part.
pub(super) fn moves(
    states: &States,
    validity: Validity,
    (part, bytes): (&Part, &[u8]),
    (positive, valid): (&[u32], u8),
    negative: &[u32],
) -> Vec<Move> {
    let own = Named::by(states, positive);
    let theirs = Named::by(states, negative);
    let mut kinds: Vec<(Move, Vec<u8>)> = Vec::new();
    // All bytes that no positive state names lead alike, but for the separator.
    let mut unnamed: Option<Option<Vec<Vec<u32>>>> = None;
    for &byte in bytes {
        let Some(valid) = validity.step(part, valid, byte) else {
            continue;
        };
        let next = if own.holds(byte) || byte == SEPARATOR {
            successors(states, positive, byte)
        } else {
            let known = unnamed.get_or_insert_with(|| successors(states, positive, byte));
            known.clone()
        };
        let Some(next) = next else { continue };
        let same = |(kind, _): &&mut (Move, Vec<u8>)| kind.valid == valid && kind.positive == next;
        if let Some((_, bytes)) = kinds.iter_mut().find(same) {
            bytes.push(byte);
        } else {
            let first = Move {
                byte,
                valid,
                positive: next,
            };
            kinds.push((first, vec![byte]));
        }
    }
    let mut moves = Vec::with_capacity(kinds.len());
    for (kind, bytes) in kinds {
        for byte in representatives(states, &theirs, negative, &bytes) {
            moves.push(Move {
                byte,
                valid: kind.valid,
                positive: kind.positive.clone(),
            });
        }
    }
    moves
}

fn successors(states: &States, positive: &[u32], byte: u8) -> Option<Vec<Vec<u32>>> {
    let of_state = |&state: &u32| {
        let mut next = Vec::new();
        states.step(state, byte, |state| next.push(state));
        next.sort_unstable();
        next.dedup();
        (!next.is_empty()).then_some(next)
    };
    positive.iter().map(of_state).collect()
}

fn representatives(states: &States, theirs: &Named, negative: &[u32], bytes: &[u8]) -> Vec<u8> {
    if let [only] = bytes {
        return vec![*only];
    }
    if let Some(&free) = bytes.iter().find(|&&byte| !theirs.holds(byte)) {
        return vec![free];
    }
    let mut kept: Vec<(u8, Vec<u32>)> = Vec::new();
    for &byte in bytes {
        let mut seen = Vec::new();
        for &state in negative {
            states.ranges(state, |from, to, next| {
                seen.extend((from..=to).contains(&byte).then_some(next));
            });
        }
        if !kept.iter().any(|(_, other)| *other == seen) {
            kept.push((byte, seen));
        }
    }
    kept.into_iter().map(|(byte, _)| byte).collect()
}

/// The bytes that some states name.
struct Named([bool; 256]);

impl Named {
    fn by(states: &States, all: &[u32]) -> Self {
        let mut named = [false; 256];
        for &state in all {
            states.ranges(state, |from, to, _| {
                let range = named.get_mut(usize::from(from)..=usize::from(to));
                range.into_iter().flatten().for_each(|byte| *byte = true);
            });
        }
        Self(named)
    }

    fn holds(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&true)
    }
}
