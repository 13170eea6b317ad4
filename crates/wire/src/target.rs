//! Request targets and authorities: one reading only.

use crate::refusal::Refusal;

/// Checks a target in origin form: `/path?query`.
///
/// # Errors
///
/// The [`Refusal`] that a client who sent it would see.
pub fn check_origin_form(target: &[u8]) -> Result<(), Refusal> {
    let (path, query) = match memchr::memchr(b'?', target) {
        Some(at) => target.split_at(at),
        None => (target, &[][..]),
    };
    check_path(path)?;
    match query
        .iter()
        .find(|byte| !matches!(byte, 0x21..=0x7e) || **byte == b'#')
    {
        None => Ok(()),
        Some(b'#') => Err(Refusal::Fragment),
        Some(_) => Err(Refusal::TargetCharacter),
    }
}

/// Checks `name`, `name:port`, an address, or an address with port. No user information, no lists.
///
/// # Errors
///
/// [`Refusal::Host`].
pub fn check_authority(authority: &[u8]) -> Result<(), Refusal> {
    let (name, port) = if authority.first() == Some(&b'[') {
        let end = memchr::memchr(b']', authority).ok_or(Refusal::Host)?;
        let (name, rest) = authority.split_at(end + 1);
        let inside = name.get(1..end).unwrap_or_default();
        let is_address = !inside.is_empty()
            && inside
                .iter()
                .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        if !is_address {
            return Err(Refusal::Host);
        }
        (name, rest)
    } else {
        let end = memchr::memchr(b':', authority).unwrap_or(authority.len());
        let (name, rest) = authority.split_at(end);
        if !name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        {
            return Err(Refusal::Host);
        }
        (name, rest)
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => {
            (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    if name.is_empty() || !is_port {
        Err(Refusal::Host)
    } else {
        Ok(())
    }
}

fn check_path(path: &[u8]) -> Result<(), Refusal> {
    let Some(segments) = path.strip_prefix(b"/") else {
        return Err(Refusal::TargetForm);
    };
    // `//name` is a network-path reference to whoever resolves it as a URL.
    if segments.first() == Some(&b'/') {
        return Err(Refusal::TargetForm);
    }
    segments
        .split(|byte| *byte == b'/')
        .try_for_each(check_segment)
}

fn check_segment(segment: &[u8]) -> Result<(), Refusal> {
    if matches!(segment.first(), Some(b'.' | b'%')) && is_dot_segment(segment) {
        return Err(Refusal::DotSegment);
    }
    let mut bytes = segment.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => check_escape(hex(bytes.next()), hex(bytes.next()))?,
            b'\\' => return Err(Refusal::Backslash),
            b'#' => return Err(Refusal::Fragment),
            // RFC 3986 3.3, pchar.
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'$'
            | b'&'..=b','
            | b';'
            | b'='
            | b':'
            | b'@' => {}
            _ => return Err(Refusal::TargetCharacter),
        }
    }
    Ok(())
}

/// `%252f` decodes to the text `%2f` and is fine: whoever is behind decodes exactly once.
fn check_escape(high: Option<u8>, low: Option<u8>) -> Result<(), Refusal> {
    let (Some(high), Some(low)) = (high, low) else {
        return Err(Refusal::BadEscape);
    };
    match high * 16 + low {
        b'/' | b'\\' => Err(Refusal::EncodedSlash),
        0x00..=0x1f | 0x7f => Err(Refusal::EncodedControl),
        _ => Ok(()),
    }
}

/// Whether it stands for `.` or `..`, dots plain or encoded, with or without `;parameters` behind them.
fn is_dot_segment(segment: &[u8]) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    loop {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            [] | [b';', ..] => return (1..=2).contains(&dots),
            _ => return false,
        };
        dots += 1;
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    match byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/", Ok(()))]
    #[case("/a/b.c/..d/...?x=%zz&y=/../", Ok(()))]
    #[case("/a%252fb/%25", Ok(()))]
    #[case("/caf%C3%A9", Ok(()))]
    #[case("", Err(Refusal::TargetForm))]
    #[case("*", Err(Refusal::TargetForm))]
    #[case("//host/a", Err(Refusal::TargetForm))]
    #[case("/a/..", Err(Refusal::DotSegment))]
    #[case("/./a", Err(Refusal::DotSegment))]
    #[case("/a/%2e%2E/b", Err(Refusal::DotSegment))]
    #[case("/a/.%2e;v=1/b", Err(Refusal::DotSegment))]
    #[case("/a%2fb", Err(Refusal::EncodedSlash))]
    #[case("/a%5Cb", Err(Refusal::EncodedSlash))]
    #[case("/a%0ab", Err(Refusal::EncodedControl))]
    #[case("/a%00", Err(Refusal::EncodedControl))]
    #[case("/a%2", Err(Refusal::BadEscape))]
    #[case("/a%zz", Err(Refusal::BadEscape))]
    #[case("/a\\b", Err(Refusal::Backslash))]
    #[case("/a#b", Err(Refusal::Fragment))]
    #[case("/a?b#c", Err(Refusal::Fragment))]
    #[case("/é", Err(Refusal::TargetCharacter))]
    #[case("/a?é", Err(Refusal::TargetCharacter))]
    #[case("/a|b", Err(Refusal::TargetCharacter))]
    fn a_target_has_one_reading(#[case] target: &str, #[case] expected: Result<(), Refusal>) {
        assert_eq!(check_origin_form(target.as_bytes()), expected);
    }

    #[rstest]
    #[case("auth.example.com", true)]
    #[case("localhost:5000", true)]
    #[case("127.0.0.1:1", true)]
    #[case("[::1]:80", true)]
    #[case("", false)]
    #[case(":80", false)]
    #[case("a:", false)]
    #[case("a:b", false)]
    #[case("user@a", false)]
    #[case("a,b", false)]
    #[case("a/b", false)]
    #[case("[::1]x", false)]
    #[case("[", false)]
    fn an_authority_is_a_host_and_a_port(#[case] authority: &str, #[case] expected: bool) {
        assert_eq!(check_authority(authority.as_bytes()).is_ok(), expected);
    }
}
