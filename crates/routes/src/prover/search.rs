//! The breadth-first search and its antichain.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::alphabet::moves;
use super::antichain::covers;
use super::atoms::{self, Atom};
use super::states::{Kind, Part, SEPARATOR, Set, States};
use super::validity::{self, START, Validity};
use super::variants::{Segment, variants};
use crate::model::HostPort;
use crate::request::Request;

/// One search.
pub(super) struct Search<'s> {
    states: &'s States,
    validity: Validity,
    budget: usize,
    variants: Vec<Vec<Segment>>,
    atoms: Vec<Atom>,
    nodes: Vec<Node>,
    queue: VecDeque<usize>,
    antichain: HashMap<(usize, usize, Vec<u32>, u8), Vec<usize>>,
}

/// How a search ended.
pub(super) enum Outcome {
    Found(Request<'static>),
    Nothing,
    OutOfBudget,
}

/// A point in the word: one state per positive condition, all states of the negative ones.
struct Node {
    variant: usize,
    segment: usize,
    positive: Vec<u32>,
    valid: u8,
    /// Sorted, without states that another one covers. INVARIANT: a set that can still hold has a state for each of
    /// its conditions in this segment, or its passing state.
    negative: Vec<u32>,
    parent: usize,
    /// `None` begins a segment.
    byte: Option<u8>,
    atom: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(states: &'s States, validity: Validity, budget: usize) -> Self {
        Self {
            states,
            validity,
            budget,
            variants: Vec::new(),
            atoms: Vec::new(),
            nodes: Vec::new(),
            queue: VecDeque::new(),
            antichain: HashMap::new(),
        }
    }

    /// Searches; also says how many nodes it made.
    pub(super) fn run(mut self, positive: &[usize], negative: &[usize]) -> (Outcome, usize) {
        if !self.start(positive, negative) {
            return (Outcome::OutOfBudget, self.nodes.len());
        }
        while let Some(index) = self.queue.pop_front() {
            if self.nodes.len() > self.budget {
                return (Outcome::OutOfBudget, self.nodes.len());
            }
            if let Some(request) = self.end_segment(index) {
                return (Outcome::Found(request), self.nodes.len());
            }
            self.expand(index);
        }
        (Outcome::Nothing, self.nodes.len())
    }

    /// One node per variant and atom; `false` when there are too many.
    fn start(&mut self, positive: &[usize], negative: &[usize]) -> bool {
        let states = self.states;
        let Some(mut variants) = variants(states, positive) else {
            return false;
        };
        for segment in variants.iter_mut().flatten() {
            segment.bytes = self.validity.bytes(&segment.part);
        }
        self.variants = variants;
        let set = |&number: &usize| states.set(number);
        let both: Vec<&Set> = positive.iter().chain(negative).filter_map(set).collect();
        self.atoms = atoms::atoms(&both);
        if self.atoms.len().saturating_mul(self.variants.len()) > self.budget {
            return false;
        }
        for atom in 0..self.atoms.len() {
            let holds = |set: &Set| {
                self.atoms
                    .get(atom)
                    .is_some_and(|a| atoms::satisfies(set, a))
            };
            if !positive.iter().filter_map(set).all(holds) {
                continue;
            }
            let live: Vec<usize> = negative
                .iter()
                .copied()
                .filter(|number| set(number).is_some_and(holds))
                .collect();
            for variant in 0..self.variants.len() {
                let live = live
                    .iter()
                    .copied()
                    .filter(|&set| self.is_testable(variant, set));
                let entered: Vec<u32> = live.flat_map(|set| self.enter(variant, 0, set)).collect();
                let origin = Origin {
                    variant,
                    segment: 0,
                    parent: usize::MAX,
                    byte: None,
                    atom,
                };
                self.begin(origin, entered);
            }
        }
        true
    }

    /// Whether the variant has every part that the set tests; a header that is not sent can't hold.
    fn is_testable(&self, variant: usize, set: usize) -> bool {
        let parts = self
            .variants
            .get(variant)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let texts = self
            .states
            .set(set)
            .map(|set| set.texts.as_slice())
            .unwrap_or_default();
        texts
            .iter()
            .all(|text| parts.iter().any(|segment| segment.part == text.part))
    }

    fn segment(&self, variant: usize, segment: usize) -> Option<&Segment> {
        self.variants.get(variant)?.get(segment)
    }

    /// The negative states of a set when a segment of a new part begins.
    fn enter(&self, variant: usize, segment: usize, set: usize) -> Vec<u32> {
        let (Some(segment), Some(set)) = (self.segment(variant, segment), self.states.set(set))
        else {
            return Vec::new();
        };
        let mut entered = Vec::new();
        for text in set.texts.iter().filter(|text| text.part == segment.part) {
            entered.extend(&text.starts);
            entered.extend((!segment.is_last_of_part).then_some(text.waits));
        }
        if !set.texts.iter().any(|text| text.part == segment.part) {
            entered.push(set.passes);
        }
        entered
    }

