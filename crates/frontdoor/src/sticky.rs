//! Stickiness: signed cookies that say nothing of what they stand for.

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use ring::hmac;
use tokio::time::Instant;

use crate::hex;

/// Makes and reads the cookies. The key lives as long as the process: after a restart clients are spread anew.
#[derive(Debug)]
pub(crate) struct Sticky {
    key: hmac::Key,
    start: Instant,
}

/// What a client sticks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One of a rule's target groups.
    Group,
    /// One of a group's targets.
    Target,
}

impl Purpose {
    fn cookie(self) -> &'static str {
        match self {
            Self::Group => "hokusai-group",
            Self::Target => "hokusai-target",
        }
    }
}

impl Sticky {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            start: Instant::now(),
        }
    }

    /// The value that stands for `name` within `scope` until `expires_s`.
    fn value(&self, purpose: Purpose, scope: &str, name: &str, expires_s: u64) -> String {
        let text = format!("{}\n{scope}\n{name}\n{expires_s}", purpose.cookie());
        let tag = hmac::sign(&self.key, text.as_bytes());
        let digits = hex::text(tag.as_ref().iter().take(TAG_BYTES));
        format!("{expires_s:x}.{digits}")
    }

    /// Which of `names` the client's cookie stands for. Without the cookie nothing is computed.
    pub(crate) fn read<'n>(
        &self,
        purpose: Purpose,
        scope: &str,
        headers: &HeaderMap,
        mut names: impl Iterator<Item = &'n str>,
    ) -> Option<&'n str> {
        let found = cookie(headers, purpose.cookie())?;
        let expires_s = u64::from_str_radix(found.split_once('.')?.0, 16).ok()?;
        if expires_s < self.start.elapsed().as_secs() {
            return None;
        }
        names.find(|name| {
            let expected = self.value(purpose, scope, name, expires_s);
            // Lengths are no secret, and what differs is a tag that only we can make.
            expected.len() == found.len()
                && expected
                    .bytes()
                    .zip(found.bytes())
                    .fold(0, |sum, (a, b)| sum | (a ^ b))
                    == 0
        })
    }

    /// Adds the cookie to an answer.
    pub(crate) fn write(
        &self,
        purpose: Purpose,
        scope: &str,
        name: &str,
        duration_s: u32,
        is_secure: bool,
        headers: &mut HeaderMap,
    ) {
        let expires_s = self.start.elapsed().as_secs() + u64::from(duration_s);
        let value = self.value(purpose, scope, name, expires_s);
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{}={value}; Path=/; Max-Age={duration_s}; HttpOnly; SameSite=Lax{secure}",
            purpose.cookie()
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// The value of a cookie, if the client sent it once.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Whether an answer sets the application's cookie.
pub(crate) fn sets_cookie(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(SET_COOKIE).iter().any(|line| {
        line.to_str()
            .ok()
            .and_then(|line| line.split_once('='))
            .is_some_and(|(key, _)| key.trim() == name)
    })
}

/// 128 bits: nobody guesses them.
const TAG_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(sticky: &Sticky, purpose: Purpose) -> HeaderMap {
        let mut answer = HeaderMap::new();
        sticky.write(purpose, "rule", "b", 60, false, &mut answer);
        let line = answer[SET_COOKIE].to_str().unwrap();
        let pair = line.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("x=1; {pair}").parse().unwrap());
        headers
    }

    #[tokio::test]
    async fn a_cookie_is_read_back_by_its_maker_for_its_purpose_only() {
        let sticky = Sticky::new(&[7; 32]);
        let sent = headers(&sticky, Purpose::Target);
        let names = || ["a", "b"].into_iter();
        assert_eq!(
            sticky.read(Purpose::Target, "rule", &sent, names()),
            Some("b")
        );
        assert_eq!(sticky.read(Purpose::Group, "rule", &sent, names()), None);
        assert_eq!(sticky.read(Purpose::Target, "other", &sent, names()), None);
        let other = Sticky::new(&[8; 32]);
        assert_eq!(other.read(Purpose::Target, "rule", &sent, names()), None);
        let text = sent[COOKIE].to_str().unwrap();
        assert!(!text.contains("rule"), "{text}");
    }

    #[tokio::test]
    async fn a_changed_expiry_voids_the_cookie() {
        let sticky = Sticky::new(&[7; 32]);
        let sent = headers(&sticky, Purpose::Target);
        let text = sent[COOKIE]
            .to_str()
            .unwrap()
            .replace("hokusai-target=3c.", "hokusai-target=ffff.");
        assert_ne!(text, sent[COOKIE].to_str().unwrap());
        let mut changed = HeaderMap::new();
        changed.insert(COOKIE, text.parse().unwrap());
        assert_eq!(
            sticky.read(Purpose::Target, "rule", &changed, ["b"].into_iter()),
            None
        );
    }
}
