//! Services of the same process: targets without a connection.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower::util::BoxCloneService;

use crate::body::{BodyError, RequestBody, ServiceBody};

type Boxed = BoxCloneService<Request<RequestBody>, Response<ServiceBody>, Infallible>;

/// The services that rules reach as `service:NAME`.
#[derive(Clone, Debug, Default)]
pub struct Services(BTreeMap<String, Service>);

/// A mounted service; what reaches it was checked like what comes over a connection, and carries the
/// `PeerAddr` of the client's connection.
#[derive(Clone)]
pub(crate) struct Service(Arc<Mutex<Boxed>>);

impl Services {
    /// Mounts `service` as `service:NAME`.
    pub fn mount<S, B>(&mut self, name: impl Into<String>, service: S)
    where
        S: tower::Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let boxed = service.map_response(|response: Response<B>| {
            response.map(|body| body.map_err(Into::into).boxed_unsync())
        });
        let service = Service(Arc::new(Mutex::new(BoxCloneService::new(boxed))));
        self.0.insert(name.into(), service);
    }

    pub(crate) fn get(&self, name: &str) -> Option<Service> {
        self.0.get(name).cloned()
    }
}

impl Service {
    pub(crate) async fn answer(&self, request: Request<RequestBody>) -> Response<ServiceBody> {
        let service = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match service.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}
