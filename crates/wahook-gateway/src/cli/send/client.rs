//! Sends requests, also such as no decent client sends.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use reqwest::{Body, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::fault::{Step, Way};
use crate::{Failure, failure::chain};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Status(u16),
    /// The connection was closed without an answer.
    Closed,
    /// No answer in time.
    Silent,
    /// No connection; why.
    Unreachable(String),
}

pub(super) struct Client {
    http: reqwest::Client,
    patience: Duration,
}

const AGENT: &str = concat!("wahook-send/", env!("CARGO_PKG_VERSION"));

impl Client {
    pub(super) fn new(to: &Url, patience: Duration) -> Result<Self, Failure> {
        // `ring` needs a C compiler and nothing else. An error means that one is chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(AGENT)
            .timeout(patience)
            // A provider that follows a redirect turns a POST into a GET and loses the event; say so instead.
            .redirect(reqwest::redirect::Policy::none());
        if to.scheme() == "http" {
            // No TLS will be spoken; a machine without root certificates must not stop us.
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let http = builder
            .build()
            .map_err(|error| Failure::io(format!("cannot set up HTTP: {}", chain(&error))))?;
        Ok(Self { http, patience })
    }

    pub(super) async fn deliver(&self, step: &Step) -> Answer {
        let start = Instant::now();
        let outcome = match step.way {
            Way::Cut if step.url.scheme() == "http" => match timeout(self.patience, cut(step)).await {
                Ok(outcome) => outcome,
                Err(_) => Outcome::Silent,
            },
            _ => self.request(step).await,
        };
        Answer {
            outcome,
            took: start.elapsed(),
        }
    }

    async fn request(&self, step: &Step) -> Outcome {
        let mut request = self
            .http
            .post(step.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, step.body.len());
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        let half = half(&step.body);
        let body = match step.way {
            Way::Whole => Body::from(step.body.clone()),
            Way::Stop => {
                let first = stream::iter([Ok::<_, io::Error>(half)]);
                Body::wrap_stream(first.chain(stream::pending()))
            }
            Way::Cut => {
                let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
                Body::wrap_stream(stream::iter([Ok(half), Err(broken)]))
            }
        };
        match request.body(body).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                // Read to the end, so that the connection can be used again.
                let _ = answer.bytes().await;
                Outcome::Status(status)
            }
            Err(error) if error.is_connect() => Outcome::Unreachable(chain(&error.without_url())),
            Err(error) if error.is_timeout() => Outcome::Silent,
            Err(_) => Outcome::Closed,
        }
    }
}

fn half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// Half of a body, then the end of our side; the other side can still answer. No HTTP client does that.
async fn cut(step: &Step) -> Outcome {
    let url = &step.url;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let address = (host.trim_matches(['[', ']']), port);
    let mut stream = match TcpStream::connect(address).await {
        Ok(stream) => stream,
        Err(error) => return Outcome::Unreachable(error.to_string()),
    };
    let mut request = format!("POST {}", url.path()).into_bytes();
    if let Some(query) = url.query() {
        request.extend_from_slice(format!("?{query}").as_bytes());
    }
    request.extend_from_slice(
        format!(" HTTP/1.1\r\nhost: {host}:{port}\r\n{USER_AGENT}: {AGENT}\r\n").as_bytes(),
    );
    request.extend_from_slice(format!("{CONTENT_TYPE}: application/json\r\n").as_bytes());
    request.extend_from_slice(
        format!("{CONTENT_LENGTH}: {}\r\nconnection: close\r\n", step.body.len()).as_bytes(),
    );
    for (name, value) in &step.headers {
        request.extend_from_slice(name.as_str().as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(&half(&step.body));
    let mut answer = Vec::new();
    let exchanged = async {
        stream.write_all(&request).await?;
        stream.shutdown().await?;
        (&mut stream).take(1024).read_to_end(&mut answer).await
    };
    // What was read before an error still counts.
    let _ = exchanged.await;
    let status = answer
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok());
    status.map_or(Outcome::Closed, Outcome::Status)
}
