//! Where a chain ends, as the database has it on record beside the entries: so that a cut-off end is seen.

use crate::statement::{Schema, Statement};
use crate::{StoreError, Tx, params};

/// The end of the log of keys.
pub(crate) mod auth {
    crate::statements! {
        Auth;
        /// The hash of the last entry.
        HEAD = "SELECT audit_head FROM auth_state WHERE id = 1";
        /// The same, locked.
        LOCK_HEAD = "UPDATE auth_state SET audit_head = audit_head WHERE id = 1 RETURNING audit_head";
        /// Moves it.
        SET_HEAD = "UPDATE auth_state SET audit_head = $1 WHERE id = 1";
    }

    pub(super) fn statements() -> super::Statements {
        [&HEAD, &LOCK_HEAD, &SET_HEAD]
    }
}

/// The end of the registry's log.
pub(crate) mod registry {
    crate::statements! {
        Registry;
        /// The hash of the last entry.
        HEAD = "SELECT head FROM audit_state WHERE id = 1";
        /// The same, locked.
        LOCK_HEAD = "UPDATE audit_state SET head = head WHERE id = 1 RETURNING head";
        /// Moves it.
        SET_HEAD = "UPDATE audit_state SET head = $1 WHERE id = 1";
    }

    pub(super) fn statements() -> super::Statements {
        [&HEAD, &LOCK_HEAD, &SET_HEAD]
    }
}

/// Reads, locks, moves.
type Statements = [&'static Statement; 3];

fn statements(log: Schema) -> Statements {
    match log {
        Schema::Auth => auth::statements(),
        Schema::Registry => registry::statements(),
    }
}

/// The hash on record; empty if there is no entry.
pub(super) fn get(tx: &mut dyn Tx, log: Schema) -> Result<Vec<u8>, StoreError> {
    let [head, _, _] = statements(log);
    tx.query_one(head, &[])?.bytes(0)
}

/// The hash on record, which nobody else moves until the transaction ends.
pub(super) fn lock(tx: &mut dyn Tx, log: Schema) -> Result<Vec<u8>, StoreError> {
    let [_, lock, _] = statements(log);
    tx.query_one(lock, &[])?.bytes(0)
}

/// Moves the end.
pub(super) fn set(tx: &mut dyn Tx, log: Schema, hash: Vec<u8>) -> Result<(), StoreError> {
    let [_, _, set] = statements(log);
    tx.execute(set, &params![hash]).map(drop)
}
