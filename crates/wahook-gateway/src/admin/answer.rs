//! Answers: JSON, never kept by anybody on the way, never a page that a browser would run.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use serde::{Deserialize, Serialize};
use wahook_core::guard::{StoreError, StoreErrorKind};

use crate::failure::chain;

/// A question or a change that was not answered or made.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

/// The JSON form of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ErrorForm {
    pub(super) error: ErrorText,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ErrorText {
    pub(super) kind: String,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    pub(super) const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The question makes no sense.
    pub(super) fn question(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "question", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn too_slow() -> Self {
        let message = "the inbox did not answer in time; ask for less, such as with a shorter span of time";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "inbox", message)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let advice = match error.kind() {
            StoreErrorKind::Full => "; make room, or let it forget sooner",
            _ => "; try again",
        };
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "inbox",
            format!("{}{advice}", chain(&error)),
        )
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let form = ErrorForm {
            error: ErrorText {
                kind: self.kind.to_owned(),
                message: self.message,
            },
        };
        json(self.status, &form)
    }
}

/// JSON with this status.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => (status, [(CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// JSON that is the answer.
pub(super) fn found(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// What every answer says to browsers and to whatever is in between.
pub(super) fn harden(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        // A page may say more.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

const HEADERS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];
