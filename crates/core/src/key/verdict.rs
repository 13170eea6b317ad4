//! The signature under a verdict that travels between two services.
//!
//! TLS to a load balancer does not prove which target group answered. Only who knows the service credential can sign, the nonce
//! makes a replay worthless, and the key's hash ties the verdict to the key that was asked about.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{ApiKey, KeyHash};

/// HMAC-SHA-256 over nonce, key hash and the verdict's bytes, in hexadecimal. Nothing if the credential cannot serve as a key.
pub fn sign(credential: &ApiKey, nonce: &str, key: KeyHash, body: &[u8]) -> Option<String> {
    let bytes = mac(credential, nonce, key, body)?.finalize().into_bytes();
    Some(
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect(),
    )
}

/// Whether `signature` is ours, compared in constant time.
pub fn is_signed(
    credential: &ApiKey,
    nonce: &str,
    key: KeyHash,
    body: &[u8],
    signature: &str,
) -> bool {
    let Some(bytes) = from_hex(signature) else {
        return false;
    };
    mac(credential, nonce, key, body).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
}

fn mac(credential: &ApiKey, nonce: &str, key: KeyHash, body: &[u8]) -> Option<Hmac<Sha256>> {
    // The credential itself is sent as a header: what signs is derived from it, for this purpose alone.
    let mut derive = Hmac::<Sha256>::new_from_slice(credential.reveal().as_bytes()).ok()?;
    derive.update(PURPOSE);
    let mut mac = Hmac::<Sha256>::new_from_slice(&derive.finalize().into_bytes()).ok()?;
    mac.update(&(nonce.len() as u64).to_be_bytes());
    mac.update(nonce.as_bytes());
    mac.update(&key.0);
    mac.update(body);
    Some(mac)
}

const PURPOSE: &[u8] = b"hokusai verdict signature 1";

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Environment;
    use crate::random::testing::Counting;

    #[test]
    fn a_signature_holds_for_its_nonce_key_and_body_only() {
        let random = Counting::default();
        let credential = ApiKey::generate(Environment::Live, &random);
        let other = ApiKey::generate(Environment::Live, &random);
        let key = other.hash();
        let signed = sign(&credential, "n1", key, b"{}").unwrap();
        assert!(is_signed(&credential, "n1", key, b"{}", &signed));
        assert!(!is_signed(&credential, "n2", key, b"{}", &signed));
        assert!(!is_signed(
            &credential,
            "n1",
            credential.hash(),
            b"{}",
            &signed
        ));
        assert!(!is_signed(&credential, "n1", key, b"{ }", &signed));
        assert!(!is_signed(&other, "n1", key, b"{}", &signed));
        assert!(!is_signed(&credential, "n1", key, b"{}", "zz"));
    }
}
