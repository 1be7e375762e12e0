//! What became of a call that failed.

use std::{error, fmt, time::Duration};

/// A call that failed, with what the provider said about it.
///
/// [`kind`](Self::kind) is what to decide by; [`code`](Self::code) and [`message`](Self::message) are the provider's own
/// words, out of whatever form its answer had. They are cut to a sane length, on one line, and the credentials of the
/// call are taken out where the provider quotes them. Neither `Display` nor `Debug` nor any source holds a URL.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    text: String,
    status: Option<u16>,
    told: Told,
    attempts: u32,
    is_unsent: bool,
    is_in_doubt: bool,
    retry_after: Option<Duration>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// What an answer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) details: Vec<Detail>,
}

/// One thing that was wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detail {
    /// Which part of the request, as the provider names it.
    pub field: Option<String>,
    /// What is wrong with it.
    pub reason: Option<String>,
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The credentials were not accepted (401).
    Unauthorized,
    /// The credentials may not do this (403).
    Forbidden,
    /// The provider's plan does not include it: Wawp's `subscription_required`, or 402.
    Subscription,
    /// There is no such thing, or no such route (404, 410).
    NotFound,
    /// It contradicts what is there (409).
    Conflict,
    /// Too many calls (429), also after the pauses that the provider asked for.
    RateLimited,
    /// The request was refused as it stands (other 4xx; an answer 200 that says that it is an error).
    Invalid,
    /// The provider is down or overloaded (5xx).
    Unavailable,
    /// It answered with a redirect, which is not followed: the credentials were not meant for another place.
    Redirected,
    /// There was no answer in time. Whether the call was carried out is not known.
    Timeout,
    /// There was no connection, or it ended before the answer did.
    Unreachable,
    /// The answer could not be read: not the JSON that was expected, or too large. What a `status` of 2xx says was done,
    /// is done.
    Unreadable,
    /// Nothing was sent: an option or an argument cannot be used.
    Config,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            text: text.into(),
            status: None,
            told: Told::default(),
            attempts: 0,
            is_unsent: kind == ErrorKind::Config,
            is_in_doubt: false,
            retry_after: None,
            source: None,
        }))
    }

    pub(crate) fn config(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, text)
    }

    pub(crate) fn because(mut self, cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// Nothing of the call left this machine.
    pub(crate) const fn unsent(mut self) -> Self {
        self.0.is_unsent = true;
        self
    }

    /// One of the attempts may have been carried out, whatever was answered to the last.
    pub(crate) const fn in_doubt(mut self) -> Self {
        self.0.is_in_doubt = true;
        self
    }

    pub(crate) const fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_told(mut self, told: Told) -> Self {
        self.0.told = told;
        self
    }

    pub(crate) const fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) const fn after_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the call may have been carried out all the same: no answer came, or none that says that it was not.
    ///
    /// `false` where nothing was sent, as for an option that cannot be used or a connection that was never made, and where
    /// the provider refused each attempt.
    #[must_use]
    pub const fn may_be_done(&self) -> bool {
        if self.0.is_in_doubt {
            return true;
        }
        match self.0.kind {
            ErrorKind::Timeout | ErrorKind::Unreachable | ErrorKind::Unavailable | ErrorKind::Unreadable => {
                !self.0.is_unsent
            }
            _ => false,
        }
    }

    /// The HTTP status of the last answer, if there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's code, as it spells it.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.told.code.as_deref()
    }

    /// What the provider said.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.told.message.as_deref()
    }

    /// The provider's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.told.request_id.as_deref()
    }

    /// What the provider found wrong with parts of the request.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.0.told.details
    }

    /// How long the provider wants to be left alone, from the last answer on, if it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often the call was sent.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.0.attempts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)?;
        if let Some(status) = self.0.status {
            write!(f, " (HTTP {status}")?;
            if let Some(code) = self.code() {
                write!(f, ", {code}")?;
            }
            f.write_str(")")?;
        }
        match self.message() {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

impl ErrorKind {
    /// What a status says. The caller has looked at 2xx.
    pub(crate) fn of_status(status: u16, code: Option<&str>) -> Self {
        let is_subscription = code.is_some_and(|code| code.eq_ignore_ascii_case("subscription_required"));
        match status {
            402 => Self::Subscription,
            403 if is_subscription => Self::Subscription,
            300..=399 => Self::Redirected,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            409 => Self::Conflict,
            408 => Self::Timeout,
            429 => Self::RateLimited,
            500..=599 => Self::Unavailable,
            _ => Self::Invalid,
        }
    }

    /// The first words of an error of this kind that an answer is the reason of.
    pub(crate) const fn answered(self) -> &'static str {
        match self {
            Self::Unauthorized => "the provider does not accept the credentials",
            Self::Forbidden => "the credentials may not do this",
            Self::Subscription => "the provider's plan does not include this",
            Self::NotFound => "the provider has no such thing",
            Self::Conflict => "it contradicts what the provider has",
            Self::RateLimited => "the provider wants fewer calls",
            Self::Unavailable => "the provider is down or overloaded",
            Self::Redirected => {
                "the provider answered with a redirect, which is not followed; correct the base URL"
            }
            Self::Timeout => "the provider did not get the request in time",
            Self::Invalid | Self::Unreachable | Self::Unreadable | Self::Config => {
                "the provider refused the request"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_or_never_sent_is_not_done() {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Unreachable,
            ErrorKind::Unavailable,
            ErrorKind::Unreadable,
        ] {
            assert!(Error::new(kind, "").may_be_done(), "{kind:?}");
            assert!(!Error::new(kind, "").unsent().may_be_done(), "{kind:?}");
        }
        for kind in [
            ErrorKind::Config,
            ErrorKind::Unauthorized,
            ErrorKind::RateLimited,
            ErrorKind::Invalid,
        ] {
            assert!(!Error::new(kind, "").may_be_done(), "{kind:?}");
        }
    }
}
