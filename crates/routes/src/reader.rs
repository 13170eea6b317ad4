//! Readers: each makes a table of one form of text, and says with a place what it did not understand.
//!
//! [`read`] takes the texts of one front door. To add a form: a file here with `pub fn read(sources: &[Source]) ->
//! Reading`, which puts the sources into the table's `sources` without their secrets, never panics, reports what it
//! can't represent as [`UNREADABLE`] and what the text leaves open as [`UNRESOLVED`], and guesses nothing; a line in
//! [`Form`]; examples; a fuzz target.

pub mod aws;
mod form;
mod json;
mod node;
mod notes;
mod redact;
pub mod terraform;
pub mod toml;
mod values;

pub use form::Form;

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

/// Reads the texts of one table, all of one form: the one given, or the one that they show.
pub fn read(sources: &[Source], form: Option<Form>) -> Reading {
    if let Some(refusal) = sources.iter().find_map(Reading::too_large) {
        return refusal;
    }
    let mut forms = Vec::new();
    for source in sources {
        match form.or_else(|| Form::of(source)) {
            Some(form) => forms.push(form),
            None => return Reading::of_no_form(source),
        }
    }
    let first = forms.first().copied().unwrap_or(Form::Toml);
    let others = forms.iter().zip(sources).skip(1);
    if let Some((other, source)) = others.into_iter().find(|(form, _)| **form != first) {
        return Reading::of_two_forms(first, *other, source);
    }
    let reading = match first {
        Form::Toml => toml::read_all(sources),
        Form::Aws => aws::read(sources),
        Form::TerraformPlan => terraform::plan::read(sources),
        Form::TerraformState => terraform::state::read(sources),
        Form::Terraform => terraform::source::read(sources),
    };
    reading.within_limits()
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

    fn refused(message: String, help: &str, source: &Source) -> Self {
        let span = source.span(0..0);
        Self {
            table: Table {
                sources: vec![redact::nothing_of(source)],
                ..Table::default()
            },
            findings: vec![Finding::new(UNREADABLE, message, help).at(Some(span))],
        }
    }

    /// The reading of a text that is longer than [`MAX_SOURCE_BYTES`], if it is.
    pub(crate) fn too_large(source: &Source) -> Option<Self> {
        (source.text.len() > MAX_SOURCE_BYTES).then(|| {
            let message = format!("{} is larger than {MAX_SOURCE_BYTES} bytes", source.name);
            Self::refused(message, "split it into several files", source)
        })
    }

    fn of_no_form(source: &Source) -> Self {
        // What is broken tells more than that no form is told.
        let notes = notes::Notes::default();
        if json::parse(source, &notes).is_none() {
            let mut reading = Self::refused(String::new(), "", source);
            reading.table.sources = vec![redact::nothing_shown(source)];
            reading.findings = notes.into_findings();
            return reading;
        }
        let message = format!("{} is of no form that is known", source.name);
        let help = format!("give --format with one of {}", Form::names());
        Self::refused(message, &help, source)
    }

    fn of_two_forms(first: Form, other: Form, source: &Source) -> Self {
        let message = format!(
            "{} is of the form `{}`, the files before it of the form `{}`",
            source.name,
            other.name(),
            first.name()
        );
        let help =
            "several files make one table when they are of one form; give intent with --intent";
        Self::refused(message, help, source)
    }

    fn within_limits(mut self) -> Self {
        let rules: usize = self.table.listeners.iter().map(|l| l.rules.len()).sum();
        if rules > MAX_RULES {
            let message = format!("{rules} rules are more than {MAX_RULES}");
            let finding = Finding::new(UNREADABLE, message, "split the table");
            self.findings.push(finding);
            self.table.listeners.clear();
        }
        self
    }
}

/// A text, or a part of it, is not of the form that the reader knows.
pub const UNREADABLE: Code = Code("S001");
/// The text leaves open what a part of the table is: nothing is guessed.
pub const UNRESOLVED: Code = Code("S002");
/// A part of the table is not in the texts.
pub const INCOMPLETE: Code = Code("S003");
/// Something was taken for granted on which no decision about a request depends. A note.
pub const ASSUMED: Code = Code("S004");
/// All codes with their titles, in order.
pub const CODES: [(Code, &str); 4] = [
    (UNREADABLE, "a text is not of the form that is read"),
    (
        UNRESOLVED,
        "the text leaves open what a part of the table is",
    ),
    (INCOMPLETE, "a part of the table is not in the texts"),
    (ASSUMED, "something was taken for granted"),
];
/// Largest text a reader accepts; the largest real table seen has 1,000 rules in 600 kB.
pub const MAX_SOURCE_BYTES: usize = 16 << 20;
/// Most rules in one table, an order above what a load balancer can be raised to.
pub const MAX_RULES: usize = 10_000;
