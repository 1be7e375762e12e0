//! The other side of an http sink, which fails in every way.

use std::{
    convert::Infallible,
    future::pending,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
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
            let said = Said::default();
            let connection = Connection {
                stream,
                said: Arc::clone(&said),
                recorder: inner.recorder.clone(),
            };
            let service = service_fn(|request| take(&inner, &said, request));
            // An error is how a connection is closed without an answer.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn take(
    inner: &Inner,
    said: &Mutex<Option<What>>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
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
    let is_poison = event.text().starts_with(POISON);
    let delivered = Delivered {
        sink: inner.name.to_owned(),
        place: inner.name.to_owned(),
        ..event.delivered()
    };
    let confirmed = What::Confirmed {
        sink: delivered.sink.clone(),
        message: delivered.message.clone(),
        attempt: delivered.attempt,
    };
    // It has it from here on, or has judged it, whoever hears of that.
    let status = if is_poison {
        inner.recorder.say(What::Refused {
            sink: delivered.sink,
            message: delivered.message,
            attempt: delivered.attempt,
            status: StatusCode::GONE.as_u16(),
        });
        StatusCode::GONE
    } else {
        inner.recorder.say(What::Delivered(delivered));
        match fails {
            Some(Kind::SinkForgets) if count.is_multiple_of(2) => return closed(),
            Some(Kind::SinkForgets) => return pending().await,
            _ => StatusCode::OK,
        }
    };
    *said.lock().unwrap() = Some(confirmed);
    Ok(answer(status))
}

/// What the next bytes that are written say.
type Said = Arc<Mutex<Option<What>>>;

/// A connection that tells when an answer is on the wire.
struct Connection {
    stream: TcpStream,
    said: Said,
    recorder: Recorder,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        // Head and all, it is shorter than any buffer.
        if let Some(said) = self.said.lock().unwrap().take() {
            self.recorder.say(said);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn answer(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::default();
    *answer.status_mut() = status;
    answer
}
