//! Keys in what is echoed or logged (security 7).

use std::borrow::Cow;

/// The text with everything that looks like a key of ours cut to its prefix.
pub(crate) fn keys(text: &str) -> Cow<'_, str> {
    if !text.contains(PREFIX) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(PREFIX);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(PREFIX);
        out.push_str("(masked)");
        let is_key = |character: char| character.is_ascii_alphanumeric() || character == '_';
        out.push_str(part.trim_start_matches(is_key));
    }
    Cow::Owned(out)
}

/// All keys begin with it.
const PREFIX: &str = "hk_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_masked_wherever_it_stands() {
        assert_eq!(keys("/a/b"), "/a/b");
        assert_eq!(
            keys("/a/hk_live_abc123/x/hk_t"),
            "/a/hk_(masked)/x/hk_(masked)"
        );
    }
}
