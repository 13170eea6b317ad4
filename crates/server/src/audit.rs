//! The audit logs of both services over HTTP: pages, whether the chain is whole, retention, and the chain's end for the program's log.

pub mod seal;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hokusai_store::statement::Schema;
use hokusai_store::{Store, StoreError, audit};
use serde_json::{Value, json};

use crate::auth::view::iso;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::openapi::{Answer, Field, Operation, Shape};

/// Entries after number `after`, oldest first.
pub async fn list(store: &Store, params: &Params) -> Result<Value, ApiError> {
    let limit = number(params, "limit", 100, (1, MOST_ENTRIES))?;
    let after = number(params, "after", 0, (0, i64::MAX))?;
    let entries = store.read(move |tx| audit::page(tx, after, limit)).await?;
    let entries: Vec<Value> = entries
        .iter()
        .map(|recorded| {
            json!({
                "seq": recorded.seq,
                "at": iso(recorded.entry.at_ms),
                "at_ms": recorded.entry.at_ms,
                "actor": recorded.entry.actor,
                "action": recorded.entry.action,
                "target": recorded.entry.target,
                "client_ip": recorded.entry.client_ip,
                "hash": recorded.hash(),
            })
        })
        .collect();
    Ok(json!({"entries": entries}))
}

/// Walks along the whole chain of hashes.
pub async fn verify(store: &Store, log: Schema, params: &Params) -> Result<Value, ApiError> {
    let head = params
        .opt_str("head")?
        .map(|_| hash(params, "head"))
        .transpose()?;
    let asked = head.clone();
    let chain = store
        .read(move |tx| audit::verify(tx, log, asked.as_deref()))
        .await?;
    let is_whole = chain.first_break.is_none() && (head.is_none() || chain.found.is_some());
    Ok(json!({
        "is_whole": is_whole,
        "entries": chain.entries,
        "sealed": chain.sealed,
        "head": chain.head,
        "first_break": chain.first_break,
        "found": chain.found,
    }))
}

/// Names the end of a chain in the program's log whenever it moved: whoever keeps that log can show that an end was cut off.
#[derive(Clone)]
pub struct Anchor {
    store: Store,
    log: Schema,
    /// The number of the entry that was named last.
    named: Arc<AtomicI64>,
}

impl Anchor {
    /// For the log in `store`. Whoever makes it calls [`Anchor::name`] every [`ANCHOR_MS`].
    pub fn new(store: Store, log: Schema) -> Self {
        Self {
            store,
            log,
            named: Arc::default(),
        }
    }

    /// Names the end if it moved.
    pub async fn name(&self) -> Result<(), StoreError> {
        let Some((seq, hash)) = self.store.read(|tx| audit::head(tx)).await? else {
            return Ok(());
        };
        if self.named.swap(seq, Ordering::Relaxed) != seq {
            tracing::info!(
                audit.log = self.log.name(), audit.seq = seq, audit.head = %hash,
                "the audit log of {} ends with entry {seq}, {hash}", self.log.name()
            );
        }
        Ok(())
    }
}

/// How often the end of a chain is named.
pub const ANCHOR_MS: u64 = 60_000;

/// For the document.
pub const VERIFY: Operation = Operation {
    summary: "Whether the audit log is whole",
    query: &[Field::maybe(
        "head",
        Shape::Text,
        "the hash of an entry that was there once, and must still be",
    )],
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always("is_whole", Shape::Boolean, ""),
        Field::always(
            "entries",
            Shape::Integer(0, i64::MAX),
            "how many hold together from the first on, sealed ones included",
        ),
        Field::always(
            "sealed",
            Shape::Integer(0, i64::MAX),
            "how many of them were sealed, and are not here any more",
        ),
        Field::always("head", Shape::Text, "the hash over them"),
        Field::always(
            "first_break",
            Shape::Nullable(&Shape::Integer(1, i64::MAX)),
            "the first that was changed or is missing",
        ),
        Field::always(
            "found",
            Shape::Nullable(&Shape::Integer(1, i64::MAX)),
            "the entry with the hash that was asked for",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};

fn hash(params: &Params, field: &str) -> Result<String, ApiError> {
    let raw = params.opt_str(field)?.unwrap_or_default();
    if raw.len() == 64 && raw.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(raw.to_ascii_lowercase());
    }
    Err(unprocessable(format!(
        "`{field}` must be a hash as the log and `hokusai audit list` show it: 64 hexadecimal digits"
    )))
}

fn unprocessable(sentence: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Unprocessable, sentence)
}

fn number(
    params: &Params,
    field: &str,
    missing: i64,
    (least, most): (i64, i64),
) -> Result<i64, ApiError> {
    let asked = params
        .opt_i64(field)
        .ok()
        .map(|asked| asked.unwrap_or(missing));
    asked
        .filter(|asked| (least..=most).contains(asked))
        .ok_or_else(|| {
            unprocessable(format!(
                "`{field}` must be a whole number from {least} to {most}"
            ))
        })
}

/// A page that fits a screen a hundred times over.
const MOST_ENTRIES: i64 = 1000;

const ENTRY: Shape = Shape::Object(&[
    Field::always(
        "seq",
        Shape::Integer(1, i64::MAX),
        "its number, without gaps",
    ),
    Field::always("at", Shape::Time, ""),
    Field::always(
        "at_ms",
        Shape::Integer(0, i64::MAX),
        "the same in milliseconds since 1970, as the hash covers it",
    ),
    Field::always(
        "actor",
        Shape::Text,
        "the key that did it, or `bootstrap`, `local` or `no-auth`",
    ),
    Field::always("action", Shape::Text, ""),
    Field::always("target", Shape::Text, "what it was done to"),
    Field::always("client_ip", Shape::Nullable(&Shape::Text), ""),
    Field::always("hash", Shape::Text, "over this entry and all before it"),
]);

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Who did what, oldest first",
    query: &[
        Field::maybe(
            "after",
            Shape::Integer(0, i64::MAX),
            "the number of the last entry of the page before",
        ),
        Field::maybe(
            "limit",
            Shape::Integer(1, MOST_ENTRIES),
            "100 if nothing is said",
        ),
    ],
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[Field::always(
        "entries",
        Shape::List(&Shape::Named("AuditEntry", &ENTRY)),
        "",
    )])),
    ..Operation::answering("", Shape::Any)
};
