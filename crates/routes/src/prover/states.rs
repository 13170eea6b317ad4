//! The automata of all conditions, flattened into one numbering: (set, condition, position).

use std::collections::BTreeMap;

use ipnet::IpNet;
use regex_automata::nfa::thompson::{NFA, State as NfaState};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

use crate::model::{Condition, Glob, Pattern, QueryPair, Regex, Test, Token};

/// What a state does.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Takes this byte to the next state.
    Byte(u8),
    /// Takes any byte to the next state.
    One,
    /// Takes any byte and stays, or does what the next state does.
    Many,
    /// The end of a value.
    End,
    /// A state of a regular expression.
    Regex {
        /// Bytes from, to, and the state they lead to.
        ranges: Vec<(u8, u8, u32)>,
        /// Any byte leads to this state.
        otherwise: Option<u32>,
        /// Whether the value matches when the text ends here.
        accepts: bool,
    },
    /// The condition holds whatever follows.
    Holds,
    /// The condition may hold by a later occurrence.
    Waits,
}

/// What a state belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) set: u32,
    pub(super) condition: u32,
    pub(super) value: u32,
}

/// A part of the request with text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Host,
    Path,
    /// Name in lower case.
    Header(String),
    Query,
}

/// A condition on a text.
#[derive(Debug)]
pub(super) struct TextCondition {
    pub(super) part: Part,
    pub(super) starts: Vec<u32>,
    pub(super) holds: u32,
    pub(super) waits: u32,
}

/// A set of conditions.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) texts: Vec<TextCondition>,
    pub(super) methods: Vec<Vec<String>>,
    pub(super) nets: Vec<Vec<IpNet>>,
    /// The state of the set in parts that it does not test.
    pub(super) passes: u32,
}

/// All sets and states.
#[derive(Debug, Default)]
pub(super) struct States {
    kinds: Vec<Kind>,
    owners: Vec<Owner>,
    sets: Vec<Set>,
    values: u32,
}

