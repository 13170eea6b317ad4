//! Keys in what is echoed or logged (security 7).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text with everything that looks like a key of ours cut to its prefix; decoded, if it was percent-encoded.
pub(crate) fn keys(text: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(text);
    for _ in 0..MOST_DECODINGS {
        let next = percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
        if next == *decoded {
            return if decoded.contains(PREFIX) {
                Cow::Owned(masked(&decoded))
            } else {
                Cow::Borrowed(text)
            };
        }
        decoded = Cow::Owned(next);
    }
    Cow::Borrowed("(encoded many times)")
}

fn masked(text: &str) -> String {
    let mut parts = text.split(PREFIX);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(PREFIX);
        out.push_str("(masked)");
        let is_key = |character: char| character.is_ascii_alphanumeric() || character == '_';
        out.push_str(part.trim_start_matches(is_key));
    }
    out
}

/// Nobody encodes as often as this and means well.
const MOST_DECODINGS: usize = 8;

/// All keys begin with it.
const PREFIX: &str = "hk_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_masked_wherever_it_stands() {
        assert_eq!(keys("/a/b"), "/a/b");
        assert_eq!(keys("/a%2fb"), "/a%2fb");
        assert_eq!(keys("/%68k_live_abc123/x"), "/hk_(masked)/x");
        assert_eq!(keys("/hk%255Flive_abc123/x"), "/hk_(masked)/x");
        assert_eq!(
            keys("/hk_live_abc123/%68k_live_abc123"),
            "/hk_(masked)/hk_(masked)"
        );
        assert_eq!(
            keys("/a/hk_live_abc123/x/hk_t"),
            "/a/hk_(masked)/x/hk_(masked)"
        );
    }
}
