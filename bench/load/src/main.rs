//! Sends one kind of request over N keep-alive connections for S seconds and prints what came of it as JSON.
//!
//! `hokusai-bench-load ADDRESS[,ADDRESS...] CONNECTIONS SECONDS METHOD TARGET TOKEN BODY-FILE WORDS-FILE`
//!
//! In target and body `@n@` becomes a number that no other request has, and `@word@` one of the words of the last file, in turn.
//! Connections are spread evenly over the addresses.
//! One thread serves all connections: client and server share the machine, and a thread for each connection cost as much as the server.

mod connection;
mod template;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use connection::{ANSWER_TIMEOUT, Connection};
use template::Template;
use tokio::runtime;
use tokio::sync::Barrier;
use tokio::time::timeout;

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
        addresses,
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
            "usage: ADDRESS[,ADDRESS...] CONNECTIONS SECONDS METHOD TARGET TOKEN BODY-FILE WORDS-FILE",
        ));
    };
    let connections: usize = connections.parse().map_err(io::Error::other)?;
    let duration = Duration::from_secs_f64(seconds.parse().map_err(io::Error::other)?);
    let words: Vec<String> = fs::read_to_string(words)?
        .lines()
        .map(str::to_owned)
        .collect();
    let body = fs::read_to_string(body)?;
    let servers: Vec<(&str, Arc<Template>)> = addresses
        .split(',')
        .map(|address| {
            let template = Template::new(method, target, token, address, &body, words.clone());
            (address, Arc::new(template))
        })
        .collect();
    let counter = Arc::new(AtomicU64::new(0));
    let barrier = Arc::new(Barrier::new(connections));
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let all = runtime.block_on(async {
        let connections: Vec<_> = servers
            .iter()
            .cycle()
            .take(connections)
            .map(|(address, template)| {
                let (address, template) = ((*address).to_owned(), Arc::clone(template));
                let (counter, barrier) = (Arc::clone(&counter), Arc::clone(&barrier));
                tokio::spawn(async move {
                    drive(&address, &template, &counter, &barrier, duration).await
                })
            })
            .collect();
        let mut all = Seen::default();
        for connection in connections {
            let seen = connection.await.map_err(io::Error::other)??;
            all.latencies_us.extend(seen.latencies_us);
            all.failures += seen.failures;
        }
        Ok::<_, io::Error>(all)
    })?;
    Ok(summary(all, duration))
}

/// Keeps one connection busy until time is up.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring real time is what this program is for"
)]
async fn drive(
    address: &str,
    template: &Template,
    counter: &AtomicU64,
    barrier: &Barrier,
    duration: Duration,
) -> io::Result<Seen> {
    let connected = Connection::open(address).await;
    barrier.wait().await;
    let mut connection = connected?;
    let mut seen = Seen::default();
    let mut request = Vec::new();
    let started = Instant::now();
    while started.elapsed() < duration {
        template.write(counter.fetch_add(1, Ordering::Relaxed), &mut request);
        let sent = Instant::now();
        let answer = timeout(ANSWER_TIMEOUT, connection.exchange(&request)).await;
        let status = if let Ok(Ok(status)) = answer {
            status
        } else {
            connection = Connection::open(address).await?;
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
