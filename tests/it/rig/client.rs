//! What conversations send with: a connection to each node, made anew whenever it broke. As light as can be, since senders
//! share the machine with what they measure.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::{net::TcpStream, time::timeout};
use wahook_testkit::{Outgoing, Sender};

use super::Hook;

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A sender to one node.
pub(crate) struct Client {
    sender: Sender,
    authority: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(crate) fn new(hook: &Hook, url: &str) -> Self {
        let url: Uri = url.parse().unwrap();
        Self {
            authority: url.authority().unwrap().to_string(),
            sender: Sender::new(hook.endpoint.clone(), hook.secret.clone(), url),
            connection: None,
        }
    }

    /// Sends it once: the answer, and whether it says when to come again. `None`: whether it came in, nobody knows.
    pub(crate) async fn send(&mut self, outgoing: &Outgoing) -> Option<(StatusCode, bool)> {
        let (mut head, body) = self
            .sender
            .request(outgoing, Timestamp::now())
            .unwrap()
            .into_parts();
        head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
        head.headers.insert(header::HOST, self.authority.parse().unwrap());
        let request = Request::from_parts(head, Full::new(body));
        // Whatever went wrong, the next one has a connection of its own.
        let connection = self.connection.take();
        let (kept, status, says_when) = timeout(PATIENCE, self.ask(connection, request))
            .await
            .ok()?
            .ok()?;
        self.connection = kept;
        Some((status, says_when))
    }

    async fn ask(
        &self,
        connection: Option<SendRequest<Full<Bytes>>>,
        request: Request<Full<Bytes>>,
    ) -> Result<(Option<SendRequest<Full<Bytes>>>, StatusCode, bool), Box<dyn Error>> {
        let mut connection = match connection {
            Some(connection) if !connection.is_closed() => connection,
            _ => {
                let stream = TcpStream::connect(&self.authority).await?;
                stream.set_nodelay(true)?;
                let (connection, io) = handshake(TokioIo::new(stream)).await?;
                tokio::spawn(io);
                connection
            }
        };
        connection.ready().await?;
        let (head, body) = connection.send_request(request).await?.into_parts();
        // The head is the answer; without the rest only the connection is of no use any more.
        let whole = body.collect().await.is_ok();
        Ok((
            whole.then_some(connection),
            head.status,
            head.headers.contains_key(header::RETRY_AFTER),
        ))
    }
}
