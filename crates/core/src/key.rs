//! API keys: their form, their hash, and the decision whether one may be used.
//!
//! A key is `hk_live_`, `hk_test_` or `hk_dev_`, then 26 random base62 characters (about 155 bits) and a base62 CRC32 of everything
//! before it. Keys of the platform's older service have 32 or 40 alphanumerics and no checksum; a bad checksum may explain a
//! rejection, and never causes one for a key that the store knows.

pub mod manage;
mod rate;
mod record;
pub mod verdict;

use std::fmt;

use sha2::{Digest as _, Sha256};

pub use rate::{RateDecision, RateLimit, RateState};
pub use record::{KeyRecord, Refusal, judge};

use crate::random::Random;

/// A raw key. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Where a key may be used, as its prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `hk_live_`, called `production` by the older clients.
    Live,
    /// `hk_test_`.
    Test,
    /// `hk_dev_`, called `development` by the older clients.
    Dev,
}

/// What is wrong with the form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Nothing was sent.
    #[error("the key is empty")]
    Empty,
    /// It does not have the shape of a key.
    #[error("this is not an API key: keys look like `hk_live_` followed by 32 letters and digits")]
    Malformed,
}

impl ApiKey {
    /// Makes a fresh key.
    pub fn generate(environment: Environment, random: &dyn Random) -> Self {
        let mut key = format!("hk_{}_", environment.as_str());
        let mut byte = [0_u8; 1];
        let body_end = key.len() + BODY_CHARS;
        while key.len() < body_end {
            random.fill(&mut byte);
            // Bytes from 248 on would favour some letters.
            if byte[0] < 248
                && let Some(letter) = BASE62.get(usize::from(byte[0] % 62))
            {
                key.push(char::from(*letter));
            }
        }
        let checksum = checksum(&key);
        key.push_str(&checksum);
        Self(key)
    }

    /// Reads a key as it was presented. The checksum is not looked at: see [`ApiKey::has_good_checksum`].
    pub fn parse(raw: &str) -> Result<Self, InvalidKey> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(InvalidKey::Empty);
        }
        let body = ["hk_live_", "hk_test_", "hk_dev_"]
            .iter()
            .find_map(|prefix| raw.strip_prefix(prefix));
        match body {
            Some(body)
                if BODY_LENGTHS.contains(&body.len())
                    && body.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Ok(Self(raw.to_owned()))
            }
            _ => Err(InvalidKey::Malformed),
        }
    }

    /// Whether the last six characters are the checksum of the rest. False for a mistyped key, and for most imported ones.
    pub fn has_good_checksum(&self) -> bool {
        self.0
            .len()
            .checked_sub(CHECKSUM_CHARS)
            .and_then(|at| self.0.split_at_checked(at))
            .is_some_and(|(body, sum)| checksum(body) == sum)
    }

    /// The hash under which the key is stored and found.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// SHA-256 over parts of any length: what tells two things apart without keeping either.
    pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// What may be shown: the prefix and the first four characters.
    pub fn shown(&self) -> String {
        self.0
            .chars()
            .take(self.0.len().saturating_sub(28))
            .take(12)
            .collect()
    }

    /// The raw key, for the one moment in which it is handed out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// SHA-256 of a key. A slow password hash would add nothing: the key is random.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash(pub [u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

impl Environment {
    /// The part of the prefix that names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::Dev => "dev",
        }
    }

    /// Reads either spelling.
    pub fn parse(raw: &str) -> Option<Self> {
        match raw {
            "live" | "production" => Some(Self::Live),
            "test" => Some(Self::Test),
            "dev" | "development" => Some(Self::Dev),
            _ => None,
        }
    }
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        if let Some(letter) = BASE62.get((rest % 62) as usize) {
            *digit = *letter;
        }
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_CHARS: usize = 26;
/// 62⁶ is more than 2³².
const CHECKSUM_CHARS: usize = 6;
/// Ours, and the two lengths that the older service gave out.
const BODY_LENGTHS: [usize; 2] = [32, 40];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;

    #[test]
    fn a_fresh_key_parses_and_has_its_checksum() {
        for environment in [Environment::Live, Environment::Test, Environment::Dev] {
            let key = ApiKey::generate(environment, &Counting::default());
            let again = ApiKey::parse(key.reveal()).unwrap();
            assert!(again.has_good_checksum());
            assert_eq!(again.hash(), key.hash());
            assert_eq!(
                key.reveal().len(),
                format!("hk_{}_", environment.as_str()).len() + 32
            );
        }
    }

    #[test]
    fn a_mistyped_key_has_a_bad_checksum_and_still_parses() {
        let key = ApiKey::generate(Environment::Live, &Counting::default());
        let mut typed: Vec<char> = key.reveal().chars().collect();
        let last = typed.pop().unwrap();
        typed.push(if last == 'x' { 'y' } else { 'x' });
        let mistyped: String = typed.into_iter().collect();
        assert!(!ApiKey::parse(&mistyped).unwrap().has_good_checksum());
    }

    #[test]
    fn what_is_not_a_key_is_malformed() {
        for raw in [
            "password",
            "hk_prod_abc",
            "hk_live_short",
            &format!("hk_live_{}", "ä".repeat(16)),
        ] {
            assert_eq!(ApiKey::parse(raw), Err(InvalidKey::Malformed), "{raw}");
        }
        assert_eq!(ApiKey::parse("  "), Err(InvalidKey::Empty));
    }

    #[test]
    fn neither_debug_nor_the_shown_part_gives_the_key_away() {
        let key = ApiKey::generate(Environment::Live, &Counting::default());
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
        assert!(key.shown().len() <= 12);
    }
}
