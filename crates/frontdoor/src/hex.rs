//! Bytes as hexadecimal digits.

use std::fmt::Write as _;

/// Two digits per byte, small letters.
pub(crate) fn text<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    let mut out = String::new();
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    text(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}
