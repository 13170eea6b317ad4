//! Retention of the audit logs over HTTP: what was exported leaves the database, and the chain goes on from its hash.

use hokusai_store::audit::Entry;
use hokusai_store::audit::seal::{LEAST_AGE_MS, Sealing, Segment};
use hokusai_store::statement::Schema;
use hokusai_store::{Store, audit};
use serde_json::{Value, json};

use super::{hash, number};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::openapi::{Answer, Body, Field, Operation, Shape};

/// Seals everything up to an entry: it leaves the database, and the chain goes on from its hash. The caller has it in a file.
pub async fn seal(
    store: &Store,
    log: Schema,
    caller: &Caller,
    now_ms: i64,
    params: &Params,
) -> Result<Value, ApiError> {
    let segment = Segment {
        through: number(params, "through", 0, (1, i64::MAX))?,
        head: hash(params, "head")?,
        file_sha256: hash(params, "file_sha256")?,
    };
    // What is wrong with the log must not go with the evidence.
    let chain = store.read(move |tx| audit::verify(tx, log, None)).await?;
    if let Some(entry) = chain.first_break {
        return Err(ApiError::new(
            ErrorKind::InvalidState,
            format!(
                "the audit log is not whole, so nothing of it is sealed: entry {entry} was changed or is missing"
            ),
        ));
    }
    let by = Entry {
        at_ms: now_ms,
        actor: caller.key_id().to_owned(),
        action: String::new(),
        target: String::new(),
        client_ip: caller.client_ip().map(|ip| ip.to_string()),
    };
    let sealed = segment.clone();
    let outcome = store
        .write(move |tx| audit::seal::seal(tx, log, &sealed, by.clone()))
        .await?;
    let through = segment.through;
    match outcome {
        Sealing::Done => Ok(json!({"sealed": through, "head": segment.head})),
        Sealing::Unknown => Err(ApiError::new(
            ErrorKind::InvalidState,
            format!(
                "entry {through} of the audit log has another hash, or is not there: export again"
            ),
        )),
        Sealing::TooYoung => Err(ApiError::new(
            ErrorKind::InvalidState,
            format!(
                "entries stay {LEAST_DAYS} days at least: seal what ends before entry {through}"
            ),
        )),
    }
}

/// The same in days, for the message.
const LEAST_DAYS: i64 = LEAST_AGE_MS / 86_400_000;

/// For the document.
pub const SEAL: Operation = Operation {
    summary: "Lets go of old entries that were exported",
    description: "They leave the database; an entry of the log says which, with the hash over them and the digest of the file that \
                  holds them, and the chain goes on from there. Entries that are younger than 30 days stay.",
    body: Some(Body {
        is_required: true,
        fields: &[
            Field::always(
                "through",
                Shape::Integer(1, i64::MAX),
                "the number of the last entry to go",
            ),
            Field::always("head", Shape::Text, "its hash"),
            Field::always(
                "file_sha256",
                Shape::Text,
                "of the file that they were exported to",
            ),
        ],
    }),
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always(
            "sealed",
            Shape::Integer(1, i64::MAX),
            "the number of the last that went",
        ),
        Field::always("head", Shape::Text, "the hash from which the chain goes on"),
    ])),
    ..Operation::answering("", Shape::Any)
};
