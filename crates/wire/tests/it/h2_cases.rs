//! HTTP/2 requests that no honest client sends (security 16), frame by frame: pseudo-header tricks, fields that only HTTP/1.1
//! knows, lengths that lie. The front door's tests and those of the built binary run the same table.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request: its fields in their order, and a body if there is one.
pub(crate) struct H2Case {
    pub(crate) name: &'static str,
    fields: &'static [(&'static str, &'static str)],
    body: Option<&'static str>,
    trailers: &'static [(&'static str, &'static str)],
}

/// What would be a request of its own wherever the body were not taken for one.
pub(crate) const SMUGGLED: &str = "GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n";

const fn case(name: &'static str, fields: &'static [(&'static str, &'static str)]) -> H2Case {
    H2Case {
        name,
        fields,
        body: None,
        trailers: &[],
    }
}

const fn with_body(name: &'static str, fields: &'static [(&'static str, &'static str)]) -> H2Case {
    H2Case {
        name,
        fields,
        body: Some(SMUGGLED),
        trailers: &[],
    }
}

const METHOD: (&str, &str) = (":method", "GET");
const POST: (&str, &str) = (":method", "POST");
const SCHEME: (&str, &str) = (":scheme", "http");
const AUTHORITY: (&str, &str) = (":authority", "a.test");
const PATH: (&str, &str) = (":path", "/h2");

/// The one that is fine, to see that the others are refused for what they are.
pub(crate) const HONEST: H2Case = case("honest", &[METHOD, SCHEME, AUTHORITY, PATH]);

/// What is refused.
pub(crate) const REFUSED_H2: &[H2Case] = &[
    case(
        "two paths",
        &[METHOD, SCHEME, AUTHORITY, PATH, (":path", "/second")],
    ),
    case("two methods", &[METHOD, POST, SCHEME, AUTHORITY, PATH]),
    case(
        "two authorities",
        &[METHOD, SCHEME, AUTHORITY, (":authority", "b.test"), PATH],
    ),
    case("two schemes", &[METHOD, SCHEME, SCHEME, AUTHORITY, PATH]),
    case(
        "a pseudo-header after a field",
        &[METHOD, SCHEME, AUTHORITY, ("x", "y"), PATH],
    ),
    case(
        "an unknown pseudo-header",
        &[METHOD, SCHEME, AUTHORITY, PATH, (":foo", "bar")],
    ),
    case(
        "the pseudo-header of answers",
        &[METHOD, SCHEME, AUTHORITY, PATH, (":status", "200")],
    ),
    case(
        "extended connect",
        &[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            SCHEME,
            AUTHORITY,
            PATH,
        ],
    ),
    case("connect", &[(":method", "CONNECT"), AUTHORITY]),
    case("no method", &[SCHEME, AUTHORITY, PATH]),
    case("no scheme", &[METHOD, AUTHORITY, PATH]),
    case("no path", &[METHOD, SCHEME, AUTHORITY]),
    case("no authority and no host", &[METHOD, SCHEME, PATH]),
    case("an empty path", &[METHOD, SCHEME, AUTHORITY, (":path", "")]),
    case(
        "a path without a slash",
        &[METHOD, SCHEME, AUTHORITY, (":path", "second")],
    ),
    case(
        "an absolute path",
        &[METHOD, SCHEME, AUTHORITY, (":path", "http://b.test/second")],
    ),
    case(
        "an asterisk",
        &[(":method", "OPTIONS"), SCHEME, AUTHORITY, (":path", "*")],
    ),
    case(
        "a network path",
        &[METHOD, SCHEME, AUTHORITY, (":path", "//b.test/")],
    ),
    case(
        "dot segments",
        &[METHOD, SCHEME, AUTHORITY, (":path", "/a/../b")],
    ),
    case(
        "encoded dot segments",
        &[METHOD, SCHEME, AUTHORITY, (":path", "/a/%2e%2e/b")],
    ),
    case(
        "an encoded slash",
        &[METHOD, SCHEME, AUTHORITY, (":path", "/a%2fb")],
    ),
    case(
        "an encoded NUL",
        &[METHOD, SCHEME, AUTHORITY, (":path", "/a%00")],
    ),
    case(
        "a space in the path",
        &[METHOD, SCHEME, AUTHORITY, (":path", "/a HTTP/1.1")],
    ),
    case(
        "a line break in the path",
        &[
            METHOD,
            SCHEME,
            AUTHORITY,
            (":path", "/a HTTP/1.1\r\nHost: a.test\r\n\r\nGET /second"),
        ],
    ),
    case(
        "a line break in the method",
        &[
            (":method", "GET /second HTTP/1.1\r\nX: "),
            SCHEME,
            AUTHORITY,
            PATH,
        ],
    ),
    case(
        "a lower-case method",
        &[(":method", "get"), SCHEME, AUTHORITY, PATH],
    ),
    case(
        "our stand-in's method",
        &[(":method", "HOKUSAI-REFUSED"), SCHEME, AUTHORITY, PATH],
    ),
    case(
        "another scheme",
        &[METHOD, (":scheme", "ftp"), AUTHORITY, PATH],
    ),
    case(
        "user information",
        &[METHOD, SCHEME, (":authority", "user@a.test"), PATH],
    ),
    case(
        "an empty authority",
        &[METHOD, SCHEME, (":authority", ""), PATH],
    ),
    case(
        "a path in the authority",
        &[METHOD, SCHEME, (":authority", "a.test/b"), PATH],
    ),
    case(
        "a host that disagrees",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "b.test")],
    ),
    case(
        "two hosts",
        &[
            METHOD,
            SCHEME,
            AUTHORITY,
            PATH,
            ("host", "a.test"),
            ("host", "a.test"),
        ],
    ),
    case(
        "an upper-case name",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("X-Upper", "y")],
    ),
    case(
        "a space in a name",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("x y", "z")],
    ),
    case(
        "a colon in a name",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("x:y", "z")],
    ),
    case(
        "a line break in a name",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("x: y\r\nz", "w")],
    ),
    case(
        "a line break in a value",
        &[
            METHOD,
            SCHEME,
            AUTHORITY,
            PATH,
            ("x", "y\r\n\r\nGET /second HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        ],
    ),
    case(
        "a NUL in a value",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("x", "y\0z")],
    ),
    case(
        "a connection field",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("connection", "close")],
    ),
    case(
        "an upgrade",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("upgrade", "websocket")],
    ),
    case(
        "a keep-alive",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("keep-alive", "timeout=5")],
    ),
    case(
        "a proxy-connection",
        &[
            METHOD,
            SCHEME,
            AUTHORITY,
            PATH,
            ("proxy-connection", "keep-alive"),
        ],
    ),
    case(
        "te other than trailers",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("te", "gzip")],
    ),
    case(
        "an unknown expectation",
        &[METHOD, SCHEME, AUTHORITY, PATH, ("expect", "y")],
    ),
    with_body(
        "chunked over HTTP/2",
        &[
            POST,
            SCHEME,
            AUTHORITY,
            PATH,
            ("transfer-encoding", "chunked"),
        ],
    ),
    with_body(
        "a length of none",
        &[POST, SCHEME, AUTHORITY, PATH, ("content-length", "0")],
    ),
    with_body(
        "a shorter length",
        &[POST, SCHEME, AUTHORITY, PATH, ("content-length", "3")],
    ),
    with_body(
        "a longer length",
        &[POST, SCHEME, AUTHORITY, PATH, ("content-length", "300")],
    ),
    with_body(
        "two lengths",
        &[
            POST,
            SCHEME,
            AUTHORITY,
            PATH,
            ("content-length", "3"),
            ("content-length", "40"),
        ],
    ),
    with_body(
        "a length that is no number",
        &[POST, SCHEME, AUTHORITY, PATH, ("content-length", "+40")],
    ),
];

