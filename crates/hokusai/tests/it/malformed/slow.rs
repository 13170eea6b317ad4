//! Bodies that trickle in: what is refused is the pace alone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::http::{Answer, answer};
use super::world::World;

/// The requests whose bodies trickle: service, method and target.
const REQUESTS: [(&str, &str); 4] = [
    ("registry", "POST /api/2.0/mlflow/experiments/create"),
    ("registry", "POST /api/2.0/mlflow/runs/log-batch"),
    ("auth", "POST /api/v1/keys"),
    ("auth", "POST /api/v1/keys/validate"),
];

/// Sends a byte a second of each of them, all at once, until each is answered.
pub(super) fn answers(world: &World) -> Vec<(&'static str, Answer)> {
    std::thread::scope(|scope| {
        let trickling: Vec<_> = REQUESTS
            .map(|(service, start)| scope.spawn(move || (start, trickle(world, service, start))))
            .into_iter()
            .collect();
        trickling
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect()
    })
}

fn trickle(world: &World, service: &str, start: &str) -> Answer {
    let headers = [("content-type", b"application/json".to_vec())];
    let head = world.head(service, start.as_bytes(), &headers, 10_000);
    let mut stream = TcpStream::connect(world.address(service)).unwrap();
    stream.write_all(&head).unwrap();
    let mut received = Vec::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    // The time that the server waits is what is tested; after twice of it there is no answer.
    for _ in 0..40 {
        if stream.write_all(b" ").is_err() {
            break;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(_) if received.is_empty() => {}
            Err(_) => break,
        }
    }
    answer(&received)
}
