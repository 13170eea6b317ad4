//! Times the prover on tables of five kinds, beside a dense DFA of the same rules.
//!
//! `cargo run --release -p hokusai-routes --example prover_bench`
//!
//! Times are the computing time of the one thread that there is. Per kind of table: all reachability questions of 100 rules, median and worst of 20 tables; the most search nodes of
//! one question; undecided questions (must be 0). Then 1,000 rules, the peak of memory, and how many rules fit into
//! one dense DFA within 64 MiB.

use std::time::Duration;

use hokusai_routes::diff::diff;
use hokusai_routes::findings;
use hokusai_routes::model::{Condition, HostPort, Table};
use hokusai_routes::prover::{Prover, SetId, Verdict};
use hokusai_routes::reader;
use hokusai_routes::source::Source;
use regex_automata::MatchKind;
use regex_automata::dfa::dense;
use regex_automata::util::syntax;

/// A small generator of numbers, so that every run measures the same tables.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from.get(self.roll(from.len())).copied().unwrap_or_default()
    }
}

/// Host and path of a rule; an empty one is not tested.
type Globs = (String, String);

const KINDS: [&str; 5] = ["realistic", "mixed", "nasty", "qblow", "hard"];

fn rule(kind: &str, dice: &mut Dice, index: usize) -> Globs {
    let words = [
        "api", "auth", "v1", "v2", "keys", "ui", "static", "models", "runs", "metrics",
    ];
    let host = format!("{}{}.example.com", dice.pick(&words), dice.roll(20));
    match kind {
        "realistic" => (
            host,
            format!(
                "/{}/{}{}*",
                dice.pick(&words),
                dice.pick(&words),
                dice.roll(9)
            ),
        ),
        "mixed" => {
            let hosts = [
                host,
                "*.example.com".to_owned(),
                String::new(),
                format!("{}?.*", dice.pick(&words)),
            ];
            let host = hosts.get(dice.roll(4)).cloned().unwrap_or_default();
            (
                host,
                format!(
                    "/{}*{}",
                    dice.pick(&words),
                    dice.pick(&["", "/*", "/x", "?"])
                ),
            )
        }
        "nasty" => {
            let letter = |dice: &mut Dice| dice.pick(&["a", "b", "c"]);
            let parts: Vec<&str> = (0..4).map(|_| letter(dice)).collect();
            (String::new(), format!("/*{}*", parts.join("*")))
        }
        "qblow" => (String::new(), format!("/*a{}*", "?".repeat(index % 20))),
        _ => {
            let stars = if dice.roll(2) == 0 { "*" } else { "?" };
            let middle = format!(
                "{}{stars}{}",
                dice.pick(&["a", "ab", "ba"]),
                dice.pick(&["b", "bb", "aab"])
            );
            (
                format!("*{}*.com", dice.pick(&["a", "b", "ab"])),
                format!("/*{middle}{}", "?".repeat(dice.roll(6))),
            )
        }
    }
}

fn table(kind: &str, rules: usize, seed: u64) -> Vec<Globs> {
    let mut dice = Dice(seed);
    (0..rules)
        .map(|index| rule(kind, &mut dice, index))
        .collect()
}

struct Measured {
    total: Duration,
    worst: Duration,
    nodes: usize,
    unknown: usize,
}

/// All reachability questions of a table, its default's included.
fn reachability(table: &[Globs]) -> Measured {
    let start = now();
    let mut prover = Prover::new(HostPort::Ignored);
    let mut sets: Vec<SetId> = Vec::new();
    for (host, path) in table {
        let host = (!host.is_empty()).then(|| Condition::host(&[host]));
        let conditions: Vec<Condition> =
            host.into_iter().chain([Condition::path(&[path])]).collect();
        sets.push(prover.add(&conditions));
    }
    let mut measured = Measured {
        total: start.elapsed(),
        worst: Duration::ZERO,
        nodes: 0,
        unknown: 0,
    };
    for index in 0..=sets.len() {
        let asked = now();
        let positive: Vec<SetId> = sets.get(index).copied().into_iter().collect();
        let (verdict, nodes) =
            prover.find_counting(&positive, sets.get(..index).unwrap_or_default());
        measured.unknown += usize::from(verdict == Verdict::Unknown);
        measured.worst = measured.worst.max(asked.elapsed());
        measured.nodes = measured.nodes.max(nodes);
    }
    measured.total = start.elapsed();
    measured
}

/// A table as a file would give it, with 20 target groups.
fn as_table(globs: &[Globs]) -> Table {
    let mut text = "[[listener]]\nport = 80\n".to_owned();
    for (index, (host, path)) in globs.iter().enumerate() {
        let host = if host.is_empty() {
            String::new()
        } else {
            format!("host = \"{host}\"\n")
        };
        let lines = format!(
            "[[listener.rule]]\npriority = {}\n{host}path = \"{path}\"\nforward = \"group-{}\"\n",
            index + 1,
            index % 20
        );
        text.push_str(&lines);
    }
    text += "[intent.\"auth1.example.com\"]\nmay = [\"group-1\"]\n";
    reader::toml::read(&Source::new(0, "routes.toml", text)).table
}

/// A whole check with repairs.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn whole_check() {
    for rules in [100, 1000] {
        let table = as_table(&table("realistic", rules, 1));
        let start = now();
        let report = findings::check(&table);
        println!(
            "{rules} rules, whole check: {:.0} ms, {} findings",
            millis(start.elapsed()),
            report.findings.len()
        );
    }
}

