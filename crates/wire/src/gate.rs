//! A reader between socket and HTTP parser that passes on only what has one reading.
//!
//! It follows the framing of every HTTP/1 request on the connection, so that it sees each head, pipelined ones too,
//! before the parser does. Where the rules of [`head`] fail, the parser gets, in place of the bad head, a request with
//! the method [`REFUSED_METHOD`], which no client can send through the gate; the answer to it is the refusal, written in
//! its turn, and the connection ends. HTTP/2 passes: its own parser is strict, and `inspect` checks what it hands on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_util::io::poll_read_buf;

use crate::limits::{LINGER, Limits};
use crate::refusal::Refusal;
use chunked::Chunked;
use head::{Framing, Scan};
pub(crate) use state::{Doing, InFlight, Patience, State};

mod chunked;
pub(crate) mod head;
mod state;

/// The method of the request that stands in for a refused one. Its proof is that [`head::check_method`] refuses it.
pub(crate) const REFUSED_METHOD: &str = "HOKUSAI-REFUSED";
const STAND_IN: &[u8] = b"HOKUSAI-REFUSED / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The gated connection. It keeps the connection's permit, also when a tunnel takes it over.
pub(crate) struct Gate<IO> {
    io: IO,
    limits: Arc<Limits>,
    expected: Expected,
    /// Read from the socket and not yet handed on.
    stash: BytesMut,
    /// So many bytes at the front of `stash` may be handed on.
    approved: usize,
    scan: Scan,
    state: Arc<State>,
    linger: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

/// What the next byte belongs to.
enum Expected {
    /// The first bytes of the connection: a head or the preface of HTTP/2.
    Start,
    Head,
    Body(u64),
    Chunks(Chunked),
    /// Nobody knows until a websocket request is answered.
    Verdict,
    /// HTTP/2 or a tunnel.
    Anything,
    /// Nothing more is passed on.
    Nothing,
    /// The body broke the rules of its framing.
    Broken,
}

impl<IO> Gate<IO> {
    pub(crate) fn new(
        io: IO,
        limits: Arc<Limits>,
        state: Arc<State>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            io,
            limits,
            expected: Expected::Start,
            stash: BytesMut::new(),
            approved: 0,
            scan: Scan::default(),
            state,
            linger: None,
            _permit: permit,
        }
    }

