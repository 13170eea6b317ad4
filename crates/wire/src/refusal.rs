//! Why a request is refused before anything routes it.

use http::StatusCode;

/// What two parsers could read in two ways, or what no client of ours has a reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A line feed without a carriage return before it, or the other way round.
    #[error("a line of the request head does not end in CR LF")]
    BareLineEnd,
    /// An empty line before the request line.
    #[error("the request begins with an empty line")]
    LeadingEmptyLine,
    /// Not `METHOD SP target SP version`.
    #[error("the request line is not `METHOD target HTTP/1.1` with single spaces")]
    RequestLine,
    /// RFC 9110 9.1 makes methods case-sensitive; not everyone does.
    #[error("the method must be 1 to 40 capital letters, `-` or `_`, and not `CONNECT`")]
    Method,
    /// Not HTTP/1.0 or HTTP/1.1.
    #[error("the version must be `HTTP/1.1` or `HTTP/1.0`")]
    Version,
    /// The request line is longer than the limit.
    #[error("the request line is longer than this listener reads; shorten the URL")]
    LineTooLong,
    /// The head is longer than the limit.
    #[error("the request head is larger than this listener reads; send fewer or shorter headers")]
    HeadTooLarge,
    /// More header lines than the limit.
    #[error("the request has more headers than this listener reads")]
    TooManyHeaders,
    /// A name that is empty, not a token, or followed by a space.
    #[error(
        "a header name is empty, holds a character that is not allowed, or has a space before its colon"
    )]
    FieldName,
    /// Control characters in a value.
    #[error("a header value holds a control character")]
    FieldValue,
    /// A header line that begins with white space (RFC 9112 5.2).
    #[error("a header is folded over several lines")]
    Folded,
    /// `Content-Length` is not one plain number.
    #[error("Content-Length must be one plain decimal number")]
    ContentLength,
    /// Several `Content-Length`, equal or not.
    #[error("Content-Length stands there more than once")]
    RepeatedContentLength,
    /// Anything but exactly `chunked`, once.
    #[error("Transfer-Encoding must be exactly `chunked`, once")]
    TransferEncoding,
    /// HTTP/1.0 knows no transfer encodings.
    #[error("Transfer-Encoding does not exist in HTTP/1.0")]
    TransferEncodingTooOld,
    /// The classic of request smuggling.
    #[error("Content-Length and Transfer-Encoding contradict each other; send one of them")]
    LengthAndEncoding,
    /// RFC 9112 3.2.
    #[error("the Host header is missing")]
    HostMissing,
    /// Several `Host`, equal or not.
    #[error("the Host header stands there more than once")]
    RepeatedHost,
    /// Not `name`, `name:port`, an address, or an address with port.
    #[error("the Host must be a name or an address, with an optional port")]
    Host,
    /// The target names another authority than Host.
    #[error("the request target and the Host header name different hosts")]
    AuthorityDisagrees,
    /// Neither a path nor an absolute http URL.
    #[error("the request target must be a path that begins with one `/`")]
    TargetForm,
    /// A character that RFC 3986 does not allow in a path or query.
    #[error("the request target holds a character that must be percent-encoded")]
    TargetCharacter,
    /// A fragment never belongs on the wire.
    #[error("the request target holds a `#`; write it as `%23`")]
    Fragment,
    /// Some parsers take `\` for `/`.
    #[error("the path holds a backslash; write `/` between segments")]
    Backslash,
    /// `.` or `..`, plain or encoded.
    #[error("the path holds a `.` or `..` segment; send the path it stands for")]
    DotSegment,
    /// `%2f` or `%5c`.
    #[error("the path holds an encoded slash or backslash (`%2f`, `%5c`)")]
    EncodedSlash,
    /// `%` without two hexadecimal digits.
    #[error("the path holds a `%` without two hexadecimal digits; write `%25` for a percent sign")]
    BadEscape,
    /// An encoded control character.
    #[error("the path holds an encoded control character")]
    EncodedControl,
    /// `Connection` may not make a proxy drop what decides about the request.
    #[error("the Connection header names a header that must reach the service")]
    ConnectionNames,
    /// `Upgrade` names `websocket` among others, or the request has a body.
    #[error("an upgrade to websocket must name `websocket` alone and have no body")]
    Upgrade,
    /// Not exactly `100-continue`.
    #[error("Expect must be `100-continue`, once")]
    Expect,
    /// `:scheme` or an absolute target that is neither http nor https.
    #[error("the scheme must be http or https")]
    Scheme,
    /// Security 16: the certificate of this connection is somebody else's.
    #[error(
        "the certificate of this connection does not cover the Host of this request; open a connection for that name"
    )]
    NotCovered,
    /// Security 13: a name that this listener does not answer to.
    #[error(
        "this listener does not answer to the Host of this request; start it with `--allowed-host` to allow it"
    )]
    HostNotAllowed,
    /// Security 13: the page that asks belongs to somebody else.
    #[error("the request comes from a page of another site")]
    ForeignPage,
}

impl Refusal {
    /// 414 and 431 where a client can act on them, 400 otherwise; 421 and 403 for whom it was meant.
    pub fn status(self) -> StatusCode {
        match self {
            Self::LineTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::HostNotAllowed | Self::NotCovered => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignPage => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The JSON body of the answer, in every dialect of its readers.
    pub fn body(self) -> String {
        let message = self.to_string();
        let error_code = match self {
            Self::ForeignPage => "PERMISSION_DENIED",
            _ => "BAD_REQUEST",
        };
        serde_json::json!({"error_code": error_code, "message": message, "detail": message})
            .to_string()
    }
}