/// Reads and checks the examples, as `hokusai routes check` does.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn examples() {
    for name in ["shared", "dedicated"] {
        let path = format!(
            "{}/../../examples/routes/{name}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("{path} can't be read");
            continue;
        };
        let start = now();
        let table = reader::toml::read(&Source::new(0, name, text)).table;
        let report = findings::check(&table);
        let failures = report
            .findings
            .iter()
            .filter(|finding| finding.is_failure())
            .count();
        let time = millis(start.elapsed());
        let proven = report.proven.len();
        println!(
            "examples/routes/{name}.toml, read and checked: {time:.1} ms, {failures} failures, {proven} proven"
        );
    }
}

/// Compares 100 rules with the same in another order of their source, with five pairs of neighbours swapped and five
/// rules written anew, and with the same rules from the last to the first. Of the last two kinds only the first: an edited
/// table of `qblow` runs into the budget of a whole comparison, which takes minutes.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn differences(kind: &str) {
    let globs = table(kind, 100, 1);
    let old = as_table(&globs);
    let mut permuted = old.clone();
    permuted
        .listeners
        .iter_mut()
        .for_each(|listener| listener.rules.reverse());
    let mut edited = globs.clone();
    for (index, new) in table(kind, 5, 2).into_iter().enumerate() {
        edited.swap(index * 20, index * 20 + 1);
        if let Some(rule) = edited.get_mut(index * 20 + 10) {
            *rule = new;
        }
    }
    let mut reversed = globs;
    reversed.reverse();
    let mut figures = Vec::new();
    for (name, new) in [
        ("permuted", permuted),
        ("edited", as_table(&edited)),
        ("reversed", as_table(&reversed)),
    ] {
        if matches!(kind, "qblow" | "hard") && name != "permuted" {
            continue;
        }
        let start = now();
        let diff = diff(&old, &new);
        let (time, changes) = (millis(start.elapsed()), diff.changes.len());
        figures.push(format!(
            "{name} {time:.0} ms, {changes} changes, {} undecided",
            diff.undecided.len()
        ));
    }
    println!("diff of 100 rules, {kind}: {}", figures.join("; "));
}

/// Builds one dense DFA that tells which of the rules match; `None` when it does not fit.
fn dense_dfa(table: &[Globs]) -> Option<(Duration, usize)> {
    let expression = |glob: &str| {
        let each = glob.chars().map(|c| match c {
            '*' => "[^\\x00]*".to_owned(),
            '?' => "[^\\x00]".to_owned(),
            '.' => "\\.".to_owned(),
            other => other.to_string(),
        });
        each.collect::<String>()
    };
    let any = "*".to_owned();
    let expressions: Vec<String> = table
        .iter()
        .map(|(host, path)| {
            let host = if host.is_empty() { &any } else { host };
            format!("^{}\\x00{}$", expression(host), expression(path))
        })
        .collect();
    let start = now();
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .dfa_size_limit(Some(DENSE_LIMIT_BYTES))
        .determinize_size_limit(Some(DENSE_LIMIT_BYTES));
    let built = dense::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_many(&expressions);
    built.ok().map(|dfa| (start.elapsed(), dfa.memory_usage()))
}

fn largest_dense(kind: &str) -> String {
    let mut largest = "nothing fits".to_owned();
    for rules in [5, 10, 12, 15, 20, 30, 50, 100] {
        let Some((time, bytes)) = dense_dfa(&table(kind, rules, 1)) else {
            return format!("{largest}; {rules} rules do not");
        };
        largest = format!(
            "{rules} rules fit: {:.0} ms, {:.1} MB",
            millis(time),
            mega(bytes)
        );
    }
    largest
}

/// The time that this thread has computed: the same as the clock on an idle machine, and fair on a busy one.
fn now() -> Moment {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    Moment(seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0)))
}

/// A reading of that clock.
#[derive(Clone, Copy)]
struct Moment(Duration);

impl Moment {
    fn elapsed(self) -> Duration {
        now().0.saturating_sub(self.0)
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "printed with one digit")]
fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn main() {
    println!("kind       median ms  worst table ms  worst question ms  nodes  unknown");
    for kind in KINDS {
        let mut runs: Vec<Measured> = (1..=20)
            .map(|seed| reachability(&table(kind, 100, seed)))
            .collect();
        runs.sort_by_key(|run| run.total);
        let median = runs
            .get(runs.len() / 2)
            .map_or(Duration::ZERO, |run| run.total);
        println!(
            "{kind:<10} {:>9.1}  {:>14.1}  {:>17.2}  {:>5}  {:>7}",
            millis(median),
            millis(runs.iter().map(|run| run.total).max().unwrap_or_default()),
            millis(runs.iter().map(|run| run.worst).max().unwrap_or_default()),
            runs.iter().map(|run| run.nodes).max().unwrap_or_default(),
            runs.iter().map(|run| run.unknown).sum::<usize>(),
        );
    }
    for kind in KINDS {
        let run = reachability(&table(kind, 1000, 1));
        println!(
            "1,000 rules, {kind}: {:.0} ms, {} unknown",
            millis(run.total),
            run.unknown
        );
    }
    examples();
    whole_check();
    for kind in KINDS {
        differences(kind);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("VmHWM: unknown here");
    println!("peak memory of the prover: {peak}");
    for kind in KINDS {
        println!("one dense DFA, {kind}: {}", largest_dense(kind));
    }
}

const DENSE_LIMIT_BYTES: usize = 64 << 20;
