//! What can go wrong in the store, seen from an operation's caller.

/// A failure of the store itself. A row that is absent is not one: that is `Ok(None)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached: nothing was written. A retry can help.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the driver said; holds no parameter values.
        reason: String,
    },
    /// The database went away while it committed: the write is there or it is not.
    #[error("the database went away during the commit: {reason}")]
    OutcomeUnknown {
        /// What the driver said.
        reason: String,
    },
    /// More requests wait than the store may hold. A retry can help.
    #[error("the database is busy: {waiting} requests wait already")]
    Busy {
        /// How many requests wait.
        waiting: usize,
    },
    /// The disk or the quota is full: the write did not happen.
    #[error("the database has no space left: free some and try again")]
    Full,
    /// A statement failed: a bug here, or a damaged database.
    #[error("the database refused statement `{statement}`: {reason}")]
    Statement {
        /// Name of the statement's constant.
        statement: String,
        /// What the driver said; holds no parameter values.
        reason: String,
    },
    /// A column does not hold what the operation expects.
    #[error("column {column} holds {found} where {expected} was expected")]
    Decode {
        /// Position of the column, from 0.
        column: usize,
        /// What the operation asked for.
        expected: &'static str,
        /// What the row holds.
        found: &'static str,
    },
    /// A stored value breaks a rule of the domain.
    #[error("stored {what} is damaged: {reason}")]
    Damaged {
        /// What was read, in the words of the domain.
        what: &'static str,
        /// Which rule it breaks.
        reason: String,
    },
    /// The operation panicked; its transaction was rolled back.
    #[error("the operation failed unexpectedly and was rolled back")]
    Panicked,
}
