//! The chunked framing (RFC 9112 7.1), followed strictly, so that the end of a body is where the parser sees it.

use super::head::is_token;
use crate::limits::{MAX_CHUNK_EXTENSION_BYTES, MAX_TRAILER_BYTES};

/// Where in the framing the next byte is.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    at: At,
    /// Bytes of extensions or trailers so far.
    extra: usize,
}

/// What a piece of the body led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    More,
    End,
    Broken,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Size { size: u64, digits: u8 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data(u64),
    DataCr,
    DataEnd,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    LastEnd,
}

impl Default for At {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0 }
    }
}

impl Chunked {
    /// Follows `bytes`; returns how many of them belong to the body and what came of it.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut done = 0;
        while let Some((byte, rest)) = bytes.get(done..).and_then(<[u8]>::split_first) {
            if let At::Data(left) = self.at {
                let taken = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(rest.len() + 1);
                done += taken;
                let left = left.saturating_sub(taken as u64);
                self.at = if left == 0 {
                    At::DataCr
                } else {
                    At::Data(left)
                };
                continue;
            }
            let is_last = matches!(self.at, At::LastEnd);
            let Some(next) = self.step(*byte) else {
                return (done, Step::Broken);
            };
            self.at = next;
            done += 1;
            if is_last {
                return (done, Step::End);
            }
        }
        (done, Step::More)
    }

    /// The place after `byte`, nothing if the byte may not stand there.
    fn step(&mut self, byte: u8) -> Option<At> {
        match (self.at, byte) {
            (At::Size { size, digits: 1.. } | At::Extension { size }, b'\r') => {
                Some(At::SizeEnd { size })
            }
            (At::Size { size, digits: 1.. }, b';') => Some(At::Extension { size }),
            // 15 digits: an exabyte, which can't overflow.
            (
                At::Size {
                    size,
                    digits: digits @ 0..15,
                },
                _,
            ) => {
                let digit = char::from(byte).to_digit(16)?;
                Some(At::Size {
                    size: size * 16 + u64::from(digit),
                    digits: digits + 1,
                })
            }
            (At::Extension { .. }, b'\t' | 0x20..=0x7e) => {
                self.count(MAX_CHUNK_EXTENSION_BYTES).then_some(self.at)
            }
            (At::SizeEnd { size: 0 }, b'\n') => {
                self.extra = 0;
                Some(At::TrailerStart)
            }
            (At::SizeEnd { size }, b'\n') => Some(At::Data(size)),
            (At::DataCr, b'\r') => Some(At::DataEnd),
            (At::DataEnd, b'\n') => Some(At::default()),
            (At::TrailerStart, b'\r') | (At::LastEnd, b'\n') => Some(At::LastEnd),
            (At::TrailerName, b':') => Some(At::TrailerValue),
            (At::TrailerStart | At::TrailerName, _) if is_token(byte) => {
                self.count(MAX_TRAILER_BYTES).then_some(At::TrailerName)
            }
            (At::TrailerValue, b'\r') => Some(At::TrailerEnd),
            (At::TrailerValue, b'\t' | 0x20..=0x7e | 0x80..) => {
                self.count(MAX_TRAILER_BYTES).then_some(At::TrailerValue)
            }
            (At::TrailerEnd, b'\n') => Some(At::TrailerStart),
            _ => None,
        }
    }

    fn count(&mut self, limit: usize) -> bool {
        self.extra += 1;
        self.extra <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("0\r\n\r\nGET", 5, Step::End)]
    #[case("3\r\nabc\r\n0\r\n\r\nGET", 13, Step::End)]
    #[case("3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n", 23, Step::End)]
    #[case("A\r\n01234", 8, Step::More)]
    #[case("3\nabc", 1, Step::Broken)]
    #[case("3 \r\n", 1, Step::Broken)]
    #[case("+3\r\n", 0, Step::Broken)]
    #[case("0x3\r\n", 1, Step::Broken)]
    #[case("\r\n", 0, Step::Broken)]
    #[case("3\r\nabcd", 6, Step::Broken)]
    #[case("3;a\nb\r\n", 3, Step::Broken)]
    #[case("1111111111111111\r\n", 15, Step::Broken)]
    #[case("0\r\nx : y\r\n\r\n", 4, Step::Broken)]
    #[case("0\r\nx: y\n\r\n", 7, Step::Broken)]
    fn a_chunked_body_has_one_end(
        #[case] bytes: &str,
        #[case] taken: usize,
        #[case] expected: Step,
    ) {
        assert_eq!(Chunked::default().feed(bytes.as_bytes()), (taken, expected));
        let mut split = Chunked::default();
        let mut total = 0;
        for byte in bytes.as_bytes().chunks(1) {
            let (taken, step) = split.feed(byte);
            total += taken;
            if step != Step::More {
                assert_eq!(step, expected);
                break;
            }
        }
        assert_eq!(total, taken);
    }
}
