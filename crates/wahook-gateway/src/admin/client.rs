//! How the verbs ask: over HTTP where a gateway runs, else the same router in this process.

use std::time::Duration;

use axum::{Router, body::Body};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::BodyExt;
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;
use wahook_core::Secret;

use super::{access::CHANGE, answer::ErrorForm};
use crate::{Failure, failure::chain, web};

/// Asks the admin API.
pub(crate) struct Client {
    way: Way,
    token: Option<Secret>,
}

enum Way {
    /// A gateway that runs.
    Http { client: reqwest::Client, base: String },
    /// The router in this process, over an inbox that nobody else has open.
    Here(Router),
}

/// What came back.
struct Answer {
    status: StatusCode,
    body: Bytes,
}

/// An inbox that is large answers late; the gateway itself gives up earlier.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody is there, or somebody at once.
const CONNECT: Duration = Duration::from_secs(3);

impl Client {
    /// Asks a gateway at this address.
    pub(crate) fn http(url: &str, token: Option<Secret>) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/');
        let uri: Option<Uri> = base.parse().ok();
        let scheme = uri.as_ref().and_then(Uri::scheme_str).map(str::to_owned);
        let good = uri.is_some_and(|uri| uri.host().is_some() && uri.query().is_none());
        let (true, Some(scheme @ ("http" | "https"))) = (good, scheme.as_deref()) else {
            return Err(Failure::wrong_use(
                "the address of the admin API makes no sense; write it as http://127.0.0.1:8081",
            ));
        };
        let options = |builder: reqwest::ClientBuilder| {
            // The token is for the gateway and for nobody on the way, or elsewhere.
            builder.connect_timeout(CONNECT).no_proxy()
        };
        let client = web::client(scheme, options).map_err(|error| web::no_tls(&error))?;
        Ok(Self {
            way: Way::Http {
                client,
                base: base.to_owned(),
            },
            token,
        })
    }

    /// Asks a router in this process, which was made with this token.
    pub(crate) const fn here(router: Router, token: Secret) -> Self {
        Self {
            way: Way::Here(router),
            token: Some(token),
        }
    }

    /// Whether a gateway answers, and not this process.
    pub(crate) const fn is_running(&self) -> bool {
        matches!(self.way, Way::Http { .. })
    }

    /// Whether an admin API listens there, also one that refuses us.
    pub(crate) async fn answers(&self) -> bool {
        let Ok(answer) = self.exchange(Method::GET, "/health", None).await else {
            return false;
        };
        let alive = serde_json::from_slice::<serde_json::Value>(&answer.body)
            .is_ok_and(|health| health["alive"] == true);
        alive || serde_json::from_slice::<ErrorForm>(&answer.body).is_ok()
    }

    /// What is there; `None` if it is not.
    pub(crate) async fn look<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        let answer = self.exchange(Method::GET, path, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => answer.read().map(Some),
        }
    }

    /// What became of a change.
    pub(crate) async fn change<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &(impl Serialize + Sync),
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(what)
            .map_err(|error| Failure::io(format!("cannot write the question: {error}")))?;
        self.exchange(Method::POST, path, Some(body)).await?.read()
    }

    /// What comes, line by line, until the other side ends it.
    pub(crate) async fn follow(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + use<>, Failure> {
        let Way::Http { client, base } = &self.way else {
            return Err(Failure::wrong_use(
                "no gateway runs on this inbox, so nothing new comes; start `wahook serve`, or see what is there with `wahook events list`",
            ));
        };
        let request = self.head(client.get(format!("{base}{path}")));
        let answer = request.send().await.map_err(|error| unreachable(base, &error))?;
        let status = answer.status();
        if status != StatusCode::OK {
            let body = answer.bytes().await.unwrap_or_default();
            return Err(Answer { status, body }.failure());
        }
        Ok(answer.bytes_stream().map(|part| {
            part.map_err(|_| Failure::io("the gateway ended the connection; it may have stopped"))
        }))
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Answer, Failure> {
        match &self.way {
            Way::Http { client, base } => {
                let mut request = self
                    .head(client.request(method, format!("{base}{path}")))
                    .timeout(PATIENCE);
                if let Some(body) = body {
                    request = request
                        .header(CHANGE, "1")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body);
                }
                let answer = request.send().await.map_err(|error| unreachable(base, &error))?;
                let status = answer.status();
                let body = answer.bytes().await.map_err(|error| unreachable(base, &error))?;
                Ok(Answer { status, body })
            }
            Way::Here(router) => {
                let mut request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(HOST, "localhost");
                if let Some(value) = self.bearer() {
                    request = request.header(AUTHORIZATION, value);
                }
                if body.is_some() {
                    request = request
                        .header(CHANGE, "1")
                        .header(CONTENT_TYPE, "application/json");
                }
                let request = request
                    .body(Body::from(body.unwrap_or_default()))
                    .map_err(|_| Failure::wrong_use("the question makes no sense as an address"))?;
                let answer = match router.clone().oneshot(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                let status = answer.status();
                let body = answer
                    .into_body()
                    .collect()
                    .await
                    .map_err(|error| Failure::io(format!("cannot read the answer: {}", chain(&error))))?
                    .to_bytes();
                Ok(Answer { status, body })
            }
        }
    }

    fn head(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self.bearer() {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        }
    }

    fn bearer(&self) -> Option<HeaderValue> {
        let token = self.token.as_ref()?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Answer {
    fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if self.status != StatusCode::OK {
            return Err(self.failure());
        }
        serde_json::from_slice(&self.body).map_err(|_| not_ours())
    }

    /// What the other side says is wrong, in its own words: they say what to do.
    fn failure(&self) -> Failure {
        let Ok(form) = serde_json::from_slice::<ErrorForm>(&self.body) else {
            return not_ours();
        };
        let text = form.error.message;
        if self.status.is_client_error() {
            Failure::wrong_use(text)
        } else {
            Failure::io(text)
        }
    }
}

fn not_ours() -> Failure {
    Failure::io("whoever answers there is not the admin API of this release; check the address")
}

fn unreachable(base: &str, error: &reqwest::Error) -> Failure {
    let why = if error.is_timeout() {
        "it does not answer in time".to_owned()
    } else {
        // Its own text holds the address with the question, and a question may name a person.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        cause.to_string()
    };
    Failure::io(format!(
        "cannot reach the gateway at {base}: {why}; is it running, and is this the address of its admin API?"
    ))
}
