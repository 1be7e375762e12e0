//! The way to the receiver: a service in this process, or whatever else takes requests.

use std::{convert::Infallible, fmt, future::poll_fn, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;
use tower_service::Service;
use wahook_core::BoxFuture;

use super::Body;

/// Takes requests to the receiver under test.
pub trait Wire: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and waits for its end. When the future is dropped, the sender has hung up.
    fn exchange(&self, request: Request<Body>) -> BoxFuture<'_, Reply>;
}

/// How a request ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// With an answer.
    Answer(Response<Bytes>),
    /// The connection was closed without one; why, where that is known.
    Closed(Option<String>),
    /// Nobody was there; why.
    Unreachable(String),
}

/// What came back, and when.
#[derive(Clone, Debug)]
pub(super) struct Came {
    /// `None`: nothing, for as long as anybody waits.
    pub(super) reply: Option<Reply>,
    pub(super) took: Duration,
}

impl Came {
    pub(super) fn status(&self) -> Option<u16> {
        match &self.reply {
            Some(Reply::Answer(answer)) => Some(answer.status().as_u16()),
            _ => None,
        }
    }

    pub(super) fn answer(&self) -> Option<&Response<Bytes>> {
        match &self.reply {
            Some(Reply::Answer(answer)) => Some(answer),
            _ => None,
        }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.answer().map_or(&[], |answer| answer.body())
    }

    /// In a word or two.
    pub(super) fn text(&self) -> String {
        match &self.reply {
            None => "no answer".to_owned(),
            Some(Reply::Answer(answer)) => answer.status().as_u16().to_string(),
            Some(Reply::Closed(Some(why))) => format!("closed ({why})"),
            Some(Reply::Closed(None)) => "closed".to_owned(),
            Some(Reply::Unreachable(_)) => "unreachable".to_owned(),
        }
    }
}

/// A receiver in this process: an axum `Router`, or any other tower service that takes a [`Body`].
///
/// A panic of the service is what it is at a server: a connection that closes.
pub struct InProcess<S>(S);

impl<S> InProcess<S> {
    /// Sends to this service.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl<S, B> Wire for InProcess<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: fmt::Debug + Send,
{
    fn exchange(&self, request: Request<Body>) -> BoxFuture<'_, Reply> {
        let mut service = self.0.clone();
        Box::pin(async move {
            // A task, so that a panic is its own; in a set, so that it ends with whoever waits for it.
            let mut task = JoinSet::new();
            task.spawn(async move {
                let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
                let Ok(answer) = service.call(request).await;
                let (head, body) = answer.into_parts();
                let body = body.collect().await.ok()?.to_bytes();
                Some(Response::from_parts(head, body))
            });
            match task.join_next().await {
                Some(Ok(Some(answer))) => Reply::Answer(answer),
                _ => Reply::Closed(None),
            }
        })
    }
}
