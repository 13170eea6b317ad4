//! The forms of text, and how they are told apart.

use super::node::Node;
use super::notes::Notes;
use super::terraform::{plan, source, state};
use super::{aws, json};
use crate::source::Source;

/// A form of text that a table is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Our own TOML.
    Toml,
    /// The JSON that `aws elbv2 describe-…` prints.
    Aws,
    /// What `terraform show -json` prints of a plan.
    TerraformPlan,
    /// What `terraform show -json` prints of a state.
    TerraformState,
    /// Terraform's source, in its own syntax or in JSON.
    Terraform,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Toml,
        Self::Aws,
        Self::TerraformPlan,
        Self::TerraformState,
        Self::Terraform,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toml => "toml",
            Self::Aws => "aws",
            Self::TerraformPlan => "terraform-plan",
            Self::TerraformState => "terraform-state",
            Self::Terraform => "terraform",
        }
    }

    /// The names of all, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The form of a text, by the name of its file and then by its content; `None` when it is none.
    pub fn of(source: &Source) -> Option<Self> {
        if has_ending(&source.name, ".toml") {
            return Some(Self::Toml);
        }
        if has_ending(&source.name, ".tf") || has_ending(&source.name, ".tf.json") {
            return Some(Self::Terraform);
        }
        let is_json = source.text.trim_start().starts_with('{');
        if is_json {
            return json::parse(source, &Notes::default()).and_then(|document| of_json(&document));
        }
        Some(if looks_like_hcl(&source.text) {
            Self::Terraform
        } else {
            Self::Toml
        })
    }
}

/// Whether a text has a line that begins a block of Terraform, which no line of TOML can.
fn looks_like_hcl(text: &str) -> bool {
    let blocks = [
        "resource \"",
        "variable \"",
        "module \"",
        "data \"",
        "locals {",
    ];
    text.lines()
        .any(|line| blocks.iter().any(|block| line.starts_with(block)))
}

fn of_json(document: &Node) -> Option<Form> {
    let forms = [
        (plan::recognizes(document), Form::TerraformPlan),
        (state::recognizes(document), Form::TerraformState),
        (aws::recognizes(document), Form::Aws),
        (source::recognizes(document), Form::Terraform),
    ];
    forms
        .into_iter()
        .find_map(|(is_it, form)| is_it.then_some(form))
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}
