//! Compares the matcher with HAProxy and Envoy, both with the configuration that our writers make.
//!
//! `crates/routes/examples/proxy_oracle/run [ROUNDS] [SEED]` installs both and runs it. A round is a table of random
//! listeners with conditions of all kinds; every listener is sent random requests and every witness that the prover
//! finds, and each answer must be the one of the rule that the matcher selects. Only a witness that no well-behaved
//! client sends may be refused with 400. The first disagreement ends it with the request and the configuration.

mod dice;
mod expected;
mod http;
mod proxy;
mod requests;
mod tables;

use std::error::Error;
use std::path::{Path, PathBuf};

use hokusai_routes::model::Table;
use hokusai_routes::writer::{self, Writing};

use self::dice::Dice;
use self::http::Client;
use self::proxy::Proxy;

/// What was compared so far.
#[derive(Default)]
struct Tally {
    listeners: usize,
    answers: usize,
    witnesses: usize,
    refused: usize,
    left_out: usize,
}

#[expect(clippy::print_stdout, reason = "a program that prints its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: proxy_oracle HAPROXY ENVOY DIRECTORY [ROUNDS] [SEED]";
    let (Some(haproxy), Some(envoy), Some(directory)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(usage.into());
    };
    let rounds: u64 = arguments
        .next()
        .map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let directory = PathBuf::from(directory);
    let mut tallies = [("HAProxy", Tally::default()), ("Envoy", Tally::default())];
    for round in seed..seed + rounds {
        let mut dice = Dice::new(round);
        let mut table = tables::table(&mut dice, LISTENERS);
        for (group, name) in table.target_groups.iter_mut().zip(tables::GROUPS) {
            group.targets = vec![format!("127.0.0.1:{}", http::origin(name)?)];
        }
        let [(_, of_haproxy), (_, of_envoy)] = &mut tallies;
        let oracle = Oracle {
            program: &haproxy,
            write: writer::haproxy::write,
            start: Proxy::haproxy,
        };
        oracle.compare(&table, &directory.join("haproxy.cfg"), round, of_haproxy)?;
        let oracle = Oracle {
            program: &envoy,
            write: writer::envoy::write,
            start: Proxy::envoy,
        };
        oracle.compare(&table, &directory.join("envoy.json"), round, of_envoy)?;
    }
    for (name, tally) in &tallies {
        println!(
            "{name}: {} answers agree with the matcher, {} of them to witnesses, on {} listeners; {} odd witnesses \
             refused, {} listeners not expressible",
            tally.answers, tally.witnesses, tally.listeners, tally.refused, tally.left_out
        );
    }
    Ok(())
}

/// Starts a program with its configuration, and waits until it listens on a port.
type Start = fn(&str, &Path, u16) -> Result<Proxy, Box<dyn Error>>;

struct Oracle<'a> {
    program: &'a str,
    write: fn(&Table) -> Writing,
    start: Start,
}

impl Oracle<'_> {
    /// Starts the proxy on free ports; once more when another process took one of them meanwhile.
    fn start(&self, table: &mut Table, file: &Path) -> Result<Proxy, Box<dyn Error>> {
        let mut tries = 0;
        loop {
            let ports = proxy::free_ports(table.listeners.len())?;
            for (listener, port) in table.listeners.iter_mut().zip(ports) {
                listener.port = port;
            }
            std::fs::write(file, (self.write)(table).text)?;
            let last = table.listeners.last().map_or(0, |listener| listener.port);
            match (self.start)(self.program, file, last) {
                Err(_) if tries < 3 => tries += 1,
                started => return started,
            }
        }
    }

    fn compare(
        &self,
        all: &Table,
        file: &Path,
        round: u64,
        tally: &mut Tally,
    ) -> Result<(), Box<dyn Error>> {
        let mut table = all.clone();
        table.listeners.retain(|listener| {
            let alone = Table {
                listeners: vec![listener.clone()],
                ..all.clone()
            };
            (self.write)(&alone).is_complete()
        });
        tally.left_out += all.listeners.len() - table.listeners.len();
        let _proxy = self.start(&mut table, file)?;
        let mut dice = Dice::new(round);
        let mut client = Client::default();
        for listener in &table.listeners {
            tally.listeners += 1;
            let mut all = requests::witnesses(&table, listener);
            all.extend((0..REQUESTS).map(|_| requests::random(&mut dice)));
            for sent in &all {
                let answer = client.ask(listener.port, sent)?;
                if answer.status == 400 && sent.is_odd {
                    tally.refused += 1;
                    continue;
                }
                if let Err(wanted) = expected::agrees(listener, sent, &answer) {
                    return Err(format!(
                        "round {round}, listener `{}` of {}: `{}` for `{}`\n  expected {wanted}\n  answered {answer:?}",
                        listener.name,
                        file.display(),
                        sent.request,
                        sent.target,
                    )
                    .into());
                }
                tally.answers += 1;
                tally.witnesses += usize::from(sent.is_witness);
            }
        }
        Ok(())
    }
}

const ROUNDS: u64 = 6;
const LISTENERS: usize = 60;
const REQUESTS: usize = 50;
