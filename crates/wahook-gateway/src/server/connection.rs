//! One connection, from its first byte to its end.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{self, Instant},
};
use wahook_core::proof::ClientAddr;

use super::{Arriving, Router, Tls, activity::Activity, places::Place};
use crate::config::Limits;

/// What one connection is served with.
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) stopping: watch::Receiver<bool>,
    /// Kept to its end.
    pub(super) place: Place,
}

impl Connection {
    /// Serves it to its end. A handshake is no request: whoever stops does not wait for it, and it takes of the time that
    /// the first head has.
    pub(super) async fn serve(mut self, stream: TcpStream, tls: Option<Tls>) {
        let seat = self.place.seat();
        let activity = Activity::since(Instant::now(), Arc::clone(&seat));
        let Some(tls) = tls else {
            return self.speak(stream, activity).await;
        };
        let stream = tokio::select! {
            stream = tls.shake_hands(stream, self.limits.header_timeout.get()) => stream,
            _ = self.stopping.wait_for(|stop| *stop) => None,
            () = seat.asked_to_go() => {
                tls.gave_up();
                None
            }
        };
        if let Some(stream) = stream {
            self.speak(stream, activity).await;
        }
    }

    /// HTTP, whatever is below it.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, activity: Activity) {
        let Self {
            peer,
            router,
            limits,
            mut stopping,
            place,
        } = self;
        let seat = place.seat();
        let service = service_fn(|mut request: Request<Incoming>| {
            let (in_progress, receiving) = activity.begin();
            request.extensions_mut().insert(ClientAddr(peer.ip()));
            let request = request.map(|body| Arriving::new(body, receiving));
            let answer = router.answer(request);
            async move {
                let answer = answer.await;
                drop(in_progress);
                answer
            }
        });
        let builder = builder(&limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // Errors of a connection are the sender's: a reset, a broken head. What matters of them is said by the stack.
        let asked_to_go = loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = stopping.wait_for(|stop| *stop) => break false,
                () = activity.idle_for(limits.header_timeout.get()) => break false,
                () = seat.asked_to_go() => {}
            }
            if activity.waits_for_sender() {
                break true;
            }
            seat.stay();
        };
        connection.as_mut().graceful_shutdown();
        if asked_to_go {
            // What can be said at once is said, and no more: somebody waits for the place.
            let _ = time::timeout(Duration::ZERO, connection).await;
            return;
        }
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = time::sleep(LAST_WORDS) => if activity.is_idle() { return },
            }
        }
    }
}

/// How long a connection without a request may take to say goodbye.
const LAST_WORDS: Duration = Duration::from_millis(500);

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout.get())
        // A sender that is done writing may still read, and what arrived whole is handled either way (G5).
        .half_close(true)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(HEAD_LIST_BYTES)
        // Rapid reset, CVE-2023-44487: h2 closes a connection that resets more than this before we look at it.
        .max_pending_accept_reset_streams(20)
        // "Made you reset", CVE-2025-8671.
        .max_local_error_reset_streams(100)
        .keep_alive_interval(limits.header_timeout.get())
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// Heads of providers have less than 4 KiB; proxies add a little.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_LIST_BYTES: u32 = 32 << 10;
