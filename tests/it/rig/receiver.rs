//! The other side of an http sink, which may refuse, hang, fail, and come back.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::StatusCode;
use tokio::{net::TcpSocket, runtime::Runtime};
use wahook_services::free_port;

use super::ledger::Line;

/// What whoever asks is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 200, and the event is kept.
    #[default]
    Up,
    /// The same, but every so-manieth request is answered with 500.
    Flaky(u64),
    /// Nothing, for ever.
    Hanging,
    /// This, and the event is not kept.
    Failing(StatusCode),
}

#[derive(Debug)]
pub(crate) struct Receiver {
    /// Keeps the port while nobody listens: another test's server would take what is sent here, and confirm it.
    _place: TcpSocket,
    port: u16,
    inner: Arc<Inner>,
    runtime: Option<Runtime>,
}

#[derive(Debug, Default)]
struct Inner {
    mode: Mutex<Mode>,
    lines: Mutex<Vec<Line>>,
    asked: AtomicU64,
}

impl Receiver {
    /// Nobody listens yet.
    pub(crate) fn new() -> Self {
        let port = free_port().unwrap();
        Self {
            _place: bound(port),
            port,
            inner: Arc::default(),
            runtime: None,
        }
    }

    /// A sink of this name that hands its events over here, and has these settings.
    pub(crate) fn sink(&self, name: &str, settings: &str) -> String {
        let port = self.port;
        format!(
            "[[sink]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"http://127.0.0.1:{port}/\"\nraw = false\n{settings}\n"
        )
    }

    /// From now on whoever asks is told this.
    pub(crate) fn answer(&mut self, mode: Mode) {
        *self.inner.mode.lock().unwrap() = mode;
        if self.runtime.is_none() {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).enable_all().build().unwrap();
            let port = self.port;
            let listener = runtime.block_on(async { bound(port).listen(1024).unwrap() });
            let router = Router::new()
                .route("/", post(take))
                .with_state(Arc::clone(&self.inner));
            runtime.spawn(axum::serve(listener, router).into_future());
            self.runtime = Some(runtime);
        }
    }

    /// From now on nobody listens; connections that are open are cut.
    pub(crate) fn refuse(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// What it was handed and confirmed, in that order.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.inner.lines.lock().unwrap().clone()
    }
}

/// A socket at this port that does not listen yet. There may be several of ours; whoever only reuses addresses, as servers do,
/// gets none.
fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

async fn take(State(inner): State<Arc<Inner>>, body: Bytes) -> StatusCode {
    let count = inner.asked.fetch_add(1, Ordering::Relaxed) + 1;
    let mode = *inner.mode.lock().unwrap();
    match mode {
        Mode::Hanging => pending().await,
        Mode::Failing(status) => status,
        Mode::Flaky(each) if count.is_multiple_of(each) => StatusCode::INTERNAL_SERVER_ERROR,
        Mode::Up | Mode::Flaky(_) => {
            inner.lines.lock().unwrap().push(Line::read(&body));
            StatusCode::OK
        }
    }
}

#[test]
fn who_refuses_keeps_its_place() {
    let mut receiver = Receiver::new();
    let address = ("127.0.0.1", receiver.port);
    for _ in 0..2 {
        assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens");
        assert!(std::net::TcpListener::bind(address).is_err(), "it is taken");
        receiver.answer(Mode::Up);
        assert!(std::net::TcpStream::connect(address).is_ok());
        receiver.refuse();
    }
}
