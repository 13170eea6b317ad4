//! One request on its way through a listener.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hokusai_routes::model::{Action, Forward, Protocol};
use hokusai_routes::request::Request as Seen;
use hokusai_wire::client_addr::ClientAddr;
use hokusai_wire::serve::PeerAddr;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::answer::{About, Refused, fixed};
use crate::body::{DoorBody, RequestBody};
use crate::exchange::{Exchange, Tunnel};
use crate::generation::{Generation, Selected};
use crate::group::{Group, Target};
use crate::headers::{self, Way};
use crate::installed::Installed;
use crate::redirect::{self, Asked};
use crate::shared::Shared;
use crate::sticky::{self, Purpose};
use crate::{clear, mask, request_id, websocket};

/// A listener, while it serves.
pub(crate) struct Plane {
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    pub(crate) shared: Arc<Shared>,
}

/// What is known of a request when it comes.
struct Known {
    method: Method,
    uri: Uri,
    host: Option<HeaderValue>,
    peer: SocketAddr,
    id: HeaderValue,
    began: Instant,
}

/// A rule's answer and the place of its group in the rule's list.
struct Outcome<'g> {
    group: Option<(usize, &'g str)>,
    result: Result<Response<DoorBody>, Refused>,
}

impl Plane {
    /// Answers one request, counts it, and writes the line of the access log.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> Response<DoorBody> {
        let known = self.know(&mut request);
        let installed = self.shared.installed();
        let generation = self.choose_table(&installed, &request, known.peer.ip());
        let routes = generation.listeners.get(&self.name);
        let selected =
            routes.and_then(|routes| routes.select(&seen(&request, &known, routes.reads_headers)));
        let Some(selected) = selected else {
            let refused = Refused::internal("this listener is not in the rule table");
            return refused.into_response(&known.about("", None));
        };
        let outcome = match self.refuse_exposed_key(&request, &selected, &known) {
            Some(refused) => Outcome {
                group: None,
                result: Err(refused),
            },
            None => self.carry_out(generation, &selected, request, &known).await,
        };
        self.finish(&selected, outcome, &known)
    }

    fn know(&self, request: &mut Request<Incoming>) -> Known {
        let peer = request.extensions().get::<PeerAddr>();
        let peer = peer.map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |PeerAddr(peer)| *peer);
        let id = self.shared.ids.id_of(request.headers());
        request.headers_mut().insert(request_id::HEADER, id.clone());
        Known {
            method: request.method().clone(),
            uri: request.uri().clone(),
            host: request.headers().get(HOST).cloned(),
            peer,
            id,
            began: Instant::now(),
        }
    }

    fn choose_table<'i>(
        &self,
        installed: &'i Installed,
        request: &Request<Incoming>,
        peer: IpAddr,
    ) -> &'i Arc<Generation> {
        if installed.next.is_none() {
            return &installed.current;
        }
        let lines = request.headers().get_all("x-forwarded-for").iter();
        let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
        let client = match self.shared.proxies.client(peer, lines.into_iter()) {
            ClientAddr::Known(client) => client,
            ClientAddr::Unknown => peer,
        };
        installed.choose(&self.name, client)
    }

    /// Security 19.
    fn refuse_exposed_key(
        &self,
        request: &Request<Incoming>,
        selected: &Selected<'_>,
        known: &Known,
    ) -> Option<Refused> {
        if self.protocol == Protocol::Https {
            return None;
        }
        let fingerprint = clear::exposed_key(
            self.shared.keys_in_clear,
            &self.shared.proxies,
            known.peer.ip(),
            matches!(selected.action, Action::Redirect(_)),
            request.headers(),
            known.uri.query(),
        )?;
        self.shared
            .metrics
            .keys_in_clear
            .fetch_add(1, Ordering::Relaxed);
        tracing::warn!(key.fingerprint = %fingerprint, peer.address = %known.peer, listener.name = %self.name,
            "a key was sent in clear: the key whose SHA-256 begins with {fingerprint} came over plain HTTP");
        Some(Refused::forbidden(
            "the key of this request was sent in clear: use https, and rotate the key, since others may have read it",
        ))
    }

    async fn carry_out<'g>(
        &self,
        generation: &'g Generation,
        selected: &Selected<'_>,
        request: Request<Incoming>,
        known: &Known,
    ) -> Outcome<'g> {
        let result = match selected.action {
            Action::Forward(forward) => {
                let chosen = self.choose_group(generation, forward, selected, request.headers());
                let Some((index, group, is_new)) = chosen else {
                    let refused = Refused::unavailable("no target group is there to answer");
                    return Outcome {
                        group: None,
                        result: Err(refused),
                    };
                };
                let mut result = self.forward(group, selected, request, known).await;
                if let (Ok(response), Some(stickiness), true) =
                    (&mut result, &forward.stickiness, is_new)
                {
                    let duration_s = stickiness.duration_s;
                    self.stick(
                        Purpose::Group,
                        selected.rule,
                        &group.name,
                        duration_s,
                        response,
                    );
                }
                return Outcome {
                    group: Some((index, &group.name)),
                    result,
                };
            }
            Action::FixedResponse(response) if selected.is_default && response.body.is_none() => {
                // No rule matched: says what was seen, and never guesses.
                Err(Refused::unmatched(
                    response.status,
                    format!(
                        "no rule matches host `{}` and path `{}`",
                        known.host(),
                        known.path()
                    ),
                ))
            }
            Action::FixedResponse(response) => Ok(fixed(response)),
            Action::Redirect(redirect) => redirect::answer(
                redirect,
                &Asked {
                    protocol: self.protocol,
                    host: known.host(),
                    port: self.port,
                    uri: &known.uri,
                },
            ),
        };
        Outcome {
            group: None,
            result,
        }
    }

    /// The client's group if it sticks to one, else by weight, in turn; groups without weight receive nothing unless none has
    /// any. With its place in the rule's list, and whether the client did not stick to it before.
    fn choose_group<'g>(
        &self,
        generation: &'g Generation,
        forward: &Forward,
        selected: &Selected<'_>,
        headers: &HeaderMap,
    ) -> Option<(usize, &'g Arc<Group>, bool)> {
        let find = |index: usize| {
            let group = forward.groups.get(index)?;
            Some((index, generation.groups.get(&group.group)?))
        };
        if forward.groups.len() == 1 {
            return find(0).map(|(index, group)| (index, group, false));
        }
        let is_unweighted = forward.groups.iter().all(|group| group.weight == 0);
        let weight = |weight: u32| if is_unweighted { 1 } else { u64::from(weight) };
        if forward.stickiness.is_some() {
            let names = forward
                .groups
                .iter()
                .filter(|group| weight(group.weight) > 0);
            let names = names.map(|group| group.group.as_str());
            let stuck = self
                .shared
                .sticky
                .read(Purpose::Group, selected.rule, headers, names);
            let index =
                stuck.and_then(|name| forward.groups.iter().position(|group| group.group == name));
            if let Some((index, group)) = index.and_then(find) {
                return Some((index, group, false));
            }
        }
        let total: u64 = forward
            .groups
            .iter()
            .map(|group| weight(group.weight))
            .sum();
        let turn = self.shared.turn.fetch_add(1, Ordering::Relaxed);
        let mut turn = turn.checked_rem(total)?;
        for (index, group) in forward.groups.iter().enumerate() {
            match turn.checked_sub(weight(group.weight)) {
                Some(rest) => turn = rest,
                None => return find(index).map(|(index, group)| (index, group, true)),
            }
        }
        None
    }

    async fn forward(
        &self,
        group: &Arc<Group>,
        selected: &Selected<'_>,
        mut request: Request<Incoming>,
        known: &Known,
    ) -> Result<Response<DoorBody>, Refused> {
        let tunnel = self.tunnel(&mut request)?;
        let place = group.enter().await.ok_or_else(|| {
            Refused::unavailable(format!(
                "target group `{}` is full and no place became free; try again, or raise `max_in_flight` of the group",
                group.name
            ))
        })?;
        let (target, is_new) = self.choose_target(group, request.headers())?;
        let (mut head, body) = request.into_parts();
        let way = Way {
            peer: known.peer,
            is_trusted: self.shared.proxies.contains(known.peer.ip()),
            protocol: self.protocol,
            port: self.port,
        };
        headers::prepare(&mut head.headers, &way);
        selected.attached.transforms.apply(&mut head)?;
        head.version = Version::HTTP_11;
        head.extensions.clear();
        let (body, progress) = RequestBody::new(body);
        let exchange = Exchange {
            group,
            place,
            request: Request::from_parts(head, body),
            progress,
            peer: PeerAddr(known.peer),
        };
        let mut response = match tunnel {
            Some(tunnel) => {
                self.shared.metrics.tunnels.fetch_add(1, Ordering::Relaxed);
                exchange.open(target, tunnel).await?
            }
            None => exchange.run(target).await?,
        };
        if let Some(stickiness) = group.definition.stickiness.as_ref().filter(|_| is_new) {
            // With a cookie of the application, a session begins when the application says so.
            let begins = stickiness
                .app_cookie
                .as_ref()
                .is_none_or(|cookie| sticky::sets_cookie(response.headers(), cookie));
            if begins {
                let duration_s = stickiness.duration_s;
                self.stick(
                    Purpose::Target,
                    &group.name,
                    &target.name,
                    duration_s,
                    &mut response,
                );
            }
        }
        Ok(response)
    }

    fn tunnel(&self, request: &mut Request<Incoming>) -> Result<Option<Tunnel>, Refused> {
        if !websocket::is_asked(request) {
            return Ok(None);
        }
        Ok(Some(Tunnel {
            key: websocket::key(request.method(), request.headers())?,
            client: hyper::upgrade::on(request),
            shutdown: self.shared.shutdown.clone(),
        }))
    }

    fn choose_target<'g>(
        &self,
        group: &'g Arc<Group>,
        headers: &HeaderMap,
    ) -> Result<(&'g Arc<Target>, bool), Refused> {
        if group.definition.stickiness.is_some() {
            let healthy = || group.targets.iter().filter(|target| target.is_healthy());
            let names = healthy().map(|target| target.name.as_str());
            let stuck = self
                .shared
                .sticky
                .read(Purpose::Target, &group.name, headers, names);
            if let Some(target) =
                stuck.and_then(|name| healthy().find(|target| target.name == name))
            {
                return Ok((target, false));
            }
        }
        let target = group.choose(None).ok_or_else(|| {
            Refused::unavailable(format!(
                "target group `{}` has no healthy target; start its service, or see `hokusai front-door status`",
                group.name
            ))
        })?;
        Ok((target, true))
    }

    fn stick(
        &self,
        purpose: Purpose,
        scope: &str,
        name: &str,
        duration_s: u32,
        response: &mut Response<DoorBody>,
    ) {
        let is_secure = self.protocol == Protocol::Https;
        let headers = response.headers_mut();
        self.shared
            .sticky
            .write(purpose, scope, name, duration_s, is_secure, headers);
    }

    fn finish(
        &self,
        selected: &Selected<'_>,
        outcome: Outcome<'_>,
        known: &Known,
    ) -> Response<DoorBody> {
        let group = outcome.group.map(|(_, name)| name);
        let mut response = outcome
            .result
            .unwrap_or_else(|refused| refused.into_response(&known.about(selected.rule, group)));
        response
            .headers_mut()
            .insert(request_id::HEADER, known.id.clone());
        let took = known.began.elapsed();
        let index = outcome.group.map(|(index, _)| index);
        if let Some(counters) = selected.attached.counters(index) {
            counters.count(response.status().as_u16(), took);
        }
        tracing::info!(
            request.id = known.id.to_str().unwrap_or_default(),
            http.method = %known.method, http.host = known.host(), http.path = %known.path(),
            http.status = response.status().as_u16(), took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            listener.name = %self.name, rule.name = selected.rule, group.name = group.unwrap_or_default(), peer.address = %known.peer,
            "{} {} through rule `{}`: {}", known.method, known.path(), selected.rule, response.status()
        );
        response
    }
}

impl Known {
    fn host(&self) -> &str {
        let host = self.host.as_ref();
        host.and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// As it may be echoed and logged.
    fn path(&self) -> Cow<'_, str> {
        mask::keys(self.uri.path())
    }

    fn about<'a>(&'a self, rule: &'a str, group: Option<&'a str>) -> About<'a> {
        About {
            host: self.host.as_ref().and_then(|host| host.to_str().ok()),
            path: self.path(),
            rule,
            group,
        }
    }
}

fn seen<'r>(request: &'r Request<Incoming>, known: &'r Known, reads_headers: bool) -> Seen<'r> {
    let text = |value: &'r HeaderValue| String::from_utf8_lossy(value.as_bytes());
    let headers = if reads_headers {
        let lines = request.headers().iter();
        lines
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), text(value)))
            .collect()
    } else {
        Vec::new()
    };
    Seen {
        method: Cow::Borrowed(request.method().as_str()),
        host: known
            .host
            .as_ref()
            .and_then(|host| host.to_str().ok())
            .map(Cow::Borrowed),
        path: Cow::Borrowed(request.uri().path()),
        query: request
            .uri()
            .query()
            .map(Seen::split_query)
            .unwrap_or_default(),
        headers,
        peer: known.peer.ip(),
    }
}
