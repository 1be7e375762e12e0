//! Making a connection.

use std::{fmt, io, sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, ConnectionAddr,
    aio::MultiplexedConnection,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use wahook_core::{BoxFuture, guard::OpenError};

use crate::{address::Address, error::Cause, tls};

/// Makes connections to one address.
#[derive(Clone)]
pub(crate) struct Dialer {
    address: Address,
    tls: Option<TlsConnector>,
    deadline: Duration,
}

/// A connection, and the task of it that reads and writes: it ends when the connection does.
pub(crate) type Dialled = (MultiplexedConnection, BoxFuture<'static, ()>);

impl Dialer {
    pub(crate) fn new(address: Address, deadline: Duration) -> Result<Self, OpenError> {
        let tls = match &address.tls {
            Some(files) => Some(TlsConnector::from(Arc::new(tls::client_config(files)?))),
            None => None,
        };
        Ok(Self {
            address,
            tls,
            deadline,
        })
    }

    /// Host and port, or a path: no credential.
    pub(crate) fn place(&self) -> String {
        self.address.place.to_string()
    }

    /// Connects, says who we are, and chooses the database.
    pub(crate) async fn dial(&self) -> Result<Dialled, Cause> {
        match timeout(self.deadline, self.try_dial()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(Cause::Late),
        }
    }

    async fn try_dial(&self) -> Result<Dialled, Cause> {
        match &self.address.place {
            ConnectionAddr::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port))
                    .await
                    .map_err(|error| Cause::of_io(&error))?;
                stream.set_nodelay(true).map_err(|error| Cause::of_io(&error))?;
                // Routers forget connections on which nothing is said.
                let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
                SockRef::from(&stream)
                    .set_tcp_keepalive(&keepalive)
                    .map_err(|error| Cause::of_io(&error))?;
                let Some(connector) = &self.tls else {
                    return self.greet(stream).await;
                };
                let name =
                    ServerName::try_from(host.clone()).map_err(|error| Cause::Tls(error.to_string()))?;
                let stream = connector
                    .connect(name, stream)
                    .await
                    .map_err(|error| Cause::of_io(&error))?;
                self.greet(stream).await
            }
            ConnectionAddr::Unix(path) => {
                self.greet(
                    UnixStream::connect(path)
                        .await
                        .map_err(|error| Cause::of_io(&error))?,
                )
                .await
            }
            _ => Err(Cause::Io(io::ErrorKind::Unsupported)),
        }
    }

    async fn greet<S>(&self, stream: S) -> Result<Dialled, Cause>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Deadlines are kept by those who ask, for all that a verb does together.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE);
        match MultiplexedConnection::new_with_config(&self.address.session, stream, config).await {
            Ok((connection, driver)) => Ok((connection, Box::pin(driver))),
            Err(error) => Err(Cause::of(&error)),
        }
    }
}

const KEEPALIVE: Duration = Duration::from_secs(30);

/// Verbs that may wait to be written; more than that wait before they are queued.
const QUEUE: usize = 1024;

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("place", &self.place())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
