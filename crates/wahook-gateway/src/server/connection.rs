//! One connection, from its first byte to its end.

use std::{future::poll_fn, net::SocketAddr, pin::pin, task::Poll, time::Duration};

use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    task,
    time::{self, Instant},
};
use wahook_core::proof::ClientAddr;

use super::{Arriving, Router, Tls, activity::Activity, places::Place, turns::Turns};
use crate::config::Limits;

/// What one connection is served with.
pub(super) struct Connection {
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    stopping: watch::Receiver<bool>,
    activity: Activity,
    /// Kept to its end.
    place: Place,
}

impl Connection {
    /// From now on it waits for its sender.
    pub(super) fn new(
        peer: SocketAddr,
        router: Router,
        limits: Limits,
        stopping: watch::Receiver<bool>,
        place: Place,
    ) -> Self {
        Self {
            peer,
            router,
            limits,
            stopping,
            activity: Activity::since(Instant::now(), place.seat()),
            place,
        }
    }

    /// Serves it to its end. A handshake is no request: whoever stops does not wait for it, and it takes of the time that
    /// the first head has.
    pub(super) async fn serve(mut self, stream: TcpStream, tls: Option<Tls>) {
        let stream = Turns::new(stream);
        let Some(tls) = tls else {
            return self.speak(stream).await;
        };
        let seat = self.place.seat();
        let stream = tokio::select! {
            biased; // what its sender has said by now counts
            stream = tls.shake_hands(stream, self.limits.header_timeout.get()) => stream,
            _ = self.stopping.wait_for(|stop| *stop) => None,
            () = seat.asked_to_go() => {
                tls.gave_up();
                None
            }
        };
        if let Some(stream) = stream {
            self.speak(stream).await;
        }
    }

    /// HTTP, whatever is below it.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self {
            peer,
            router,
            limits,
            mut stopping,
            activity,
            place: _place,
        } = self;
        let service = service_fn(|mut request: Request<Incoming>| {
            let (in_progress, receiving) = activity.begin();
            request.extensions_mut().insert(ClientAddr(peer.ip()));
            let request = request.map(|body| Arriving::new(body, receiving));
            let answer = router.answer(request);
            async move {
                let answer = answer.await;
                if let Ok(answer) = &answer {
                    in_progress.answered(answer.status());
                }
                if !answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
                    // Requests that stand in line on one connection, and are refused without waiting for anything, would
                    // otherwise have the thread for themselves until the last.
                    task::yield_now().await;
                }
                drop(in_progress);
                answer
            }
        });
        let builder = builder(&limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // Errors of a connection are the sender's: a reset, a broken head. What matters of them is said by the stack.
        let asked_to_go = tokio::select! {
            biased; // what its sender has said by now counts
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stop| *stop) => false,
            () = activity.idle_for(limits.header_timeout.get()) => false,
            () = activity.must_go() => true,
        };
        connection.as_mut().graceful_shutdown();
        if asked_to_go {
            // What can be said at once is said, and no more: somebody waits for the place. Not by a timeout of nothing,
            // which takes a millisecond.
            let is_over = poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx).is_ready())).await;
            if is_over || activity.goes() {
                return;
            }
        }
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = time::sleep(LAST_WORDS) => if activity.is_idle() { return },
                () = activity.must_go() => return,
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use bytes::Bytes;
    use http::StatusCode;
    use http_body_util::BodyExt;
    use hyper::Response;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tower::util::BoxCloneSyncService;
    use wahook_tower::Answer;

    use super::{super::places::Places, *};

    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n";

    /// A connection, and whoever is on its other side. Its requests are refused once their bodies are here, and counted.
    async fn connected(
        places: &Places,
        stopping: &watch::Receiver<bool>,
        refused: &Arc<AtomicUsize>,
    ) -> DuplexStream {
        let refused = Arc::clone(refused);
        let answers = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Arriving>| {
            let refused = Arc::clone(&refused);
            async move {
                let _: Option<Bytes> = request
                    .into_body()
                    .collect()
                    .await
                    .ok()
                    .map(|body| body.to_bytes());
                refused.fetch_add(1, Ordering::Relaxed);
                let mut answer = Response::new(Answer::default());
                *answer.status_mut() = StatusCode::UNAUTHORIZED;
                Ok(answer)
            }
        }));
        let place = places.take().await;
        let connection = Connection::new(
            SocketAddr::from(([192, 0, 2, 1], 1)),
            Router::new([("/".to_owned(), answers)]),
            Limits::default(),
            stopping.clone(),
            place,
        );
        let (ours, theirs) = duplex(1 << 12);
        tokio::spawn(connection.speak(ours));
        theirs
    }

    #[tokio::test(start_paused = true)]
    async fn v2_who_says_goodbye_makes_room_too() {
        let places = Places::of(1, "");
        let (_running, stopping) = watch::channel(false);
        let mut slow = connected(&places, &stopping, &Arc::default()).await;
        // Half of a head, until its time is over; then the other half, and a body byte by byte.
        time::sleep(Duration::from_secs(1)).await;
        slow.write_all(HEAD).await.unwrap();
        time::sleep(Duration::from_secs(14) + LAST_WORDS / 2).await;
        slow.write_all(b"\r\n1").await.unwrap();
        time::sleep(Duration::from_secs(2)).await;
        slow.write_all(b"1").await.unwrap();
        assert!(
            time::timeout(LAST_WORDS, places.take()).await.is_ok(),
            "nobody else is asked meanwhile"
        );
    }

    #[tokio::test]
    async fn v2_refused_requests_that_stand_in_line_let_others_run_between_them() {
        const LINE: usize = 20;
        let (_running, stopping) = watch::channel(false);
        let refused = Arc::default();
        let mut sender = connected(&Places::of(1, ""), &stopping, &refused).await;
        let line = "GET / HTTP/1.1\r\nhost: h\r\n\r\n".repeat(LINE);
        sender.write_all(line.as_bytes()).await.unwrap();
        let mut turns = 0;
        while refused.load(Ordering::Relaxed) < LINE {
            task::yield_now().await;
            turns += 1;
            assert!(turns < 1_000, "{refused:?} of {LINE}");
        }
        assert!(turns >= LINE, "{turns}");
    }
}
