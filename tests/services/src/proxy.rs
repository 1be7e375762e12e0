//! A wire that can be cut.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::ports;

/// Passes TCP connections on to a server, or fails to.
///
/// After [`heal`](Self::heal) the address is the same. Connections that were cut stay cut; connections that were
/// stalled go on, and nothing of them is lost.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Wire {
    to: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    connections: Vec<Connection>,
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Whole,
    Cut,
    Stalled,
    /// Requests pass, answers are lost.
    Deaf,
    /// Everything passes, so much later.
    Slow(Duration),
}

#[derive(Debug)]
struct Connection {
    number: u64,
    client: TcpStream,
    server: TcpStream,
    /// An answer was lost, so that later ones would be taken for it.
    spoilt: bool,
}

impl Connection {
    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Proxy {
    /// Opens a way to the server at `address` (`127.0.0.1:PORT`).
    ///
    /// # Errors
    ///
    /// When the address is none, or no port is free.
    pub fn to(address: &str) -> io::Result<Self> {
        let to = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no address"))?;
        let listener = ports::listen()?;
        let address = listener.local_addr()?;
        let wire = Arc::new(Wire {
            to,
            state: Mutex::new(State {
                mode: Mode::Whole,
                connections: Vec::new(),
                next: 0,
            }),
            changed: Condvar::new(),
        });
        let thread = wire.clone().listen(listener);
        Ok(Self {
            address,
            wire,
            listener: Mutex::new(Some(thread)),
        })
    }

    /// `127.0.0.1:PORT`, where clients connect.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The port of [`address`](Self::address).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections; new ones are refused, as if the server were gone.
    pub fn cut(&self) {
        self.wire.set(Mode::Cut);
        let Some(thread) = self.listener().take() else {
            return;
        };
        // It waits for a connection, and sees at the next one that it has to go.
        while !thread.is_finished() && TcpStream::connect(self.address).is_ok() {}
        let _ = thread.join();
    }

    /// Passes nothing on, in both directions; connections stay and new ones are taken, as if the server hung.
    pub fn stall(&self) {
        self.be(Mode::Stalled);
    }

    /// Passes requests on and loses the answers.
    pub fn drop_answers(&self) {
        self.be(Mode::Deaf);
    }

    /// Passes everything on, each part of it so much later.
    pub fn delay(&self, by: Duration) {
        self.be(Mode::Slow(by));
    }

    /// Passes everything on again. Connections that lost an answer end now.
    pub fn heal(&self) {
        self.be(Mode::Whole);
    }

    fn be(&self, mode: Mode) {
        let mut listener = self.listener();
        self.wire.set(mode);
        if listener.is_none() {
            // The port lies where nobody gets one by chance; a listener that just closed is no obstacle.
            let again = match TcpListener::bind(self.address) {
                Ok(again) => again,
                Err(error) => panic!("the proxy cannot have its port again: {error}"),
            };
            *listener = Some(self.wire.clone().listen(again));
        }
    }

    fn listener(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Wire {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, mode: Mode) {
        let mut state = self.state();
        state.mode = mode;
        state.connections.retain(|connection| {
            let ends = mode == Mode::Cut || (mode == Mode::Whole && connection.spoilt);
            if ends {
                connection.close();
            }
            !ends
        });
        self.changed.notify_all();
    }

    fn listen(self: Arc<Self>, listener: TcpListener) -> JoinHandle<()> {
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if self.state().mode == Mode::Cut {
                    return;
                }
                let Ok(client) = client else { continue };
                // A server that is gone or frozen must not hold up the other connections for long.
                let Ok(server) = TcpStream::connect_timeout(&self.to, Duration::from_secs(5)) else {
                    continue;
                };
                // Without its two threads a connection just ends.
                let _ = self.clone().join(client, server);
            }
        })
    }

    fn join(self: Arc<Self>, client: TcpStream, server: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
        let (from_server, to_client) = (server.try_clone()?, client.try_clone()?);
        let mut state = self.state();
        if state.mode == Mode::Cut {
            return Ok(());
        }
        let number = state.next;
        state.next += 1;
        state.connections.push(Connection {
            number,
            client,
            server,
            spoilt: false,
        });
        drop(state);
        let wire = self.clone();
        std::thread::spawn(move || wire.pump(number, from_client, to_server, false));
        std::thread::spawn(move || self.pump(number, from_server, to_client, true));
        Ok(())
    }

    /// Carries one direction of a connection until it ends.
    fn pump(&self, number: u64, mut from: TcpStream, mut to: TcpStream, answers: bool) {
        let mut bytes = [0; 16 * 1024];
        loop {
            let count = from.read(&mut bytes);
            let Some(mode) = self.wait_to_pass(number) else {
                return;
            };
            match count {
                Ok(count) if count > 0 => {
                    if answers && mode == Mode::Deaf {
                        self.spoil(number);
                    } else if to.write_all(&bytes[..count]).is_err() {
                        return self.end(number);
                    }
                }
                // One side has no more to say; the other may.
                Ok(_) => {
                    let _ = to.shutdown(Shutdown::Write);
                    if answers {
                        self.end(number);
                    }
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.end(number),
            }
        }
    }

    /// Waits until something may pass; none if the connection is no more.
    fn wait_to_pass(&self, number: u64) -> Option<Mode> {
        let read = Instant::now();
        let mut state = self.state();
        loop {
            if !state
                .connections
                .iter()
                .any(|connection| connection.number == number)
            {
                return None;
            }
            state = match state.mode {
                Mode::Stalled => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Mode::Slow(by) if read.elapsed() < by => {
                    let left = by.saturating_sub(read.elapsed());
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                mode => return Some(mode),
            };
        }
    }

    fn spoil(&self, number: u64) {
        for connection in &mut self.state().connections {
            connection.spoilt |= connection.number == number;
        }
    }

    fn end(&self, number: u64) {
        self.state().connections.retain(|connection| {
            if connection.number == number {
                connection.close();
            }
            connection.number != number
        });
    }
}