impl States {
    pub(super) fn add<'c>(&mut self, conditions: impl IntoIterator<Item = &'c Condition>) -> usize {
        let number = self.sets.len();
        let mut set = Set::default();
        for condition in conditions {
            self.add_condition(&mut set, narrow(number), &condition.test);
        }
        set.passes = self.push(Kind::Holds, self.owner(narrow(number), u32::MAX));
        self.sets.push(set);
        number
    }

    pub(super) fn set(&self, number: usize) -> Option<&Set> {
        self.sets.get(number)
    }

    pub(super) fn kind(&self, state: u32) -> &Kind {
        self.kinds.get(state as usize).unwrap_or(&Kind::End)
    }

    pub(super) fn owner_of(&self, state: u32) -> Owner {
        let none = Owner {
            set: u32::MAX,
            condition: u32::MAX,
            value: u32::MAX,
        };
        self.owners.get(state as usize).copied().unwrap_or(none)
    }

    /// Whether the text may end here.
    pub(super) fn accepts(&self, state: u32) -> bool {
        match self.kind(state) {
            Kind::End | Kind::Holds => true,
            Kind::Regex { accepts, .. } => *accepts,
            Kind::Many => matches!(self.kind(state + 1), Kind::End),
            Kind::Byte(_) | Kind::One | Kind::Waits => false,
        }
    }

    /// Whether every continuation of the text matches.
    pub(super) fn is_certain(&self, state: u32) -> bool {
        match self.kind(state) {
            Kind::Holds => true,
            Kind::Many => matches!(self.kind(state + 1), Kind::End),
            _ => false,
        }
    }

    /// The states that particular bytes lead to.
    pub(super) fn ranges(&self, state: u32, mut each: impl FnMut(u8, u8, u32)) {
        match self.kind(state) {
            Kind::Byte(byte) => each(*byte, *byte, state + 1),
            Kind::Many => {
                if let Kind::Byte(byte) = self.kind(state + 1) {
                    each(*byte, *byte, state + 2);
                }
            }
            Kind::Regex { ranges, .. } => ranges
                .iter()
                .for_each(|&(from, to, next)| each(from, to, next)),
            _ => {}
        }
    }

    /// The states that any byte leads to; the separator of a query pair is no such byte for a wildcard.
    pub(super) fn otherwise(&self, state: u32, byte: u8, mut each: impl FnMut(u32)) {
        let wildcard = byte != SEPARATOR;
        match self.kind(state) {
            Kind::One if wildcard => each(state + 1),
            Kind::Many if wildcard => {
                each(state);
                if matches!(self.kind(state + 1), Kind::One) {
                    each(state + 2);
                }
            }
            Kind::Holds | Kind::Waits => each(state),
            Kind::Regex {
                otherwise: Some(next),
                ..
            } => each(*next),
            _ => {}
        }
    }

    /// All successors by `byte`.
    pub(super) fn step(&self, state: u32, byte: u8, mut each: impl FnMut(u32)) {
        self.ranges(state, |from, to, next| {
            if (from..=to).contains(&byte) {
                each(next);
            }
        });
        self.otherwise(state, byte, each);
    }

    fn owner(&self, set: u32, condition: u32) -> Owner {
        Owner {
            set,
            condition,
            value: self.values,
        }
    }

    fn push(&mut self, kind: Kind, owner: Owner) -> u32 {
        self.kinds.push(kind);
        self.owners.push(owner);
        narrow(self.kinds.len() - 1)
    }

    fn add_condition(&mut self, set: &mut Set, number: u32, test: &Test) {
        match test {
            Test::Method(methods) => set.methods.push(methods.clone()),
            Test::SourceIp(nets) => set.nets.push(nets.clone()),
            Test::Host(values) => self.add_text(set, number, Part::Host, values, Self::add_pattern),
            Test::Path(values) => self.add_text(set, number, Part::Path, values, Self::add_pattern),
            Test::Header { name, values } => {
                let part = Part::Header(name.to_ascii_lowercase());
                self.add_text(set, number, part, values, Self::add_pattern);
            }
            Test::Query(pairs) => self.add_text(set, number, Part::Query, pairs, Self::add_pair),
        }
    }

    fn add_text<V>(
        &mut self,
        set: &mut Set,
        number: u32,
        part: Part,
        values: &[V],
        add: fn(&mut Self, Owner, &V) -> u32,
    ) {
        let condition = narrow(set.texts.len());
        let mut starts = Vec::with_capacity(values.len());
        for value in values {
            self.values += 1;
            starts.push(add(self, self.owner(number, condition), value));
        }
        self.values += 1;
        let owner = self.owner(number, condition);
        let (holds, waits) = (self.push(Kind::Holds, owner), self.push(Kind::Waits, owner));
        set.texts.push(TextCondition {
            part,
            starts,
            holds,
            waits,
        });
    }

    fn add_pattern(&mut self, owner: Owner, pattern: &Pattern) -> u32 {
        match pattern {
            Pattern::Glob(glob) => self.add_tokens(owner, glob.tokens().iter().copied()),
            Pattern::Regex(regex) => self.add_regex(owner, regex),
        }
    }

    fn add_pair(&mut self, owner: Owner, pair: &QueryPair) -> u32 {
        let any = [Token::Many];
        let key = pair.key.as_ref().map_or(any.as_slice(), Glob::tokens);
        let separator = std::iter::once(Token::Byte(SEPARATOR));
        let tokens = key
            .iter()
            .copied()
            .chain(separator)
            .chain(pair.value.tokens().iter().copied());
        self.add_tokens(owner, tokens)
    }

    fn add_tokens(&mut self, owner: Owner, tokens: impl Iterator<Item = Token>) -> u32 {
        let start = narrow(self.kinds.len());
        for token in tokens {
            let kind = match token {
                Token::Byte(byte) => Kind::Byte(byte),
                Token::One => Kind::One,
                Token::Many => Kind::Many,
            };
            self.push(kind, owner);
        }
        self.push(Kind::End, owner);
        start
    }

    /// A regex is found anywhere: at its first state it may begin at every later byte, and once found it holds.
    fn add_regex(&mut self, owner: Owner, regex: &Regex) -> u32 {
        let nfa = regex.nfa();
        let first = narrow(self.kinds.len());
        let (prefix, holds) = (first + 1, first + 2);
        let mut numbers = BTreeMap::new();
        let mut pending = Vec::new();
        let begin = nfa.start_anchored();
        let closures =
            [(begin, true), (begin, false)].map(|(id, at_start)| Closure::of(nfa, id, at_start));
        let mut kinds = Vec::new();
        for (index, closure) in closures.into_iter().enumerate() {
            let mut number = |id: StateID| {
                *numbers.entry(id).or_insert_with(|| {
                    pending.push(id);
                    holds + narrow(pending.len())
                })
            };
            let ranges = closure
                .ranges
                .iter()
                .map(|&(from, to, id)| (from, to, number(id)))
                .collect();
            kinds.push(if closure.matches {
                Kind::Holds
            } else {
                Kind::Regex {
                    ranges,
                    otherwise: Some(prefix),
                    accepts: closure.matches_at_end,
                }
            });
            if index == 1 {
                kinds.push(Kind::Holds);
            }
        }
        let mut done = 0;
        while let Some(&id) = pending.get(done) {
            done += 1;
            let closure = Closure::of(nfa, id, false);
            let mut number = |id: StateID| {
                *numbers.entry(id).or_insert_with(|| {
                    pending.push(id);
                    holds + narrow(pending.len())
                })
            };
            let ranges = closure
                .ranges
                .iter()
                .map(|&(from, to, id)| (from, to, number(id)))
                .collect();
            kinds.push(if closure.matches {
                Kind::Holds
            } else {
                Kind::Regex {
                    ranges,
                    otherwise: None,
                    accepts: closure.matches_at_end,
                }
            });
        }
        for kind in kinds {
            self.push(kind, owner);
        }
        first
    }
}

