//! The picture as SVG: hosts on the left, rules in the middle, target groups on the right.

use std::fmt::Write as _;

use super::{End, Graph, Host, Lane, Step};
use crate::finding::Severity;
use crate::model::Intent;

/// The picture as one SVG document, without scripts and without anything from elsewhere.
pub fn svg(graph: &Graph) -> String {
    let mut body = String::new();
    let mut top = MARGIN;
    for lane in &graph.lanes {
        top = write_lane(&mut body, lane, top);
    }
    top = write_findings(&mut body, graph, top);
    let height = top + MARGIN;
    let failing = graph.findings.len();
    // Writing to a string can't fail.
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Listener rules: hosts, rules and target groups; {failing} failures</title>\n\
         <style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{height}\" class=\"page\"/>\n{body}</svg>\n"
    );
    out
}

/// Draws a listener below `top`; gives the place below it.
fn write_lane(out: &mut String, lane: &Lane, top: u32) -> u32 {
    let rows = lane.hosts.len().max(lane.steps.len()).max(lane.ends.len());
    let height = HEADER + rows_height(rows) + PADDING;
    let _ = writeln!(
        out,
        "<rect x=\"{MARGIN}\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"14\" class=\"lane\"/>",
        WIDTH - 2 * MARGIN
    );
    label(out, "lane-name", HOSTS, top + 34, &lane.name, 40);
    label(out, "quiet", HOSTS, top + 54, &lane.address, 60);
    for (x, text) in [
        (STEPS, "rules, first match decides"),
        (ENDS, "target groups"),
    ] {
        label(out, "quiet", x, top + 54, text, 60);
    }
    let first = top + HEADER;
    let column = |count: usize| Column { first, rows, count };
    let (hosts, steps, ends) = (
        column(lane.hosts.len()),
        column(lane.steps.len()),
        column(lane.ends.len()),
    );
    let edges = lane.hosts.iter().enumerate();
    let mut edges: Vec<_> = edges
        .flat_map(|(index, host)| host.decided_by.iter().map(move |edge| (index, host, edge)))
        .collect();
    // The worst on top.
    edges.sort_by_key(|(_, _, edge)| edge.mark);
    for (index, host, edge) in edges {
        let from = (HOSTS + HOST_WIDTH, hosts.middle(index));
        let to = (STEPS, steps.middle(edge.step));
        curve(out, from, to, edge.mark.map_or(hue(index, host), class));
    }
    for (index, step) in lane.steps.iter().enumerate() {
        for &end in &step.ends {
            let from = (STEPS + STEP_WIDTH, steps.middle(index));
            let idle = if step.is_idle {
                "edge idle"
            } else {
                "edge plain"
            };
            curve(
                out,
                from,
                (ENDS, ends.middle(end)),
                step.mark.map_or(idle, class),
            );
        }
    }
    for (index, host) in lane.hosts.iter().enumerate() {
        host_card(out, host, hosts.top(index));
    }
    for (index, step) in lane.steps.iter().enumerate() {
        step_card(out, step, steps.top(index));
    }
    for (index, end) in lane.ends.iter().enumerate() {
        end_card(out, end, ends.top(index));
    }
    top + height + GAP
}

/// Where the cards of a column are: in the middle of the lane's height.
struct Column {
    first: u32,
    rows: usize,
    count: usize,
}

impl Column {
    fn top(&self, index: usize) -> u32 {
        let free = rows_height(self.rows) - rows_height(self.count.max(1));
        self.first + free / 2 + small(index) * ROW
    }

    fn middle(&self, index: usize) -> u32 {
        self.top(index) + CARD / 2
    }
}

fn host_card(out: &mut String, host: &Host, top: u32) {
    let is_rest = host.name == Intent::EVERY_OTHER_HOST;
    let class = if is_rest { "card rest" } else { "card" };
    card(out, class, (HOSTS, top), HOST_WIDTH, &host.name);
    let name = if is_rest {
        "every other host"
    } else {
        &host.name
    };
    label(out, "name", HOSTS + 16, top + CARD / 2 + 5, name, 29);
}

fn step_card(out: &mut String, step: &Step, top: u32) {
    let class = match (step.mark, step.is_idle) {
        (Some(Severity::Error), _) => "card error",
        (Some(_), _) => "card warning",
        (None, true) => "card rest",
        (None, false) => "card",
    };
    card(
        out,
        class,
        (STEPS, top),
        STEP_WIDTH,
        &format!("{}: {}", step.name, step.conditions),
    );
    let priority = step
        .priority
        .map_or_else(|| "–".to_owned(), |priority| priority.to_string());
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" class=\"priority\" text-anchor=\"end\">{priority}</text>",
        STEPS + 56,
        top + CARD / 2 + 5
    );
    label(out, "name", STEPS + 72, top + 23, &step.name, 27);
    label(out, "mono", STEPS + 72, top + 42, &step.conditions, 44);
    let codes = match (
        step.codes.is_empty(),
        step.is_idle && step.priority.is_some(),
    ) {
        (false, _) => step.codes.join(" "),
        (true, true) => "never selected".to_owned(),
        (true, false) => String::new(),
    };
    if !codes.is_empty() {
        let class = match step.mark {
            None => "quiet",
            Some(Severity::Error) => "codes",
            Some(_) => "codes amber",
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" class=\"{class}\" text-anchor=\"end\">{codes}</text>",
            STEPS + STEP_WIDTH - 14,
            top + 23
        );
    }
}

