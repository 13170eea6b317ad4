//! Rewrites of the host and the URL, after the decision and without a say in it.

use hokusai_routes::model::{Transform, TransformKind};
use hokusai_wire::target;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri, request};
use regex_automata::meta::Regex;

use crate::answer::Refused;

/// A rule's rewrites.
#[derive(Debug, Default)]
pub(crate) struct Transforms(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    kind: TransformKind,
    regex: Regex,
    replace: String,
}

impl Transforms {
    /// Compiles them; the text of the first that does not compile is the error.
    pub(crate) fn new(transforms: &[Transform]) -> Result<Self, String> {
        let compile = |transform: &Transform| -> Result<Compiled, String> {
            let regex = Regex::builder()
                .configure(Regex::config().nfa_size_limit(Some(MAX_REGEX_BYTES)))
                .build(&transform.regex)
                .map_err(|_| transform.regex.clone())?;
            Ok(Compiled {
                kind: transform.kind,
                regex,
                replace: transform.replace.clone(),
            })
        };
        let compiled = transforms.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self(compiled))
    }

    /// Rewrites the head of a request. A result that the door would refuse from a client fails, like a balancer's, with 500.
    pub(crate) fn apply(&self, head: &mut request::Parts) -> Result<(), Refused> {
        for transform in &self.0 {
            match transform.kind {
                TransformKind::Host => transform.rewrite_host(head)?,
                TransformKind::Url => transform.rewrite_url(head)?,
            }
        }
        Ok(())
    }
}

impl Compiled {
    fn rewrite_host(&self, head: &mut request::Parts) -> Result<(), Refused> {
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let Some(rewritten) = host.and_then(|host| self.replaced(host)) else {
            return Ok(());
        };
        let value = HeaderValue::from_str(&rewritten).ok();
        let value = value.filter(|_| target::check_authority(rewritten.as_bytes()).is_ok());
        let value = value.ok_or_else(|| failed("host"))?;
        head.headers.insert(HOST, value);
        Ok(())
    }

    /// Path and query together; neither protocol nor host.
    fn rewrite_url(&self, head: &mut request::Parts) -> Result<(), Refused> {
        let url = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let Some(rewritten) = self.replaced(url) else {
            return Ok(());
        };
        let is_sound = rewritten.len() <= MAX_URL_BYTES
            && target::check_origin_form(rewritten.as_bytes()).is_ok();
        let uri = rewritten.parse::<PathAndQuery>().ok().map(Uri::from);
        head.uri = uri.filter(|_| is_sound).ok_or_else(|| failed("url"))?;
        Ok(())
    }

    /// The subject with its first match replaced, nothing without a match.
    fn replaced(&self, subject: &str) -> Option<String> {
        let mut captures = self.regex.create_captures();
        self.regex.captures(subject, &mut captures);
        let whole = captures.get_match()?;
        let mut out = subject.get(..whole.start())?.to_owned();
        let mut template = self.replace.chars().peekable();
        while let Some(character) = template.next() {
            let digit = template.peek().and_then(|next| next.to_digit(10));
            match digit.filter(|_| character == '$') {
                Some(group) => {
                    template.next();
                    if let Some(span) = captures.get_group(group as usize) {
                        out.push_str(subject.get(span.start..span.end)?);
                    }
                }
                None => out.push(character),
            }
        }
        out.push_str(subject.get(whole.end()..)?);
        Some(out)
    }
}

fn failed(what: &str) -> Refused {
    Refused::internal(format!(
        "the rule's {what} rewrite makes something that no service may be sent; correct the rule"
    ))
}

/// A compiled expression of the longest text that the load balancer takes is far smaller.
const MAX_REGEX_BYTES: usize = 1 << 20;
/// The load balancer's limit of a request line.
const MAX_URL_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn applied(kind: TransformKind, regex: &str, replace: &str) -> Result<(String, String), ()> {
        let transforms = Transforms::new(&[Transform {
            kind,
            regex: regex.to_owned(),
            replace: replace.to_owned(),
        }]);
        let request = http::Request::get("/api/v1/x?y=1")
            .header(HOST, "shop-eu.example.com")
            .body(())
            .unwrap();
        let mut head = request.into_parts().0;
        transforms.unwrap().apply(&mut head).map_err(|_| ())?;
        let host = head.headers[HOST].to_str().unwrap().to_owned();
        Ok((host, head.uri.to_string()))
    }

    #[rstest]
    #[case(TransformKind::Url, "^/api/(.*)$", "/$1", Ok(("shop-eu.example.com", "/v1/x?y=1")))]
    #[case(TransformKind::Url, "^/none/", "/", Ok(("shop-eu.example.com", "/api/v1/x?y=1")))]
    #[case(TransformKind::Url, "y=(\\d)", "z=$1$1$9", Ok(("shop-eu.example.com", "/api/v1/x?z=11")))]
    #[case(TransformKind::Url, "^/api", "/api/..", Err(()))]
    #[case(TransformKind::Url, "^/api", "", Ok(("shop-eu.example.com", "/v1/x?y=1")))]
    #[case(TransformKind::Url, "^/api/", "//evil.test/", Err(()))]
    #[case(TransformKind::Url, "^.*$", "", Err(()))]
    #[case(TransformKind::Host, "^shop-(.+)\\.example\\.com$", "$1.internal.test", Ok(("eu.internal.test", "/api/v1/x?y=1")))]
    #[case(TransformKind::Host, "^.*$", "a b", Err(()))]
    fn the_first_match_is_replaced_and_the_result_must_be_sound(
        #[case] kind: TransformKind,
        #[case] regex: &str,
        #[case] replace: &str,
        #[case] expected: Result<(&str, &str), ()>,
    ) {
        let expected = expected.map(|(host, url)| (host.to_owned(), url.to_owned()));
        assert_eq!(applied(kind, regex, replace), expected);
    }
}
