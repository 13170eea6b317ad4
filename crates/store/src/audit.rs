//! The append-only audit logs: who did what to which key (auth) or model, version, alias, run or file (registry), from where,
//! chained by hashes. Each database has one of its own.
//!
//! Entries are written in the transaction of the change that they record. The database itself refuses to edit or cut them; the
//! chain shows it if somebody goes around the database.

use sha2::{Digest as _, Sha256};

use crate::statement::Schema;
use crate::{Row, StoreError, Tx, params, statements};

pub(crate) mod head;
pub mod seal;

statements! {
    Both;
    /// Adds an entry after the last.
    APPEND = "INSERT INTO audit (seq, at_ms, actor, action, target, client_ip, previous, hash)
              SELECT coalesce(max(seq), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT),
                     CAST($5 AS TEXT), $6, $7 FROM audit";
    /// The last entry.
    LAST = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    /// A page of entries, oldest first.
    PAGE = "SELECT seq, at_ms, actor, action, target, client_ip, previous, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When; milliseconds since 1970.
    pub at_ms: i64,
    /// Id of the key that did it, or `bootstrap`, or `local` for a recovery command on the database itself, or `no-auth`.
    pub actor: String,
    /// What: `key.create`, `alias.set`.
    pub action: String,
    /// To what: a key's id, a model's name and version.
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

impl Recorded {
    /// The hash over this entry and all before it, in hexadecimal.
    pub fn hash(&self) -> String {
        hex(&self.hash)
    }
}

/// Appends an entry to the log of this database, and locks the end of the chain until the transaction ends: what else the
/// transaction locks it locks before, or two of them could wait for one another.
pub fn append(tx: &mut dyn Tx, log: Schema, entry: &Entry) -> Result<(), StoreError> {
    let previous = head::lock(tx, log)?;
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
    head::set(tx, log, hash)
}

/// Entries after number `after`, oldest first, at most `limit`.
pub fn page(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<Recorded>, StoreError> {
    tx.query(&PAGE, &params![after, limit])?
        .iter()
        .map(read)
        .collect()
}

/// What a walk along the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// How many entries hold together, from the first on; sealed ones count.
    pub entries: i64,
    /// How many of them are sealed, and not in the database any more.
    pub sealed: i64,
    /// The hash over all of them, in hexadecimal; empty if there are none.
    pub head: String,
    /// The number of the first entry that was changed, or one past the last when the end was cut off.
    pub first_break: Option<i64>,
    /// The number of the entry whose hash was asked for, if it is there.
    pub found: Option<i64>,
}

/// Walks along the chain. `head` is a hash in hexadecimal that once was the head: it must still be there, even if somebody cut the
/// end off and moved the recorded head back.
pub fn verify(tx: &mut dyn Tx, log: Schema, head: Option<&str>) -> Result<Chain, StoreError> {
    let (sealed, mut hash) = match seal::beginning(tx)? {
        Ok(beginning) => beginning,
        Err(gone) => {
            return Ok(Chain {
                entries: 0,
                sealed: 0,
                head: String::new(),
                first_break: Some(gone),
                found: None,
            });
        }
    };
    let mut last = sealed;
    let is_asked_for = |hash: &[u8]| head.is_some_and(|head| head == hex(hash));
    let mut found = is_asked_for(&hash).then_some(last);
    let chain = |entries, hash: &[u8], first_break, found| Chain {
        entries,
        sealed,
        head: hex(hash),
        first_break,
        found,
    };
    loop {
        let entries = page(tx, last, VERIFY_PAGE)?;
        if entries.is_empty() {
            let recorded = head::get(tx, log)?;
            let is_cut = recorded != hash;
            return Ok(chain(last, &hash, is_cut.then_some(last + 1), found));
        }
        for recorded in entries {
            let is_whole = recorded.seq == last + 1
                && recorded.previous == hash
                && recorded.hash == chained(&hash, &recorded.entry);
            if !is_whole {
                return Ok(chain(last, &hash, Some(last + 1), found));
            }
            last = recorded.seq;
            hash = recorded.hash;
            if is_asked_for(&hash) {
                found = Some(last);
            }
        }
    }
}

/// The number and the hash, in hexadecimal, of the last entry; none if there is none.
pub fn head(tx: &mut dyn Tx) -> Result<Option<(i64, String)>, StoreError> {
    tx.query_opt(&LAST, &[])?
        .map(|row| Ok((row.int(0)?, hex(&row.bytes(1)?))))
        .transpose()
}

/// The number of the first entry that was changed, or one past the last when the end was cut off; `None` if the chain is whole.
pub fn first_break(tx: &mut dyn Tx, log: Schema) -> Result<Option<i64>, StoreError> {
    Ok(verify(tx, log, None)?.first_break)
}

/// The schema's version that brought its log.
pub const fn since(log: Schema) -> i64 {
    match log {
        Schema::Auth => 1,
        Schema::Registry => 5,
    }
}

/// Records in a restored database that it is one.
pub fn record_restore(
    tx: &mut dyn Tx,
    log: Schema,
    backup: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let entry = Entry {
        at_ms: now_ms,
        actor: "local".to_owned(),
        action: "database.restore".to_owned(),
        target: backup.to_owned(),
        client_ip: None,
    };
    append(tx, log, &entry)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The hash over an entry and, through `previous`, over all before it; that of the first is over nothing before it.
pub fn chained(previous: &[u8], entry: &Entry) -> Vec<u8> {
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
