//! A proxy that breaks one kind of request. One request per connection, so that a fault hits what it names and nothing else.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

/// What happens to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection breaks before the request gets through.
    Close,
    /// A server in between answers 503.
    Refuse,
    /// The request gets through, its answer does not come back.
    LoseAnswer,
    /// Nothing happens, until the client goes away.
    Hold,
}

pub(super) struct Proxy {
    pub(super) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    /// The request is one whose first line holds this.
    at: String,
    state: Mutex<State>,
    met: Condvar,
}

struct State {
    fault: Option<Fault>,
    is_met: bool,
    lines: Vec<String>,
}

impl Proxy {
    pub(super) fn new(upstream: &str, at: &str, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            fault: Some(fault),
            is_met: false,
            lines: Vec::new(),
        };
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            at: at.to_owned(),
            state: Mutex::new(state),
            met: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || shared.serve(client));
            }
        });
        Self { url, shared }
    }

    pub(super) fn has_met(&self) -> bool {
        self.shared.state.lock().unwrap().is_met
    }

    /// Waits until the fault was met.
    pub(super) fn wait(&self) {
        let state = self.shared.state.lock().unwrap();
        let _met = self
            .shared
            .met
            .wait_while(state, |state| !state.is_met)
            .unwrap();
    }

    /// From now on everything gets through.
    pub(super) fn heal(&self) {
        self.shared.state.lock().unwrap().fault = None;
    }

    /// First lines of the requests that begin so.
    pub(super) fn seen(&self, start: &str) -> Vec<String> {
        let lines = &self.shared.state.lock().unwrap().lines;
        lines
            .iter()
            .filter(|line| line.starts_with(start))
            .cloned()
            .collect()
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> Option<()> {
        let (head, body_start) = head(&mut client)?;
        let line = head.lines().next()?.to_owned();
        match self.fault_of(line) {
            Some(Fault::Close) => return None,
            Some(Fault::Refuse) => {
                let answer = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                return client.write_all(answer).ok();
            }
            Some(Fault::Hold) => {
                std::io::copy(&mut client, &mut std::io::sink()).ok()?;
                return None;
            }
            Some(Fault::LoseAnswer) | None => {}
        }
        let is_lost = self.state.lock().unwrap().is_met && self.loses(&head);
        let answer = self.forward(&head, &body_start, &client)?;
        (!is_lost).then(|| client.write_all(&answer).ok())?
    }

    fn loses(&self, head: &str) -> bool {
        let is_here = head
            .lines()
            .next()
            .is_some_and(|line| line.contains(&self.at));
        is_here && self.state.lock().unwrap().fault == Some(Fault::LoseAnswer)
    }

    fn fault_of(&self, line: String) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let is_here = line.contains(&self.at);
        state.lines.push(line);
        let fault = state.fault.filter(|_| is_here)?;
        state.is_met = true;
        self.met.notify_all();
        Some(fault)
    }

    fn forward(&self, head: &str, begun: &[u8], client: &TcpStream) -> Option<Vec<u8>> {
        let mut server = TcpStream::connect(&self.upstream).unwrap();
        let (line, fields) = head.split_once("\r\n")?;
        let fields = fields.replace(&client.local_addr().ok()?.to_string(), &self.upstream);
        server
            .write_all(format!("{line}\r\nconnection: close\r\n{fields}").as_bytes())
            .ok()?;
        server.write_all(begun).ok()?;
        let length = fields.lines().find_map(|field| {
            let (name, value) = field.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<u64>().ok())?
        });
        let left = length.unwrap_or(0) - u64::try_from(begun.len()).unwrap();
        std::io::copy(&mut (client).take(left), &mut server).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}

/// The head of a request with its empty line, and what came of the body.
fn head(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes).ok()?, body));
        }
        let count = client.read(&mut chunk).ok().filter(|count| *count > 0)?;
        bytes.extend(&chunk[..count]);
    }
}

/// Posts JSON; answers JSON.
pub(super) fn post(url: &str, path: &str, body: &str) -> Value {
    let address = url.trim_start_matches("http://");
    let mut server = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    server.write_all(head.as_bytes()).unwrap();
    server.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}
