//! The `hokusai` binary.

fn main() {}
