//! Patterns as regular expressions that PCRE and RE2 read alike: plain groups, classes, counts and `^`, `$`.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use crate::model::{Case, Glob, Pattern, QueryPair, Regex, Token};

/// A regular expression that is found in a subject exactly when one of the values matches it.
pub(super) fn found(values: &[Pattern]) -> String {
    alternatives(values.iter().map(|value| match value {
        Pattern::Glob(glob) => format!("^{}$", self::glob(glob, ".")),
        Pattern::Regex(regex) => self::regex(regex),
    }))
}

/// A regular expression that matches a whole subject exactly when one of the values matches it.
pub(super) fn whole(values: &[Pattern]) -> String {
    alternatives(values.iter().map(|value| match value {
        Pattern::Glob(glob) => self::glob(glob, "."),
        Pattern::Regex(regex) => format!(".*(?:{}).*", self::regex(regex)),
    }))
}

/// Like [`whole`], for subjects whose every character is one of `any`; what a regex says of others does not count.
pub(super) fn whole_before(values: &[Pattern], any: &str) -> String {
    alternatives(values.iter().map(|value| match value {
        Pattern::Glob(glob) => self::glob(glob, any),
        Pattern::Regex(regex) => format!("{any}*(?:{}){any}*", self::regex(regex)),
    }))
}

/// A regular expression that is one of the pairs, without what stands before and after it in a query string.
pub(super) fn pairs(pairs: &[QueryPair]) -> String {
    alternatives(pairs.iter().map(pair))
}

/// How often the most repeated part of the values may be repeated when all counts are multiplied; RE2 takes 1000.
pub(super) fn repetitions(values: &[Pattern]) -> u64 {
    let counts = values.iter().map(|value| match value {
        Pattern::Glob(_) => 1,
        Pattern::Regex(regex) => most_repeated(regex.hir()),
    });
    counts.max().unwrap_or(1)
}

fn alternatives(expressions: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = expressions.collect();
    match all.as_slice() {
        [] => NEVER.to_owned(),
        [one] => format!("(?:{one})"),
        many => format!("(?:{})", many.join("|")),
    }
}

fn pair(pair: &QueryPair) -> String {
    let any = [Token::Many];
    let key = pair.key.as_ref().map_or(any.as_slice(), Glob::tokens);
    let value = pair.value.tokens();
    let names = |tokens: &[Token], byte| tokens.contains(&Token::Byte(byte));
    if names(key, b'&') || names(key, b'=') || names(value, b'&') {
        return NEVER.to_owned();
    }
    let key_text = tokens(key, "[^&=]");
    let with_value = format!("{key_text}={}", tokens(value, "[^&]"));
    let may_be_empty = |tokens: &[Token]| tokens.iter().all(|token| *token == Token::Many);
    // `flag` is a pair with an empty value; nothing at all is no pair.
    let alone = match key {
        _ if !may_be_empty(value) => None,
        [] => None,
        key if may_be_empty(key) => Some("[^&=]+".to_owned()),
        _ => Some(key_text),
    };
    match alone {
        Some(alone) => format!("(?i:{with_value}|{alone})"),
        None => format!("(?i:{with_value})"),
    }
}

fn glob(glob: &Glob, any: &str) -> String {
    let text = tokens(glob.tokens(), any);
    match glob.case() {
        Case::Sensitive => text,
        Case::Insensitive => format!("(?i:{text})"),
    }
}

fn tokens(tokens: &[Token], any: &str) -> String {
    let each = tokens.iter().map(|token| match token {
        Token::Byte(byte) => escaped(*byte),
        Token::One => any.to_owned(),
        Token::Many => format!("{any}*"),
    });
    each.collect()
}

fn regex(regex: &Regex) -> String {
    let mut out = String::new();
    print(regex.hir(), &mut out);
    out
}

/// Letter case is already part of the classes, since the expression was parsed with it.
fn print(hir: &Hir, out: &mut String) {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|&b| out.push_str(&escaped(b))),
        HirKind::Class(class) => out.push_str(&class_text(class)),
        HirKind::Look(Look::Start) => out.push('^'),
        HirKind::Look(_) => out.push('$'),
        HirKind::Repetition(repetition) => print_repetition(repetition, out),
        HirKind::Capture(capture) => print_group(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| match part.kind() {
            HirKind::Alternation(_) => print_group(part, out),
            _ => print(part, out),
        }),
        HirKind::Alternation(parts) => {
            for (index, part) in parts.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "|" });
                print(part, out);
            }
        }
    }
}

