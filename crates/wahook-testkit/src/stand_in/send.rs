//! Deliveries that are really sent.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header::HOST, uri::PathAndQuery};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// One request on its way to an endpoint.
#[derive(Debug)]
pub struct Shot {
    pub(super) message_id: String,
    pub(super) endpoint_id: String,
    pub(super) request: Request<Bytes>,
}

/// Svix waits 15 s (Svix, docs: retries, 2026-08).
const PATIENCE: Duration = Duration::from_secs(15);

impl Shot {
    /// Sends it; the status that was answered, if one was.
    pub(super) async fn fire(&self) -> Option<u16> {
        timeout(PATIENCE, self.post()).await.ok().flatten()
    }

    async fn post(&self) -> Option<u16> {
        let url = self.request.uri();
        // Receivers of tests are on this machine.
        let (host, port) = (url.host()?, url.port_u16().unwrap_or(80));
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
            .await
            .ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(connection);
        let mut request = self.request.clone().map(Full::new);
        let authority = url.authority()?.as_str();
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_str(authority).ok()?);
        *request.uri_mut() = Uri::from(
            url.path_and_query()
                .cloned()
                .unwrap_or_else(|| PathAndQuery::from_static("/")),
        );
        let answer = sender.send_request(request).await.ok();
        let status = answer.as_ref().map(|answer| answer.status().as_u16());
        if let Some(answer) = answer {
            // To its end, so that the receiver is not cut off.
            let _ = answer.into_body().collect().await;
        }
        connection.abort();
        status
    }
}
