//! The words of a filter.

/// One word of a filter, with the text as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'f> {
    pub(super) kind: Kind,
    pub(super) text: &'f str,
}

/// What a word can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `metrics.loss`, `params."a b"`, `"text"`; quotes are part of the text.
    Name,
    /// A word that has a meaning of its own: `AND`, `IN`, `IS` …
    Keyword,
    /// `=`, `<=`, `LIKE` …
    Comparator,
    /// A whole number.
    Integer,
    /// Any other number.
    Real,
    /// A text in single quotes, with them.
    Quoted,
    /// `('a', 'b')`, or anything else in brackets.
    Brackets,
    /// A name with something glued to it, such as `params.my-key`.
    Expression,
    /// What has no place in a filter.
    Other,
}

/// Splits a filter into its words; never fails, since every character is in some word or is white space.
pub(super) fn tokens(filter: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next(rest, first);
        let (text, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        found.push(Token { kind, text });
        rest = after.trim_start();
    }
    found
}

fn next(rest: &str, first: char) -> (Kind, usize) {
    if let Some(number) = number(rest) {
        return number;
    }
    match first {
        '\'' => quoted(rest, first).map_or((Kind::Other, 1), |length| (Kind::Quoted, length)),
        '(' => brackets(rest).map_or((Kind::Other, 1), |length| (Kind::Brackets, length)),
        '<' | '>' | '=' | '!' | '~' => {
            let after = rest.trim_start_matches(['<', '>', '=', '!', '~']);
            (Kind::Comparator, rest.len() - after.len())
        }
        '-' if rest.starts_with("--") => (Kind::Other, rest.find('\n').unwrap_or(rest.len())),
        '"' | '`' => quoted(rest, first).map_or((Kind::Other, 1), |_| name(rest)),
        c if is_word(c) => name(rest),
        c => (Kind::Other, c.len_utf8()),
    }
}

/// The length of a text in quotes, or nothing when it isn't closed. A doubled or escaped quote doesn't close it.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        let escapes = c == '\\' && quote != '`' && chars.peek().is_some_and(|next| next.1 == quote);
        let doubles = c == quote && chars.peek().is_some_and(|next| next.1 == quote);
        if escapes
            && rest
                .split_at_checked(index + 2)
                .is_some_and(|(_, left)| left.contains(quote))
            || doubles
        {
            chars.next();
        } else if c == quote {
            return Some(index + 1);
        }
    }
    None
}

fn brackets(rest: &str) -> Option<usize> {
    let mut index = 0;
    let mut depth = 0_usize;
    while let Some((_, tail)) = rest.split_at_checked(index) {
        let c = tail.chars().next()?;
        index += match c {
            '\'' | '"' => quoted(tail, c).unwrap_or(1),
            other => other.len_utf8(),
        };
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

/// A name: parts with dots between them, each bare or in quotes.
fn name(rest: &str) -> (Kind, usize) {
    let mut length = 0;
    loop {
        let (_, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let part = match tail.chars().next() {
            Some(quote @ ('"' | '`')) => quoted(tail, quote).unwrap_or(0),
            Some(quote @ '\'') if length > 0 => quoted(tail, quote).unwrap_or(0),
            _ => tail.len() - tail.trim_start_matches(is_word).len(),
        };
        length += part;
        let (_, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if part > 0 && after.starts_with('.') {
            length += 1;
            continue;
        }
        let glued = after.len() - after.trim_start_matches(['-', '+', '/', '*', '%']).len();
        if glued > 0 && !after.starts_with("--") {
            let end = after.find(|c: char| c.is_whitespace() || "<>=!~'".contains(c));
            return (Kind::Expression, length + end.unwrap_or(after.len()));
        }
        let (text, _) = rest.split_at_checked(length).unwrap_or((rest, ""));
        return (word_kind(text), length);
    }
}

fn word_kind(text: &str) -> Kind {
    match text.to_ascii_uppercase().as_str() {
        "LIKE" | "ILIKE" | "RLIKE" => Kind::Comparator,
        "AND" | "OR" | "NOT" | "IN" | "IS" | "NULL" | "BETWEEN" => Kind::Keyword,
        _ => Kind::Name,
    }
}

fn number(rest: &str) -> Option<(Kind, usize)> {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let unsigned = rest.strip_prefix('-').unwrap_or(rest);
    let whole = digits(unsigned);
    let (_, mut after) = unsigned.split_at_checked(whole)?;
    let mut is_real = false;
    let mut fraction = 0;
    if let Some(tail) = after.strip_prefix('.') {
        fraction = digits(tail);
        is_real = true;
        after = tail.split_at_checked(fraction)?.1;
    }
    if whole + fraction == 0 {
        return None;
    }
    if let Some(tail) = after.strip_prefix(['e', 'E']) {
        let exponent = tail.strip_prefix(['-', '+']).unwrap_or(tail);
        let length = digits(exponent);
        if length > 0 {
            is_real = true;
            after = exponent.split_at_checked(length)?.1;
        }
    }
    if after.starts_with(is_word) {
        return None;
    }
    let kind = if is_real { Kind::Real } else { Kind::Integer };
    Some((kind, rest.len() - after.len()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}