/// What can be reached without taking a byte.
#[derive(Default)]
struct Closure {
    ranges: Vec<(u8, u8, StateID)>,
    matches: bool,
    matches_at_end: bool,
}

impl Closure {
    fn of(nfa: &NFA, from: StateID, at_start: bool) -> Self {
        let mut closure = Self::default();
        // (state, whether the way to it needs the end of the text)
        let mut seen = vec![(from, false)];
        let mut done = 0;
        while let Some(&(id, needs_end)) = seen.get(done) {
            done += 1;
            let mut visit = |id, needs_end| {
                if !seen.contains(&(id, needs_end)) {
                    seen.push((id, needs_end));
                }
            };
            match nfa.state(id) {
                NfaState::Look {
                    look: Look::Start,
                    next,
                } if at_start => visit(*next, needs_end),
                NfaState::Look {
                    look: Look::End,
                    next,
                } => visit(*next, true),
                NfaState::Look { .. } | NfaState::Fail => {}
                NfaState::Union { alternates } => {
                    alternates.iter().for_each(|id| visit(*id, needs_end));
                }
                NfaState::BinaryUnion { alt1, alt2 } => {
                    visit(*alt1, needs_end);
                    visit(*alt2, needs_end);
                }
                NfaState::Capture { next, .. } => visit(*next, needs_end),
                NfaState::Match { .. } => {
                    closure.matches |= !needs_end;
                    closure.matches_at_end = true;
                }
                other if !needs_end => closure.take(other),
                _ => {}
            }
        }
        closure
    }

    fn take(&mut self, state: &NfaState) {
        match state {
            NfaState::ByteRange { trans } => self.ranges.push((trans.start, trans.end, trans.next)),
            NfaState::Sparse(sparse) => {
                let ranges = sparse.transitions.iter();
                self.ranges
                    .extend(ranges.map(|trans| (trans.start, trans.end, trans.next)));
            }
            NfaState::Dense(dense) => {
                let ids = (0..=u8::MAX).zip(dense.transitions.iter());
                let live = ids.filter(|(_, id)| **id != StateID::ZERO);
                self.ranges.extend(live.map(|(byte, id)| (byte, byte, *id)));
            }
            _ => {}
        }
    }
}

/// Counts of states fit: texts are limited to 16 MiB, regexes to 1 MiB each.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Between key and value of a query pair; no subject contains it.
pub(super) const SEPARATOR: u8 = 0x1f;
