//! The picture as text: for each host, what decides its requests, in order.

use std::fmt::Write as _;

use super::{Graph, Lane, Step};
use crate::finding::Severity;
use crate::model::Intent;

/// The picture for a terminal. It reads without colour.
pub fn terminal(graph: &Graph) -> String {
    let mut out = String::new();
    for lane in &graph.lanes {
        write_lane(&mut out, lane);
    }
    for finding in &graph.findings {
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "{} {}: {}",
            symbol(Some(finding.severity)),
            finding.code,
            finding.message
        );
    }
    out
}

fn write_lane(out: &mut String, lane: &Lane) {
    let _ = writeln!(out, "listener {} ({})\n", lane.name, lane.address);
    let width = |text: fn(&Step) -> &str| {
        let widths = lane.steps.iter().map(|step| text(step).chars().count());
        widths.max().unwrap_or(0).min(MAX_WIDTH)
    };
    let (names, conditions) = (width(|step| &step.name), width(|step| &step.conditions));
    for host in &lane.hosts {
        let name = match host.name.as_str() {
            Intent::EVERY_OTHER_HOST => "every other host",
            name => name,
        };
        let _ = writeln!(out, "  {name}");
        for (index, edge) in host.decided_by.iter().enumerate() {
            let Some(step) = lane.steps.get(edge.step) else {
                continue;
            };
            let branch = if index + 1 == host.decided_by.len() {
                "└─"
            } else {
                "├─"
            };
            let priority = step
                .priority
                .map_or_else(|| "    –".to_owned(), |p| format!("{p:>5}"));
            let row = format!(
                "  {branch}{priority}  {:names$}  {:conditions$}  ─▶ {}",
                cut(&step.name, MAX_WIDTH),
                cut(&step.conditions, MAX_WIDTH),
                ends(lane, step),
            );
            let mark = match edge.mark {
                Some(_) => format!("  {} {}", symbol(edge.mark), step.codes.join(" ")),
                None => String::new(),
            };
            let _ = writeln!(out, "{}{mark}", row.trim_end());
        }
        out.push('\n');
    }
    let idle: Vec<&str> = lane
        .steps
        .iter()
        .filter(|step| step.is_idle && step.priority.is_some())
        .map(|step| step.name.as_str())
        .collect();
    if !idle.is_empty() {
        let _ = writeln!(out, "  never selected: {}\n", idle.join(", "));
    }
}

fn ends(lane: &Lane, step: &Step) -> String {
    let names: Vec<&str> = step
        .ends
        .iter()
        .filter_map(|&end| lane.ends.get(end))
        .map(|end| end.name.as_str())
        .collect();
    names.join(" | ")
}

fn symbol(mark: Option<Severity>) -> &'static str {
    match mark {
        Some(Severity::Error) => "✗",
        Some(Severity::Warning) => "!",
        _ => "·",
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Widest column.
const MAX_WIDTH: usize = 44;
