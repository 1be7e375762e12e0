//! The listener. Few connections, short heads: nobody but operators, probes and a metrics collector comes here.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time,
};

use super::access::is_local;
use crate::Failure;

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
    let open = Arc::new(Semaphore::new(CONNECTIONS));
    let (tell_stop, stopping) = watch::channel(false);
    let accept = async {
        loop {
            let Ok(permit) = Arc::clone(&open).acquire_owned().await else {
                return;
            };
            let stream = accept(&listener).await;
            let serving = connection(stream, router.clone(), stopping.clone());
            tokio::spawn(async move {
                serving.await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _ = tell_stop.send(true);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = time::timeout(LAST_WORDS * 2, open.acquire_many(all)).await;
}

/// Connections at once; further ones wait unaccepted. Each tail is one.
const CONNECTIONS: usize = 128;
/// How long a head may take, and how long a connection may stay open for the next one.
const HEAD: Duration = Duration::from_secs(15);
const HEAD_BYTES: usize = 32 << 10;
/// How long an answer may go on once the gateway stops. A tail has no end of its own.
const LAST_WORDS: Duration = Duration::from_secs(1);

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    // One version: whoever says nothing at all is waited for as long as for a head, and no longer.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
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
