//! The accept loop: HTTP/1 and HTTP/2, with TLS or without, with limits, since a webhook URL is open to the world.

mod activity;
mod certificate;
mod connection;
mod router;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time,
};

use self::connection::Connection;
pub use self::{
    certificate::{Certificate, Unusable, Validity},
    router::Router,
    tls::{HandshakeFailure, Tls},
};
use crate::config::Limits;

/// A server that is bound and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    limits: Limits,
    tls: Option<Tls>,
}

impl Server {
    /// Binds an address.
    ///
    /// # Errors
    ///
    /// Those of the system, such as an address in use.
    pub async fn bind(address: SocketAddr, limits: &Limits) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            limits: limits.clone(),
            tls: None,
        })
    }

    /// Speaks TLS and nothing else, where there is one.
    #[must_use]
    pub fn tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// The address that it is bound to; tells the port where port 0 was asked for.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is over, then finishes what is in progress, within the configured deadline.
    pub async fn run(self, router: Router, stop: impl Future<Output = ()>) -> Finished {
        let Self {
            listener,
            limits,
            tls,
        } = self;
        let cap = usize::try_from(limits.connections).unwrap_or(usize::MAX);
        let open = Arc::new(Semaphore::new(cap.min(Semaphore::MAX_PERMITS)));
        let (tell_stop, stopping) = watch::channel(false);
        let accept = async {
            loop {
                // The permit comes first: above the cap, connections wait in the system's backlog.
                let Ok(permit) = Arc::clone(&open).acquire_owned().await else {
                    return;
                };
                let (stream, peer) = accept(&listener).await;
                let connection = Connection {
                    peer,
                    router: router.clone(),
                    limits: limits.clone(),
                    stopping: stopping.clone(),
                };
                let serving = connection.serve(stream, tls.clone());
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
        drop(listener); // a new connection is refused at once, so that a balancer goes elsewhere
        let _ = tell_stop.send(true);
        let closed = open.acquire_many(limits.connections);
        match time::timeout(limits.shutdown.get(), closed).await {
            Ok(_) => Finished::InTime,
            Err(_) => Finished::Cut(cap.saturating_sub(open.available_permits())),
        }
    }
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finished {
    /// Every connection was closed.
    InTime,
    /// That many connections were still open at the deadline.
    Cut(usize),
}

/// The next connection. An error of the system, such as too many open files, is waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(target: "wahook", "cannot accept connections: {error}");
                time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
