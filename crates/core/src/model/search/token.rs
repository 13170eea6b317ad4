//! The words of a filter.

/// One word of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a number, quotes and backticks within it kept.
    Word(String),
    /// `=`, `!=`, `LIKE`, `NOT IN` …, in upper case.
    Operator(String),
    /// A text in quotes, without them.
    Quoted(String),
    /// `('a', 'b')`.
    List(Vec<String>),
}

impl Token {
    /// For messages.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Word(text) | Self::Operator(text) => text.clone(),
            Self::Quoted(text) => format!("'{text}'"),
            Self::List(texts) => format!("{texts:?}"),
        }
    }
}

/// Splits a filter; `None` when a quote or a bracket is not closed, or a character has no place.
pub(super) fn tokens(filter: &str) -> Option<Vec<Token>> {
    let mut found: Vec<Token> = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' | '"' => quoted(rest, first).map(|(text, after)| (Token::Quoted(text), after))?,
            '(' => list(rest)?,
            '=' | '!' | '<' | '>' => operator(rest),
            _ => word(rest)?,
        };
        rest = after.trim_start();
        match (found.last(), token) {
            (Some(Token::Word(not)), Token::Operator(op))
                if op == "IN" && not.eq_ignore_ascii_case("not") =>
            {
                found.pop();
                found.push(Token::Operator("NOT IN".to_owned()));
            }
            (_, token) => found.push(token),
        }
    }
    Some(found)
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let (inner, after) = text.strip_prefix(quote)?.split_once(quote)?;
    Some((inner.to_owned(), after))
}

fn list(text: &str) -> Option<(Token, &str)> {
    let mut rest = text.strip_prefix('(')?.trim_start();
    let mut items = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return (!items.is_empty()).then_some((Token::List(items), after));
        }
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (item, after) = quoted(rest, quote)?;
        items.push(item);
        let after = after.trim_start();
        rest = after.strip_prefix(',').unwrap_or(after).trim_start();
    }
}

fn operator(text: &str) -> (Token, &str) {
    let after = text.trim_start_matches(['=', '!', '<', '>']);
    let operator = text.strip_suffix(after).unwrap_or(text);
    (Token::Operator(operator.to_owned()), after)
}

/// A name, with backticks or quotes around parts of it: tags.`a b`.
fn word(text: &str) -> Option<(Token, &str)> {
    let mut open: Option<char> = None;
    let mut end = text.len();
    for (index, c) in text.char_indices() {
        let ends_word =
            c.is_whitespace() || matches!(c, '=' | '!' | '<' | '>' | '(' | ')' | ',' | '\'');
        if open == Some(c) {
            open = None;
        } else if open.is_none() && matches!(c, '`' | '"') {
            open = Some(c);
        } else if open.is_none() && ends_word {
            end = index;
            break;
        }
    }
    let (word, after) = text.split_at_checked(end)?;
    if open.is_some() || word.is_empty() {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    let token = match upper.as_str() {
        "LIKE" | "ILIKE" | "IN" => Token::Operator(upper),
        _ => Token::Word(word.to_owned()),
    };
    Some((token, after))
}
