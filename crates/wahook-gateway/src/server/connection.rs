//! One connection, from its first byte to its end.

use std::{future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration};

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
                drop(in_progress);
                if !answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
                    // Requests that stand in line on one connection, and are refused without waiting for anything, would
                    // otherwise have the thread for themselves until the last.
                    task::yield_now().await;
                }
                answer
            }
        });
        let builder = builder(&limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(Turns::new(stream)), service));
        // Errors of a connection are the sender's: a reset, a broken head. What matters of them is said by the stack.
        let asked_to_go = tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stop| *stop) => false,
            () = activity.idle_for(limits.header_timeout.get()) => false,
            () = activity.must_go() => true,
        };
        connection.as_mut().graceful_shutdown();
        if asked_to_go {
            // What can be said at once is said, and no more: somebody waits for the place. Not by a timeout of nothing,
            // which takes a millisecond.
            poll_fn(|cx| Poll::Ready(drop(connection.as_mut().poll(cx)))).await;
            return;
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
    use bytes::Bytes;
    use http_body_util::BodyExt;
    use hyper::Response;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tower::util::BoxCloneSyncService;
    use wahook_tower::Answer;

    use super::{super::places::Places, *};

    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n";

    /// A connection, and whoever is on its other side. Its requests are answered once their bodies are here.
    async fn connected(places: &Places, stopping: &watch::Receiver<bool>) -> DuplexStream {
        let answers = BoxCloneSyncService::new(tower::service_fn(|request: Request<Arriving>| async {
            let _: Option<Bytes> = request
                .into_body()
                .collect()
                .await
                .ok()
                .map(|body| body.to_bytes());
            Ok(Response::new(Answer::default()))
        }));
        let place = places.take().await;
        let activity = Activity::since(Instant::now(), place.seat());
        let connection = Connection {
            peer: SocketAddr::from(([192, 0, 2, 1], 1)),
            router: Router::new([("/".to_owned(), answers)]),
            limits: Limits::default(),
            stopping: stopping.clone(),
            place,
        };
        let (ours, theirs) = duplex(1 << 10);
        tokio::spawn(connection.speak(ours, activity));
        theirs
    }

    #[tokio::test(start_paused = true)]
    async fn v2_who_says_goodbye_makes_room_too() {
        let places = Places::of(1, "");
        let (_running, stopping) = watch::channel(false);
        let mut slow = connected(&places, &stopping).await;
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
}