fn print_group(hir: &Hir, out: &mut String) {
    out.push_str("(?:");
    print(hir, out);
    out.push(')');
}

fn print_repetition(repetition: &Repetition, out: &mut String) {
    print_group(&repetition.sub, out);
    let count = match (repetition.min, repetition.max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    out.push_str(&count);
}

fn class_text(class: &Class) -> String {
    let mut holds = [false; 256];
    let mut add = |from: u32, to: u32| {
        let bytes = holds.iter_mut().enumerate();
        let within = bytes.filter(|(byte, _)| (from as usize..=to as usize).contains(byte));
        within.for_each(|(_, held)| *held = true);
    };
    match class {
        Class::Bytes(class) => class
            .iter()
            .for_each(|range| add(range.start().into(), range.end().into())),
        Class::Unicode(class) => class
            .iter()
            .for_each(|range| add(range.start().into(), range.end().into())),
    }
    // Written by what it leaves out when it holds bytes beyond ASCII, so that they need not be named.
    let leaves_out = holds.last() == Some(&true);
    let listed: Vec<u8> = (0..=u8::MAX)
        .filter(|&byte| holds.get(usize::from(byte)) != Some(&leaves_out))
        .collect();
    if listed.is_empty() {
        return if leaves_out { "[\\s\\S]" } else { NEVER }.to_owned();
    }
    let mut text = if leaves_out { "[^" } else { "[" }.to_owned();
    for run in listed.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        let (Some(&first), Some(&last)) = (run.first(), run.last()) else {
            continue;
        };
        text.push_str(&escaped(first));
        if first != last {
            text.push('-');
            text.push_str(&escaped(last));
        }
    }
    text.push(']');
    text
}

fn most_repeated(hir: &Hir) -> u64 {
    let inner = hir.kind().subs().iter().map(most_repeated).max();
    let own = match hir.kind() {
        HirKind::Repetition(repetition) => repetition.max.unwrap_or(repetition.min).max(1),
        _ => 1,
    };
    inner.unwrap_or(1).saturating_mul(u64::from(own))
}

/// A byte as itself, in and outside classes.
fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'_' => char::from(byte).to_string(),
        b'!'..=b'~' => format!("\\{}", char::from(byte)),
        _ => format!("\\x{byte:02x}"),
    }
}

/// Matches nothing, in both dialects.
const NEVER: &str = "$.^";

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pattern: Pattern) -> String {
        found(&[pattern])
    }

    #[test]
    fn globs_are_anchored_and_their_plain_bytes_escaped() {
        assert_eq!(one(Pattern::Glob(Glob::path("/a.b*?"))), r"(?:^/a\.b.*.$)");
        assert_eq!(whole(&[Pattern::Glob(Glob::host("A.b"))]), r"(?:(?i:a\.b))");
    }

    #[test]
    fn regexes_are_written_with_what_both_dialects_know() {
        let regex = |text: &str| one(Pattern::Regex(Regex::path(text).unwrap()));
        assert_eq!(
            regex("^/v[0-9]+/(a|b){2,3}$"),
            "(?:^/v(?:[0-9])+/(?:(?:[a-b])){2,3}$)"
        );
        assert_eq!(regex("[[^/]&&[^a]]"), "(?:[^/a])");
        assert_eq!(regex("(?i)a"), "(?:[Aa])");
    }

    #[test]
    fn a_pair_with_an_empty_value_may_stand_alone_but_nothing_is_no_pair() {
        let pair = |key: Option<&str>, value: &str| {
            pairs(&[QueryPair {
                key: key.map(Glob::query),
                value: Glob::query(value),
            }])
        };
        assert_eq!(pair(Some("k"), "v"), "(?:(?i:k=v))");
        assert_eq!(pair(Some("k"), "*"), "(?:(?i:k=[^&]*|k))");
        assert_eq!(pair(None, ""), "(?:(?i:[^&=]*=|[^&=]+))");
        assert_eq!(pair(Some("a=b"), "c"), format!("(?:{NEVER})"));
    }

    #[test]
    fn counts_within_counts_multiply() {
        let pattern = |text: &str| [Pattern::Regex(Regex::path(text).unwrap())];
        assert_eq!(repetitions(&pattern("(a{20}b){30}")), 600);
    }
}
