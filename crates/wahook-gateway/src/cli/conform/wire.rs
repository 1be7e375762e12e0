//! The way to the receiver: HTTP and HTTPS.

use bytes::Bytes;
use http::{
    Request, Response,
    header::{CONTENT_LENGTH, HeaderMap},
};
use wahook_core::BoxFuture;
use wahook_testkit::conform::{Body, Reply, Wire};

use crate::cli::client::{Client, root_cause};

#[derive(Debug)]
pub(super) struct Http(pub(super) Client);

/// Nobody answers a webhook with more.
const ANSWER_BYTES: usize = 64 << 10;

impl Wire for Http {
    fn exchange(&self, request: Request<Body>) -> BoxFuture<'_, Reply> {
        Box::pin(self.exchanged(request))
    }
}

impl Http {
    async fn exchanged(&self, request: Request<Body>) -> Reply {
        let (head, body) = request.into_parts();
        let length = body.length();
        let mut sending = self
            .0
            .inner()
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(reqwest::Body::wrap(body));
        if let Some(length) = length {
            sending = sending.header(CONTENT_LENGTH, length);
        }
        match sending.send().await {
            Ok(answer) => answered(answer).await,
            Err(error) if error.is_connect() => Reply::Unreachable(root_cause(&error)),
            Err(error) => Reply::Closed(Some(root_cause(&error))),
        }
    }
}

async fn answered(mut answer: reqwest::Response) -> Reply {
    let (status, headers): (_, HeaderMap) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    // The head is the answer; a body that breaks off changes nothing about it.
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            break;
        }
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    Reply::Answer(whole)
}
