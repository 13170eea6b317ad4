//! # R009: nothing says what the table is meant to do
//!
//! Without intent nothing can be proven about where requests go.
//!
//! Instead: an `[intent."host"]` section for each host, with `may` and `must`.

use crate::finding::{Code, Finding, Severity};
use crate::model::Table;

pub(super) const CODE: Code = Code("R009");

pub(super) fn check(table: &Table) -> Option<Finding> {
    table.intent.is_empty().then(|| {
        Finding::new(
            CODE,
            "the table has no intent, so nothing is proven about where its requests go",
            "add `[intent.\"auth.example.com\"]` with `may = [\"auth\"]` for each host",
        )
        .severity(Severity::Note)
    })
}
