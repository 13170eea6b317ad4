//! Regular expressions in conditions: a regular language, so that they can be proven exactly.

use std::sync::Arc;

use regex_automata::meta;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, Look};

use super::Case;

/// A compiled regular expression. Found anywhere in its subject unless it says `^` and `$`.
///
/// The load balancer takes no look-around, back-references, atomic groups, possessive quantifiers or `\p{L}`; what is
/// left is compared byte by byte, since rules only see visible ASCII. `\b`, `\B` and multi-line anchors are refused.
#[derive(Clone, Debug)]
pub struct Regex {
    text: String,
    case: Case,
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    hir: Hir,
    matcher: meta::Regex,
    nfa: NFA,
}

/// Why a regular expression was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegex {
    /// It does not parse.
    #[error("regex `{text}` does not compile: {reason}")]
    Syntax {
        /// The expression.
        text: String,
        /// What the parser said, in one line.
        reason: String,
    },
    /// It looks around.
    #[error(
        "regex `{text}` uses `\\b`, `\\B` or a multi-line anchor; write it with `^`, `$` and plain characters"
    )]
    LooksAround {
        /// The expression.
        text: String,
    },
    /// It compiles to a machine that is too large to prove anything about.
    #[error("regex `{text}` is too large when its repetitions are written out; use smaller counts")]
    TooLarge {
        /// The expression.
        text: String,
    },
}

impl Regex {
    /// A value of a host condition.
    pub fn host(text: &str) -> Result<Self, InvalidRegex> {
        Self::new(text, Case::Insensitive)
    }

    /// A value of a path condition.
    pub fn path(text: &str) -> Result<Self, InvalidRegex> {
        Self::new(text, Case::Sensitive)
    }

    /// A value of a header condition.
    pub fn header(text: &str) -> Result<Self, InvalidRegex> {
        Self::new(text, Case::Insensitive)
    }

    fn new(text: &str, case: Case) -> Result<Self, InvalidRegex> {
        let config = syntax::Config::new()
            .unicode(false)
            .utf8(false)
            .case_insensitive(case == Case::Insensitive)
            .nest_limit(NEST_LIMIT);
        let hir = syntax::parse_with(text, &config).map_err(|error| InvalidRegex::Syntax {
            text: text.to_owned(),
            reason: reason(&error),
        })?;
        if looks_around(&hir) {
            return Err(InvalidRegex::LooksAround {
                text: text.to_owned(),
            });
        }
        let too_large = || InvalidRegex::TooLarge {
            text: text.to_owned(),
        };
        let nfa = thompson::Compiler::new()
            .configure(
                NFA::config()
                    .utf8(false)
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(NFA_SIZE_LIMIT_BYTES)),
            )
            .build_from_hir(&hir)
            .map_err(|_| too_large())?;
        let matcher = meta::Builder::new()
            .configure(
                meta::Config::new()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(NFA_SIZE_LIMIT_BYTES)),
            )
            .build_from_hir(&hir)
            .map_err(|_| too_large())?;
        Ok(Self {
            text: text.to_owned(),
            case,
            compiled: Arc::new(Compiled { hir, matcher, nfa }),
        })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether letter case counts.
    pub fn case(&self) -> Case {
        self.case
    }

    /// Whether it is found in `subject`.
    pub fn matches(&self, subject: &str) -> bool {
        self.compiled.matcher.is_match(subject)
    }

    /// Its structure, for writers.
    pub(crate) fn hir(&self) -> &Hir {
        &self.compiled.hir
    }

    /// Its automaton, for the prover.
    pub(crate) fn nfa(&self) -> &NFA {
        &self.compiled.nfa
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.case) == (&other.text, other.case)
    }
}

impl Eq for Regex {}

fn looks_around(hir: &Hir) -> bool {
    let looks = hir.properties().look_set();
    looks
        .iter()
        .any(|look| !matches!(look, Look::Start | Look::End))
}

/// The parser's message without the picture that goes before it.
fn reason(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Depth of nested groups; 128 characters can't need more.
const NEST_LIMIT: u32 = 64;
/// Keeps `((a{50}){50}){50}` from taking the machine's memory.
const NFA_SIZE_LIMIT_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_anywhere_unless_anchored() {
        assert!(Regex::path("/v[0-9]+/").unwrap().matches("/api/v12/x"));
        assert!(!Regex::path("^/v[0-9]+/$").unwrap().matches("/api/v12/"));
    }

    #[test]
    fn letter_case_counts_in_paths_only() {
        assert!(!Regex::path("^/api").unwrap().matches("/API"));
        assert!(Regex::host("^AUTH\\.").unwrap().matches("auth.example.com"));
    }

    #[test]
    fn what_is_not_regular_or_not_provable_is_refused_with_its_reason() {
        for text in ["(a", r"(a)\1", "(?=a)", r"\p{L}", "[z-a]"] {
            let error = Regex::path(text).unwrap_err();
            assert!(matches!(error, InvalidRegex::Syntax { .. }), "{error}");
        }
        assert!(matches!(
            Regex::path(r"\bapi").unwrap_err(),
            InvalidRegex::LooksAround { .. }
        ));
        assert!(matches!(
            Regex::path("((a{99}){99}){99}").unwrap_err(),
            InvalidRegex::TooLarge { .. }
        ));
    }
}
