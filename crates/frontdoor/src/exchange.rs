//! One request and its answer, between the door and a target.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hokusai_wire::serve::PeerAddr;
use hokusai_wire::shutdown::Shutdown;
use http::header::HOST;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::answer::Refused;
use crate::body::{DoorBody, Progress, RequestBody, TargetBody};
use crate::group::{Group, Occupied, Target, Way};
use crate::headers;
use crate::pool::{Lease, Pool, Sender};
use crate::service::Service;
use crate::websocket;

/// A request that is ready to be sent.
pub(crate) struct Exchange<'g> {
    pub(crate) group: &'g Arc<Group>,
    pub(crate) place: OwnedSemaphorePermit,
    pub(crate) request: Request<RequestBody>,
    pub(crate) progress: Option<Arc<Progress>>,
    pub(crate) peer: PeerAddr,
}

/// A client that waits for a tunnel.
pub(crate) struct Tunnel {
    pub(crate) client: OnUpgrade,
    pub(crate) key: HeaderValue,
    pub(crate) shutdown: Shutdown,
}

impl Exchange<'_> {
    /// Sends the request to `target`, to another if that can't be reached, and gives the head of the answer.
    pub(crate) async fn run(mut self, target: &Arc<Target>) -> Result<Response<DoorBody>, Refused> {
        let mut target = Arc::clone(target);
        for attempt in 0..MAX_ATTEMPTS {
            let pool = match &target.way {
                Way::Service(service) => return self.ask(&target, &service.clone()).await,
                Way::Connection(pool) => Arc::clone(pool),
            };
            // What was never sent may be sent again; the pool's connections are only trusted once.
            let pooled = if attempt == 0 {
                pool.reuse().await
            } else {
                None
            };
            let sender = match pooled {
                Some(sender) => Ok(sender),
                None => pool.connect().await,
            };
            let sender = match sender {
                Ok(sender) => sender,
                Err(error) => {
                    target = self.next_target(&target, &error)?;
                    continue;
                }
            };
            match self.send(sender, &pool, target).await? {
                Step::Answered(response) => return Ok(*response),
                Step::Unsent(same, unsent) => {
                    (self, target) = (*unsent, same);
                    self.group.counters.retried.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Err(self.unreachable())
    }

    async fn send(
        mut self,
        mut sender: Sender,
        pool: &Arc<Pool>,
        target: Arc<Target>,
    ) -> Result<Step<Self>, Refused> {
        let limit = self.group.response_timeout;
        if !self.request.headers().contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(pool.authority())
        {
            self.request.headers_mut().insert(HOST, host);
        }
        let occupied = target.occupy(self.place);
        let answer = sender.try_send_request(self.request);
        match within(answer, limit, self.progress.as_deref()).await {
            Ok(Ok(response)) => {
                let lease = Lease::new(sender, Arc::clone(pool));
                let (mut head, inner) = response.into_parts();
                if head.status == StatusCode::SWITCHING_PROTOCOLS {
                    return Err(broke_off(self.group, "it switched protocols unasked"));
                }
                headers::prepare_answer(&mut head.headers);
                head.version = Version::HTTP_11;
                let body = TargetBody {
                    inner,
                    is_over: false,
                    lease,
                    request: self.progress,
                    idle_limit: limit,
                    idle: None,
                    _occupied: occupied,
                };
                let body = DoorBody::Target(Box::new(body));
                Ok(Step::Answered(Box::new(Response::from_parts(head, body))))
            }
            Ok(Err(mut error)) => match error.take_message() {
                Some(request) => {
                    let unsent = Exchange {
                        group: self.group,
                        place: occupied.into_place().ok_or_else(lost_place)?,
                        request,
                        progress: self.progress,
                        peer: self.peer,
                    };
                    Ok(Step::Unsent(target, Box::new(unsent)))
                }
                None => Err(failed(self.group, &target, &error.into_error())),
            },
            Err(late) => Err(late.refusal(self.group)),
        }
    }

    /// Asks a service of this process.
    async fn ask(
        self,
        target: &Arc<Target>,
        service: &Service,
    ) -> Result<Response<DoorBody>, Refused> {
        let limit = self.group.response_timeout;
        let mut request = self.request;
        request.extensions_mut().insert(self.peer);
        let occupied = target.occupy(self.place);
        let answer = service.answer(request);
        let response = within(answer, limit, self.progress.as_deref())
            .await
            .map_err(|late| late.refusal(self.group))?;
        let (mut head, body) = response.into_parts();
        headers::prepare_answer(&mut head.headers);
        head.version = Version::HTTP_11;
        Ok(Response::from_parts(
            head,
            DoorBody::Service(body, occupied),
        ))
    }

    /// Opens a tunnel if the target agrees; passes on its answer if it does not.
    pub(crate) async fn open(
        mut self,
        target: &Arc<Target>,
        tunnel: Tunnel,
    ) -> Result<Response<DoorBody>, Refused> {
        let Way::Connection(pool) = &target.way else {
            return self.run(target).await;
        };
        websocket::ask(self.request.headers_mut());
        let mut sender = pool.connect_for_tunnel().await.map_err(|error| {
            note_failure(self.group, target, &error);
            self.unreachable()
        })?;
        let limit = self.group.response_timeout;
        let answer = within(sender.send_request(self.request), limit, None)
            .await
            .map_err(|late| late.refusal(self.group))?;
        let mut response = answer.map_err(|error| failed(self.group, target, &error))?;
        let occupied = target.occupy(self.place);
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let lease = Lease::new(sender, Arc::clone(pool));
            return Ok(passed_on(response, lease, limit, occupied));
        }
        if !websocket::is_accepted(&response, &tunnel.key) {
            return Err(broke_off(
                self.group,
                "its answer to the websocket handshake is wrong",
            ));
        }
        let upgrade = hyper::upgrade::on(&mut response);
        let (mut head, _) = response.into_parts();
        headers::prepare_answer(&mut head.headers);
        websocket::ask(&mut head.headers);
        tokio::spawn(websocket::tunnel(
            tunnel.client,
            upgrade,
            occupied,
            tunnel.shutdown,
        ));
        Ok(Response::from_parts(head, DoorBody::Own(None)))
    }

    fn next_target(
        &self,
        bad: &Arc<Target>,
        error: &std::io::Error,
    ) -> Result<Arc<Target>, Refused> {
        note_failure(self.group, bad, error);
        let other = self.group.choose(Some(bad));
        let other = other.filter(|other| !Arc::ptr_eq(other, bad));
        self.group
            .counters
            .retried
            .fetch_add(u64::from(other.is_some()), Ordering::Relaxed);
        other.cloned().ok_or_else(|| self.unreachable())
    }

    fn unreachable(&self) -> Refused {
        Refused::bad_gateway(format!(
            "no target of group `{}` can be reached; check that its service runs where the rule table says",
            self.group.name
        ))
    }
}

/// What sending came to.
enum Step<E> {
    Answered(Box<Response<DoorBody>>),
    /// Not a byte of it left: it may go elsewhere.
    Unsent(Arc<Target>, Box<E>),
}

/// Who was too slow.
enum Late {
    Target,
    Client,
}

impl Late {
    fn refusal(&self, group: &Group) -> Refused {
        match self {
            Self::Target => Refused::timed_out(format!(
                "target group `{}` did not begin to answer within {} ms; look at the service behind it, or raise `response_timeout_ms` of the group",
                group.name,
                group.response_timeout.as_millis()
            )),
            Self::Client => Refused::client_stalls("the rest of the request's body did not come"),
        }
    }
}

/// Waits for the head of an answer. The clock stands still while the body of the request moves: an upload may take hours.
async fn within<T>(
    answer: impl Future<Output = T>,
    limit: Duration,
    progress: Option<&Progress>,
) -> Result<T, Late> {
    let mut answer = pin!(answer);
    let mut deadline = Instant::now() + limit;
    loop {
        if let Ok(done) = tokio::time::timeout_at(deadline, answer.as_mut()).await {
            return Ok(done);
        }
        let Some(progress) = progress else {
            return Err(Late::Target);
        };
        let is_waiting = progress.waits_for_client() && !progress.is_done();
        let patience = if is_waiting {
            limit.max(CLIENT_IDLE)
        } else {
            limit
        };
        deadline = progress.moved_at() + patience;
        if deadline <= Instant::now() {
            return Err(if is_waiting {
                Late::Client
            } else {
                Late::Target
            });
        }
    }
}

fn passed_on(
    response: Response<Incoming>,
    lease: Lease,
    idle_limit: Duration,
    occupied: Occupied,
) -> Response<DoorBody> {
    let (mut head, inner) = response.into_parts();
    headers::prepare_answer(&mut head.headers);
    let body = TargetBody {
        inner,
        is_over: false,
        lease,
        request: None,
        idle_limit,
        idle: None,
        _occupied: occupied,
    };
    Response::from_parts(head, DoorBody::Target(Box::new(body)))
}

fn note_failure(group: &Group, target: &Target, error: &dyn std::error::Error) {
    tracing::warn!(group.name = %group.name, target.address = %target.name, error = %error,
        "target `{}` of group `{}` did not answer", target.name, group.name);
}

fn failed(group: &Group, target: &Target, error: &hyper::Error) -> Refused {
    if error.is_user() || error.is_body_write_aborted() {
        return Refused::bad_request("the body of the request broke off");
    }
    note_failure(group, target, error);
    broke_off(group, "it closed the connection before it answered")
}

fn broke_off(group: &Group, how: &str) -> Refused {
    Refused::bad_gateway(format!(
        "a target of group `{}` failed: {how}; look at the log of the service behind it",
        group.name
    ))
}

fn lost_place() -> Refused {
    Refused::internal("the place in the group was given away")
}

/// The first target, a fresh connection to it, another target.
const MAX_ATTEMPTS: usize = 3;
/// The load balancer's idle timeout.
const CLIENT_IDLE: Duration = Duration::from_mins(1);
