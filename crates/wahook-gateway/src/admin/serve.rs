//! The listener. Few connections, short heads: nobody but operators, probes and a metrics collector comes here. Where
//! somebody else does and takes all places, the probes still get one: a gateway that does not answer them is restarted.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body};
use http_body_util::BodyExt;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{self, Instant},
};
use tower::ServiceExt;

use super::access::is_local;
use crate::{
    Failure,
    server::{Activity, Arriving, Place, Places},
};

/// Binds the address of the admin API. Beyond this machine only with a token (P).
///
/// # Errors
///
/// Wrong use without a token; I/O if the address cannot be bound.
pub async fn bind(address: SocketAddr, has_token: bool) -> Result<TcpListener, Failure> {
    if !is_local(address) && !has_token {
        return Err(Failure::wrong_use(format!(
            "the admin API on {address} could be reached by others and has no token; set `admin.token_file`, or listen on 127.0.0.1"
        )));
    }
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "; stop the program that has it, or set another `admin.listen`",
            _ => "; set another `admin.listen`",
        };
        Failure::io(format!(
            "cannot listen on {address} for the admin API: {error}{advice}"
        ))
    })
}

/// Answers until `stop` is over; what is in progress then has a second to end.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Places::of(CONNECTIONS, ALL_TAKEN);
    let (tell_stop, stopping) = watch::channel(false);
    let accept = async {
        loop {
            let stream = accept(&listener).await;
            let place = places.take().await;
            tokio::spawn(connection(stream, router.clone(), stopping.clone(), place));
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _ = tell_stop.send(true);
    let _ = time::timeout(LAST_WORDS * 2, places.all_free()).await;
}

/// Connections at once; for a further one, whoever said nothing for longest goes. Each tail is one, and stays.
const CONNECTIONS: usize = 128;
const ALL_TAKEN: &str = "all connections of the admin API are open: those that said nothing for longest are closed; let only those reach `admin.listen` who need it";
/// How long a head may take, and how long a connection may stay open for the next one.
const HEAD: Duration = Duration::from_secs(15);
const HEAD_BYTES: usize = 32 << 10;
/// How long an answer may go on once the gateway stops. A tail has no end of its own.
const LAST_WORDS: Duration = Duration::from_secs(1);

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    place: Place,
) {
    let activity = Activity::since(Instant::now(), place.seat());
    // One version: whoever says nothing at all is waited for as long as for a head, and no longer.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES);
    let service = service_fn(|request: Request<Incoming>| {
        let (in_progress, receiving) = activity.begin();
        let answer = router
            .clone()
            .oneshot(request.map(|body| Arriving::new(body, receiving)));
        async move {
            let answer = answer.await?;
            in_progress.answered(answer.status());
            // A tail is in progress for as long as it is told.
            Ok::<_, std::convert::Infallible>(answer.map(|body: Body| {
                body.map_frame(move |frame| {
                    let _ = &in_progress;
                    frame
                })
            }))
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
        () = activity.must_go() => return,
    }
    connection.as_mut().graceful_shutdown();
    let _ = time::timeout(LAST_WORDS, connection).await;
}

/// The next connection. An error of the system, such as too many open files, is waited out.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(_) => time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn v2_who_says_nothing_to_the_admin_api_makes_room_and_a_tail_stays() {
        let places = Places::of(1, "");
        let (_running, stopping) = watch::channel(false);
        let tail = || async {
            let first = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(b"first"))]);
            Body::from_stream(first.chain(stream::pending()))
        };
        let router = Router::new().route("/tail", get(tail));
        let (ours, _silent) = duplex(1 << 10);
        let place = places.take().await;
        tokio::spawn(connection(ours, router.clone(), stopping.clone(), place));
        let place = time::timeout(HEAD / 2, places.take())
            .await
            .expect("it went at once");

        let (ours, mut tailing) = duplex(1 << 10);
        tokio::spawn(connection(ours, router, stopping, place));
        tailing
            .write_all(b"GET /tail HTTP/1.1\r\nhost: h\r\n\r\n")
            .await
            .unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"first\r\n") {
            assert!(tailing.read_buf(&mut said).await.unwrap() > 0);
        }
        assert!(time::timeout(HEAD * 2, places.take()).await.is_err());
    }
}
