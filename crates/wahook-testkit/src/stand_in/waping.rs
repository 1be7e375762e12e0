//! WAPing: its devices, which is all that is documented of its management.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Recorded, Reply, sealed, send::Shot};

/// WAPing's API, `GET /v1/devices` (WAPing, docs: authentication, 2026-08). What it answers is not documented: here it
/// is `{"data":[…]}`, unless [`answering`](Self::answering) says otherwise.
#[derive(Debug)]
pub struct Waping {
    api_key: String,
    answer: Value,
}

impl Waping {
    /// With this key.
    #[must_use]
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: api_key.into(),
            answer: json!({"data": [{"id": "dev_1", "status": "connected", "name": "Shop"}]}),
        }
    }

    /// Answers this instead.
    #[must_use]
    pub fn answering(self, answer: Value) -> Self {
        Self { answer, ..self }
    }
}

impl sealed::Play for Waping {
    fn answer(&mut self, request: &Recorded) -> Reply {
        if request.header("authorization") != format!("Bearer {}", self.api_key) {
            return Reply::envelope(
                StatusCode::UNAUTHORIZED,
                "UNAUTHORIZED",
                "Missing or invalid API key.",
            );
        }
        if request.method == Method::GET && request.path == "/v1/devices" {
            return Reply::ok(self.answer.clone());
        }
        Reply::envelope(StatusCode::NOT_FOUND, "NOT_FOUND", "No such route.")
    }

    fn sent(&mut self, _: &Shot, _: Option<u16>) {}
}
