//! The append-only audit log: who did what to which key, from where, chained by hashes.
//!
//! Entries are written in the transaction of the change that they record. The database itself refuses to edit or cut them; the
//! chain shows it if somebody goes around the database.

use sha2::{Digest as _, Sha256};

use crate::{Row, StoreError, Tx, params, statements};

statements! {
    Auth;
    /// Adds an entry after the last.
    APPEND = "INSERT INTO audit (seq, at_ms, actor, action, target, client_ip, previous, hash)
              SELECT coalesce(max(seq), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT),
                     CAST($5 AS TEXT), $6, $7 FROM audit";
    /// Moves the head of the chain.
    SET_HEAD = "UPDATE auth_state SET audit_head = $1 WHERE id = 1";
    /// The head of the chain; the row is locked by whoever changes keys.
    HEAD = "SELECT audit_head FROM auth_state WHERE id = 1";
    /// A page of entries, oldest first.
    PAGE = "SELECT seq, at_ms, actor, action, target, client_ip, previous, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
}

/// Something that happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When; milliseconds since 1970.
    pub at_ms: i64,
    /// Id of the key that did it, or `bootstrap`, or `local` for a recovery command on the database itself.
    pub actor: String,
    /// What: `key.create`, `key.revoke`, `key.rotate`.
    pub action: String,
    /// Id of the key that it was done to.
    pub target: String,
    /// From where.
    pub client_ip: Option<String>,
}

/// An entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// What happened.
    pub entry: Entry,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

/// Appends an entry. The caller has locked the state row by writing to it first (see [`crate::keys`]).
pub(crate) fn append(tx: &mut dyn Tx, entry: &Entry) -> Result<(), StoreError> {
    let previous = tx.query_one(&HEAD, &[])?.bytes(0)?;
    let hash = chained(&previous, entry);
    tx.execute(
        &APPEND,
        &params![
            entry.at_ms,
            &entry.actor,
            &entry.action,
            &entry.target,
            entry.client_ip.clone(),
            previous,
            hash.clone()
        ],
    )?;
    tx.execute(&SET_HEAD, &params![hash])?;
    Ok(())
}

/// Entries after number `after`, oldest first, at most `limit`.
pub fn page(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<Recorded>, StoreError> {
    tx.query(&PAGE, &params![after, limit])?
        .iter()
        .map(read)
        .collect()
}

/// The number of the first entry that was changed, or one past the last when the end was cut off; `None` if the chain is whole.
pub fn first_break(tx: &mut dyn Tx) -> Result<Option<i64>, StoreError> {
    let mut head = Vec::new();
    let mut last = 0;
    loop {
        let entries = page(tx, last, VERIFY_PAGE)?;
        if entries.is_empty() {
            let recorded = tx.query_one(&HEAD, &[])?.bytes(0)?;
            return Ok((recorded != head).then_some(last + 1));
        }
        for recorded in entries {
            let is_whole = recorded.seq == last + 1
                && recorded.previous == head
                && recorded.hash == chained(&head, &recorded.entry);
            if !is_whole {
                return Ok(Some(last + 1));
            }
            last = recorded.seq;
            head = recorded.hash;
        }
    }
}

fn chained(previous: &[u8], entry: &Entry) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    for field in [
        entry.at_ms.to_string().as_str(),
        &entry.actor,
        &entry.action,
        &entry.target,
        entry.client_ip.as_deref().unwrap_or("-"),
    ] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().to_vec()
}

fn read(row: &Row) -> Result<Recorded, StoreError> {
    Ok(Recorded {
        seq: row.int(0)?,
        entry: Entry {
            at_ms: row.int(1)?,
            actor: row.text(2)?,
            action: row.text(3)?,
            target: row.text(4)?,
            client_ip: row.opt_text(5)?,
        },
        previous: row.bytes(6)?,
        hash: row.bytes(7)?,
    })
}

const VERIFY_PAGE: i64 = 1000;
