//! What a bridge does: checks, hands on over HTTP, and answers when it was answered. Nothing is kept.

use std::sync::Arc;

use axum::{Router, body::Body, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use svix::webhooks::Webhook;

use crate::{
    apps::{Handled, PATH, bare},
    over_http::serve,
    request::SECRET,
};

pub const NAME: &str = "by hand: svix, forwarded over HTTP before the answer";

struct Bridge {
    webhook: Webhook,
    client: Client<HttpConnector, Body>,
    /// Who takes it.
    next: String,
}

/// Hands on to a server on a thread of its own, that reads and answers.
pub fn bridge() -> Router {
    async fn handler(State(bridge): State<Arc<Bridge>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if bridge.webhook.verify(&body, &headers).is_err() {
            return StatusCode::UNAUTHORIZED;
        }
        let request = Request::post(&bridge.next)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        let Ok(request) = request else {
            return StatusCode::INTERNAL_SERVER_ERROR;
        };
        match bridge.client.request(request).await {
            Ok(answer) if answer.status().is_success() => StatusCode::OK,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
    let (next, _) = serve("next", || bare(Handled::default()));
    let bridge = Bridge {
        webhook: Webhook::new(SECRET).expect("a good secret"),
        client: Client::builder(TokioExecutor::new()).build_http(),
        next: format!("http://{next}{PATH}"),
    };
    Router::new()
        .route(PATH, post(handler))
        .with_state(Arc::new(bridge))
}
