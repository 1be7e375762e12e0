//! The accept loop: HTTP/1 and HTTP/2, with TLS or without, with limits, since a webhook URL is open to the world.

mod activity;
mod body;
mod certificate;
mod connection;
mod descriptors;
mod places;
mod router;
mod tls;
mod turns;

use std::{io, net::SocketAddr, panic, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time,
};

pub(crate) use self::{
    activity::Activity,
    places::{Place, Places},
};
pub use self::{
    body::Arriving,
    certificate::{Certificate, Unusable, Validity},
    router::Router,
    tls::{HandshakeFailure, Tls},
};
use self::{connection::Connection, places::Coming};
use crate::config::Limits;

/// A server that is bound and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    limits: Limits,
    /// How many there may be, and can be.
    connections: u32,
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
            listener: listen(address)?,
            limits: limits.clone(),
            connections: descriptors::connections(limits.connections),
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
            connections,
            tls,
        } = self;
        let cap = usize::try_from(connections).unwrap_or(usize::MAX);
        let places = Places::of(cap, ALL_TAKEN);
        let (tell_stop, stopping) = watch::channel(false);
        let accept = Accept {
            listener,
            router,
            limits: limits.clone(),
            tls,
            places: places.clone(),
            stopping,
        };
        // A task of its own: where it runs, what it accepts runs as well, and nobody has to be woken for it.
        let mut accepting = JoinSet::new();
        accepting.spawn(accept.forever(NEWCOMERS.min(cap / 4).max(1)));
        tokio::select! {
            () = stop => {}
            Some(Err(ended)) = accepting.join_next() => panic::resume_unwind(ended.into_panic()),
        }
        // A new connection is refused at once, so that a balancer goes elsewhere.
        accepting.shutdown().await;
        let _ = tell_stop.send(true);
        match time::timeout(limits.shutdown.get(), places.all_free()).await {
            Ok(()) => Finished::InTime,
            Err(_) => Finished::Cut(places.taken()),
        }
    }
}

/// The accept loop.
struct Accept {
    listener: TcpListener,
    router: Router,
    limits: Limits,
    tls: Option<Tls>,
    places: Places,
    stopping: watch::Receiver<bool>,
}

/// How many connections may wait for their places, of which each has another go: in a flood of connections, one after
/// the other is too slow, and the system's queue of those that were not accepted yet would fill. No more than a quarter of
/// all, so that who has just come is not the next to go.
const NEWCOMERS: usize = 64;

impl Accept {
    async fn forever(self, newcomers: usize) {
        let newcomers = Arc::new(Semaphore::new(newcomers));
        loop {
            // The connection comes before its place: somebody else has to go only if there is one.
            let (stream, peer) = accept(&self.listener).await;
            let Ok(newcomer) = Arc::clone(&newcomers).acquire_owned().await else {
                return; // nobody closes it
            };
            let (router, limits, tls) = (self.router.clone(), self.limits.clone(), self.tls.clone());
            let stopping = self.stopping.clone();
            let connect = move |place| Connection::new(peer, router, limits, stopping, place);
            match self.places.come() {
                // Who has waited for longest follows from this order: it waits before the next one is accepted.
                Coming::Seated(place) => drop(tokio::spawn(connect(place).serve(stream, tls))),
                coming @ Coming::Standing(_) => {
                    let mut stopping = self.stopping.clone();
                    tokio::spawn(async move {
                        let place = tokio::select! {
                            place = coming.place() => place,
                            _ = stopping.wait_for(|stop| *stop) => return,
                        };
                        drop(newcomer);
                        connect(place).serve(stream, tls).await;
                    });
                }
            }
        }
    }
}

const ALL_TAKEN: &str = "all of limits.connections are open: those whose senders said nothing for longest are closed; raise it if these are your providers";

/// Listens with a longer queue than usual: a flood of connections shall not make the system lose those of others, which
/// then try again after a second at the earliest. The system shortens it to what it allows.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    const QUEUE: u32 = 16_384;
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As `TcpListener::bind` has it: a restart does not wait for what is left of connections before.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
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
