//! What services report about the use of keys: bounded numbers, calendar days, and names of endpoints that cannot grow without end.

use std::fmt;
use std::str::FromStr;

/// One use of a key, as a service reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which service was used.
    pub service_id: String,
    /// What of it.
    pub endpoint: Endpoint,
    /// Its HTTP status.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub response_ms: i64,
    /// Predictions that were made.
    pub predictions: i64,
    /// Time of computation, in milliseconds.
    pub compute_ms: i64,
}

/// Why a report is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsage {
    /// A number beyond its bounds.
    #[error("`{field}` must be a whole number from {least} to {most}")]
    Number {
        /// The field.
        field: &'static str,
        /// The least that is taken.
        least: i64,
        /// The most that is taken.
        most: i64,
    },
    /// No endpoint.
    #[error(
        "`endpoint` must be a path like `/predict`, 1 to {MOST_ENDPOINT_CHARS} characters without control characters"
    )]
    Endpoint,
    /// Not a month.
    #[error("`period` must be a month like `2026-01`")]
    Period,
    /// Not a day.
    #[error("`{0}` must be a day like `2026-01-31`")]
    Day(&'static str),
    /// No key to recognise repetitions by.
    #[error("`idempotency_key` must be 1 to {MOST_IDEMPOTENCY_CHARS} visible ASCII characters")]
    IdempotencyKey,
}

impl Report {
    /// A bounded number of a report: nobody's sum overflows, and no typing error makes a bill.
    pub fn bounded(
        field: &'static str,
        value: Option<i64>,
        (least, most): (i64, i64),
    ) -> Result<i64, InvalidUsage> {
        value
            .filter(|value| (least..=most).contains(value))
            .ok_or(InvalidUsage::Number { field, least, most })
    }

    /// Whether the use failed at the server or was refused.
    pub const fn is_error(&self) -> bool {
        self.status >= 400
    }
}

/// The name of an endpoint, without its query: what stands there may be secret, and is different every time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint(String);

impl Endpoint {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for every endpoint beyond [`MOST_ENDPOINTS`].
    pub fn other() -> Self {
        Self(OTHER.to_owned())
    }
}

impl FromStr for Endpoint {
    type Err = InvalidUsage;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let path = raw.split(['?', '#']).next().unwrap_or_default().trim();
        let is_fine = !path.is_empty()
            && path.chars().count() <= MOST_ENDPOINT_CHARS
            && !path.chars().any(char::is_control);
        is_fine
            .then(|| Self(path.to_owned()))
            .ok_or(InvalidUsage::Endpoint)
    }
}

/// A month, as `YYYY-MM`; ordered as time is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(String);

impl Period {
    /// As `YYYY-MM`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first and last day; the last is the 31st in every month, which is only compared with.
    pub fn days(&self) -> (Day, Day) {
        (Day(format!("{self}-01")), Day(format!("{self}-31")))
    }
}

impl FromStr for Period {
    type Err = InvalidUsage;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let parsed = raw.split_once('-').and_then(|(year, month)| {
            digits(year, 4)?;
            digits(month, 2).filter(|month| (1..=12).contains(month))
        });
        parsed
            .map(|_| Self(raw.to_owned()))
            .ok_or(InvalidUsage::Period)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A day, as `YYYY-MM-DD` in UTC; ordered as time is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(String);

impl Day {
    /// Reads the day in the field `field`.
    pub fn parse(field: &'static str, raw: &str) -> Result<Self, InvalidUsage> {
        let parsed = raw.rsplit_once('-').and_then(|(month, day)| {
            month.parse::<Period>().ok()?;
            digits(day, 2).filter(|day| (1..=31).contains(day))
        });
        parsed
            .map(|_| Self(raw.to_owned()))
            .ok_or(InvalidUsage::Day(field))
    }

    /// The last day that can be written.
    pub fn last() -> Self {
        Self("9999-12-31".to_owned())
    }

    /// As `YYYY-MM-DD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its month.
    pub fn period(&self) -> Period {
        Period(self.0.chars().take(7).collect())
    }
}

/// What makes a repeated report recognisable.
pub fn idempotency_key(raw: &str) -> Result<&str, InvalidUsage> {
    let is_fine = !raw.is_empty()
        && raw.len() <= MOST_IDEMPOTENCY_CHARS
        && raw.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fine {
        Ok(raw)
    } else {
        Err(InvalidUsage::IdempotencyKey)
    }
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// HTTP's statuses.
pub const STATUS: (i64, i64) = (100, 599);
/// An hour: no request of ours lives longer.
pub const RESPONSE_MS: (i64, i64) = (0, 3_600_000);
/// A batch of a million predictions in one request; 10¹² such reports fit a sum.
pub const PREDICTIONS: (i64, i64) = (0, 1_000_000);
/// A day.
pub const COMPUTE_MS: (i64, i64) = (0, 86_400_000);
/// Endpoints of a key in a month that are told apart; the rest is [`Endpoint::other`]. A report that names paths with ids in them
/// would otherwise grow the database by a row per request.
pub const MOST_ENDPOINTS: usize = 100;
const OTHER: &str = "(other)";
/// A path of a route; longer ones hold ids, which would be told apart for nothing.
const MOST_ENDPOINT_CHARS: usize = 200;
/// Three UUIDs.
const MOST_IDEMPOTENCY_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_path_without_its_query() {
        let endpoint: Endpoint = "/predict?api_key=x".parse().unwrap();
        assert_eq!(endpoint.as_str(), "/predict");
        for bad in ["", " ", "?a", "/a\nb", &"x".repeat(201)] {
            assert_eq!(
                bad.parse::<Endpoint>(),
                Err(InvalidUsage::Endpoint),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn months_and_days_are_what_the_calendar_writes() {
        assert_eq!("2026-01".parse::<Period>().unwrap().as_str(), "2026-01");
        for bad in [
            "2026",
            "2026-13",
            "2026-1",
            "26-01",
            "2026-01-01",
            "+026-01",
        ] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
        assert_eq!(
            Day::parse("day", "2026-01-31").unwrap().period().as_str(),
            "2026-01"
        );
        for bad in ["2026-01", "2026-01-32", "2026-00-01", "2026-01-1"] {
            assert_eq!(
                Day::parse("day", bad),
                Err(InvalidUsage::Day("day")),
                "{bad}"
            );
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(Report::bounded("n", Some(599), STATUS), Ok(599));
        for bad in [None, Some(-1), Some(600)] {
            assert!(Report::bounded("n", bad, STATUS).is_err());
        }
    }

    #[test]
    fn an_idempotency_key_is_short_and_visible() {
        assert_eq!(idempotency_key("a-1"), Ok("a-1"));
        for bad in ["", "a b", "ä", &"x".repeat(129)] {
            assert!(idempotency_key(bad).is_err(), "{bad}");
        }
    }
}
