//! `hokusai keys usage`.

use clap::Args;

use super::door::Door;
use super::show::segment;
use super::table::{print_json, print_rows, text};
use crate::exit::{Exit, Failure};

/// Which key, and when.
#[derive(Args)]
pub(super) struct Usage {
    /// Its id, as `hokusai keys list` prints it.
    id: String,
    /// A month as YYYY-MM; this one if nothing is said.
    #[arg(long, value_name = "MONTH")]
    period: Option<String>,
}

/// Shows how much a key was used.
pub(super) async fn run(door: &Door, usage: &Usage, json: bool) -> anyhow::Result<Exit> {
    let mut path = format!("/api/v1/usage/{}/stats", segment(&usage.id)?);
    if let Some(period) = &usage.period {
        let is_plain = period
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_plain {
            return Err(Failure::usage(
                format!("`{period}` is not a month"),
                "write it like 2026-01",
            ));
        }
        path.push_str("?period=");
        path.push_str(period);
    }
    let answer = door.ask("GET", &path, None).await?;
    if json {
        print_json(&answer)?;
        return Ok(Exit::Fine);
    }
    let mut rows: Vec<Vec<String>> = FIELDS
        .iter()
        .map(|(title, field)| vec![(*title).to_owned(), text(&answer, field)])
        .collect();
    let endpoints = answer.get("top_endpoints").and_then(|list| list.as_array());
    rows.extend(endpoints.into_iter().flatten().map(|endpoint| {
        vec![
            format!("  {}", text(endpoint, "endpoint")),
            text(endpoint, "requests"),
        ]
    }));
    print_rows(&rows);
    Ok(Exit::Fine)
}

const FIELDS: [(&str, &str); 9] = [
    ("key", "key_id"),
    ("month", "period"),
    ("requests let through", "total_requests"),
    ("requests refused", "total_refusals"),
    ("uses reported", "reported_requests"),
    ("predictions", "total_predictions"),
    ("computation, ms", "total_compute_ms"),
    ("average answer, ms", "average_response_time_ms"),
    ("share of errors", "error_rate"),
];
