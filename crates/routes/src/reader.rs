//! Readers: each makes a table of one form of text, and says with a place what it did not understand.
//!
//! To add one: a file here with `pub fn read(source: &Source) -> Reading`, which puts the source into the table's
//! `sources`, never panics, and reports what it can't represent as [`UNREADABLE`].

pub mod toml;

use crate::finding::{Code, Finding};
use crate::model::Table;
use crate::source::Source;

/// What a reader made of a text.
#[derive(Debug, Default)]
pub struct Reading {
    /// The table; without what could not be read.
    pub table: Table,
    /// What could not be read, and what was read in part.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Whether everything was read.
    pub fn is_complete(&self) -> bool {
        self.findings.iter().all(|finding| !finding.is_failure())
    }

    /// Adds what another text of the same table says; its sources must have other numbers.
    pub fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
        self.findings.extend(other.findings);
    }

    /// The reading of a text that is longer than [`MAX_SOURCE_BYTES`], if it is.
    pub(crate) fn too_large(source: &Source) -> Option<Self> {
        (source.text.len() > MAX_SOURCE_BYTES).then(|| {
            let message = format!("{} is larger than {MAX_SOURCE_BYTES} bytes", source.name);
            let finding = Finding::new(UNREADABLE, message, "split it into several files");
            Self {
                table: Table::default(),
                findings: vec![finding],
            }
        })
    }
}

/// A text, or a part of it, is not of the form that the reader knows.
pub const UNREADABLE: Code = Code("S001");
/// Largest text a reader accepts; the largest real table seen has 1,000 rules in 600 kB.
pub const MAX_SOURCE_BYTES: usize = 16 << 20;
/// Most rules in one table, an order above what a load balancer can be raised to.
pub const MAX_RULES: usize = 10_000;
