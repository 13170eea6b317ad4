//! Sends one kind of request over N keep-alive connections for S seconds and prints what came of it as JSON.
//!
//! `hokusai-bench-load ADDRESS CONNECTIONS SECONDS METHOD TARGET TOKEN BODY-FILE WORDS-FILE`
//!
//! In target and body `@n@` becomes a number that no other request has, and `@word@` one of the words of the last file, in turn.
//! A thread and a blocking socket for each connection: on two cores that it shares with the server, less machinery is a fairer judge.

mod connection;
mod template;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use connection::Connection;
use template::Template;

/// What one connection saw.
#[derive(Default)]
struct Seen {
    latencies_us: Vec<u64>,
    failures: u64,
}

fn main() -> ExitCode {
    match measure() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [
        address,
        connections,
        seconds,
        method,
        target,
        token,
        body,
        words,
    ] = arguments.as_slice()
    else {
        return Err(io::Error::other(
            "usage: ADDRESS CONNECTIONS SECONDS METHOD TARGET TOKEN BODY-FILE WORDS-FILE",
        ));
    };
    let connections: usize = connections.parse().map_err(io::Error::other)?;
    let duration = Duration::from_secs_f64(seconds.parse().map_err(io::Error::other)?);
    let words = fs::read_to_string(words)?
        .lines()
        .map(str::to_owned)
        .collect();
    let template = Arc::new(Template::new(
        method,
        target,
        token,
        address,
        &fs::read_to_string(body)?,
        words,
    ));
    let counter = Arc::new(AtomicU64::new(0));
    let barrier = Arc::new(Barrier::new(connections));
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let (address, template) = (address.clone(), Arc::clone(&template));
            let (counter, barrier) = (Arc::clone(&counter), Arc::clone(&barrier));
            thread::spawn(move || drive(&address, &template, &counter, &barrier, duration))
        })
        .collect();
    let mut all = Seen::default();
    for thread in threads {
        let seen = thread
            .join()
            .map_err(|_| io::Error::other("a connection's thread failed"))??;
        all.latencies_us.extend(seen.latencies_us);
        all.failures += seen.failures;
    }
    Ok(summary(all, duration))
}

/// Keeps one connection busy until time is up.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring real time is what this program is for"
)]
fn drive(
    address: &str,
    template: &Template,
    counter: &AtomicU64,
    barrier: &Barrier,
    duration: Duration,
) -> io::Result<Seen> {
    let connected = Connection::open(address);
    barrier.wait();
    let mut connection = connected?;
    let mut seen = Seen::default();
    let mut request = Vec::new();
    let started = Instant::now();
    while started.elapsed() < duration {
        template.write(counter.fetch_add(1, Ordering::Relaxed), &mut request);
        let sent = Instant::now();
        let status = if let Ok(status) = connection.exchange(&request) {
            status
        } else {
            connection = Connection::open(address)?;
            0
        };
        if status == 200 {
            seen.latencies_us
                .push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
        } else {
            seen.failures += 1;
        }
    }
    Ok(seen)
}

fn summary(mut seen: Seen, duration: Duration) -> String {
    seen.latencies_us.sort_unstable();
    let count = seen.latencies_us.len();
    let quantile = |percent: usize| {
        seen.latencies_us
            .get(count.saturating_sub(1) * percent / 100)
            .copied()
            .unwrap_or(0)
    };
    format!(
        "{{\"requests\": {count}, \"failures\": {}, \"seconds\": {}, \"p50_us\": {}, \"p99_us\": {}}}",
        seen.failures,
        duration.as_secs_f64(),
        quantile(50),
        quantile(99)
    )
}
