//! A page of its own: no scripts, nothing loaded, light and dark, readable by a screen reader.

use std::fmt::Write as _;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::Report;
use super::sentence::{Piece, escape_markup, pieces, prose};
use crate::verdict::{Overall, State};

pub(super) fn write(report: &Report<'_>) -> String {
    let (word, class) = match report.verdict.overall() {
        Overall::Passed => ("Passed", "passed"),
        Overall::Failed => ("Failed", "failed"),
        Overall::Incomplete => ("Incomplete", "incomplete"),
    };
    // The one style is named by its hash, so that text which slipped into the page could bring none of its own.
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{word}: Model Registration Test Report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    put(
        &mut page,
        &format!(
            "<header class=\"{class}\">\n<p class=\"eyebrow\">hokusai verify</p>\n<h1>Model Registration Test Report</h1>"
        ),
    );
    put(
        &mut page,
        &format!(
            "<p class=\"status\"><span class=\"badge\">{word}</span> {}</p>",
            escape_markup(&report.summary())
        ),
    );
    about(report, &mut page);
    put(&mut page, "</header>\n<main>");
    counts(report, &mut page);
    causes(report, &mut page);
    results(report, &mut page);
    put(&mut page, "</main>");
    put(
        &mut page,
        &format!(
            "<footer><p>Written by hokusai verify {} on {}. It holds no key, and loads nothing.</p></footer>\n</body>\n</html>",
            env!("CARGO_PKG_VERSION"),
            report.moment()
        ),
    );
    page
}

fn about(report: &Report<'_>, page: &mut String) {
    let key = report.masked_key.as_deref().unwrap_or("none");
    put(page, "<dl class=\"about\">");
    for (term, value) in [
        ("Date", report.date()),
        ("API key", key.to_owned()),
        ("Auth", report.deployment.auth.to_string()),
        ("Registry", report.deployment.registry.to_string()),
    ] {
        put(
            page,
            &format!(
                "<div><dt>{term}</dt><dd><code>{}</code></dd></div>",
                escape_markup(&value)
            ),
        );
    }
    put(page, "</dl>");
}

fn counts(report: &Report<'_>, page: &mut String) {
    put(
        page,
        "<ul class=\"counts\" aria-label=\"Checks by outcome\">",
    );
    for state in [State::Passed, State::Failed, State::NotRun, State::Noted] {
        let (word, class, _) = mark(state);
        let count = report.verdict.count(state);
        // A nought is no news, whatever its colour would be.
        let class = if count == 0 { "none" } else { class };
        put(
            page,
            &format!("<li class=\"{class}\"><strong>{count}</strong> {word}</li>"),
        );
    }
    put(page, "</ul>");
}

fn causes(report: &Report<'_>, page: &mut String) {
    if report.causes.is_empty() {
        return;
    }
    put(
        page,
        "<section aria-labelledby=\"why\">\n<h2 id=\"why\">Why</h2>",
    );
    for (index, cause) in report.causes.iter().enumerate() {
        let (class, label) = if index == 0 {
            ("cause root", "Root cause")
        } else {
            ("cause", "Also seen")
        };
        put(
            page,
            &format!(
                "<article class=\"{class}\">\n<h3><span class=\"label\">{label}</span> <code>{}</code></h3>",
                cause.code
            ),
        );
        put(
            page,
            &format!(
                "<p class=\"sentence\">{}</p>",
                inline(&prose(&cause.sentence))
            ),
        );
        if !cause.evidence.is_empty() {
            put(page, "<h4>Evidence</h4>\n<ul>");
            for evidence in &cause.evidence {
                put(page, &format!("<li>{}</li>", inline(evidence)));
            }
            put(page, "</ul>");
        }
        put(
            page,
            &format!(
                "<h4>What to do</h4>\n<p class=\"fix\">{}</p>\n</article>",
                inline(&prose(&cause.fix))
            ),
        );
    }
    put(page, "</section>");
}

fn results(report: &Report<'_>, page: &mut String) {
    put(
        page,
        "<section aria-labelledby=\"results\">\n<h2 id=\"results\">Test results</h2>",
    );
    let mut area = None;
    for check in &report.verdict.checks {
        if area != Some(check.area) {
            if area.is_some() {
                put(page, "</tbody></table></div>");
            }
            area = Some(check.area);
            let title = check.area.title();
            put(
                page,
                &format!(
                    "<div class=\"table\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\"><table>\n<caption>{title}</caption>\n<thead><tr><th scope=\"col\">Test</th><th scope=\"col\">Result</th><th scope=\"col\">Details</th></tr></thead>\n<tbody>"
                ),
            );
        }
        let (word, class, sign) = mark(check.state);
        put(
            page,
            &format!(
                "<tr class=\"{class}\"><th scope=\"row\">{}</th><td class=\"result\"><span aria-hidden=\"true\">{sign}</span> {word}</td><td>{}</td></tr>",
                inline(&check.title),
                inline(&check.detail)
            ),
        );
    }
    if area.is_some() {
        put(page, "</tbody></table></div>");
    }
    put(page, "</section>");
}

fn mark(state: State) -> (&'static str, &'static str, &'static str) {
    match state {
        State::Passed => ("passed", "passed", "✓"),
        State::Failed => ("failed", "failed", "✗"),
        State::NotRun => ("not run", "not-run", "–"),
        State::Noted => ("noted", "noted", "·"),
    }
}

fn inline(sentence: &str) -> String {
    pieces(sentence)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => escape_markup(text),
            Piece::Code(text) => format!("<code>{}</code>", escape_markup(text)),
        })
        .collect()
}

fn put(page: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(page, "{text}");
}

const STYLE: &str = include_str!("html/style.css");