/// Read in one way only: trailers are dropped, whatever they are.
pub(crate) const TRAILERS: H2Case = H2Case {
    name: "a pseudo-header in the trailers",
    fields: &[POST, SCHEME, AUTHORITY, PATH],
    body: Some("body"),
    trailers: &[(":path", "/second")],
};

/// Sends a request on a connection of its own; says whether the answer was 200.
pub(crate) async fn is_served(address: SocketAddr, case: &H2Case) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, SETTINGS, 0, 0, &[]);
    let ends = if case.body.is_none() { END_STREAM } else { 0 };
    frame(
        &mut bytes,
        HEADERS,
        END_HEADERS | ends,
        1,
        &block(case.fields),
    );
    if let Some(body) = case.body {
        let ends = if case.trailers.is_empty() {
            END_STREAM
        } else {
            0
        };
        frame(&mut bytes, DATA, ends, 1, body.as_bytes());
    }
    if !case.trailers.is_empty() {
        frame(
            &mut bytes,
            HEADERS,
            END_HEADERS | END_STREAM,
            1,
            &block(case.trailers),
        );
    }
    stream.write_all(&bytes).await.unwrap();
    first_answer(&mut stream).await.unwrap_or(false)
}

/// Reads frames until there is an answer, a reset, or the end.
async fn first_answer(stream: &mut TcpStream) -> std::io::Result<bool> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        match head[3] {
            // The static table's `:status: 200`.
            HEADERS => return Ok(payload.contains(&0x88)),
            RST_STREAM | GOAWAY => return Ok(false),
            _ => {}
        }
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Literals without indexing: what stands there is what is sent.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for text in [name, value] {
            // Seven bits hold every length of the table.
            out.push(
                u8::try_from(text.len())
                    .ok()
                    .filter(|length| *length < 127)
                    .unwrap(),
            );
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
