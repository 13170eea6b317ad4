//! `hokusai routes convert`.

use clap::{Args, ValueEnum};
use hokusai_routes::finding::Finding;
use hokusai_routes::model::Table;
use hokusai_routes::writer::{self, Writing};
use serde_json::json;

use super::render;
use super::tables::Tables;
use crate::exit::Exit;

/// Which table, and in which form it is written.
#[derive(Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    tables: Tables,
    /// The form.
    #[arg(long, value_enum)]
    to: Form,
    /// As JSON: the text, and what could not be expressed.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Our own TOML.
    Toml,
    /// Terraform's JSON form, `*.tf.json`.
    Terraform,
    /// An `haproxy.cfg`.
    Haproxy,
    /// Envoy's bootstrap as JSON.
    Envoy,
}

/// Prints the text to stdout and notes to stderr; ends with 1, and prints no text, when the form can't express all.
pub(super) fn run(arguments: &Convert) -> anyhow::Result<Exit> {
    let table = arguments.tables.read_all()?.table;
    let writing = write(&table, arguments.to);
    let is_complete = writing.is_complete();
    if arguments.json {
        let text = is_complete.then_some(&writing.text);
        let answer = json!({ "text": text, "findings": writing.findings });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        for finding in &writing.findings {
            eprint!("{}", render::finding(finding, &table));
        }
        if is_complete {
            print!("{}", writing.text);
        } else {
            let refused = writing.findings.iter().filter(|f| Finding::is_failure(f));
            eprintln!(
                "not written: {} of its parts can't be expressed",
                refused.count()
            );
        }
    }
    Ok(if is_complete {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn write(table: &Table, form: Form) -> Writing {
    match form {
        Form::Toml => Writing {
            text: writer::toml::write(table),
            findings: Vec::new(),
        },
        Form::Terraform => writer::terraform::write(table),
        Form::Haproxy => writer::haproxy::write(table),
        Form::Envoy => writer::envoy::write(table),
    }
}