    /// Adds the nodes that begin a segment: one per choice of values of its positive conditions.
    fn begin(&mut self, origin: Origin, negative: Vec<u32>) {
        let Some(segment) = self.segment(origin.variant, origin.segment) else {
            return;
        };
        let starts = segment.meets.iter().map(|&(set, index)| {
            let text = self.states.set(set).and_then(|set| set.texts.get(index));
            text.map(|text| text.starts.clone()).unwrap_or_default()
        });
        let choices = product(&starts.collect::<Vec<_>>());
        let Some(negative) = self.normalise(origin.variant, origin.segment, negative) else {
            return;
        };
        for positive in choices {
            self.add(origin, positive, START, negative.clone());
        }
    }

    fn expand(&mut self, index: usize) {
        let Some(node) = self.nodes.get(index) else {
            return;
        };
        let Some(segment) = self.segment(node.variant, node.segment) else {
            return;
        };
        let (variant, number, atom) = (node.variant, node.segment, node.atom);
        let at = (node.positive.as_slice(), node.valid);
        let moves = moves(
            self.states,
            self.validity,
            (&segment.part, &segment.bytes),
            at,
            &node.negative,
        );
        for step in moves {
            let Some(node) = self.nodes.get(index) else {
                return;
            };
            let mut negative = Vec::with_capacity(node.negative.len());
            for &state in &node.negative {
                self.states
                    .step(state, step.byte, |next| negative.push(next));
            }
            let Some(negative) = self.normalise(variant, number, negative) else {
                continue;
            };
            let origin = Origin {
                variant,
                segment: number,
                parent: index,
                byte: Some(step.byte),
                atom,
            };
            for positive in product(&step.positive) {
                self.add(origin, positive, step.valid, negative.clone());
            }
        }
    }

    /// Ends the text at this node if it may end; a request if that was the last text and no negative set holds.
    fn end_segment(&mut self, index: usize) -> Option<Request<'static>> {
        let node = self.nodes.get(index)?;
        let segment = self.segment(node.variant, node.segment)?;
        let ends = validity::accepts(&segment.part, node.valid)
            && node
                .positive
                .iter()
                .all(|&state| self.states.accepts(state));
        if !ends {
            return None;
        }
        let next = node.segment + 1;
        let same_part = !segment.is_last_of_part;
        let last = self.segment(node.variant, next).is_none();
        let mut entered = Vec::new();
        for group in node.negative.chunk_by(|&a, &b| self.same_set(a, b)) {
            let Some(set) = group
                .first()
                .map(|&state| self.states.owner_of(state).set as usize)
            else {
                continue;
            };
            let survives = self.survivors(set, group, same_part);
            match survives {
                Some(_) if last => return None,
                Some(states) if same_part => entered.extend(
                    states
                        .into_iter()
                        .flat_map(|text| self.resume(node.variant, next, set, text)),
                ),
                Some(_) => entered.extend(self.enter(node.variant, next, set)),
                None => {}
            }
        }
        if last {
            return Some(self.read_back(index));
        }
        let origin = Origin {
            variant: node.variant,
            segment: next,
            parent: index,
            byte: None,
            atom: node.atom,
        };
        self.begin(origin, entered);
        None
    }

    /// The conditions of a set at the end of a text: each with whether it holds. `None` when the set can't hold.
    fn survivors(&self, set: usize, group: &[u32], may_wait: bool) -> Option<Vec<(usize, bool)>> {
        let mut conditions = Vec::new();
        for states in group.chunk_by(|&a, &b| self.same_condition(a, b)) {
            let owner = self.states.owner_of(*states.first()?);
            let holds = states.iter().any(|&state| self.states.accepts(state));
            if !holds && !may_wait {
                return None;
            }
            conditions.push((owner.condition as usize, holds));
        }
        self.states.set(set).map(|_| conditions)
    }

    /// The states of one condition when another occurrence of its part begins.
    fn resume(
        &self,
        variant: usize,
        segment: usize,
        set: usize,
        (condition, holds): (usize, bool),
    ) -> Vec<u32> {
        let Some(set) = self.states.set(set) else {
            return Vec::new();
        };
        let Some(text) = set.texts.get(condition) else {
            return vec![set.passes];
        };
        if holds {
            return vec![text.holds];
        }
        let may_wait = self
            .segment(variant, segment)
            .is_some_and(|s| !s.is_last_of_part);
        text.starts
            .iter()
            .copied()
            .chain(may_wait.then_some(text.waits))
            .collect()
    }

    fn same_set(&self, a: u32, b: u32) -> bool {
        self.states.owner_of(a).set == self.states.owner_of(b).set
    }

    fn same_condition(&self, a: u32, b: u32) -> bool {
        self.same_set(a, b)
            && self.states.owner_of(a).condition == self.states.owner_of(b).condition
    }