fn end_card(out: &mut String, end: &End, top: u32) {
    let class = if end.targets.is_some() {
        "card group"
    } else {
        "card rest"
    };
    card(out, class, (ENDS, top), END_WIDTH, &end.name);
    let y = top
        + if end.targets.is_some() {
            23
        } else {
            CARD / 2 + 5
        };
    label(out, "name", ENDS + 16, y, &end.name, 27);
    let targets = match end.targets {
        None => return,
        Some(1) => "1 target".to_owned(),
        Some(0) => "targets elsewhere".to_owned(),
        Some(count) => format!("{count} targets"),
    };
    label(out, "quiet", ENDS + 16, top + 42, &targets, 30);
}

fn card(out: &mut String, class: &str, (x, y): (u32, u32), width: u32, whole: &str) {
    let whole = escaped(whole);
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CARD}\" rx=\"9\" class=\"{class}\"><title>{whole}</title></rect>"
    );
}

fn curve(out: &mut String, from: (u32, u32), to: (u32, u32), class: &str) {
    let bend = u32::midpoint(from.0, to.0);
    let _ = writeln!(
        out,
        "<path d=\"M{} {} C{bend} {} {bend} {} {} {}\" class=\"{class}\"/>",
        from.0, from.1, from.1, to.1, to.0, to.1
    );
}

fn label(out: &mut String, class: &str, x: u32, y: u32, text: &str, most: usize) {
    let text = if text.chars().count() > most {
        text.chars().take(most - 1).chain(['…']).collect()
    } else {
        text.to_owned()
    };
    let text = escaped(&text);
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>"
    );
}

/// The failures in words; gives the place below them.
fn write_findings(out: &mut String, graph: &Graph, mut top: u32) -> u32 {
    for finding in &graph.findings {
        let class = match finding.severity {
            Severity::Error => "codes",
            _ => "codes amber",
        };
        let lines = wrapped(&finding.message, LINE);
        label(out, class, HOSTS, top + 18, finding.code.0, 8);
        for line in lines {
            label(out, "said", HOSTS + 56, top + 18, &line, LINE + 1);
            top += 21;
        }
        top += 9;
    }
    top
}

/// Lines of at most `most` characters, broken at spaces.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn class(mark: Severity) -> &'static str {
    match mark {
        Severity::Error => "edge error",
        Severity::Warning => "edge warning",
        Severity::Note => "edge plain",
    }
}

/// Hosts take turns with a few colours, so that their lines can be followed.
fn hue(index: usize, host: &Host) -> &'static str {
    if host.name == Intent::EVERY_OTHER_HOST {
        return "edge idle";
    }
    HUES.get(index % HUES.len())
        .copied()
        .unwrap_or("edge plain")
}

fn rows_height(rows: usize) -> u32 {
    small(rows) * ROW
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX / ROW)
}

fn escaped(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const HUES: [&str; 4] = ["edge a", "edge b", "edge c", "edge d"];
const STYLE: &str = "\
text{font-family:Inter,'Segoe UI','Helvetica Neue',Arial,sans-serif;fill:#1d2733}\
.page{fill:#f4f6f9}.lane{fill:#fff;stroke:#dfe5ec}.card{fill:#fff;stroke:#b9c4d0;stroke-width:1.2}\
.card.rest{fill:#f7f9fb;stroke-dasharray:5 4}.card.group{fill:#eef4fb;stroke:#8fb0d6}\
.card.error{fill:#fdeeed;stroke:#cf3a31;stroke-width:1.8}.card.warning{fill:#fff6e5;stroke:#c98512;stroke-width:1.8}\
.lane-name{font-size:19px;font-weight:650}.name{font-size:14px;font-weight:600}.quiet{font-size:12px;fill:#66758a}\
.mono{font-size:12px;fill:#44546a;font-family:'SFMono-Regular',Menlo,Consolas,'DejaVu Sans Mono',monospace}\
.priority{font-size:14px;fill:#66758a;font-variant-numeric:tabular-nums}.codes{font-size:12px;font-weight:700;fill:#cf3a31}\
.codes.amber{fill:#a96d08}.said{font-size:13px}.edge{fill:none;stroke-width:2;stroke-linecap:round}\
.edge.plain{stroke:#8c9aab}.edge.idle{stroke:#c4cdd8;stroke-dasharray:3 5}.edge.error{stroke:#cf3a31;stroke-width:3}\
.edge.warning{stroke:#c98512;stroke-width:3}.edge.a{stroke:#3b6fb6}.edge.b{stroke:#2f8f6b}.edge.c{stroke:#8557b5}\
.edge.d{stroke:#4d8ea3}";
const WIDTH: u32 = 1200;
const MARGIN: u32 = 24;
const HOSTS: u32 = 48;
const HOST_WIDTH: u32 = 240;
const STEPS: u32 = 396;
const STEP_WIDTH: u32 = 408;
const ENDS: u32 = 912;
const END_WIDTH: u32 = 240;
const HEADER: u32 = 76;
const ROW: u32 = 70;
const CARD: u32 = 56;
const PADDING: u32 = 10;
const GAP: u32 = 20;
/// Characters in a line of a finding.
const LINE: usize = 150;