    /// Judges `bytes`, which follow all that was approved so far; returns how many of them may be handed on.
    fn judge(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let passed = match &mut self.expected {
                Expected::Start => self.judge_start(rest),
                Expected::Head => self.judge_head(rest),
                Expected::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left = left.saturating_sub(taken as u64);
                    if *left == 0 {
                        self.expected = Expected::Head;
                    }
                    taken
                }
                Expected::Chunks(chunks) => {
                    let (taken, step) = chunks.feed(rest);
                    match step {
                        chunked::Step::More => {}
                        chunked::Step::End => self.expected = Expected::Head,
                        chunked::Step::Broken => self.expected = Expected::Broken,
                    }
                    taken
                }
                Expected::Anything => rest.len(),
                Expected::Verdict | Expected::Nothing | Expected::Broken => 0,
            };
            done += passed;
            // Only the step from the start to the first head goes on without passing a byte.
            if passed == 0 && (self.scan.is_waiting() || !matches!(self.expected, Expected::Head)) {
                break;
            }
        }
        done
    }

    fn judge_start(&mut self, rest: &[u8]) -> usize {
        if rest.starts_with(H2_PREFACE) {
            self.expected = Expected::Anything;
            return rest.len();
        }
        if !H2_PREFACE.starts_with(rest) {
            self.expected = Expected::Head;
        }
        0
    }

    fn judge_head(&mut self, rest: &[u8]) -> usize {
        let end = match self.scan.find_end(rest, &self.limits) {
            Ok(Some(end)) => end,
            Ok(None) => return 0,
            Err(refusal) => return self.refuse(refusal),
        };
        match head::check(rest.get(..end).unwrap_or_default(), &self.limits) {
            Ok(head) => {
                self.scan = Scan::default();
                self.state.head_passed();
                self.expected = match head.framing {
                    _ if head.is_upgrade => {
                        self.state.await_verdict();
                        Expected::Verdict
                    }
                    Framing::Length(0) => Expected::Head,
                    Framing::Length(length) => Expected::Body(length),
                    Framing::Chunked => Expected::Chunks(Chunked::default()),
                };
                end
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> usize {
        self.state.refuse(refusal);
        self.expected = Expected::Nothing;
        0
    }

    /// Keeps the bytes that may not be handed on yet, or the stand-in for them.
    fn keep(&mut self, unapproved: &[u8]) {
        if matches!(self.expected, Expected::Nothing) {
            self.stash.clear();
            self.stash.extend_from_slice(STAND_IN);
            self.approved = STAND_IN.len();
        } else {
            self.stash.extend_from_slice(unapproved);
        }
    }

    fn judge_stash(&mut self) {
        let stash = std::mem::take(&mut self.stash);
        let passed = self.judge(&stash);
        self.stash = stash;
        self.approved = passed;
        if matches!(self.expected, Expected::Nothing) {
            self.stash.truncate(passed);
            self.stash.extend_from_slice(STAND_IN);
            self.approved += STAND_IN.len();
        }
    }

    fn hand_on(&mut self, out: &mut ReadBuf<'_>) {
        let count = self.approved.min(out.remaining());
        out.put_slice(self.stash.get(..count).unwrap_or_default());
        self.stash.advance(count);
        self.approved -= count;
    }

    /// What the connection waits for when the socket has nothing.
    fn doing(&self) -> Doing {
        match self.expected {
            Expected::Head if self.stash.is_empty() => Doing::BetweenRequests,
            Expected::Start | Expected::Head => Doing::ReadingHead,
            Expected::Body(_) | Expected::Chunks(_) => Doing::ReadingBody,
            _ => Doing::Other,
        }
    }
}

impl<IO: AsyncRead + Unpin> Gate<IO> {
    fn poll_stash(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let polled = poll_read_buf(Pin::new(&mut self.io), cx, &mut self.stash);
        if polled.is_pending() {
            self.state.waits(self.doing());
        }
        polled
    }

    fn poll_direct(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, out);
        if polled.is_pending() {
            self.state.waits(self.doing());
        }
        polled
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Gate<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if gate.approved > 0 {
                gate.hand_on(out);
                return Poll::Ready(Ok(()));
            }
            match gate.expected {
                Expected::Nothing => return Poll::Pending,
                Expected::Broken => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Expected::Verdict => {
                    let is_tunnel = ready!(gate.state.poll_verdict(cx));
                    gate.expected = if is_tunnel {
                        Expected::Anything
                    } else {
                        Expected::Head
                    };
                    gate.judge_stash();
                    continue;
                }
                _ => {}
            }
            if !gate.stash.is_empty() {
                if ready!(gate.poll_stash(cx))? == 0 {
                    return Poll::Ready(Ok(()));
                }
                gate.judge_stash();
                continue;
            }
            let before = out.filled().len();
            ready!(gate.poll_direct(cx, out))?;
            let fresh = out.filled().get(before..).unwrap_or_default();
            if fresh.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let passed = gate.judge(fresh);
            let unapproved = fresh.get(passed..).unwrap_or_default();
            if !unapproved.is_empty() {
                gate.keep(unapproved);
                out.set_filled(before + passed);
            }
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.state.writes(polled.is_pending());
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// After a refusal, unread bytes would make the kernel reset the connection and lose the answer: read past them.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        ready!(Pin::new(&mut gate.io).poll_shutdown(cx))?;
        if !matches!(gate.expected, Expected::Nothing | Expected::Broken) {
            return Poll::Ready(Ok(()));
        }
        let linger = gate
            .linger
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut scratch = [0; 4096];
        while linger.as_mut().poll(cx).is_pending() {
            let mut sink = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut gate.io).poll_read(cx, &mut sink)) {
                Ok(()) if !sink.filled().is_empty() => {}
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.state.writes(polled.is_pending());
        polled
    }
}

/// Milliseconds since `start`, for clocks shared between tasks.
pub(crate) fn elapsed_ms(start: Instant) -> u64 {
    u64::try_from(Duration::as_millis(&start.elapsed())).unwrap_or(u64::MAX)
}
