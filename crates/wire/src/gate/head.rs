//! HTTP/1 request heads, byte by byte, before any lenient parser sees them.

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::target;

/// What the gate needs to know of a head that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) framing: Framing,
    /// It asks for a websocket: what follows is HTTP only if the answer is not 101.
    pub(crate) is_upgrade: bool,
}

/// How long the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// How far the search for the end of a head has come; offsets count from the head's first byte.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    line_start: usize,
    position: usize,
}

impl Scan {
    /// Whether it has seen all bytes it was given and needs more.
    pub(crate) fn is_waiting(&self) -> bool {
        self.position > 0
    }

    /// Looks for the empty line in `bytes`, which begin with the head; returns the head's length once it is there.
    /// May be called again with more bytes; nothing is looked at twice.
    pub(crate) fn find_end(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<usize>, Refusal> {
        while let Some(found) =
            memchr::memchr(b'\n', bytes.get(self.position..).unwrap_or_default())
        {
            let end = self.position + found;
            let line = bytes.get(self.line_start..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").ok_or(Refusal::BareLineEnd)?;
            self.check_length(end, limits)?;
            if line.is_empty() {
                return if self.line_start == 0 {
                    Err(Refusal::LeadingEmptyLine)
                } else {
                    Ok(Some(end + 1))
                };
            }
            self.line_start = end + 1;
            self.position = end + 1;
        }
        self.position = bytes.len();
        self.check_length(bytes.len(), limits)?;
        Ok(None)
    }

    fn check_length(&self, end: usize, limits: &Limits) -> Result<(), Refusal> {
        if self.line_start == 0 && end > limits.max_request_line_bytes {
            Err(Refusal::LineTooLong)
        } else if end > limits.max_head_bytes {
            Err(Refusal::HeadTooLarge)
        } else {
            Ok(())
        }
    }
}

/// Checks a whole head, the empty line at its end included, of which [`Scan`] found that every line ends in CR LF.
pub(crate) fn check(head: &[u8], limits: &Limits) -> Result<Head, Refusal> {
    let mut lines = Lines(head);
    let line = RequestLine::parse(lines.next().ok_or(Refusal::RequestLine)?)?;
    let mut fields = Fields::default();
    for (index, field) in lines.enumerate() {
        if index >= limits.max_headers {
            return Err(Refusal::TooManyHeaders);
        }
        fields.read(field)?;
    }
    fields.finish(&line)
}

struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = self
            .0
            .split_at_checked(memchr::memchr(b'\n', self.0)? + 1)?;
        self.0 = rest;
        line.strip_suffix(b"\r\n").filter(|line| !line.is_empty())
    }
}

struct RequestLine<'a> {
    /// The authority of a target in absolute form.
    authority: Option<&'a [u8]>,
    is_http_10: bool,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::RequestLine);
        };
        check_method(method)?;
        let is_http_10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Refusal::Version),
        };
        Ok(Self {
            authority: check_target(target)?,
            is_http_10,
        })
    }
}

/// The load balancer's alphabet of methods; `CONNECT` asks for a tunnel that nobody here digs.
pub(crate) fn check_method(method: &[u8]) -> Result<(), Refusal> {
    let is_plain = (1..=40).contains(&method.len())
        && method
            .iter()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'-' | b'_'))
        && method != b"CONNECT"
        && method != super::REFUSED_METHOD.as_bytes();
    if is_plain {
        Ok(())
    } else {
        Err(Refusal::Method)
    }
}

fn check_target(target: &[u8]) -> Result<Option<&[u8]>, Refusal> {
    if target.first() == Some(&b'/') {
        target::check_origin_form(target)?;
        return Ok(None);
    }
    let Some(colon) = memchr::memmem::find(target, b"://") else {
        return Err(Refusal::TargetForm);
    };
    let (scheme, rest) = target.split_at(colon);
    if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
        return Err(Refusal::Scheme);
    }
    let rest = rest.get(3..).unwrap_or_default();
    // Without a path behind it, an authority would be followed by a query or nothing: nobody needs that.
    let slash = memchr::memchr(b'/', rest).ok_or(Refusal::TargetForm)?;
    let (authority, path) = rest.split_at(slash);
    target::check_authority(authority)?;
    target::check_origin_form(path)?;
    Ok(Some(authority))
}

