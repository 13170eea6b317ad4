//! HAProxy and Envoy as processes.

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running proxy; ended when it is dropped.
pub(crate) struct Proxy(Child);

impl Proxy {
    /// Starts `haproxy` with a configuration file, and waits until it listens on `port`.
    pub(crate) fn haproxy(
        program: &str,
        configuration: &Path,
        port: u16,
    ) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(program);
        command.args(["-q", "-db", "-f"]).arg(configuration);
        Self::start(command, port)
    }

    /// Starts `envoy` likewise.
    pub(crate) fn envoy(
        program: &str,
        configuration: &Path,
        port: u16,
    ) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(program);
        let quiet = [
            "--disable-hot-restart",
            "--concurrency",
            "1",
            "--log-level",
            "error",
            "-c",
        ];
        command.args(quiet).arg(configuration);
        Self::start(command, port)
    }

    fn start(mut command: Command, port: u16) -> Result<Self, Box<dyn Error>> {
        let child = command.stdin(Stdio::null()).spawn();
        let mut proxy = Self(child.map_err(|error| format!("{command:?}: {error}"))?);
        for _ in 0..TRIES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(proxy);
            }
            if let Some(status) = proxy.0.try_wait()? {
                return Err(format!("{command:?} ended: {status}").into());
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!("{command:?} did not listen").into())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ports that are free now.
pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>, Box<dyn Error>> {
    let held: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports: Result<Vec<u16>, _> = held
        .iter()
        .map(|l| l.local_addr().map(|a| a.port()))
        .collect();
    Ok(ports?)
}

const PAUSE: Duration = Duration::from_millis(20);
/// A minute: Envoy compiles its patterns while it starts.
const TRIES: usize = 3000;
