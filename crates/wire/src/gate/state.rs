//! What gate, service and accept loop know of one connection.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use super::elapsed_ms;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Shared by the three; all fields are small and independent of each other.
pub(crate) struct State {
    start: Instant,
    refusal: OnceLock<Refusal>,
    verdict: AtomicU8,
    waiting: Mutex<Option<Waker>>,
    doing: AtomicU8,
    since_ms: AtomicU64,
    in_flight: AtomicU32,
    /// When the client stopped to read, one added; 0 while it reads.
    write_blocked_ms: AtomicU64,
}

/// What the reading side waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Doing {
    ReadingHead = 0,
    BetweenRequests = 1,
    ReadingBody = 2,
    Other = 3,
}

/// What the accept loop does about a connection's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    Left,
    /// Nothing is under way: end it politely.
    Idle,
    /// It stalls within a request: cut it.
    Over,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            refusal: OnceLock::new(),
            verdict: AtomicU8::new(NO_VERDICT),
            waiting: Mutex::new(None),
            doing: AtomicU8::new(Doing::ReadingHead as u8),
            since_ms: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            write_blocked_ms: AtomicU64::new(0),
        }
    }

    /// The first refusal ends the connection, so there is one at most.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        let _ = self.refusal.set(refusal);
    }

    /// Why the stand-in was put into the stream.
    pub(crate) fn refusal(&self) -> Refusal {
        self.refusal.get().copied().unwrap_or(Refusal::RequestLine)
    }

    pub(crate) fn await_verdict(&self) {
        self.verdict.store(NO_VERDICT, Ordering::Release);
    }

    /// Says whether the websocket request was answered with 101.
    pub(crate) fn decide(&self, is_tunnel: bool) {
        self.verdict
            .store(if is_tunnel { TUNNEL } else { HTTP }, Ordering::Release);
        let waker = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn poll_verdict(&self, cx: &Context<'_>) -> Poll<bool> {
        // The waker is stored before the verdict is looked at, so that none is missed.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        match self.verdict.load(Ordering::Acquire) {
            NO_VERDICT => Poll::Pending,
            verdict => Poll::Ready(verdict == TUNNEL),
        }
    }

    /// Notes that the socket has nothing and what is waited for; called after bytes arrived, too.
    pub(crate) fn waits(&self, doing: Doing) {
        let before = self.doing.swap(doing as u8, Ordering::Relaxed);
        // A head has one clock from its first byte to its last, however it trickles.
        if doing == Doing::ReadingHead && before == READING_HEAD {
            return;
        }
        self.since_ms
            .store(elapsed_ms(self.start), Ordering::Relaxed);
    }

    /// Notes that a head is complete, so that the next one gets a clock of its own.
    pub(crate) fn head_passed(&self) {
        self.doing.store(OTHER, Ordering::Relaxed);
    }

    /// A request is under way for as long as the result lives.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Notes whether the last attempt to write found the client reading.
    pub(crate) fn writes(&self, is_blocked: bool) {
        let before = self.write_blocked_ms.load(Ordering::Relaxed);
        match (is_blocked, before) {
            (true, 0) => self
                .write_blocked_ms
                .store(elapsed_ms(self.start) + 1, Ordering::Relaxed),
            (false, 1..) => self.write_blocked_ms.store(0, Ordering::Relaxed),
            _ => {}
        }
    }

    pub(crate) fn patience(&self, limits: &Limits) -> Patience {
        let waited = elapsed_ms(self.start).saturating_sub(self.since_ms.load(Ordering::Relaxed));
        let is_over = |limit: std::time::Duration| u128::from(waited) >= limit.as_millis();
        let blocked = self.write_blocked_ms.load(Ordering::Relaxed);
        if blocked > 0
            && u128::from((elapsed_ms(self.start) + 1).saturating_sub(blocked))
                >= limits.write_idle.as_millis()
        {
            return Patience::Over;
        }
        let is_busy = self.in_flight.load(Ordering::Relaxed) > 0;
        match self.doing.load(Ordering::Relaxed) {
            READING_HEAD if is_over(limits.head_read_timeout) && !is_busy => Patience::Over,
            READING_BODY if is_over(limits.body_idle) => Patience::Over,
            BETWEEN_REQUESTS | OTHER if is_over(limits.keep_alive_idle) && !is_busy => {
                Patience::Idle
            }
            _ => Patience::Left,
        }
    }
}

/// Counts a request until its answer's body is done.
pub(crate) struct InFlight(Arc<State>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        // The clock of an idle connection starts when its last answer ends.
        self.0
            .since_ms
            .store(elapsed_ms(self.0.start), Ordering::Relaxed);
    }
}

const NO_VERDICT: u8 = 0;
const TUNNEL: u8 = 1;
const HTTP: u8 = 2;
const READING_HEAD: u8 = Doing::ReadingHead as u8;
const BETWEEN_REQUESTS: u8 = Doing::BetweenRequests as u8;
const READING_BODY: u8 = Doing::ReadingBody as u8;
const OTHER: u8 = Doing::Other as u8;
