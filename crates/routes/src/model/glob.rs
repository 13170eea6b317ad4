//! Values with wildcards: `*` is any number of characters, `?` exactly one. Both cross `/` and `.`.

/// A value with wildcards that must match the whole subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    text: String,
    case: Case,
    tokens: Vec<Token>,
}

/// Whether letter case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// It counts: paths.
    Sensitive,
    /// It does not: hosts, headers and query strings.
    Insensitive,
}

/// Whether a backslash makes the next character literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escapes {
    /// It does: query strings.
    Backslash,
    /// It is a character like any other: hosts, paths and headers.
    None,
}

/// One step of a glob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// This byte; in lower case when letter case does not count.
    Byte(u8),
    /// `?`: one character.
    One,
    /// `*`: any number of characters.
    Many,
}

impl Glob {
    /// A value of a host condition.
    pub fn host(text: &str) -> Self {
        Self::new(text, Case::Insensitive, Escapes::None)
    }

    /// A value of a path condition.
    pub fn path(text: &str) -> Self {
        Self::new(text, Case::Sensitive, Escapes::None)
    }

    /// A value of a header condition.
    pub fn header(text: &str) -> Self {
        Self::new(text, Case::Insensitive, Escapes::None)
    }

    /// A key or value of a query condition, where `\*` and `\?` are literal.
    pub fn query(text: &str) -> Self {
        Self::new(text, Case::Insensitive, Escapes::Backslash)
    }

    fn new(text: &str, case: Case, escapes: Escapes) -> Self {
        let mut tokens = Vec::with_capacity(text.len());
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            tokens.push(match byte {
                b'*' => Token::Many,
                b'?' => Token::One,
                b'\\' if escapes == Escapes::Backslash && bytes.peek().is_some() => {
                    Token::Byte(case.fold(bytes.next().unwrap_or(byte)))
                }
                _ => Token::Byte(case.fold(byte)),
            });
        }
        tokens.dedup_by(|a, b| (*a, *b) == (Token::Many, Token::Many));
        Self {
            text: text.to_owned(),
            case,
            tokens,
        }
    }

    /// The value as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether letter case counts.
    pub fn case(&self) -> Case {
        self.case
    }

    /// The steps; runs of `*` are one step.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// How many wildcards were written.
    pub fn wildcards(&self) -> usize {
        self.tokens
            .iter()
            .filter(|token| !matches!(token, Token::Byte(_)))
            .count()
    }

    /// Whether the whole subject matches. Greedy: only the last `*` is ever retried, so it is linear in practice and
    /// at worst the product of both lengths.
    pub fn matches(&self, subject: &str) -> bool {
        let subject = subject.as_bytes();
        let (mut at, mut token) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while let Some(&byte) = subject.get(at) {
            match self.tokens.get(token) {
                Some(Token::Many) => {
                    token += 1;
                    retry = Some((token, at));
                }
                Some(Token::One) => (at, token) = (at + 1, token + 1),
                Some(Token::Byte(want)) if *want == self.case.fold(byte) => {
                    (at, token) = (at + 1, token + 1);
                }
                _ => {
                    let Some((after_star, from)) = retry else {
                        return false;
                    };
                    retry = Some((after_star, from + 1));
                    (at, token) = (from + 1, after_star);
                }
            }
        }
        self.tokens
            .get(token..)
            .is_some_and(|rest| rest.iter().all(|t| *t == Token::Many))
    }
}

impl Case {
    /// The byte as it is compared.
    pub fn fold(self, byte: u8) -> u8 {
        match self {
            Self::Sensitive => byte,
            Self::Insensitive => byte.to_ascii_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_star_takes_what_merely_begins_alike() {
        let glob = Glob::path("/api*");
        for path in ["/api", "/apiary", "/api/v1/keys"] {
            assert!(glob.matches(path), "{path}");
        }
        assert!(!Glob::path("/api/*").matches("/api"));
    }

    #[test]
    fn letter_case_counts_in_paths_only() {
        assert!(!Glob::path("/API").matches("/api"));
        assert!(Glob::host("Auth.Example.com").matches("aUTH.example.COM"));
        assert!(Glob::query("V*").matches("v1"));
    }

    #[test]
    fn a_question_mark_is_exactly_one_character() {
        assert!(Glob::path("/a?c").matches("/a/c"));
        assert!(!Glob::path("/a?c").matches("/ac"));
    }

    #[test]
    fn a_backslash_makes_a_wildcard_literal_in_queries_only() {
        assert!(Glob::query(r"a\*").matches("a*"));
        assert!(!Glob::query(r"a\*").matches("ab"));
        assert!(Glob::path(r"a\*").matches(r"a\b"));
    }

    #[test]
    fn the_last_star_is_retried_until_the_rest_fits() {
        assert!(Glob::path("*ab*abc").matches("xabababc"));
        assert!(!Glob::path("*ab*abc").matches("xabcab"));
        assert!(Glob::path("**").matches(""));
    }
}
