//! What went wrong between us and the stream.

use std::fmt;

use async_nats::jetstream::{
    self, ErrorCode,
    context::{PublishError, PublishErrorKind},
};
use wahook_core::guard::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};

/// What went wrong. Its text holds no address and no name.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nobody answers, or somebody refuses.
    Away(String),
    /// It did not answer in time; what was sent may have arrived.
    Slow,
    /// The stream takes no more.
    Full,
    /// The stream holds what this process cannot go on with.
    Broken(String),
    /// It holds what only a later release can read.
    Later(String),
}

impl Fault {
    pub(super) fn away(text: impl Into<String>) -> Self {
        Self::Away(text.into())
    }

    /// Of a request to the JetStream API.
    pub(super) fn of_api(what: &str, error: &dyn fmt::Display) -> Self {
        let text = error.to_string();
        if text.contains("timed out") || text.contains("timeout") {
            return Self::Slow;
        }
        Self::Away(format!("{what}: {text}"))
    }

    /// Of a message that was to be stored.
    pub(super) fn of_publish(error: &PublishError) -> Self {
        let source = std::error::Error::source(error);
        let said = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
        match (error.kind(), said) {
            (PublishErrorKind::TimedOut, _) => Self::Slow,
            (PublishErrorKind::StreamNotFound, _) => Self::away("the stream is not there"),
            (PublishErrorKind::MaxPayloadExceeded, _) => {
                Self::away("the server takes smaller messages than it said (max_payload)")
            }
            (_, Some(said)) => Self::of_code(said),
            // What the client says of itself.
            (kind, None) => Self::Away(kind.to_string()),
        }
    }

    /// By its number: its text may name the subject.
    fn of_code(said: &jetstream::Error) -> Self {
        const FULL: [ErrorCode; 5] = [
            ErrorCode::STREAM_STORE_FAILED,
            ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
            ErrorCode::INSUFFICIENT_RESOURCES,
            ErrorCode::STORAGE_RESOURCES_EXCEEDED,
            ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED,
        ];
        if FULL.contains(&said.error_code()) {
            return Self::Full;
        }
        Self::Away(format!("the stream refused it: error {}", said.error_code().0))
    }

    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Away(text) | Self::Broken(text) | Self::Later(text) => {
                StoreError::with_source(StoreErrorKind::Unavailable, text.clone())
            }
            Self::Slow => StoreError::new(StoreErrorKind::Slow),
            Self::Full => StoreError::with_source(StoreErrorKind::Full, "the stream takes no more"),
        }
    }

    pub(super) fn to_open_error(&self, what: &str) -> OpenError {
        let (kind, text) = match self {
            Self::Away(text) => (OpenErrorKind::Unreachable, text.as_str()),
            Self::Slow => (OpenErrorKind::Unreachable, "no answer in time"),
            Self::Full => (
                OpenErrorKind::Refused,
                "the stream takes no more: raise its max_bytes",
            ),
            Self::Broken(text) | Self::Later(text) => (OpenErrorKind::Schema, text.as_str()),
        };
        OpenError::new(kind, format!("{what}: {text}"))
    }
}
