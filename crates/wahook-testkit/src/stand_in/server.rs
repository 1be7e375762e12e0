//! The server: records what it is asked, and has it answered.

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

use super::{
    Play,
    body::Sent,
    forced::{End, Forced},
    send::Shot,
};

/// A provider's management API on a port of this machine, until it is dropped.
#[derive(Debug)]
pub struct StandIn<P> {
    pub(super) shared: Arc<Shared<P>>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
pub(super) struct Shared<P> {
    play: Mutex<P>,
    /// Each for any request, or for those whose path ends like this.
    forced: Mutex<VecDeque<(&'static str, Forced)>>,
    recorded: Mutex<Vec<Recorded>>,
    index_keyed: AtomicBool,
}

/// A request that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// Its method.
    pub method: Method,
    /// Its path, as it came.
    pub path: String,
    /// The parameters in its query, decoded.
    pub query: Vec<(String, String)>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Recorded {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// A parameter of the query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(said, _)| said == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The segments of the path.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

impl<P: Play> StandIn<P> {
    /// Starts it, within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn start(play: P) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            play: Mutex::new(play),
            forced: Mutex::default(),
            recorded: Mutex::default(),
            index_keyed: AtomicBool::new(false),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            address,
            task,
        })
    }

    /// Its base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives this answer to the next request; several are given in their order.
    pub fn answer_next(&self, forced: Forced) {
        self.answer_next_to("", forced);
    }

    /// Gives this answer to the next request whose path ends like this.
    pub fn answer_next_to(&self, path_end: &'static str, forced: Forced) {
        lock(&self.shared.forced).push_back((path_end, forced));
    }

    /// Takes back what was to be answered, and has not been.
    pub fn answer_as_usual(&self) {
        lock(&self.shared.forced).clear();
    }

    /// Whether arrays are answered as `{"0":…}` from now on (Wawp, API: session webhook, 2026-07).
    pub fn index_keyed(&self, on: bool) {
        self.shared.index_keyed.store(on, Ordering::Relaxed);
    }

    /// The requests that came, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.recorded).clone()
    }

    /// The requests that came since the last time.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut *lock(&self.shared.recorded))
    }

    /// Looks at what is behind it, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut P) -> T) -> T {
        look(&mut lock(&self.shared.play))
    }
}

impl<P> Drop for StandIn<P> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<P> Shared<P> {
    fn forced_for(&self, path: &str) -> Option<Forced> {
        let mut forced = lock(&self.forced);
        let next = forced.iter().position(|(path_end, _)| path.ends_with(path_end))?;
        forced.remove(next).map(|(_, forced)| forced)
    }
}

/// Fires what is to be sent, one after another, and notes what became of it.
pub(super) async fn fire<P: Play>(shared: &Shared<P>, shots: Vec<Shot>) -> Vec<Option<u16>> {
    let mut answers = Vec::with_capacity(shots.len());
    for shot in shots {
        let answered = shot.fire().await;
        lock(&shared.play).sent(&shot, answered);
        answers.push(answered);
    }
    answers
}

async fn serve<P: Play>(listener: TcpListener, shared: Arc<Shared<P>>) {
    // They end with this task.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&shared, request));
            // A connection that is cut on purpose ends in an error; nobody wants to know.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer<P: Play>(
    shared: &Shared<P>,
    request: Request<Incoming>,
) -> Result<Response<Sent>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let recorded = Recorded {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: head.headers,
        body,
    };
    lock(&shared.recorded).push(recorded.clone());
    let forced = shared.forced_for(&recorded.path);
    let Some(forced) = forced else {
        return Ok(play(shared, &recorded).await);
    };
    sleep(forced.delay).await;
    match forced.end {
        End::Answer | End::OfUnknownLength | End::HalfThenSilence | End::HalfThenCut => {}
        End::DoneThenAnswer => drop(play(shared, &recorded).await),
        End::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
        End::DoneThenCut => {
            play(shared, &recorded).await;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        End::Silence => std::future::pending().await,
    }
    let mut response = Response::new(Sent::new(forced.body, forced.end));
    *response.status_mut() = forced.status;
    *response.headers_mut() = forced.headers;
    Ok(response)
}

async fn play<P: Play>(shared: &Shared<P>, recorded: &Recorded) -> Response<Sent> {
    let reply = lock(&shared.play).answer(recorded);
    fire(shared, reply.shots).await;
    let body = reply.body.map(|body| {
        if shared.index_keyed.load(Ordering::Relaxed) {
            keyed(body)
        } else {
            body
        }
    });
    let bytes = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let mut response = Response::new(Sent::new(bytes, End::Answer));
    *response.status_mut() = reply.status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Arrays as objects with their indices as names.
fn keyed(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let entries = values.into_iter().enumerate();
            let map: Map<_, _> = entries
                .map(|(index, value)| (index.to_string(), keyed(value)))
                .collect();
            map.into()
        }
        Value::Object(map) => {
            let map: Map<_, _> = map
                .into_iter()
                .map(|(name, value)| (name, keyed(value)))
                .collect();
            map.into()
        }
        other => other,
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
