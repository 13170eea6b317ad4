//! What every listener of ours refuses, or reads in one way only (security 16). The front door's tests and those of the built
//! binary run the same tables.

/// What is refused, and with which status.
pub(crate) const REFUSED: &[(&str, &str, u16)] = &[
    (
        "length and encoding",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "encoding and length",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "two different lengths",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
        400,
    ),
    (
        "two equal lengths",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        400,
    ),
    (
        "a list of lengths",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5, 5\r\n\r\nhello",
        400,
    ),
    (
        "a signed length",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: +5\r\n\r\nhello",
        400,
    ),
    (
        "a negative length",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: -5\r\n\r\nhello",
        400,
    ),
    (
        "a hexadecimal length",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0x5\r\n\r\nhello",
        400,
    ),
    (
        "an empty length",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length:\r\n\r\n",
        400,
    ),
    (
        "a length beyond 64 bits",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 18446744073709551617\r\n\r\nx",
        400,
    ),
    (
        "an unknown encoding",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "an encoding that is not chunked",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: identity\r\n\r\n",
        400,
    ),
    (
        "two encodings",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "an encoding in quotes",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a hidden encoding",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "an encoding behind a vertical tab",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "an encoding in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a space before the colon",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a tab before the colon",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length\t: 5\r\n\r\nhello",
        400,
    ),
    (
        "a folded header",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\r\n b\r\n\r\n",
        400,
    ),
    (
        "a folded encoding",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a first header that is folded",
        "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n",
        400,
    ),
    ("bare line feeds", "GET / HTTP/1.1\nHost: a.test\n\n", 400),
    (
        "one bare line feed",
        "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n",
        400,
    ),
    (
        "a bare carriage return",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\rb\r\n\r\n",
        400,
    ),
    (
        "a leading empty line",
        "\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a NUL in a value",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n",
        400,
    ),
    (
        "a header without a colon",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX\r\n\r\n",
        400,
    ),
    (
        "a header without a name",
        "GET / HTTP/1.1\r\nHost: a.test\r\n: x\r\n\r\n",
        400,
    ),
    (
        "two hosts",
        "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n",
        400,
    ),
    (
        "two equal hosts",
        "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n",
        400,
    ),
    ("no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400),
    ("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    (
        "a host with a user",
        "GET / HTTP/1.1\r\nHost: b.test@a.test\r\n\r\n",
        400,
    ),
    (
        "a host with a path",
        "GET / HTTP/1.1\r\nHost: a.test/b\r\n\r\n",
        400,
    ),
    (
        "a list of hosts",
        "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n",
        400,
    ),
    (
        "an absolute target that disagrees",
        "GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "an absolute target without a host",
        "GET http://a.test/ HTTP/1.1\r\n\r\n",
        400,
    ),
    (
        "another scheme",
        "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "an asterisk",
        "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a tunnel",
        "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
        400,
    ),
    (
        "a network-path reference",
        "GET //b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "dot segments",
        "GET /a/../b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "encoded dot segments",
        "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "dot segments with parameters",
        "GET /a/..;/b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "an encoded slash",
        "GET /a%2Fb HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "an encoded backslash",
        "GET /a%5cb HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a backslash",
        "GET /a\\b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "an encoded NUL",
        "GET /a%00 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a broken escape",
        "GET /a%g0 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a fragment",
        "GET /a#b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "raw non-ASCII",
        "GET /é HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    ("two spaces", "GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
    (
        "a tab in the request line",
        "GET\t/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    ("no version", "GET /\r\nHost: a.test\r\n\r\n", 400),
    (
        "an unknown version",
        "GET / HTTP/1.2\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "HTTP/2 in words",
        "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a lower-case method",
        "get / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "the method of our own stand-in",
        "HOKUSAI-REFUSED / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        400,
    ),
    (
        "a connection that names the host",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close, Host\r\n\r\n",
        400,
    ),
    (
        "a connection that names the key",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: X-API-Key\r\n\r\n",
        400,
    ),
    (
        "a connection that names a forwarding field",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: x-forwarded-for\r\n\r\n",
        400,
    ),
    (
        "an upgrade with a body",
        "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
        400,
    ),
    (
        "an upgrade to two protocols",
        "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: h2c, websocket\r\n\r\n",
        400,
    ),
    (
        "an unknown expectation",
        "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: y 100-continue\r\nContent-Length: 1\r\n\r\nx",
        400,
    ),
];
