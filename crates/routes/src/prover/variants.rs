//! In which order, and by how many occurrences, the text conditions of the positive sets are met.

use std::collections::BTreeMap;

use super::states::{Part, States};

/// One text of the word.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) part: Part,
    /// The positive conditions that this occurrence meets: set and index among its text conditions.
    pub(super) meets: Vec<(usize, usize)>,
    /// The bytes that may occur in it; the search fills them in.
    pub(super) bytes: Vec<u8>,
    /// Whether no later segment is another occurrence of the same part.
    pub(super) is_last_of_part: bool,
}

/// Every way to share occurrences among the positive conditions; `None` when there are too many.
pub(super) fn variants(states: &States, positive: &[usize]) -> Option<Vec<Vec<Segment>>> {
    let mut by_part: BTreeMap<Part, Vec<(usize, usize)>> = BTreeMap::new();
    by_part.insert(Part::Host, Vec::new());
    by_part.insert(Part::Path, Vec::new());
    for &number in positive {
        for (index, text) in states.set(number)?.texts.iter().enumerate() {
            by_part
                .entry(text.part.clone())
                .or_default()
                .push((number, index));
        }
    }
    let mut all: Vec<Vec<Segment>> = vec![Vec::new()];
    for (part, conditions) in by_part {
        let single = matches!(part, Part::Host | Part::Path);
        let ways = if single {
            vec![vec![conditions]]
        } else {
            partitions(&conditions)
        };
        if all.len() * ways.len() > MAX_VARIANTS {
            return None;
        }
        let grow = |variant: &Vec<Segment>, way: &Vec<Vec<(usize, usize)>>| {
            let segments = way.iter().enumerate().map(|(index, meets)| Segment {
                part: part.clone(),
                meets: meets.clone(),
                bytes: Vec::new(),
                is_last_of_part: index + 1 == way.len(),
            });
            variant.iter().cloned().chain(segments).collect()
        };
        all = all
            .iter()
            .flat_map(|variant| ways.iter().map(|way| grow(variant, way)))
            .collect();
    }
    Some(all)
}

/// All ways to split the conditions into groups.
fn partitions(conditions: &[(usize, usize)]) -> Vec<Vec<Vec<(usize, usize)>>> {
    let mut all: Vec<Vec<Vec<(usize, usize)>>> = vec![Vec::new()];
    for &condition in conditions {
        let mut next = Vec::new();
        for partition in all {
            for index in 0..partition.len() {
                let mut joined = partition.clone();
                joined
                    .get_mut(index)
                    .into_iter()
                    .for_each(|group| group.push(condition));
                next.push(joined);
            }
            let mut apart = partition;
            apart.push(vec![condition]);
            next.push(apart);
        }
        all = next;
        if all.len() > MAX_VARIANTS {
            break;
        }
    }
    all
}

/// Five conditions on one name can be shared in 52 ways; a rule has at most five.
const MAX_VARIANTS: usize = 256;
