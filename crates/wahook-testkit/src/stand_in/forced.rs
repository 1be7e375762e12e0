//! Answers on demand: every form of an error, and what is worse than an error.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

/// The form of an error's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// `{"error":{"code","message","details"},"request_id"}`.
    Envelope,
    /// `{"title","status","detail"}`.
    Problem,
    /// `{"code","message","data":{"status"}}`.
    Flat,
    /// `{"error":"…"}`.
    Word,
    /// XML.
    Xml,
    /// A page.
    Html,
    /// Plain text.
    Text,
    /// Nothing at all.
    Empty,
}

impl Form {
    /// Every form.
    pub const ALL: &'static [Self] = &[
        Self::Envelope,
        Self::Problem,
        Self::Flat,
        Self::Word,
        Self::Xml,
        Self::Html,
        Self::Text,
        Self::Empty,
    ];
}

/// An answer that is given in place of the next one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Forced {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) delay: Duration,
    pub(super) end: End,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With an answer.
    Answer,
    /// With an answer, after what was asked for was done.
    DoneThenAnswer,
    /// The connection is closed, after what was asked for was done.
    DoneThenCut,
    /// The connection is closed.
    Cut,
    /// Never.
    Silence,
    /// With an answer that does not say how long it is.
    OfUnknownLength,
    /// In the middle of the answer: nothing more comes.
    HalfThenSilence,
    /// In the middle of the answer: the connection is closed.
    HalfThenCut,
}

impl Forced {
    /// This code, this message: those of every error in the forms that have them.
    pub const CODE: &'static str = "demo_code";
    /// The message.
    pub const MESSAGE: &'static str = "Something & nothing went wrong.";

    /// An error in this form.
    pub fn error(status: u16, form: Form) -> Self {
        let (code, message) = (Self::CODE, Self::MESSAGE);
        Self::saying(status, form, code, message)
    }

    /// An error in this form, with this code and message.
    pub fn saying(status: u16, form: Form, code: &str, message: &str) -> Self {
        let escaped = message
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let (content_type, body) = match form {
            Form::Envelope => (
                "application/json",
                json!({
                    "error": {"code": code, "message": message, "details": [{"field": "url", "reason": "not https"}]},
                    "request_id": "req_1",
                })
                .to_string(),
            ),
            Form::Problem => (
                "application/problem+json",
                json!({"title": "Error", "status": status, "detail": message}).to_string(),
            ),
            Form::Flat => (
                "application/json",
                json!({"code": code, "message": message, "data": {"status": status}}).to_string(),
            ),
            Form::Word => ("application/json", json!({"error": message}).to_string()),
            Form::Xml => (
                "application/xml",
                format!(
                    "<?xml version=\"1.0\"?><response><code>{code}</code><message>{escaped}</message></response>"
                ),
            ),
            Form::Html => (
                "text/html",
                format!(
                    "<!DOCTYPE html><html><head><style>p {{}}</style><title>{escaped}</title></head><body><h1>x</h1></body></html>"
                ),
            ),
            Form::Text => ("text/plain", message.to_owned()),
            Form::Empty => ("text/plain", String::new()),
        };
        Self::raw(status, content_type, body)
    }

    /// Whatever you say. A status that is none becomes 500.
    pub fn raw(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]),
            body: body.into(),
            delay: Duration::ZERO,
            end: End::Answer,
        }
    }

    /// With one more header.
    ///
    /// # Panics
    ///
    /// If no header can hold the value.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a test writes headers that can be sent");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// So much later.
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// 429, with this `Retry-After`.
    pub fn too_many(retry_after: &str) -> Self {
        Self::error(429, Form::Envelope).header("retry-after", retry_after)
    }

    /// No answer, ever.
    pub fn silence() -> Self {
        Self::ending(End::Silence)
    }

    /// The connection ends instead of an answer; nothing was done.
    pub fn cut() -> Self {
        Self::ending(End::Cut)
    }

    /// What was asked for is done, and the connection ends instead of the answer.
    pub fn done_then_cut() -> Self {
        Self::ending(End::DoneThenCut)
    }

    /// What was asked for is done, and this is answered all the same.
    pub const fn though_done(mut self) -> Self {
        self.end = End::DoneThenAnswer;
        self
    }

    /// Without saying how long it is.
    pub const fn of_unknown_length(mut self) -> Self {
        self.end = End::OfUnknownLength;
        self
    }

    /// Half of this answer, and then nothing.
    pub const fn stalling(mut self) -> Self {
        self.end = End::HalfThenSilence;
        self
    }

    /// Half of this answer, and then the connection ends.
    pub const fn torn(mut self) -> Self {
        self.end = End::HalfThenCut;
        self
    }

    fn ending(end: End) -> Self {
        Self {
            end,
            ..Self::raw(500, "text/plain", Bytes::new())
        }
    }
}
