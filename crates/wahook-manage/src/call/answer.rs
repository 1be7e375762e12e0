//! An answer, read within bounds.

use jiff::Timestamp;
use reqwest::Response;
use serde_json::Value;
use wahook_core::Secret;

use super::{
    pause,
    told::{self, clean},
};
use crate::error::{Error, ErrorKind};

/// A good answer. What is larger was not written for a person's settings.
#[derive(Debug)]
pub(crate) struct Answer {
    status: Option<u16>,
    body: Vec<u8>,
    attempts: u32,
}

const MAX_BYTES: usize = 1 << 20;

/// A call that failed.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether the provider may have done what it was asked for.
    pub(super) may_be_done: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            may_be_done: true,
        }
    }
}

impl Answer {
    pub(super) const fn nothing() -> Self {
        Self {
            status: None,
            body: Vec::new(),
            attempts: 0,
        }
    }

    pub(super) fn after_attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// What it says, as JSON.
    pub(crate) fn json(&self) -> Result<Value, Error> {
        let text = self.body.trim_ascii();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.is_empty() {
            return Err(self.unreadable("the answer is empty"));
        }
        serde_json::from_slice(text).map_err(|error| {
            // Not the parser's words: they quote what they stumbled over.
            let (line, column) = (error.line(), error.column());
            self.unreadable(format!("the answer is no JSON: line {line}, column {column}"))
        })
    }

    /// What it says, if it says something that is JSON.
    pub(crate) fn json_if_any(&self) -> Option<Value> {
        self.json().ok()
    }

    /// It was answered, and means nothing to us.
    pub(crate) fn unreadable(&self, text: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::Unreadable, text).after_attempts(self.attempts);
        match self.status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }

    /// An answer that says with status 200 that it is an error.
    pub(crate) fn refused(&self, secrets: &[Secret]) -> Error {
        let told = told::read(&self.body, secrets);
        let kind = match told.code.as_deref() {
            Some(code) if code.eq_ignore_ascii_case("subscription_required") => ErrorKind::Subscription,
            _ => ErrorKind::Invalid,
        };
        let error = Error::new(kind, kind.answered())
            .with_told(told)
            .after_attempts(1);
        match self.status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }
}

/// Reads an answer to its end; what says that the call failed becomes an error.
pub(super) async fn read(
    response: Response,
    secrets: &[Secret],
    now: impl FnOnce() -> Timestamp,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    let retry_after = pause::retry_after(response.headers(), now);
    let request_id = response
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| clean(id, secrets));
    let body = bytes(response).await;
    if (200..300).contains(&status) {
        return match body {
            Ok(body) => Ok(Answer {
                status: Some(status),
                body,
                attempts: 1,
            }),
            Err(error) => Err(error.with_status(status).into()),
        };
    }
    // The status has said it; a body that does not come adds nothing.
    let mut told = told::read(&body.unwrap_or_default(), secrets);
    told.request_id = told.request_id.or(request_id);
    let kind = ErrorKind::of_status(status, told.code.as_deref());
    Err(Failed {
        error: Error::new(kind, kind.answered())
            .with_status(status)
            .with_told(told)
            .with_retry_after(retry_after),
        // By 429 it says that it did nothing.
        may_be_done: kind != ErrorKind::RateLimited,
    })
}

async fn bytes(mut response: Response) -> Result<Vec<u8>, Error> {
    let too_large = || {
        let text = format!("the answer is larger than {MAX_BYTES} bytes");
        Error::new(ErrorKind::Unreadable, text)
    };
    if response
        .content_length()
        .is_some_and(|length| length > MAX_BYTES as u64)
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The answer ended before its time.
fn broken(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, "the answer did not end in time");
    }
    Error::new(
        ErrorKind::Unreachable,
        "the connection ended before the answer did",
    )
    .because(error.without_url())
}

/// There is no answer.
pub(super) fn unanswered(error: reqwest::Error) -> Failed {
    let error = error.without_url();
    if error.is_builder() {
        return Error::config("the request cannot be written")
            .because(error)
            .into();
    }
    let may_be_done = !error.is_connect();
    let (kind, text) = match (error.is_connect(), error.is_timeout()) {
        (true, true) => (ErrorKind::Unreachable, "cannot connect in time"),
        (true, false) => (ErrorKind::Unreachable, "cannot connect"),
        (false, true) => (ErrorKind::Timeout, "the provider did not answer in time"),
        (false, false) => (
            ErrorKind::Unreachable,
            "the connection ended before the provider answered",
        ),
    };
    Failed {
        error: Error::new(kind, text).because(error),
        may_be_done,
    }
}
