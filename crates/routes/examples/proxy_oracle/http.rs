//! As much HTTP/1.1 as the comparison needs: a client that keeps its connection, and origins that say their name.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};

use crate::requests::Sent;

/// What a proxy answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

/// Connections to one proxy, one per listener and client address.
#[derive(Default)]
pub(crate) struct Client(HashMap<(u16, IpAddr), BufReader<TcpStream>>);

impl Client {
    /// Sends a request and reads its answer; once more over a new connection when the old one was closed.
    pub(crate) fn ask(&mut self, port: u16, sent: &Sent) -> Result<Answer, Box<dyn Error>> {
        let key = (port, sent.request.peer);
        let is_fresh = !self.0.contains_key(&key);
        match self.try_ask(port, sent) {
            Err(_) if !is_fresh => {
                self.0.remove(&key);
                self.try_ask(port, sent)
            }
            answer => answer,
        }
    }

    fn try_ask(&mut self, port: u16, sent: &Sent) -> Result<Answer, Box<dyn Error>> {
        let key = (port, sent.request.peer);
        let connection = match self.0.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(BufReader::new(connect(port, key.1)?))
            }
        };
        connection.get_mut().write_all(head(sent).as_bytes())?;
        let (answer, closes) = read_answer(connection)?;
        if closes {
            self.0.remove(&key);
        }
        Ok(answer)
    }
}

fn head(sent: &Sent) -> String {
    let request = &sent.request;
    let host = request.host.as_deref().unwrap_or_default();
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {host}\r\n",
        request.method, sent.target
    );
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "Content-Length: 0\r\n\r\n"
}

/// From a given address of this machine.
fn connect(port: u16, from: IpAddr) -> Result<TcpStream, Box<dyn Error>> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddr::new(from, 0))?;
    rustix::net::connect(&socket, &SocketAddr::from(([127, 0, 0, 1], port)))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> Result<(Answer, bool), Box<dyn Error>> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or("no status")?.parse()?;
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let closes = headers
        .get("connection")
        .is_some_and(|value| value == "close");
    let answer = Answer {
        status,
        location: headers.remove("location"),
        content_type: headers.remove("content-type"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    Ok((answer, closes))
}

/// Serves on a free port, and says on which. Ends with the process.
pub(crate) fn origin(name: &'static str) -> Result<u16, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream, name));
        }
    });
    Ok(port)
}

/// Answers every head with the name; requests have no bodies.
fn serve(stream: TcpStream, name: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}",
                name.len()
            );
            reader.get_mut().write_all(answer.as_bytes())?;
        }
    }
}

/// Nothing here takes longer than milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
