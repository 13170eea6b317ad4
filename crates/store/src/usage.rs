//! Reported usage, rolled up by key, day, service and endpoint.

use std::collections::{BTreeMap, BTreeSet};

use hokusai_core::usage::{Day, Endpoint, MOST_ENDPOINTS, Period, Report};

use crate::{Row, StoreError, Tx, params, statements};

statements! {
    Auth;
    /// Remembers a report; no row if it was counted before.
    SEE = "INSERT INTO usage_seen (token, day) VALUES ($1, $2) ON CONFLICT (token) DO NOTHING";
    /// Forgets reports that nobody repeats any more.
    FORGET = "DELETE FROM usage_seen WHERE day < $1";
    /// The endpoints of a key between two days.
    ENDPOINTS = "SELECT DISTINCT endpoint FROM usage_reports WHERE key_id = $1 AND day >= $2 AND day <= $3";
    /// Adds to the row of a day.
    ADD = "INSERT INTO usage_reports AS u (key_id, day, service_id, endpoint, requests, errors, response_ms, predictions, compute_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (key_id, day, service_id, endpoint) DO UPDATE SET requests = u.requests + excluded.requests,
               errors = u.errors + excluded.errors, response_ms = u.response_ms + excluded.response_ms,
               predictions = u.predictions + excluded.predictions, compute_ms = u.compute_ms + excluded.compute_ms";
    /// Rows of some keys between two days, summed by day and service.
    BY_DAY = "SELECT day, service_id, CAST(sum(requests) AS BIGINT), CAST(sum(errors) AS BIGINT), CAST(sum(response_ms) AS BIGINT),
                  CAST(sum(predictions) AS BIGINT), CAST(sum(compute_ms) AS BIGINT)
              FROM usage_reports WHERE key_id = ANY($1) AND day >= $2 AND day <= $3 GROUP BY day, service_id ORDER BY day, service_id";
    /// The endpoints of a key between two days, the busiest first.
    BY_ENDPOINT = "SELECT endpoint, CAST(sum(requests) AS BIGINT) AS total FROM usage_reports
                   WHERE key_id = $1 AND day >= $2 AND day <= $3 GROUP BY endpoint ORDER BY total DESC, endpoint LIMIT $4";
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The key that was used.
    pub key_id: String,
    /// When.
    pub day: Day,
    /// Which service.
    pub service_id: String,
    /// What of it.
    pub endpoint: Endpoint,
}

/// Sums over reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub requests: i64,
    /// How many of them failed.
    pub errors: i64,
    /// Milliseconds until they were answered.
    pub response_ms: i64,
    /// Predictions.
    pub predictions: i64,
    /// Milliseconds of computation.
    pub compute_ms: i64,
}

/// A report that is counted once however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// What makes a repetition recognisable: a hash over who reports and its idempotency key.
    pub token: [u8; 32],
    /// What it is about.
    pub subject: Subject,
    /// What it adds.
    pub totals: Totals,
}

impl Totals {
    /// What one report adds.
    pub fn of(report: &Report) -> Self {
        Self {
            requests: 1,
            errors: report.is_error().into(),
            response_ms: report.response_ms,
            predictions: report.predictions,
            compute_ms: report.compute_ms,
        }
    }

    /// Adds.
    pub const fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.response_ms = self.response_ms.saturating_add(other.response_ms);
        self.predictions = self.predictions.saturating_add(other.predictions);
        self.compute_ms = self.compute_ms.saturating_add(other.compute_ms);
    }
}

/// Adds reports to their days, in the order of the rows so that two replicas cannot deadlock.
pub fn record(
    tx: &mut dyn Tx,
    rolled: &[(Subject, Totals)],
    once: &[Once],
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<Subject, Totals> = BTreeMap::new();
    for (subject, totals) in rolled {
        sums.entry(subject.clone()).or_default().add(*totals);
    }
    let mut tokens: Vec<&Once> = once.iter().collect();
    tokens.sort_by_key(|report| report.token);
    for report in tokens {
        let is_new = tx.execute(&SEE, &params![report.token, report.subject.day.as_str()])? == 1;
        if is_new {
            sums.entry(report.subject.clone())
                .or_default()
                .add(report.totals);
        }
    }
    for (subject, totals) in capped(tx, sums)? {
        tx.execute(
            &ADD,
            &params![
                &subject.key_id,
                subject.day.as_str(),
                &subject.service_id,
                subject.endpoint.as_str(),
                totals.requests,
                totals.errors,
                totals.response_ms,
                totals.predictions,
                totals.compute_ms
            ],
        )?;
    }
    Ok(())
}

/// Forgets the tokens of reports from before `day`.
pub fn forget_before(tx: &mut dyn Tx, day: &Day) -> Result<u64, StoreError> {
    tx.execute(&FORGET, &params![day.as_str()])
}

/// The sums of some keys by day and service, both ends included.
pub fn by_day(
    tx: &mut dyn Tx,
    key_ids: &[String],
    from: &Day,
    until: &Day,
) -> Result<Vec<(Day, String, Totals)>, StoreError> {
    tx.query(
        &BY_DAY,
        &params![key_ids.to_vec(), from.as_str(), until.as_str()],
    )?
    .iter()
    .map(|row| Ok((day(row)?, row.text(1)?, totals(row)?)))
    .collect()
}

/// A key's busiest endpoints of a month and how often each was used.
pub fn top_endpoints(
    tx: &mut dyn Tx,
    key_id: &str,
    period: &Period,
    most: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let (first, last) = period.days();
    tx.query(
        &BY_ENDPOINT,
        &params![key_id, first.as_str(), last.as_str(), most],
    )?
    .iter()
    .map(|row| Ok((row.text(0)?, row.int(1)?)))
    .collect()
}

/// Sums in which no key has more than [`MOST_ENDPOINTS`] endpoints in a month.
fn capped(
    tx: &mut dyn Tx,
    sums: BTreeMap<Subject, Totals>,
) -> Result<BTreeMap<Subject, Totals>, StoreError> {
    let mut known: BTreeMap<(String, Period), BTreeSet<String>> = BTreeMap::new();
    let mut capped: BTreeMap<Subject, Totals> = BTreeMap::new();
    for (mut subject, totals) in sums {
        let month = (subject.key_id.clone(), subject.day.period());
        if !known.contains_key(&month) {
            known.insert(month.clone(), endpoints(tx, &month.0, &month.1)?);
        }
        let known = known.entry(month).or_default();
        if known.len() < MOST_ENDPOINTS {
            known.insert(subject.endpoint.as_str().to_owned());
        } else if !known.contains(subject.endpoint.as_str()) {
            subject.endpoint = Endpoint::other();
        }
        capped.entry(subject).or_default().add(totals);
    }
    Ok(capped)
}

fn endpoints(
    tx: &mut dyn Tx,
    key_id: &str,
    period: &Period,
) -> Result<BTreeSet<String>, StoreError> {
    let (first, last) = period.days();
    tx.query(&ENDPOINTS, &params![key_id, first.as_str(), last.as_str()])?
        .iter()
        .map(|row| row.text(0))
        .collect()
}

fn day(row: &Row) -> Result<Day, StoreError> {
    Day::parse("day", &row.text(0)?).map_err(|invalid| StoreError::Damaged {
        what: "usage report",
        reason: invalid.to_string(),
    })
}

fn totals(row: &Row) -> Result<Totals, StoreError> {
    Ok(Totals {
        requests: row.int(2)?,
        errors: row.int(3)?,
        response_ms: row.int(4)?,
        predictions: row.int(5)?,
        compute_ms: row.int(6)?,
    })
}
