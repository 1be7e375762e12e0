//! Sends requests, also such as no decent client sends.

use std::{io, net::IpAddr, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Uri, header::CONTENT_LENGTH};
use reqwest::Body;
use tokio::time::Instant;

use crate::{Failure, web};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) ending: Ending,
    pub(super) took: Duration,
    /// Empty where there was no answer.
    pub(super) body: Bytes,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Status(u16),
    /// The connection was closed without an answer.
    Closed,
    /// No answer in time.
    Silent,
    /// No connection; why.
    Unreachable(String),
}

/// A provider's side of the wire.
#[derive(Debug)]
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new(to: &Uri, patience: Duration) -> Result<Self, Failure> {
        let options = |builder: reqwest::ClientBuilder| {
            let builder = builder
                .timeout(patience)
                // Less than servers keep a connection that nobody uses, so that a request seldom meets one that is closing.
                .pool_idle_timeout(Duration::from_secs(5));
            if is_this_machine(to) {
                // A proxy of the environment means another machine when it hears "localhost".
                builder.no_proxy()
            } else {
                builder
            }
        };
        let client = web::client(to.scheme_str().unwrap_or_default(), options);
        client.map(Self).map_err(|error| web::no_tls(&error))
    }

    /// For requests of another kind.
    pub(super) const fn inner(&self) -> &reqwest::Client {
        &self.0
    }

    /// Sends a request; with `stop` only half of its body, and then nothing more.
    pub(super) async fn deliver(&self, request: Request<Bytes>, stop: bool) -> Answer {
        let start = Instant::now();
        let (ending, body) = self.exchange(request, stop).await;
        Answer {
            ending,
            took: start.elapsed(),
            body,
        }
    }

    async fn exchange(&self, request: Request<Bytes>, stop: bool) -> (Ending, Bytes) {
        let (head, bytes) = request.into_parts();
        let length = bytes.len();
        let body = if stop {
            let half = Ok::<_, io::Error>(bytes.slice(..length / 2));
            Body::wrap_stream(stream::iter([half]).chain(stream::pending()))
        } else {
            Body::from(bytes)
        };
        let request = self
            .0
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .header(CONTENT_LENGTH, length)
            .body(body);
        let ending = match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                // Read to the end, so that the connection can be used again.
                let body = answer.bytes().await.unwrap_or_default();
                return (Ending::Status(status), body);
            }
            Err(error) if error.is_connect() => Ending::Unreachable(root_cause(&error)),
            Err(error) if error.is_timeout() => Ending::Silent,
            Err(_) => Ending::Closed,
        };
        (ending, Bytes::new())
    }
}

/// Of times from the shortest to the longest: what so many of a hundred do not exceed.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// Milliseconds with one digit after the point.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

fn is_this_machine(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The last of the causes: those before it say in other words that nothing was sent.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
