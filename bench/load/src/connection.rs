//! One keep-alive connection with at most one request in flight.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A server that says nothing for so long counts as failed.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// An open connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(64 * 1024, stream),
            line: Vec::new(),
        })
    }

    /// Sends a whole request and reads the whole answer; gives its status.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.get_mut().write_all(request).await?;
        let status = self
            .read_line()
            .await?
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| io::Error::other("not an HTTP answer"))?;
        let mut length = 0;
        let mut is_chunked = false;
        loop {
            let line = self.read_line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            is_chunked |= name.eq_ignore_ascii_case("transfer-encoding")
                && value.trim().eq_ignore_ascii_case("chunked");
        }
        if is_chunked {
            self.skip_chunks().await?;
        } else {
            self.skip(length).await?;
        }
        Ok(status)
    }

    async fn skip_chunks(&mut self) -> io::Result<()> {
        loop {
            let size =
                usize::from_str_radix(self.read_line().await?, 16).map_err(io::Error::other)?;
            self.skip(size).await?;
            self.read_line().await?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn skip(&mut self, mut length: usize) -> io::Result<()> {
        while length > 0 {
            let there = self.stream.fill_buf().await?.len();
            if there == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let skipped = there.min(length);
            self.stream.consume(skipped);
            length -= skipped;
        }
        Ok(())
    }

    async fn read_line(&mut self) -> io::Result<&str> {
        self.line.clear();
        if self.stream.read_until(b'\n', &mut self.line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = std::str::from_utf8(&self.line).map_err(io::Error::other)?;
        Ok(line.trim_end())
    }
}
