//! Addresses of resources and references to them, taken apart.

/// A name with the key of its instance, e.g. `this` and `["auth"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The name.
    pub(super) name: String,
    /// The key as it is written, with its brackets.
    pub(super) key: Option<String>,
}

/// The steps of `module.a["x"].aws_lb.b[0]`, keys with their names; `None` when it is no address.
pub(super) fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        if name.is_empty() {
            return None;
        }
        let (key, after) = key(after)?;
        steps.push(Step {
            name: name.to_owned(),
            key: key.map(str::to_owned),
        });
        if after.is_empty() {
            return Some(steps);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// A key at the start of a text, and what comes after it.
fn key(text: &str) -> Option<(Option<&str>, &str)> {
    if !text.starts_with('[') {
        return Some((None, text));
    }
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ']' if !is_quoted => {
                let (key, after) = text.split_at_checked(at + 1)?;
                return Some((Some(key), after));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<Vec<String>> {
        let show = |step: Step| format!("{}|{}", step.name, step.key.unwrap_or_default());
        steps(text).map(|steps| steps.into_iter().map(show).collect())
    }

    #[test]
    fn keys_belong_to_their_names() {
        assert_eq!(
            shown(r#"module.a["x.y]\"z"].aws_lb.b[0]"#).unwrap(),
            ["module|", r#"a|["x.y]\"z"]"#, "aws_lb|", "b|[0]"]
        );
    }

    #[test]
    fn what_is_no_address_has_no_steps() {
        for text in ["", ".", "a.", "a[", "a[\"]", "a[0]b"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