    /// Sorts, drops what is covered and sets that can't hold; `None` when one is certain to hold.
    fn normalise(
        &self,
        variant: usize,
        segment: usize,
        mut negative: Vec<u32>,
    ) -> Option<Vec<u32>> {
        negative.sort_unstable();
        negative.dedup();
        let part = &self.segment(variant, segment)?.part;
        let mut kept = Vec::with_capacity(negative.len());
        for group in negative.chunk_by(|&a, &b| self.same_set(a, b)) {
            let Some(&first) = group.first() else {
                continue;
            };
            let Some(set) = self.states.set(self.states.owner_of(first).set as usize) else {
                continue;
            };
            let before = kept.len();
            let (mut present, mut certain) = (0, 0);
            for states in group.chunk_by(|&a, &b| self.same_condition(a, b)) {
                present += 1;
                if let Some(&sure) = states.iter().find(|&&state| self.states.is_certain(state)) {
                    certain += 1;
                    let text = set.texts.get(self.states.owner_of(sure).condition as usize);
                    kept.push(text.map_or(set.passes, |text| text.holds));
                } else {
                    self.keep_uncovered(states, &mut kept);
                }
            }
            let needed = set
                .texts
                .iter()
                .filter(|text| text.part == *part)
                .count()
                .max(1);
            if present < needed {
                kept.truncate(before);
            } else if certain == present && self.is_done_after(variant, segment, set) {
                return None;
            }
        }
        Some(kept)
    }

    /// In a glob, a position before an active `*` adds nothing to it.
    fn keep_uncovered(&self, states: &[u32], kept: &mut Vec<u32>) {
        let value = |state: u32| self.states.owner_of(state).value;
        for of_value in states.chunk_by(|&a, &b| value(a) == value(b)) {
            let star = of_value
                .iter()
                .rposition(|&state| matches!(self.states.kind(state), Kind::Many));
            kept.extend(of_value.iter().skip(star.unwrap_or(0)));
        }
    }

    /// Whether the set tests no part that comes later.
    fn is_done_after(&self, variant: usize, segment: usize, set: &Set) -> bool {
        let segments = self
            .variants
            .get(variant)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let Some(now) = segments.get(segment) else {
            return false;
        };
        set.texts.iter().all(|text| text.part <= now.part)
    }

    fn add(&mut self, origin: Origin, positive: Vec<u32>, valid: u8, negative: Vec<u32>) {
        let key = (origin.variant, origin.segment, positive, valid);
        let states = self.states;
        let rivals = self.antichain.entry(key.clone()).or_default();
        let nodes = &self.nodes;
        let mut smaller = rivals.iter().filter_map(|&rival| nodes.get(rival));
        if smaller.any(|rival| covers(states, &rival.negative, &negative)) {
            return;
        }
        rivals.push(nodes.len());
        self.queue.push_back(nodes.len());
        let Origin {
            variant,
            segment,
            parent,
            byte,
            atom,
        } = origin;
        let positive = key.2;
        self.nodes.push(Node {
            variant,
            segment,
            positive,
            valid,
            negative,
            parent,
            byte,
            atom,
        });
    }

    /// The Host header of which rules see `host`: where ports are ignored, what looks like one stands before another.
    fn as_sent(&self, host: String) -> String {
        let port = host.rsplit_once(':').map(|(_, port)| port);
        let looks_like_port = port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
        if looks_like_port && self.validity.host_port == HostPort::Ignored {
            return host + ":0";
        }
        host
    }

    fn read_back(&self, index: usize) -> Request<'static> {
        let mut texts: Vec<(usize, Vec<u8>)> = Vec::new();
        let (mut at, mut variant, mut atom) = (index, 0, 0);
        let mut bytes = Vec::new();
        while let Some(node) = self.nodes.get(at) {
            (variant, atom) = (node.variant, node.atom);
            if let Some(byte) = node.byte {
                bytes.push(byte);
            } else {
                bytes.reverse();
                texts.push((node.segment, std::mem::take(&mut bytes)));
            }
            at = node.parent;
        }
        texts.reverse();
        let mut request = Request::get("", "");
        if let Some(atom) = self.atoms.get(atom) {
            request.method = Cow::Owned(atom.method.clone());
            request.peer = atom.peer;
        }
        for (segment, bytes) in texts {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match self.segment(variant, segment).map(|segment| &segment.part) {
                Some(Part::Host) => request.host = Some(Cow::Owned(self.as_sent(text))),
                Some(Part::Path) => request.path = Cow::Owned(text),
                Some(Part::Header(name)) => {
                    request
                        .headers
                        .push((Cow::Owned(name.clone()), Cow::Owned(text)));
                }
                Some(Part::Query) => {
                    let (key, value) = text
                        .split_once(char::from(SEPARATOR))
                        .unwrap_or((&text, ""));
                    request
                        .query
                        .push((Cow::Owned(key.to_owned()), Cow::Owned(value.to_owned())));
                }
                None => {}
            }
        }
        request
    }
}

/// Where a new node comes from.
#[derive(Clone, Copy)]
struct Origin {
    variant: usize,
    segment: usize,
    parent: usize,
    byte: Option<u8>,
    atom: usize,
}

/// All ways to choose one of each.
fn product(choices: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for choice in choices {
        let grow = |chosen: &Vec<u32>| {
            let chosen = chosen.clone();
            choice
                .iter()
                .map(move |&state| chosen.iter().copied().chain([state]).collect())
        };
        all = all.iter().flat_map(grow).collect();
    }
    all
}
