//! The other side of an http sink: it refuses what it gets until it is told to take it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, routing::post};
use http::StatusCode;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    takes: Arc<AtomicBool>,
    /// Ends with it.
    _runtime: Runtime,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let takes = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&takes);
        let answer = async move || match asked.load(Ordering::Relaxed) {
            true => StatusCode::OK,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let router = Router::new().route("/", post(answer));
        runtime.spawn(axum::serve(listener, router).into_future());
        Self {
            url,
            takes,
            _runtime: runtime,
        }
    }

    pub(crate) fn takes_from_now_on(&self) {
        self.takes.store(true, Ordering::Relaxed);
    }
}
