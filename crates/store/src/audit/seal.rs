//! Retention: what is old enough leaves the log as a segment that was exported and is sealed.
//!
//! A seal is an entry of the log itself. It names the last entry of the segment, the hash over all of them, and the digest of the file
//! that they were exported to. The database lets go of nothing that no seal names; the chain goes on from the hash in the seal.

use super::{Entry, append, hex, page};
use crate::statement::Schema;
use crate::{StoreError, Tx, params};

crate::statements! {
    Both;
    /// The hash of an entry, and the latest moment of all up to it.
    SEGMENT = "SELECT hash, (SELECT max(at_ms) FROM audit WHERE seq <= $1) FROM audit WHERE seq = $1";
    /// What seals say.
    SEALS = "SELECT target FROM audit WHERE action = 'audit.seal' ORDER BY seq DESC";
    /// Lets go of a segment.
    DROP_SEGMENT = "DELETE FROM audit WHERE seq <= $1";
}

/// What is to be sealed: every entry from the first that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The number of its last entry.
    pub through: i64,
    /// The hash over that and all before it, in hexadecimal.
    pub head: String,
    /// SHA-256 of the file that holds it, in hexadecimal.
    pub file_sha256: String,
}

/// What became of a request to seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// The segment is sealed and gone from the database.
    Done,
    /// No entry has that number and hash.
    Unknown,
    /// Something in it is younger than [`LEAST_AGE_MS`].
    TooYoung,
}

/// Seals a segment and lets go of it, in the name of `by` (its action and target are set here). The caller has verified the log.
pub fn seal(
    tx: &mut dyn Tx,
    log: Schema,
    segment: &Segment,
    by: Entry,
) -> Result<Sealing, StoreError> {
    super::head::lock(tx, log)?;
    let Some(row) = tx.query_opt(&SEGMENT, &params![segment.through])? else {
        return Ok(Sealing::Unknown);
    };
    if hex(&row.bytes(0)?) != segment.head {
        return Ok(Sealing::Unknown);
    }
    if row.int(1)? > by.at_ms - LEAST_AGE_MS {
        return Ok(Sealing::TooYoung);
    }
    let said = Entry {
        action: ACTION.to_owned(),
        target: format!(
            "{}, file {}",
            sealed_text(segment.through, &segment.head),
            segment.file_sha256
        ),
        ..by
    };
    append(tx, log, &said)?;
    tx.execute(&DROP_SEGMENT, &params![segment.through])?;
    Ok(Sealing::Done)
}

/// Where the chain begins: after entry 0, or after the last sealed one. `Err` holds the number of an entry that is gone without a seal.
pub(super) fn beginning(tx: &mut dyn Tx) -> Result<Result<(i64, Vec<u8>), i64>, StoreError> {
    let Some(first) = page(tx, 0, 1)?.pop().filter(|first| first.seq > 1) else {
        return Ok(Ok((0, Vec::new())));
    };
    let gone = first.seq - 1;
    let expected = sealed_text(gone, &hex(&first.previous));
    let seals = tx.query(&SEALS, &[])?;
    for row in &seals {
        let target = row.text(0)?;
        // Behind it stands the file's digest.
        if target
            .strip_prefix(&expected)
            .is_some_and(|rest| rest.starts_with(','))
        {
            return Ok(Ok((gone, first.previous)));
        }
    }
    Ok(Err(gone))
}

/// The database's trigger reads the number at its beginning.
fn sealed_text(through: i64, head: &str) -> String {
    format!("{through} entries, head {head}")
}

/// The action of a seal; the database's trigger knows it too.
const ACTION: &str = "audit.seal";

/// Whoever steals an administrator's key can't make what they did disappear: a month is long enough to notice.
pub const LEAST_AGE_MS: i64 = 30 * 86_400_000;