#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    is_chunked: bool,
    upgrade: Upgrade,
    has_expectation: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Upgrade {
    #[default]
    None,
    /// Any protocol but websocket: ignored, as RFC 9110 7.8 lets a server do, and never forwarded.
    Ignored,
    WebSocket,
}

impl<'a> Fields<'a> {
    fn read(&mut self, line: &'a [u8]) -> Result<(), Refusal> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Refusal::Folded);
        }
        let colon = memchr::memchr(b':', line).ok_or(Refusal::FieldName)?;
        let (name, value) = line.split_at(colon);
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return Err(Refusal::FieldName);
        }
        let value = value.get(1..).unwrap_or_default();
        if !value
            .iter()
            .all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..))
        {
            return Err(Refusal::FieldValue);
        }
        self.note(name, value.trim_ascii())
    }

    fn note(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Refusal> {
        // The length tells most names apart from the few that matter.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            10 if name.eq_ignore_ascii_case(b"connection") => check_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.encoding(value),
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &'a [u8]) -> Result<(), Refusal> {
        if self.host.replace(value).is_some() {
            return Err(Refusal::RepeatedHost);
        }
        target::check_authority(value)
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.has_expectation || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::Expect);
        }
        self.has_expectation = true;
        Ok(())
    }

    fn upgrade(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.upgrade != Upgrade::None {
            return Err(Refusal::Upgrade);
        }
        let is_websocket = |word: &[u8]| word.trim_ascii().eq_ignore_ascii_case(b"websocket");
        self.upgrade = if is_websocket(value) {
            Upgrade::WebSocket
        } else if value
            .split(|byte| matches!(byte, b',' | b'/'))
            .any(is_websocket)
        {
            return Err(Refusal::Upgrade);
        } else {
            Upgrade::Ignored
        };
        Ok(())
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        // 18 digits are an exabyte and can't overflow.
        if !(1..=18).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
            return Err(Refusal::ContentLength);
        }
        let length = value
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::RepeatedContentLength),
        }
    }

    fn encoding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::TransferEncoding);
        }
        self.is_chunked = true;
        Ok(())
    }

    fn finish(self, line: &RequestLine<'_>) -> Result<Head, Refusal> {
        match (self.host, line.authority) {
            (None, None) if line.is_http_10 => {}
            (None, _) => return Err(Refusal::HostMissing),
            (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
                return Err(Refusal::AuthorityDisagrees);
            }
            (Some(_), _) => {}
        }
        let framing = match (self.length, self.is_chunked) {
            (Some(_), true) => return Err(Refusal::LengthAndEncoding),
            (None, true) if line.is_http_10 => return Err(Refusal::TransferEncodingTooOld),
            (None, true) => Framing::Chunked,
            (length, false) => Framing::Length(length.unwrap_or(0)),
        };
        let is_upgrade = self.upgrade == Upgrade::WebSocket;
        if is_upgrade && (framing != Framing::Length(0) || line.is_http_10) {
            return Err(Refusal::Upgrade);
        }
        Ok(Head {
            framing,
            is_upgrade,
        })
    }
}

/// Security 15: a proxy drops what `Connection` names, so it may not name what decides about a request.
fn check_connection(value: &[u8]) -> Result<(), Refusal> {
    const KEPT: [&[u8]; 9] = [
        b"host",
        b"authorization",
        b"cookie",
        b"x-api-key",
        b"content-length",
        b"transfer-encoding",
        b"forwarded",
        b"x-real-ip",
        b"content-type",
    ];
    for word in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        let starts = |prefix: &[u8]| {
            word.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if starts(b"x-forwarded-")
            || starts(b"x-hokusai-")
            || KEPT.iter().any(|kept| word.eq_ignore_ascii_case(kept))
        {
            return Err(Refusal::ConnectionNames);
        }
    }
    Ok(())
}

/// RFC 9110 5.6.2.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
