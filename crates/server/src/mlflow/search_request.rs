//! What all searches have in common: the page that is asked for, and the answer's shape.

use hokusai_core::experiment::Lifecycle;
use hokusai_store::search_sql::{Page, View};
use serde_json::{Map, Value};

use super::page_token;
use crate::error::ApiError;
use crate::json::{Params, wrong_type};

/// The page that is asked for, with one entry more: it tells whether there is a next page.
pub(super) fn page(params: &Params, default: i64) -> Result<Page, ApiError> {
    let wanted = params.opt_i64("max_results")?.unwrap_or(default);
    let refuse = |rule: &str| {
        ApiError::invalid(format!(
            "Invalid value {wanted} for parameter 'max_results' supplied. {rule}"
        ))
    };
    if wanted < 1 {
        return Err(refuse("It must be a positive integer"));
    }
    if wanted > MOST_RESULTS {
        return Err(refuse(&format!("It must be at most {MOST_RESULTS}")));
    }
    page_of(params, wanted)
}

/// A page of so many entries, with one entry more.
pub(crate) fn page_of(params: &Params, wanted: i64) -> Result<Page, ApiError> {
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    Ok(Page {
        offset,
        limit: wanted + 1,
    })
}

/// How many models or versions are wanted; more than `most` is a value of the wrong type in the real server's eyes.
pub(super) fn wanted(params: &Params, default: i64, most: i64) -> Result<i64, ApiError> {
    let wanted = params.opt_i64("max_results")?.unwrap_or(default);
    if wanted > most {
        return Err(wrong_type("max_results", &wanted.into()));
    }
    Ok(wanted)
}

/// Which lifecycles are wanted; as at the real server, what is not known means the active ones.
pub(super) fn view(params: &Params, name: &str) -> View {
    match params.value(name) {
        Some(Value::String(text)) => match text.as_str() {
            "DELETED_ONLY" | "2" => Some(Lifecycle::Deleted),
            "ALL" | "3" => None,
            _ => Some(Lifecycle::Active),
        },
        Some(Value::Number(number)) => match number.as_i64() {
            Some(2) => Some(Lifecycle::Deleted),
            Some(3) => None,
            _ => Some(Lifecycle::Active),
        },
        _ => Some(Lifecycle::Active),
    }
}

/// The answer: entries under `name`, and the token of the next page if there is one.
pub(crate) fn answer(name: &str, page: Page, mut found: Vec<Value>) -> Value {
    let mut body = Map::new();
    if let Some(token) = cut(page, &mut found) {
        body.insert("next_page_token".to_owned(), token.into());
    }
    if !found.is_empty() {
        body.insert(name.to_owned(), found.into());
    }
    body.into()
}

/// Leaves of what was found what was asked for; answers the token of the next page if there is one.
pub(super) fn cut<T>(page: Page, found: &mut Vec<T>) -> Option<String> {
    let wanted = page.limit - 1;
    let most = usize::try_from(wanted).unwrap_or(usize::MAX);
    (found.len() > most).then(|| {
        found.truncate(most);
        page_token::encode(page.offset.saturating_add(wanted))
    })
}

/// The real server's limit.
const MOST_RESULTS: i64 = 50_000;

/// As many as a page of experiments holds.
pub(super) const MOST_EXPERIMENTS: usize = 50_000;
