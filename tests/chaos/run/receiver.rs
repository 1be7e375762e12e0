//! The other side of an http sink, which fails in every way.

use std::{
    convert::Infallible,
    future::pending,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime::Runtime};
use wahook_chaos::{
    history::{Delivered, What},
    plan::Kind,
};

use crate::{collect::Event, recorder::Recorder, senders::POISON};

/// A receiver that is there for the whole run.
pub(crate) struct Receiver {
    port: u16,
    inner: Arc<Inner>,
    _runtime: Runtime,
}

struct Inner {
    name: &'static str,
    recorder: Recorder,
    fails: Mutex<Option<Kind>>,
    asked: AtomicU64,
}

impl Receiver {
    pub(crate) fn start(name: &'static str, recorder: &Recorder) -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let inner = Arc::new(Inner {
            name,
            recorder: recorder.clone(),
            fails: Mutex::new(None),
            asked: AtomicU64::new(0),
        });
        runtime.spawn(listen(listener, Arc::clone(&inner)));
        Ok(Self {
            port,
            inner,
            _runtime: runtime,
        })
    }

    /// How it stands in the configuration of a gateway.
    pub(crate) fn sink(&self) -> String {
        let (name, port) = (self.inner.name, self.port);
        format!(
            "[[sink]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"http://127.0.0.1:{port}/\"\n\
             timeout = \"1s\"\nfirst_retry = \"50ms\"\nlongest_retry = \"400ms\"\nattempts = 100\n"
        )
    }

    /// From now on it fails so, or not at all.
    pub(crate) fn fail(&self, how: Option<Kind>) {
        *self.inner.fails.lock().unwrap() = how;
    }
}

async fn listen(listener: TcpListener, inner: Arc<Inner>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let inner = Arc::clone(&inner);
        tokio::spawn(async move {
            let service = service_fn(|request| take(&inner, request));
            // An error is how a connection is closed without an answer.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn take(inner: &Inner, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let count = inner.asked.fetch_add(1, Ordering::Relaxed);
    let closed = || Err(io::ErrorKind::ConnectionReset.into());
    let fails = *inner.fails.lock().unwrap();
    match fails {
        Some(Kind::SinkHangs) => return pending().await,
        Some(Kind::SinkCloses) => return closed(),
        Some(Kind::SinkBusy) => {
            let mut answer = answer(StatusCode::TOO_MANY_REQUESTS);
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return Ok(answer);
        }
        // Whose fault it is said to be changes.
        Some(Kind::SinkFails) if count.is_multiple_of(2) => {
            return Ok(answer(StatusCode::INTERNAL_SERVER_ERROR));
        }
        Some(Kind::SinkFails) => return Ok(answer(StatusCode::SERVICE_UNAVAILABLE)),
        _ => {}
    }
    let event = Event::read(&body);
    if event.text().starts_with(POISON) {
        return Ok(answer(StatusCode::GONE));
    }
    // It has it from here on, whoever hears of that.
    inner.recorder.say(What::Delivered(Delivered {
        sink: inner.name.to_owned(),
        place: inner.name.to_owned(),
        ..event.delivered()
    }));
    match fails {
        Some(Kind::SinkForgets) if count.is_multiple_of(2) => closed(),
        Some(Kind::SinkForgets) => pending().await,
        _ => Ok(answer(StatusCode::OK)),
    }
}

fn answer(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::default();
    *answer.status_mut() = status;
    answer
}
