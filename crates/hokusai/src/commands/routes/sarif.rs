//! Findings as SARIF 2.1.0, which code hosts show beside the lines of a change.

use hokusai_routes::finding::{Finding, Severity};
use hokusai_routes::findings::CODES;
use hokusai_routes::model::Table;
use hokusai_routes::source::Source;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

/// The log of one run. No text of the sources is in it: a line may hold what must not be published.
pub(super) fn log(found: &[Finding], table: &Table) -> Value {
    let rules: Vec<Value> = CODES
        .iter()
        .map(|(code, title)| json!({ "id": code.0, "shortDescription": { "text": title } }))
        .collect();
    let results: Vec<Value> = found.iter().map(|finding| result(finding, table)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "hokusai",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, table: &Table) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "ruleId": finding.code.0,
        "level": level,
        "message": { "text": format!("{}. To do: {}", finding.message, finding.help) },
        "locations": location(finding, table).map_or(Vec::new(), |location| vec![location]),
        "properties": {
            "witness": finding.witness.as_ref().map(ToString::to_string),
            "listener": finding.listener,
            "rule": finding.rule,
            "reaches": finding.reaches,
            "expected": finding.expected,
            "repair": finding.fix.as_ref().map(|fix| &fix.summary),
        },
    })
}

/// The place of the finding; the first source as a whole when it has none, since code hosts drop results without.
fn location(finding: &Finding, table: &Table) -> Option<Value> {
    let place = finding.span.and_then(|span| {
        let source = table.source_of(span)?;
        Some((source, source.place(span)?))
    });
    let Some((source, place)) = place else {
        let source = table.sources.first()?;
        return Some(json!({ "physicalLocation": { "artifactLocation": { "uri": uri(source) } } }));
    };
    Some(json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(source) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.column + place.width,
        },
    } }))
}

fn uri(source: &Source) -> String {
    utf8_percent_encode(&source.name, NOT_IN_PATHS).to_string()
}

const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
