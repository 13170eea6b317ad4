//! Writers: each makes a text of one form from a table.
//!
//! To add one: a file here with `pub fn write(table: &Table) -> String`, and a test that its text means the table.

pub mod toml;
